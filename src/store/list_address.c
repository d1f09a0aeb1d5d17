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
                struct slice plain, struct text *row)
{
    uint8_t nonce[SEAL_NONCE_SIZE];
    size_t before = row->length;

    make_nonce(type, subject, nonce);
    text_append_bytes(row, (char *)nonce, 1);
    int code = sealer_append(sealer, nonce, SLICE(subject->bytes, SUBJECT_SIZE), plain, row);
    if (code && row->data)
        row->length = before;
    return code;
}

int list_seal_address(struct sealer *sealer, const struct subject *subject, const char *address,
                      size_t length, struct text *row)
{
    return seal(sealer, ADDRESS_CLEAR, subject, SLICE(address, length), row);
}

int list_seal_digest(struct sealer *sealer, const struct subject *subject, const uint8_t digest[32],
                     struct text *row)
{
    return seal(sealer, ADDRESS_DIGEST, subject, SLICE(digest, 32), row);
}

/* What is there already stays, also where it was erased for good; but an address says more than its
 * digest. */
bool list_address_is_news(struct slice row, struct slice there)
{
    return row.size > 0 && *(const uint8_t *)row.data == ADDRESS_CLEAR && there.size > 0 &&
           *(const uint8_t *)there.data == ADDRESS_DIGEST;
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

int list_address(struct list_view *view, const struct subject *subject, struct pool *pool,
                 const char **address)
{
    struct slice row;
    struct text plain = TEXT_EMPTY;
    const char *found = "";

    int code = txn_get(view->txn, TABLE_ADDRESS, SLICE(subject->bytes, SUBJECT_SIZE), &row);
    if (code)
        return code;
    const uint8_t *bytes = row.data;
    if (row.size == 0)
        return ERR_CORRUPT;
    if (bytes[0] == ADDRESS_CLEAR) {
        uint8_t nonce[SEAL_NONCE_SIZE];
        if (!view->list->has_address_key)
            return ERR_KEY;
        make_nonce(ADDRESS_CLEAR, subject, nonce);
        code = seal_open(view->list->address_key, nonce, SLICE(subject->bytes, SUBJECT_SIZE),
                         SLICE(bytes + 1, row.size - 1), &plain);
        if (code == 0 &&
            !(found = pool_copy_bytes(pool, plain.data ? plain.data : "", plain.length)))
            code = -ENOMEM;
    }
    text_release(&plain);
    if (code == 0)
        *address = found;
    return code;
}
