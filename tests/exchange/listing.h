/* A row as a line of text, to be compared. */
#ifndef TESTS_EXCHANGE_LISTING_H
#define TESTS_EXCHANGE_LISTING_H

#include "base/clock.h"
#include "base/text.h"
#include "exchange/put.h"
#include "exchange/row.h"

#include <inttypes.h>
#include <stdlib.h>

static inline void list_who(const struct row_who *who, struct text *out)
{
    char hex[2 * ROW_DIGEST_SIZE + 1];

    if (who->has_address)
        text_format(out, " %s%s", who->address.text, who->domain ? " (domain)" : "");
    if (who->has_digest) {
        text_to_hex(who->digest, 4, hex);
        text_format(out, " sha256 %s...", hex);
    }
    if (who->has_subject) {
        text_to_hex(who->subject.bytes, 4, hex);
        text_format(out, " subject %s...", hex);
        text_to_hex(who->key, ROW_KEY_SIZE, hex);
        text_format(out, " of key %s", hex);
    }
}

static inline void list_own(const struct row *row, struct text *out)
{
    char time[CLOCK_TEXT_SIZE];

    if (row->scope)
        text_format(out, " scope %s", row->scope);
    if (row->source)
        text_format(out, " source %s", row->source);
    if (row->confirmed)
        text_append(out, " confirmed");
    if (row->recorded_ms)
        text_format(out, " recorded %s", clock_format_ms(row->recorded_ms, time));
    if (row->event.number) {
        text_append(out, " event ");
        put_event(out, &row->event);
    }
    for (size_t i = 0; i < row->name_count; i++) {
        text_append(out, " names ");
        put_event(out, &row->names[i]);
    }
}

/* "2 opt-out ann@example.com unsubscribe asked 2025-01-07T19:25:45Z tag newsletter" */
static inline void list_row(const struct row *row, struct text *out)
{
    static const char *const kinds[] = {"rejected", "nothing", "opt-out",
                                        "block",    "opt-in",  "withdrawal"};
    char reason[CHOICE_REASON_SIZE], time[CLOCK_TEXT_SIZE];

    text_format(out, "%" PRIu64 " %s", row->line, kinds[row->what]);
    if (row->what == ROW_REJECTED) {
        text_format(out, ", %s: ", row_fault_text(row->fault));
        text_append_bytes(out, row->text, row->length);
        text_append(out, "\n");
        return;
    }
    if (row->what != ROW_NOTHING) {
        list_who(&row->who, out);
        text_format(out, " %s", choice_reason_name(row->reason, reason));
    }
    if (row->asked)
        text_format(out, " asked %s", clock_format(row->asked, time));
    if (row->until)
        text_format(out, " until %s", clock_format(row->until, time));
    if (row->status)
        text_format(out, " status %s", row->status);
    for (size_t i = 0; i < row->tag_count; i++)
        text_format(out, " tag %s", row->tags[i]);
    list_own(row, out);
    text_append(out, "\n");
}

#endif
