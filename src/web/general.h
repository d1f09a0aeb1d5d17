/* The general page of a scope, which a mail to several people leads to: a field for the address and
 * one button. What it answers never tells whether an address is known. */
#ifndef WEB_GENERAL_H
#define WEB_GENERAL_H

#include "web/web.h"

void general_get(struct visit *visit, const char *scope);
void general_post(struct visit *visit, const char *scope);

#endif
