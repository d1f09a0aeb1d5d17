#include "exchange/cells.h"

#include "base/text.h"
#include "core/unicode.h"
#include "exchange/encoding.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static char nothing[] = "";

void cells_clear(struct cells *cells)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        cells->cells[i] = (struct cell){nothing, 0};
    cells->later_end = (struct cell){nothing, 0};
    cells->tag_count = 0;
    cells->fault = FAULT_NONE;
    pool_reset(cells->pool);
}

static void set_fault(struct cells *cells, enum row_fault fault)
{
    if (cells->fault == FAULT_NONE)
        cells->fault = fault;
}

/* Eight octets at a time: this looks at every cell that is used. */
static bool is_ascii(const char *text, size_t length)
{
    uint64_t eight, all = 0;
    size_t i = 0;

    for (; i + sizeof eight <= length; i += sizeof eight) {
        memcpy(&eight, text + i, sizeof eight);
        all |= eight;
    }
    for (; i < length; i++)
        all |= (unsigned char)text[i];
    return !(all & UINT64_C(0x8080808080808080));
}

/* Makes UTF-8 of a cell that is none, where that is allowed. */
static int to_utf8(struct cells *cells, struct cell *cell)
{
    struct text utf8 = TEXT_EMPTY;

    if (is_ascii(cell->text, cell->length) || unicode_is_valid(cell->text, cell->length))
        return 0;
    if (!cells->guessed) {
        set_fault(cells, FAULT_ENCODING);
        return 0;
    }
    encoding_append_cp1252(cell->text, cell->length, &utf8);
    char *copy = utf8.failed ? NULL : pool_copy_bytes(cells->pool, utf8.data, utf8.length);
    if (copy)
        *cell = (struct cell){copy, utf8.length};
    text_release(&utf8);
    return copy ? 0 : -ENOMEM;
}

static bool is_same(const struct cell *a, const struct cell *b)
{
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

static void merge(struct cells *cells, enum column column, const struct cell *cell)
{
    struct cell *there = &cells->cells[column];

    if (there->length == 0) {
        *there = *cell;
    } else if (column == COLUMN_UNTIL) {
        cells->later_end = *cell;
    } else if (column >= COLUMN_OPTED_OUT && column <= COLUMN_BOUNCED) {
        /* One yes is enough: what comes later says no more than that. */
        char word[WORD_SIZE];
        word_of(there->text, there->length, word);
        if (strcmp(word, "0") == 0 || *word == 'n' || *word == 'f')
            *there = *cell;
    } else if (column != COLUMN_ASKED && column != COLUMN_OUT_SINCE && column != COLUMN_BAD_SINCE &&
               !is_same(there, cell)) {
        set_fault(cells, FAULT_TWICE);
    }
}

int cells_put_tag(struct cells *cells, const char *text, size_t length)
{
    while (length > 0 && strchr(" \t\"'[]", *text)) {
        text++;
        length--;
    }
    while (length > 0 && strchr(" \t\"'[]", text[length - 1]))
        length--;
    /* An asterisk, or account 0, is all there is. */
    if (length == 0 || (length == 1 && (*text == '*' || *text == '0')))
        return 0;
    if (cells->tag_count == ROW_TAGS_MAX) {
        set_fault(cells, FAULT_TAGS);
        return 0;
    }
    char *copy = pool_copy_bytes(cells->pool, text, length);
    if (!copy)
        return -ENOMEM;
    cells->tags[cells->tag_count++] = copy;
    return 0;
}

/* "newsletter", "a, b", `["a", "b"]`. */
static int put_tags(struct cells *cells, const struct cell *cell)
{
    const char *text = cell->text, *end = cell->text + cell->length;

    while (text < end) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        const char *stop = comma ? comma : end;
        if (cells_put_tag(cells, text, (size_t)(stop - text)) < 0)
            return -ENOMEM;
        text = stop + 1;
    }
    return 0;
}

int cells_put(struct cells *cells, enum column column, char *text, size_t length)
{
    struct cell cell = {text, length};

    if (cells->guarded && length > 0 && *text == '\'')
        cell = (struct cell){text + 1, length - 1};
    if (column == COLUMN_NONE || cell.length == 0)
        return 0;
    if (memchr(cell.text, '\0', cell.length)) {
        set_fault(cells, FAULT_ZERO);
        return 0;
    }
    int rc = to_utf8(cells, &cell);
    if (rc == 0 && column == COLUMN_TAG)
        rc = put_tags(cells, &cell);
    else if (rc == 0)
        merge(cells, column, &cell);
    return rc;
}
