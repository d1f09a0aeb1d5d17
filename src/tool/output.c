#include "tool/output.h"

#include "base/clock.h"
#include "core/unicode.h"
#include "tool/stops.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGE (1 << 20) /* octets */

static struct text gathered;
static bool out_of_memory;
static int write_error; /* errno of the first write that failed */

/* C0, DEL, and C1 in UTF-8: all that a terminal could obey. */
static void disarm(char *line)
{
    for (unsigned char *c = (unsigned char *)line; *c; c++) {
        if (*c < 0x20 || *c == 0x7f)
            *c = '?';
        else if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
            c[0] = c[1] = '?';
    }
}

/* The line in new memory, NULL without. */
__attribute__((format(printf, 1, 0))) static char *make_line(const char *format, va_list args)
{
    char *line;
    if (vasprintf(&line, format, args) < 0) {
        out_of_memory = true;
        return NULL;
    }
    disarm(line);
    return line;
}

__attribute__((format(printf, 2, 0))) static void tell(const char *head, const char *format,
                                                       va_list args)
{
    char *line = make_line(format, args);
    if (line)
        fprintf(stderr, "%s%s\n", head, line);
    free(line);
}

void complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tell("optout: ", format, args);
    va_end(args);
}

void remark(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tell("", format, args);
    va_end(args);
}

void output_line(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *line = make_line(format, args);
    va_end(args);
    if (line) {
        text_append(&gathered, line);
        text_append(&gathered, "\n");
    }
    free(line);
}

void output_bytes(const char *bytes, size_t length)
{
    text_append_bytes(&gathered, bytes, length);
}

void output_text(struct text *line)
{
    if (line->failed)
        out_of_memory = true;
    else
        output_line("%s", line->data ? line->data : "");
    text_release(line);
}

static int gather(const char *bytes, size_t length, void *argument)
{
    (void)argument;
    text_append_bytes(&gathered, bytes, length);
    return 0;
}

void output_json(json_t *object)
{
    if (!object || json_dump_callback(object, gather, NULL, JSON_COMPACT) < 0)
        out_of_memory = true;
    text_append(&gathered, "\n");
    json_decref(object);
}

void remark_json(json_t *object)
{
    char *line = object ? json_dumps(object, JSON_COMPACT) : NULL;
    if (line)
        fprintf(stderr, "%s\n", line);
    else
        out_of_memory = true;
    free(line);
    json_decref(object);
}

void output_put(json_t *object, const char *name, json_t *value)
{
    if (!value || json_object_set_new(object, name, value) < 0)
        out_of_memory = true;
}

void output_append(json_t *array, json_t *value)
{
    if (!value || json_array_append_new(array, value) < 0)
        out_of_memory = true;
}

/* Bytes above ASCII are kept only where all of them are UTF-8. */
json_t *output_text_value(const char *text)
{
    if (unicode_is_valid(text, strlen(text)))
        return json_string(text);
    char *copy = strdup(text);
    if (!copy)
        return NULL;
    for (char *c = copy; *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    json_t *value = json_string(copy);
    free(copy);
    return value;
}

void output_put_text(json_t *object, const char *name, const char *text)
{
    output_put(object, name, text ? output_text_value(text) : json_null());
}

void output_put_number(json_t *object, const char *name, uint64_t number)
{
    output_put(object, name, json_integer((json_int_t)number));
}

void output_put_bool(json_t *object, const char *name, bool value)
{
    output_put(object, name, json_boolean(value));
}

void output_put_time(json_t *object, const char *name, int64_t seconds)
{
    char text[CLOCK_TEXT_SIZE];
    output_put_text(object, name, seconds ? clock_format(seconds, text) : NULL);
}

bool output_is_large(void)
{
    return gathered.length >= LARGE;
}

bool output_flush(void)
{
    bool held = stops_release();

    if (gathered.failed)
        out_of_memory = true;
    if (!write_error && gathered.length > 0 &&
        (fwrite(gathered.data, 1, gathered.length, stdout) < gathered.length ||
         fflush(stdout) != 0))
        write_error = errno;
    gathered.length = 0;
    if (held)
        stops_hold();
    return !write_error && !out_of_memory;
}

static int status_of(int code, const struct error *why)
{
    if (code >= 0)
        return code;
    complain("%s", why && *why->text ? why->text : error_name(code));
    bool again = code == ERR_BUSY || code == ERR_RETIRED || code == -EAGAIN || code == -EINTR;
    return again ? STATUS_AGAIN : STATUS_CANNOT;
}

int output_status(int code, const struct error *why)
{
    int status = status_of(code, why);

    output_flush();
    if (!write_error && (fflush(stdout) != 0 || ferror(stdout)))
        write_error = errno;
    text_release(&gathered);
    if (write_error)
        complain("standard output: %s", strerror(write_error));
    else if (out_of_memory)
        complain("no memory, the output is not complete");
    return write_error || out_of_memory ? STATUS_CANNOT : status;
}
