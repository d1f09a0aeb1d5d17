/* What the list keeps of a person beside the subject: the address, or its SHA-256, sealed. */
#include "store/list_tables.h"

#include <errno.h>
#include <string.h>

/* One subject has one address, so a nonce made of it is never used for two texts. */
static void make_nonce(enum address_type type, const struct subject *subject,
                       uint8_t nonce[SEAL_NONCE_SIZE])
{
    nonce[0] = (uint8_t)type;
    memcpy(nonce + 1, subject->bytes, SEAL_NONCE_SIZE - 1);
}

int list_sealer_new(const struct list *list, struct sealer **sealer)
{
    return list->has_address_key ? sealer_new(list->address_key, sealer) : ERR_KEY;
}

static int seal(struct sealer *sealer, enum address_type type, const struct subject *subject,
                struct slice plain, uint8_t *row, size_t *size)
{
    uint8_t nonce[SEAL_NONCE_SIZE];

    if (plain.size > ADDRESS_MAX)
        return ERR_TOO_LONG;
    make_nonce(type, subject, nonce);
    row[0] = (uint8_t)type;
    int code = sealer_seal(sealer, nonce, SLICE(subject->bytes, SUBJECT_SIZE), plain, row + 1);
    if (code == 0)
        *size = 1 + plain.size + SEAL_TAG_SIZE;
    return code;
}

int list_seal_address(struct sealer *sealer, const struct subject *subject, const char *address,
                      size_t length, uint8_t *row, size_t *size)
{
    return seal(sealer, ADDRESS_CLEAR, subject, SLICE(address, length), row, size);
}

int list_seal_digest(struct sealer *sealer, const struct subject *subject, const uint8_t digest[32],
                     uint8_t *row, size_t *size)
{
    return seal(sealer, ADDRESS_DIGEST, subject, SLICE(digest, 32), row, size);
}

/* What is there already stays, also where it was erased for good; but an address says more than its
 * digest. */
bool list_address_is_news(struct slice row, struct slice there)
{
    return row.size > 0 && *(const uint8_t *)row.data == ADDRESS_CLEAR && there.size > 0 &&
           *(const uint8_t *)there.data == ADDRESS_DIGEST;
}

/* One address by an inserter. */
static int put_address(struct txn *txn, struct inserter *inserter, struct sealer *sealer,
                       const struct list_entry *entry)
{
    struct slice key = SLICE(entry->subject.bytes, SUBJECT_SIZE), there;
    struct slice row = entry->sealed;
    uint8_t sealed[LIST_SEALED_MAX];
    size_t size = 0;
    int code = 0;

    if (row.size == 0) {
        code = list_seal_address(sealer, &entry->subject, entry->address, strlen(entry->address),
                                 sealed, &size);
        row = SLICE(sealed, size);
    }
    if (code == 0)
        code = insert_next(inserter, key, row, &there);
    if (code != ERR_EXISTS)
        return code;
    return list_address_is_news(row, there) ? txn_put(txn, TABLE_ADDRESS, key, row) : 0;
}

int list_put_addresses(struct list *list, struct txn *txn, struct list_entry *const *sorted,
                       size_t count)
{
    struct inserter inserter = {.cursor = NULL};

    int code = insert_begin(&inserter, txn, TABLE_ADDRESS);
    for (size_t i = 0; i < count && code == 0; i++) {
        if (sorted[i]->address && !list->sealer)
            code = list_sealer_new(list, &list->sealer);
        if (code == 0 && (sorted[i]->address || sorted[i]->sealed.size))
            code = put_address(txn, &inserter, list->sealer, sorted[i]);
    }
    insert_end(&inserter);
    return code;
}

int list_lacks_address(struct list_view *view, const struct subject *subject, struct slice sealed,
                       bool *lacks)
{
    struct slice there = SLICE(NULL, 0);
    int code = txn_get(view->txn, TABLE_ADDRESS, SLICE(subject->bytes, SUBJECT_SIZE), &there);
    if (code && code != ERR_NOT_FOUND)
        return code;
    *lacks = code == ERR_NOT_FOUND ? sealed.size > 0 : list_address_is_news(sealed, there);
    return 0;
}

static int unseal(struct list_view *view, const struct subject *subject, struct slice row,
                  struct text *plain)
{
    const uint8_t *bytes = row.data;
    uint8_t nonce[SEAL_NONCE_SIZE];

    make_nonce((enum address_type)bytes[0], subject, nonce);
    return seal_open(view->list->address_key, nonce, SLICE(subject->bytes, SUBJECT_SIZE),
                     SLICE(bytes + 1, row.size - 1), plain);
}

int list_identify(struct list_view *view, const struct subject *subject, struct slice row,
                  struct pool *pool, struct list_identity *identity)
{
    struct text plain = TEXT_EMPTY;
    uint8_t type = *(const uint8_t *)row.data;

    *identity = (struct list_identity){.known = LIST_KNOWS_ERASED};
    if (type != ADDRESS_CLEAR && type != ADDRESS_DIGEST)
        return 0;
    identity->known = LIST_KNOWS_SEALED;
    if (!view->list->has_address_key)
        return 0;
    int code = unseal(view, subject, row, &plain);
    if (code == 0 && type == ADDRESS_CLEAR) {
        identity->known = LIST_KNOWS_ADDRESS;
        identity->address = pool_copy_bytes(pool, plain.data ? plain.data : "", plain.length);
        code = identity->address ? 0 : -ENOMEM;
    } else if (code == 0) {
        identity->known = LIST_KNOWS_DIGEST;
        code = plain.length == LIST_DIGEST_SIZE ? 0 : ERR_CORRUPT;
        if (code == 0)
            memcpy(identity->digest, plain.data, LIST_DIGEST_SIZE);
    }
    text_release(&plain);
    return code;
}

int list_identity(struct list_view *view, const struct subject *subject, struct pool *pool,
                  struct list_identity *identity)
{
    struct list_identity found = {.known = LIST_KNOWS_NOTHING};
    struct slice row;

    int code = txn_get(view->txn, TABLE_ADDRESS, SLICE(subject->bytes, SUBJECT_SIZE), &row);
    if (code == 0)
        code = row.size > 0 ? list_identify(view, subject, row, pool, &found) : ERR_CORRUPT;
    if (code && code != ERR_NOT_FOUND)
        return code;
    *identity = found;
    return 0;
}

int list_address(struct list_view *view, const struct subject *subject, struct pool *pool,
                 const char **address)
{
    struct list_identity identity;

    int code = list_identity(view, subject, pool, &identity);
    if (code)
        return code;
    if (identity.known == LIST_KNOWS_NOTHING)
        return ERR_NOT_FOUND;
    if (identity.known == LIST_KNOWS_SEALED)
        return ERR_KEY;
    *address = identity.address ? identity.address : "";
    return 0;
}
