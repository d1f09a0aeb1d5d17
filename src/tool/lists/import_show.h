/* What an import came to, in words and as JSON. */
#ifndef TOOL_IMPORT_SHOW_H
#define TOOL_IMPORT_SHOW_H

#include "bulk/import.h"
#include "tool/site.h"

#include <jansson.h>

/* The report as results; `file` is what the input is called. */
void import_show_text(const struct site *site, const char *file, bool dry_run,
                      const struct import_report *report);
/* As an object; NULL without memory. */
json_t *import_show_object(const char *file, bool dry_run, const struct import_report *report);

/* Who can let it through: the flags of `optout import`, or the source's section. */
enum import_way { IMPORT_WAY_FLAGS, IMPORT_WAY_SECTION };

/* Says on standard error what stopped it, and the way out of each. */
void import_show_stops(const char *file, enum import_way way, const struct import_report *report);

#endif
