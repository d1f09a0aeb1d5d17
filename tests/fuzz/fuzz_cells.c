/* Single cells of lists: whom they are about, dates, names of events, other encodings. */
#include "fuzz.h"

#include "base/text.h"
#include "core/unicode.h"
#include "exchange/date.h"
#include "exchange/encoding.h"
#include "exchange/put.h"
#include "exchange/translate.h"
#include "exchange/who.h"

static void read_who(const char *text, size_t length)
{
    struct row_who who = {0};

    int rc = who_read(text, length, &who);
    PROMISE(rc >= 0 && rc < FAULT_COUNT);
    PROMISE(rc != 0 || who.has_address != who.has_digest);
    PROMISE(!who.domain && !who.has_subject);
    if (rc == 0 && who.has_address) {
        struct row_who again = {0};
        PROMISE(who_read_own(who.address.text, who.address.length, &again) == 0);
        PROMISE(strcmp(who.address.text, again.address.text) == 0);
    }
}

static void read_date(const char *text, size_t length)
{
    static const struct zone zone = {.changes = {{0, 3600}, {1000000000, 7200}}, .count = 2};

    for (int order = DATE_ORDER_UNKNOWN; order <= DATE_ORDER_ISO; order++) {
        int64_t seconds = -1;
        enum date_reading reading =
            date_parse(text, length, (enum date_order)order, &zone, &seconds);
        PROMISE((reading == DATE_READ) == (seconds > 0));
        PROMISE(reading != DATE_AMBIGUOUS || order == DATE_ORDER_UNKNOWN);
        if (reading == DATE_READ) {
            struct text out = TEXT_EMPTY;
            int64_t again = -1;
            put_rfc2822(&out, seconds);
            if (seconds < INT64_C(253402300800))
                PROMISE(date_parse(out.data, out.length, DATE_ORDER_UNKNOWN, &zone, &again) ==
                            DATE_READ &&
                        again == seconds);
            text_release(&out);
        }
    }
}

static void read_event(const char *string)
{
    struct event_name name;
    struct text out = TEXT_EMPTY;
    const char *rest = string;

    if (translate_event(&rest, &name) < 0)
        return;
    put_event(&out, &name);
    PROMISE(out.length >= 18 && (!*rest || *rest == ' '));
    text_release(&out);
}

static void read_encoding(const char *text, size_t length)
{
    struct text utf8 = TEXT_EMPTY;
    encoding_append_cp1252(text, length, &utf8);
    PROMISE(utf8.length == 0 || unicode_is_valid(utf8.data, utf8.length));
    text_release(&utf8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *string = fuzz_string(data, size);
    read_who(string, size);
    read_date(string, size);
    read_event(string);
    read_encoding(string, size);
    free(string);
    return 0;
}
