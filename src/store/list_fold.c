#include "store/erase.h"
#include "store/event_keys.h"
#include "store/list_tables.h"
#include "store/number.h"
#include "store/pack.h"

#include <errno.h>
#include <string.h>

#define ID_SIZE 4

/* --- ids --- */

static size_t name_key(const char *name, uint8_t key[ENV_KEY_MAX])
{
    size_t length = strlen(name);
    if (length > ENV_KEY_MAX - 1)
        return 0;
    key[0] = 'n';
    memcpy(key + 1, name, length);
    return length + 1;
}

static void id_key(uint32_t id, uint8_t key[1 + ID_SIZE])
{
    key[0] = 'i';
    number_put(key + 1, ID_SIZE, id);
}

int list_id_of(struct txn *txn, unsigned table, const char *name, uint32_t *id)
{
    uint8_t key[ENV_KEY_MAX];
    struct slice value;
    size_t size = name_key(name, key);

    if (size == 0)
        return ERR_TOO_LONG;
    int code = txn_get(txn, table, SLICE(key, size), &value);
    if (code == 0)
        *id = (uint32_t)number_get(value.data, value.size);
    return code;
}

int list_id_make(struct txn *txn, unsigned table, const char *name, uint32_t *id)
{
    uint8_t key[ENV_KEY_MAX], back[1 + ID_SIZE];
    uint64_t entries;
    size_t size = name_key(name, key);

    int code = list_id_of(txn, table, name, id);
    if (code != ERR_NOT_FOUND)
        return code;
    code = txn_count(txn, table, &entries);
    if (code)
        return code;
    id_key((uint32_t)(entries / 2 + 1), back);
    code = txn_insert(txn, table, SLICE(key, size), SLICE(back + 1, ID_SIZE));
    if (code == 0)
        code = txn_insert(txn, table, SLICE(back, sizeof back), SLICE(name, strlen(name)));
    if (code == 0)
        *id = (uint32_t)(entries / 2 + 1);
    return code;
}

int list_name_of(struct txn *txn, unsigned table, uint32_t id, struct pool *pool, const char **name)
{
    uint8_t key[1 + ID_SIZE];
    struct slice value;

    id_key(id, key);
    int code = txn_get(txn, table, SLICE(key, sizeof key), &value);
    if (code)
        return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
    char *copy = pool_copy_bytes(pool, value.data, value.size);
    if (!copy)
        return -ENOMEM;
    *name = copy;
    return 0;
}

/* --- rows --- */

int list_row_key(const struct list *list, const struct subject *subject,
                 const struct event_name *event, uint8_t key[CHOICE_KEY_SIZE])
{
    memcpy(key, subject->bytes, SUBJECT_SIZE);
    return store_pack_name(&list->store, event, key + SUBJECT_SIZE);
}

int list_pack_name(const struct list *list, const struct event_name *name, struct text *bytes)
{
    uint64_t local;
    int code = store_local(&list->store, name->node, &local);
    if (code)
        return code;
    pack_uint(bytes, local);
    pack_uint(bytes, name->number);
    return 0;
}

struct event_name list_unpack_name(const struct list *list, struct unpacker *in)
{
    const uint8_t *node = store_node(&list->store, unpack_uint(in));
    struct event_name name = {.number = unpack_uint(in)};
    if (node)
        memcpy(name.node, node, EVENT_NODE_SIZE);
    else
        in->failed = true;
    return name;
}

static int pack_names(const struct list *list, const struct choice *choice, struct text *bytes)
{
    int code = 0;
    pack_array(bytes, 2 * choice->name_count);
    for (size_t i = 0; i < choice->name_count && code == 0; i++)
        code = list_pack_name(list, &choice->names[i], bytes);
    return code;
}

static int find_ids(struct txn *txn, const struct choice *choice, struct list_ids *ids)
{
    int code = 0;

    if (!ids->scope || strcmp(ids->scope, choice->scope) != 0) {
        code = list_id_of(txn, TABLE_SCOPE, choice->scope, &ids->scope_id);
        ids->scope = code ? NULL : choice->scope;
    }
    if (code)
        return code == ERR_NOT_FOUND ? ERR_SCOPE : code;
    if (!ids->source || strcmp(ids->source, choice->source) != 0) {
        code = list_id_make(txn, TABLE_SOURCE, choice->source, &ids->source_id);
        ids->source = code ? NULL : choice->source;
    }
    return code;
}

int list_row_pack(const struct list *list, struct txn *txn, const struct choice *choice,
                  struct list_ids *ids, struct text *bytes)
{
    int code = find_ids(txn, choice, ids);
    return code ? code : list_row_pack_as(list, choice, ids, bytes);
}

int list_row_pack_as(const struct list *list, const struct choice *choice,
                     const struct list_ids *ids, struct text *bytes)
{
    int code = 0;

    pack_array(bytes, choice->name_count ? 7 : choice->until ? 6 : 5);
    pack_uint(bytes, (unsigned)choice->kind | (choice->confirmed ? FLAG_CONFIRMED : 0));
    pack_uint(bytes, ids->scope_id);
    pack_uint(bytes, ids->source_id);
    pack_uint(bytes, choice->reason);
    pack_uint(bytes, (uint64_t)choice->asked);
    if (choice->until || choice->name_count)
        pack_uint(bytes, (uint64_t)choice->until);
    if (choice->name_count)
        code = pack_names(list, choice, bytes);
    return code ? code : bytes->failed ? -ENOMEM : 0;
}

static int take_names(const struct list *list, struct unpacker *in, struct pool *pool,
                      struct choice *choice)
{
    size_t items = unpack_array(in), count = items / 2;
    if (items % 2 != 0)
        in->failed = true;
    struct event_name *names = pool_take(pool, (count + 1) * sizeof *names);
    if (!names)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        names[i] = list_unpack_name(list, in);
    choice->names = names;
    choice->name_count = count;
    return 0;
}

/* The array of a row, with the ids of its scope and source. */
static int unpack_row(const struct list *list, struct unpacker *in, struct pool *pool,
                      struct choice *row, uint32_t *scope, uint32_t *source)
{
    size_t items = unpack_array(in);
    uint64_t flags = unpack_uint(in);
    int code = 0;

    row->kind = (enum choice_kind)(flags & KIND_MASK);
    row->confirmed = flags & FLAG_CONFIRMED;
    *scope = (uint32_t)unpack_uint(in);
    *source = (uint32_t)unpack_uint(in);
    row->reason = (enum choice_reason)unpack_uint(in);
    row->asked = (int64_t)unpack_uint(in);
    if (items > 5)
        row->until = (int64_t)unpack_uint(in);
    if (items > 6)
        code = take_names(list, in, pool, row);
    for (size_t i = 7; i < items && !in->failed; i++)
        unpack_skip(in); /* a later version's */
    return code || items >= 5 ? code : ERR_CORRUPT;
}

int list_row_unpack(const struct list *list, struct txn *txn, struct slice key, struct slice value,
                    bool domain, struct pool *pool, struct choice *choice,
                    struct event_name *withdrawn_by)
{
    struct unpacker in = unpack_begin(value);
    struct choice row = {.domain = domain};
    struct event_name by = {0};
    uint32_t scope, source;

    if (key.size != CHOICE_KEY_SIZE)
        return ERR_CORRUPT;
    int code =
        store_unpack_name(&list->store, (const uint8_t *)key.data + SUBJECT_SIZE, &row.event);
    if (code == 0)
        code = unpack_row(list, &in, pool, &row, &scope, &source);
    if (code == 0 && in.left > 0)
        by = list_unpack_name(list, &in);
    if (code == 0 && (!unpack_is_done(&in) || row.kind == 0))
        code = ERR_CORRUPT;
    if (code == 0)
        code = list_name_of(txn, TABLE_SCOPE, scope, pool, &row.scope);
    if (code == 0)
        code = list_name_of(txn, TABLE_SOURCE, source, pool, &row.source);
    if (code)
        return code;
    *choice = row;
    *withdrawn_by = by;
    return 0;
}

int list_find_standing(struct txn *txn, const uint8_t key[CHOICE_KEY_SIZE], struct slice *value,
                       bool *domain)
{
    int code = txn_get(txn, TABLE_CHOICE, SLICE(key, CHOICE_KEY_SIZE), value);
    if (code == 0)
        *domain = false;
    if (code != ERR_NOT_FOUND)
        return code;
    code = txn_get(txn, TABLE_DOMAIN, SLICE(key, CHOICE_KEY_SIZE), value);
    if (code == 0)
        *domain = true;
    return code;
}

/* --- the fold --- */

/* A row of an event, put by a cursor in the table of people or of domains. */
static int fold_choice(struct list *list, struct txn *txn, const struct event *event,
                       const struct event_choice *row, struct inserter inserters[2],
                       struct list_ids *ids, struct text *value)
{
    uint8_t key[CHOICE_KEY_SIZE];
    struct slice there;

    value->length = 0;
    int code = list_row_key(list, &row->subject, &event->name, key);
    if (code == 0)
        code = list_row_pack(list, txn, &row->choice, ids, value);
    return code ? code
                : insert_next(&inserters[row->choice.domain], SLICE(key, sizeof key),
                              SLICE(value->data, value->length), &there);
}

static int fold_choices(struct list *list, struct txn *txn, const struct event *event)
{
    struct inserter inserters[2] = {{.cursor = NULL}, {.cursor = NULL}};
    struct list_ids ids = {0};
    struct text value = TEXT_EMPTY;

    if (event->choice_count == 0)
        return 0;
    int code = insert_begin(&inserters[0], txn, TABLE_CHOICE);
    if (code == 0)
        code = insert_begin(&inserters[1], txn, TABLE_DOMAIN);
    for (size_t i = 0; i < event->choice_count && code == 0; i++)
        code = fold_choice(list, txn, event, &event->choices[i], inserters, &ids, &value);
    insert_end(&inserters[0]);
    insert_end(&inserters[1]);
    text_release(&value);
    return code;
}

/* A past row is the row as it stood, and who withdrew it. */
static int put_past(struct list *list, struct txn *txn, const uint8_t key[CHOICE_KEY_SIZE],
                    struct slice row, const struct event_name *by)
{
    struct text past = TEXT_EMPTY;

    text_append_bytes(&past, row.data, row.size);
    int code = list_pack_name(list, by, &past);
    if (code == 0 && past.failed)
        code = -ENOMEM;
    if (code == 0)
        code = txn_put(txn, TABLE_PAST, SLICE(key, CHOICE_KEY_SIZE), SLICE(past.data, past.length));
    text_release(&past);
    return code;
}

bool list_is_earlier(const struct list *list, const struct event_name *a,
                     const struct event_name *b)
{
    uint8_t x[JOURNAL_KEY_SIZE], y[JOURNAL_KEY_SIZE];
    return store_pack_name(&list->store, a, x) == 0 && store_pack_name(&list->store, b, y) == 0 &&
           memcmp(x, y, sizeof x) < 0;
}

/* Two nodes that did not know of each other may have withdrawn one row, or undone one batch. The
 * earlier event counts, in whatever sequence they come in. */
static int fold_again(struct list *list, struct txn *txn, const struct event *event,
                      const uint8_t key[CHOICE_KEY_SIZE])
{
    struct event_name by;
    struct slice value;

    int code = txn_get(txn, TABLE_PAST, SLICE(key, CHOICE_KEY_SIZE), &value);
    if (code)
        return code;
    struct unpacker in = unpack_begin(value);
    unpack_skip(&in);
    size_t row_size = value.size - in.left;
    by = list_unpack_name(list, &in);
    if (!unpack_is_done(&in))
        return ERR_CORRUPT;
    if (event_name_equal(&by, &event->name))
        return ERR_NOT_FOUND; /* the same event, twice */
    return list_is_earlier(list, &event->name, &by)
               ? put_past(list, txn, key, SLICE(value.data, row_size), &event->name)
               : 0;
}

static int fold_withdrawal(struct list *list, struct txn *txn, const struct event *event,
                           const struct event_withdrawal *row)
{
    uint8_t key[CHOICE_KEY_SIZE];
    struct slice value;
    bool domain;

    int code = list_row_key(list, &row->subject, &row->target, key);
    if (code)
        return code;
    code = list_find_standing(txn, key, &value, &domain);
    if (code == ERR_NOT_FOUND)
        return fold_again(list, txn, event, key);
    if (code == 0)
        code = put_past(list, txn, key, value, &event->name);
    if (code == 0)
        code = txn_delete(txn, domain ? TABLE_DOMAIN : TABLE_CHOICE, SLICE(key, sizeof key));
    return code;
}

static int fold_scopes(struct txn *txn, const struct event *event)
{
    uint32_t id;
    int code = 0;
    for (size_t i = 0; i < event->scope_count && code == 0; i++)
        code = list_id_make(txn, TABLE_SCOPE, event->scopes[i], &id);
    return code;
}

/* Whoever the list knew nothing of is marked, too: so no later import seals the address. */
static int fold_erasures(struct list *list, struct txn *txn, const struct event *event)
{
    static const uint8_t erased[1] = {ADDRESS_ERASED};
    struct slice there;
    int code = erase_fold(&list->store, txn, event);

    for (size_t i = 0; i < event->erasure_count && code == 0; i++) {
        struct slice key = SLICE(event->erasures[i].subject.bytes, SUBJECT_SIZE);
        code = txn_get(txn, TABLE_ADDRESS, key, &there);
        if (code == 0 && there.size > sizeof erased)
            code = erase_mark(txn);
        if (code == 0 || code == ERR_NOT_FOUND)
            code = txn_put(txn, TABLE_ADDRESS, key, SLICE(erased, sizeof erased));
        if (code == 0)
            code = erase_row(txn, TABLE_NOTICE, key);
    }
    return code;
}

int list_fold(struct store *store, struct txn *txn, const struct event *event)
{
    struct list *list = (struct list *)store;
    int code = event->type == EVENT_SCOPES ? fold_scopes(txn, event) : 0;
    if (code == 0)
        code = fold_choices(list, txn, event);
    for (size_t i = 0; i < event->withdrawal_count && code == 0; i++)
        code = fold_withdrawal(list, txn, event, &event->withdrawals[i]);
    if (code == 0)
        code = fold_erasures(list, txn, event);
    if (code == 0)
        code = list_fold_batch(list, txn, event);
    return code ? code : list_fold_proposal(list, txn, event);
}
