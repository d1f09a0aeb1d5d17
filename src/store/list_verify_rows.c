/* What a list holds that is no fold over its journal: names, addresses, notices. */
#include "store/list_tables.h"
#include "store/number.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ID_SIZE 4

static int explain(const struct list *list, int code, const char *what, struct error *why)
{
    if (code == ERR_CORRUPT || code == ERR_NOT_FOUND || code == ERR_KEY)
        return error_set(why, ERR_CORRUPT, "%s: %s", env_folder(list->store.env), what);
    return code ? env_explain(list->store.env, code, why) : 0;
}

/* --- names --- */

struct name_check {
    struct txn *txn;
    unsigned table;
    uint64_t count;
    struct pool pool;
};

static int check_name(struct slice key, struct slice value, void *argument)
{
    struct name_check *check = argument;
    const uint8_t *octets = key.data;
    bool by_name = octets[0] == 'n';
    struct slice name = by_name ? SLICE(octets + 1, key.size - 1) : value;
    struct slice id = by_name ? value : SLICE(octets + 1, key.size - 1);
    const char *found;
    uint32_t number;

    if ((!by_name && octets[0] != 'i') || id.size != ID_SIZE)
        return ERR_CORRUPT;
    uint64_t given = number_get(id.data, ID_SIZE);
    char *text = pool_copy_bytes(&check->pool, name.data, name.size);
    if (!text)
        return -ENOMEM;
    if (given == 0 || given > check->count || strlen(text) != name.size)
        return ERR_CORRUPT;
    int code = list_id_of(check->txn, check->table, text, &number);
    if (code == 0)
        code = list_name_of(check->txn, check->table, number, &check->pool, &found);
    if (code == 0 && (number != given || strcmp(found, text) != 0))
        code = ERR_CORRUPT;
    pool_reset(&check->pool);
    return code;
}

int list_verify_names(const struct list *list, struct txn *txn, unsigned table, uint64_t count,
                      struct error *why)
{
    struct name_check check = {.txn = txn, .table = table, .count = count};
    uint64_t rows;

    int code = txn_count(txn, table, &rows);
    if (code == 0 && rows != 2 * count)
        code = ERR_CORRUPT;
    if (code == 0)
        code = txn_each(txn, table, SLICE(NULL, 0), check_name, &check);
    pool_release(&check.pool);
    return explain(list, code,
                   table == TABLE_SCOPE ? "a scope is registered that no event tells of"
                                        : "a source is kept that no event tells of",
                   why);
}

/* --- addresses --- */

struct address_check {
    struct list_view *view;
    struct subject_hasher *hasher; /* NULL without the key */
    struct cursor *choices;        /* walks along */
    struct subject *others;        /* sorted */
    size_t other_count;
    struct pool pool;
};

/* There are rows of this subject in the table. */
static int find_subject(struct cursor *cursor, struct slice subject)
{
    struct slice key, value;
    int code = cursor_seek(cursor, subject, &key, &value);
    return code ? code
           : key.size >= SUBJECT_SIZE && memcmp(key.data, subject.data, SUBJECT_SIZE) == 0
               ? 0
               : ERR_NOT_FOUND;
}

static int find_in(struct txn *txn, unsigned table, struct slice subject)
{
    struct cursor *cursor;
    int code = cursor_open(txn, table, &cursor);
    if (code)
        return code;
    code = find_subject(cursor, subject);
    cursor_close(cursor);
    return code;
}

static int find_choice(struct address_check *check, struct slice subject)
{
    int code = find_subject(check->choices, subject);
    if (code == ERR_NOT_FOUND)
        code = find_in(check->view->txn, TABLE_PAST, subject);
    if (code == ERR_NOT_FOUND)
        code = find_in(check->view->txn, TABLE_DOMAIN, subject);
    return code;
}

/* What was sealed is what the subject was made of. */
static int check_identity(struct address_check *check, const struct subject *subject,
                          struct slice row)
{
    struct list_identity identity;
    struct subject made;

    int code = list_identify(check->view, subject, row, &check->pool, &identity);
    if (code || !check->hasher || identity.known == LIST_KNOWS_SEALED ||
        identity.known == LIST_KNOWS_ERASED)
        return code;
    code =
        identity.known == LIST_KNOWS_ADDRESS
            ? subject_of_address(check->hasher, identity.address, strlen(identity.address), &made)
            : subject_of_digest(check->hasher, identity.digest, &made);
    return code ? code : memcmp(&made, subject, sizeof made) == 0 ? 0 : ERR_CORRUPT;
}

static int compare_subjects(const void *a, const void *b)
{
    return memcmp(a, b, SUBJECT_SIZE);
}

static int check_address(struct slice key, struct slice value, void *argument)
{
    struct address_check *check = argument;
    struct subject subject;

    if (key.size != SUBJECT_SIZE || value.size == 0)
        return ERR_CORRUPT;
    uint8_t type = *(const uint8_t *)value.data;
    size_t least = type == ADDRESS_ERASED ? 1 : 1 + SEAL_TAG_SIZE;
    if (type < ADDRESS_CLEAR || type > ADDRESS_ERASED || value.size < least ||
        (type == ADDRESS_ERASED && value.size != least))
        return ERR_CORRUPT;
    memcpy(&subject, key.data, sizeof subject);
    int code = find_choice(check, key);
    /* Of whom there is no choice, somebody may have proposed one, or they were erased. */
    if (code == ERR_NOT_FOUND &&
        bsearch(&subject, check->others, check->other_count, sizeof subject, compare_subjects))
        code = 0;
    if (code == 0)
        code = check_identity(check, &subject, value);
    pool_reset(&check->pool);
    return code;
}

int list_verify_addresses(struct list_view *view, struct slice others, struct error *why)
{
    struct address_check check = {.view = view, .other_count = others.size / SUBJECT_SIZE};
    const struct list *list = view->list;

    check.others = malloc(others.size + 1);
    if (!check.others)
        return explain(list, -ENOMEM, "", why);
    if (others.size)
        memcpy(check.others, others.data, others.size);
    qsort(check.others, check.other_count, SUBJECT_SIZE, compare_subjects);
    int code = cursor_open(view->txn, TABLE_CHOICE, &check.choices);
    if (code == 0 && list->has_subject_key)
        code = subject_hasher_new(list->subject_key, &check.hasher);
    if (code == 0)
        code = txn_each(view->txn, TABLE_ADDRESS, SLICE(NULL, 0), check_address, &check);
    subject_hasher_free(check.hasher);
    cursor_close(check.choices);
    pool_release(&check.pool);
    free(check.others);
    return explain(list, code, "an address is kept that is not the one of its subject", why);
}

/* --- notices --- */

static int check_notice(struct slice key, struct slice value, void *argument)
{
    uint8_t mark[SEAL_MARK_SIZE];
    int64_t at;
    (void)argument;

    if (key.size != SUBJECT_SIZE)
        return ERR_CORRUPT;
    int code = list_notice_unpack(value, &at);
    if (code || value.size == LIST_NOTICE_TIME_SIZE)
        return code;
    code = seal_mark(key, SLICE(value.data, LIST_NOTICE_TIME_SIZE), mark);
    return code ? code
           : memcmp(mark, (const uint8_t *)value.data + LIST_NOTICE_TIME_SIZE, sizeof mark) == 0
               ? 0
               : ERR_CORRUPT;
}

int list_verify_notices(const struct list *list, struct txn *txn, struct error *why)
{
    return explain(list, txn_each(txn, TABLE_NOTICE, SLICE(NULL, 0), check_notice, NULL),
                   "what it says of a notice was changed", why);
}
