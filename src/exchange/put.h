/* Values as cells of separated values, as JSON, and dates in the forms of others. */
#ifndef EXCHANGE_PUT_H
#define EXCHANGE_PUT_H

#include "base/text.h"
#include "core/choice.h"

#include <stdint.h>

/* A cell, in quotes where it needs them (RFC 4180). */
void put_cell(struct text *out, const char *text);

/* The same, with an apostrophe in front of what a spreadsheet would run (= + - @, tab, CR), and of
 * an apostrophe, so that one in front can always be taken off again. */
void put_guarded_cell(struct text *out, const char *text);

/* A JSON string. What is no UTF-8 is taken for CP1252, as JSON has nothing else. */
void put_json_string(struct text *out, const char *text);

/* "0123456789abcdef-5". */
void put_event(struct text *out, const struct event_name *event);

/* Nothing for 0. */
void put_rfc2822(struct text *out, int64_t seconds);   /* Tue, 07 Jan 2025 19:25:45 +0000 */
void put_rfc3339(struct text *out, int64_t seconds);   /* 2025-01-07T19:25:45Z */
void put_sql_time(struct text *out, int64_t seconds);  /* 2025-01-07 19:25:45 */
void put_unix_time(struct text *out, int64_t seconds); /* 1736277945 */

#endif
