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

/* Says on standard error what stopped it, and the way out of each. */
void import_show_stops(const char *file, const struct import_report *report);

#endif
