/* The table behind exchange/format.h, for that module alone. */
#ifndef EXCHANGE_FORMATS_H
#define EXCHANGE_FORMATS_H

#include "exchange/format.h"

extern const struct format formats[];
extern const size_t format_count;

#endif
