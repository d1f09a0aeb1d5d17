/* What is no fold over the journal: addresses, so that they can be erased, and who was sent a
 * notice. */
#include "store/list_tables.h"
#include "store/number.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_AT_ONCE 4096

struct carried_row {
    struct slice key, value; /* of `from`, whose transaction is open */
};

struct carrying {
    unsigned table;
    uint64_t (*rank)(struct slice value); /* of two rows the higher one counts; 0: no row */
    struct cursor *cursor;                /* in `from` */
    struct slice key, value;
    int code; /* of the move that brought it there: ERR_NOT_FOUND behind the last row */
    struct carried_row rows[ROWS_AT_ONCE];
    size_t count;
};

/* What is known more of replaces what is known less of; what was erased stays so. */
static uint64_t address_rank(struct slice value)
{
    static const unsigned ranks[] = {
        [ADDRESS_DIGEST] = 1, [ADDRESS_CLEAR] = 2, [ADDRESS_ERASED] = 3};
    uint8_t type = value.size ? *(const uint8_t *)value.data : 0;
    return type < sizeof ranks / sizeof *ranks ? ranks[type] : 0;
}

/* The later one. */
static uint64_t notice_rank(struct slice value)
{
    int64_t at;
    return list_notice_unpack(value, &at) == 0 && at > 0 ? (uint64_t)at : 0;
}

static int compare(struct slice a, struct slice b)
{
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

/* Both tables are sorted: goes over them side by side and collects the rows that `to` needs. */
static int collect(struct carrying *c, struct cursor *to)
{
    struct slice key = {0}, value = {0};

    int code = c->code ? ERR_NOT_FOUND : cursor_seek(to, c->key, &key, &value);
    while (c->code == 0 && c->count < ROWS_AT_ONCE) {
        while (code == 0 && compare(key, c->key) < 0)
            code = cursor_next(to, &key, &value);
        if (code && code != ERR_NOT_FOUND)
            return code;
        bool there = code == 0 && compare(key, c->key) == 0;
        if (c->rank(c->value) > (there ? c->rank(value) : 0))
            c->rows[c->count++] = (struct carried_row){c->key, c->value};
        c->code = cursor_next(c->cursor, &c->key, &c->value);
    }
    return c->code == ERR_NOT_FOUND ? 0 : c->code;
}

static int carry_job(struct txn *txn, void *argument)
{
    struct carrying *c = argument;
    struct cursor *to;

    c->count = 0;
    int code = cursor_open(txn, c->table, &to);
    if (code)
        return code;
    code = collect(c, to);
    cursor_close(to);
    for (size_t i = 0; i < c->count && code == 0; i++)
        code = txn_put(txn, c->table, c->rows[i].key, c->rows[i].value);
    return code;
}

static int carry_table(struct carrying *c, struct txn *from_txn, struct store *to,
                       struct error *why)
{
    int code = cursor_open(from_txn, c->table, &c->cursor);

    if (code)
        return code;
    c->code = cursor_seek(c->cursor, SLICE(NULL, 0), &c->key, &c->value);
    while (code == 0 && c->code == 0)
        code = store_write(to, carry_job, c, why);
    if (code == 0 && c->code != ERR_NOT_FOUND)
        code = c->code;
    cursor_close(c->cursor);
    return code;
}

int list_carry(struct store *from, struct txn *from_txn, struct store *to, struct error *why)
{
    struct carrying *c = calloc(1, sizeof *c);
    (void)from;
    if (!c)
        return error_set(why, -ENOMEM, "no memory to take addresses over");
    c->table = TABLE_ADDRESS;
    c->rank = address_rank;
    int code = carry_table(c, from_txn, to, why);
    c->table = TABLE_NOTICE;
    c->rank = notice_rank;
    if (code == 0)
        code = carry_table(c, from_txn, to, why);
    free(c);
    return code;
}
