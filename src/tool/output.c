#include "tool/output.h"

#include "base/clock.h"
#include "core/unicode.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool out_of_memory;

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

__attribute__((format(printf, 3, 0))) static void print_line(FILE *file, const char *head,
                                                             const char *format, va_list args)
{
    char *line;
    if (vasprintf(&line, format, args) < 0) {
        out_of_memory = true;
        return;
    }
    disarm(line);
    fprintf(file, "%s%s\n", head, line);
    free(line);
}

void complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line(stderr, "optout: ", format, args);
    va_end(args);
}

void remark(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line(stderr, "", format, args);
    va_end(args);
}

void output_line(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line(stdout, "", format, args);
    va_end(args);
}

void output_text(struct text *line)
{
    if (line->failed)
        out_of_memory = true;
    else
        output_line("%s", line->data ? line->data : "");
    text_release(line);
}

void output_json(json_t *object)
{
    if (!object || json_dumpf(object, stdout, JSON_COMPACT) < 0)
        out_of_memory = out_of_memory || !ferror(stdout);
    else
        putchar('\n');
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
static json_t *text_of(const char *text)
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
    output_put(object, name, text ? text_of(text) : json_null());
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

bool output_is_fine(void)
{
    return !ferror(stdout) && !out_of_memory;
}

static int status_of(int code, const struct error *why)
{
    if (code >= 0)
        return code;
    complain("%s", why && *why->text ? why->text : error_name(code));
    return code == ERR_BUSY || code == -EAGAIN ? STATUS_AGAIN : STATUS_CANNOT;
}

int output_status(int code, const struct error *why)
{
    int status = status_of(code, why);

    if (fflush(stdout) != 0 || ferror(stdout)) {
        complain("standard output: %s", strerror(errno));
        return STATUS_CANNOT;
    }
    if (out_of_memory) {
        complain("no memory, the output is not complete");
        return STATUS_CANNOT;
    }
    return status;
}
