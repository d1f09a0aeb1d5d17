/* Lists of every format, from the bytes to the rows. The first octet says how they are to be read;
 * what was read and is written in our own formats reads as the same again. */
#include "list.h"

#include "exchange/reader.h"
#include "exchange/writer.h"

static void check_who(const struct row_who *who)
{
    struct address again;

    PROMISE(who->has_address || who->has_digest || who->has_subject);
    if (!who->has_address)
        return;
    int rc = who->domain ? address_parse_domain(who->address.text, &again)
                         : address_parse(who->address.text, &again);
    PROMISE(rc == 0 && strcmp(again.text, who->address.text) == 0);
}

static void check_row(const struct row *row, const struct reader_facts *facts)
{
    PROMISE(row->line > 0 && row->text);
    PROMISE((row->what == ROW_REJECTED) == (row->fault != FAULT_NONE));
    if (row->what == ROW_REJECTED || row->what == ROW_NOTHING)
        return;
    check_who(&row->who);
    PROMISE(row->asked >= 0 && row->until >= 0);
    PROMISE(row->what != ROW_OPT_OUT || row->until == 0);
    PROMISE(row->tag_count <= ROW_TAGS_MAX && row->name_count <= ROW_NAMES_MAX);
    for (size_t i = 0; i < row->tag_count; i++)
        PROMISE(*row->tags[i]);
    PROMISE(!row->scope == !facts->format->own);
    PROMISE(facts->format->own || (!row->source && !row->event.number && !row->name_count));
}

/* The row as our own export has it; empty for one that has no scope. */
static struct text written(const struct target *target, const struct row *row)
{
    static const uint8_t key[ROW_KEY_SIZE] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct text out = TEXT_EMPTY;

    if (row->what <= ROW_NOTHING || !row->scope)
        return out;
    writer_begin(target, key, &out);
    PROMISE(writer_row(target, row, true, &out) == WRITER_CARRIES);
    PROMISE(!out.failed);
    return out;
}

static void read_again(const struct target *target, const struct row *row)
{
    static const struct reader_options own = {.format = "optout"};
    static struct row again;
    struct text first = written(target, row);
    struct reader *reader = NULL;

    if (first.length == 0)
        return;
    struct input *input = fuzz_input((const uint8_t *)first.data, first.length, "UTF-8");
    PROMISE(input && reader_open(input, &own, &reader, NULL) == 0);
    PROMISE(reader_next(reader, &again, NULL) == 1);
    struct text second = written(target, &again);
    PROMISE(second.length > 0 && strcmp(first.data, second.data) == 0);
    PROMISE(reader_next(reader, &again, NULL) == 0);
    text_release(&first);
    text_release(&second);
    reader_close(reader);
    input_close(input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const formats[] = {NULL,       "plain",     "contacts", "ses",
                                          "sendgrid", "mailchimp", "optout",   "cloudflare"};
    static struct row row;
    struct reader *reader = NULL;
    struct error why = {""};

    if (size == 0)
        return 0;
    struct reader_options options = {.format = formats[*data & 7],
                                     .dates = (enum date_order)(*data >> 3 & 3)};
    struct input *input = fuzz_input(data + 1, size - 1, *data & 32 ? "CP1252" : NULL);
    if (!input)
        return 0;
    if (reader_open(input, &options, &reader, &why) == 0) {
        size_t count = 0;
        int rc;
        while ((rc = reader_next(reader, &row, &why)) == 1) {
            check_row(&row, reader_facts(reader));
            if (++count <= 4) {
                read_again(writer_find("csv"), &row);
                read_again(writer_find("ndjson"), &row);
            }
        }
        PROMISE(rc == 0 && input_done(input) == size - 1);
        reader_close(reader);
    } else {
        PROMISE(*why.text);
    }
    input_close(input);
    return 0;
}
