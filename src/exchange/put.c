#include "exchange/put.h"

#include "base/clock.h"
#include "core/unicode.h"
#include "exchange/encoding.h"

#include <csv.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define DAY 86400

static void append_quoted(struct text *out, const char *text, size_t length)
{
    char small[512];
    size_t size = csv_write(small, sizeof small, text, length);

    if (size <= sizeof small) {
        text_append_bytes(out, small, size);
        return;
    }
    char *large = malloc(size);
    if (!large) {
        out->failed = true;
        return;
    }
    csv_write(large, size, text, length);
    text_append_bytes(out, large, size);
    free(large);
}

void put_cell(struct text *out, const char *text)
{
    size_t length = strlen(text);

    if (strpbrk(text, ",;\t\"\r\n") || (length > 0 && (*text == ' ' || text[length - 1] == ' ')))
        append_quoted(out, text, length);
    else
        text_append_bytes(out, text, length);
}

void put_guarded_cell(struct text *out, const char *text)
{
    struct text guarded = TEXT_EMPTY;

    if (!*text || !strchr("=+-@\t\r'", *text)) {
        put_cell(out, text);
        return;
    }
    text_append(&guarded, "'");
    text_append(&guarded, text);
    if (guarded.failed)
        out->failed = true;
    else
        put_cell(out, guarded.data);
    text_release(&guarded);
}

static bool is_plain(const char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
            return false;
    return true;
}

void put_json_string(struct text *out, const char *text)
{
    struct text utf8 = TEXT_EMPTY;

    if (is_plain(text)) {
        text_append(out, "\"");
        text_append(out, text);
        text_append(out, "\"");
        return;
    }
    if (!unicode_is_valid(text, strlen(text))) {
        encoding_append_cp1252(text, strlen(text), &utf8);
        text = utf8.failed ? "" : utf8.data;
    }
    json_t *string = json_string(text);
    char *dumped = string ? json_dumps(string, JSON_ENCODE_ANY) : NULL;
    if (dumped && !utf8.failed)
        text_append(out, dumped);
    else
        out->failed = true;
    free(dumped);
    json_decref(string);
    text_release(&utf8);
}

void put_event(struct text *out, const struct event_name *event)
{
    char hex[2 * EVENT_NODE_SIZE + 1];
    text_to_hex(event->node, EVENT_NODE_SIZE, hex);
    text_format(out, "%s-%" PRIu64, hex, event->number);
}

void put_rfc3339(struct text *out, int64_t seconds)
{
    char text[CLOCK_TEXT_SIZE];
    if (seconds)
        text_append(out, clock_format(seconds, text));
}

void put_sql_time(struct text *out, int64_t seconds)
{
    char text[CLOCK_TEXT_SIZE];
    if (!seconds)
        return;
    clock_format(seconds, text);
    text[10] = ' ';
    text_append_bytes(out, text, 19);
}

void put_rfc2822(struct text *out, int64_t seconds)
{
    static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char text[CLOCK_TEXT_SIZE];

    if (!seconds)
        return;
    clock_format(seconds, text);
    int month = (text[5] - '0') * 10 + text[6] - '1';
    text_format(out, "%.3s, %.2s %.3s %.4s %.8s +0000", days + 3 * (seconds / DAY % 7), text + 8,
                months + 3 * month, text, text + 11);
}

void put_unix_time(struct text *out, int64_t seconds)
{
    if (seconds)
        text_format(out, "%" PRId64, seconds);
}
