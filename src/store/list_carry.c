/* Addresses: no fold over the journal, so that they can be erased. */
#include "store/list_tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_AT_ONCE 4096

struct address_row {
    struct slice key, value; /* of `from`, whose transaction is open */
};

struct address_carrying {
    struct cursor *cursor; /* in `from` */
    struct slice key, value;
    int code; /* of the move that brought it there: ERR_NOT_FOUND behind the last row */
    struct address_row rows[ROWS_AT_ONCE];
    size_t count;
};

/* What is known more of replaces what is known less of; what was erased stays so. 0: no row. */
static unsigned rank(struct slice value)
{
    static const unsigned ranks[] = {
        [ADDRESS_DIGEST] = 1, [ADDRESS_CLEAR] = 2, [ADDRESS_ERASED] = 3};
    uint8_t type = value.size ? *(const uint8_t *)value.data : 0;
    return type < sizeof ranks / sizeof *ranks ? ranks[type] : 0;
}

static int compare(struct slice a, struct slice b)
{
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

/* Both tables are sorted: goes over them side by side and collects the rows that `to` needs. */
static int collect(struct address_carrying *c, struct cursor *to)
{
    struct slice key = {0}, value = {0};

    int code = c->code ? ERR_NOT_FOUND : cursor_seek(to, c->key, &key, &value);
    while (c->code == 0 && c->count < ROWS_AT_ONCE) {
        while (code == 0 && compare(key, c->key) < 0)
            code = cursor_next(to, &key, &value);
        if (code && code != ERR_NOT_FOUND)
            return code;
        bool there = code == 0 && compare(key, c->key) == 0;
        if (rank(c->value) > (there ? rank(value) : 0))
            c->rows[c->count++] = (struct address_row){c->key, c->value};
        c->code = cursor_next(c->cursor, &c->key, &c->value);
    }
    return c->code == ERR_NOT_FOUND ? 0 : c->code;
}

static int carry_job(struct txn *txn, void *argument)
{
    struct address_carrying *c = argument;
    struct cursor *to;

    c->count = 0;
    int code = cursor_open(txn, TABLE_ADDRESS, &to);
    if (code)
        return code;
    code = collect(c, to);
    cursor_close(to);
    for (size_t i = 0; i < c->count && code == 0; i++)
        code = txn_put(txn, TABLE_ADDRESS, c->rows[i].key, c->rows[i].value);
    return code;
}

int list_carry(struct store *from, struct txn *from_txn, struct store *to, struct error *why)
{
    struct address_carrying *c = calloc(1, sizeof *c);
    (void)from;
    if (!c)
        return error_set(why, -ENOMEM, "no memory to take addresses over");
    int code = cursor_open(from_txn, TABLE_ADDRESS, &c->cursor);
    if (code == 0) {
        c->code = cursor_seek(c->cursor, SLICE(NULL, 0), &c->key, &c->value);
        while (code == 0 && c->code == 0)
            code = store_write(to, carry_job, c, why);
        if (code == 0 && c->code != ERR_NOT_FOUND)
            code = c->code;
        cursor_close(c->cursor);
    }
    free(c);
    return code;
}
