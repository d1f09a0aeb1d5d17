/* What the tool says: results to standard output, as lines of text or as JSON objects, and all else
 * to standard error; and the exit status that goes with it.
 *
 * Results are gathered and written at the end, or when output_flush is called: a reader that takes
 * its time, a pager for one, must not keep a store's view open.
 *
 * Words that others wrote can hold anything; nothing that is printed here can forge a second line
 * or talk to a terminal. */
#ifndef TOOL_OUTPUT_H
#define TOOL_OUTPUT_H

#include "base/error.h"
#include "base/text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit statuses, as optout(1) has them. Positive, so that a function may return one of them or a
 * negative error. */
enum status {
    STATUS_OK = 0,
    STATUS_NO = 1,
    STATUS_CANNOT = 2,   /* wrong usage, or it cannot be told or done */
    STATUS_LACKS = 3,    /* done as far as the format goes */
    STATUS_STOPPED = 4,  /* a guard stopped it before anything was written */
    STATUS_PROPOSED = 5, /* nothing was done yet: another person has to approve it */
    STATUS_AGAIN = 75,   /* EX_TEMPFAIL of sysexits(3) */
};

/* One line on standard error, with the program's name in front. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* One line on standard error, as it is. */
void remark(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line of the result. */
void output_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Octets of the result, as they are: a file's, and not lines for people. */
void output_bytes(const char *bytes, size_t length);
/* The text as one line of the result; releases it. */
void output_text(struct text *line);
/* The object as one line of the result; gives up the reference. NULL counts as out of memory. */
void output_json(json_t *object);

/* The object as one line on standard error, beside a result that is a file; gives up the reference.
 */
void remark_json(json_t *object);

/* Adds to an object; a text that is NULL becomes null, bytes that are not UTF-8 become '?'. */
void output_put_text(json_t *object, const char *name, const char *text);
/* Such a text by itself, for an array; NULL without memory. */
json_t *output_text_value(const char *text);
void output_put_number(json_t *object, const char *name, uint64_t number);
void output_put_bool(json_t *object, const char *name, bool value);
/* In RFC 3339; 0 becomes null. */
void output_put_time(json_t *object, const char *name, int64_t seconds);
/* Gives up the reference to `value`. */
void output_put(json_t *object, const char *name, json_t *value);
/* Adds to an array; gives up the reference to `value`. */
void output_append(json_t *array, json_t *value);

/* Writes what was gathered; not while a view is open. False: it was not taken, now or before. */
bool output_flush(void);
/* Whether so much was gathered that it should be written. */
bool output_is_large(void);

/* The exit status for what a subcommand came to: 0 or a status, or a negative error, which is told
 * in the words of `why`, or by its name. Standard output is flushed, and what it refuses is an
 * error. */
int output_status(int code, const struct error *why);

#endif
