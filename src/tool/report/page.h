/* The report as a page. */
#ifndef TOOL_REPORT_PAGE_H
#define TOOL_REPORT_PAGE_H

#include "base/error.h"
#include "base/text.h"

#include <jansson.h>

/* Appends the page, as one file of HTML without anything that it loads or runs. `own`: the option
 * `templates`, NULL where it is not set. As paper_make. */
int report_page(const char *own, json_t *facts, struct text *html, struct error *why);

#endif
