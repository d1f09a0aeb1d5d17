/* Rows in the formats of others, and in our own. Every function appends to a text and knows nothing
 * of files. */
#ifndef EXCHANGE_WRITER_H
#define EXCHANGE_WRITER_H

#include "base/text.h"
#include "exchange/row.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A format to write. */
struct target;

/* Whether a format can carry a row, and what it lacks. */
enum writer_lack {
    WRITER_CARRIES,
    WRITER_LACKS_ADDRESS, /* of the person only a hash or a subject is known */
    WRITER_LACKS_DOMAINS, /* a choice about a whole domain */
    WRITER_LACKS_KIND,    /* opt-ins, withdrawals, or blocks */
    WRITER_LACKS_END,     /* a block that ends would hold for good */
    WRITER_LACK_COUNT,    /* of the values above */
};

/* By the name for --format, "csv", "ndjson", "sha256", ...; NULL: there is none. */
const struct target *writer_find(const char *name);
/* The name and a title of each, for i from 0 on; NULL behind the last. */
const char *writer_name(size_t i, const char **title);

/* Whether it is one of our own, which carry all that the list knows. The others are lists of whom
 * not to mail: no scopes, and one row for each person. */
bool writer_is_own(const struct target *target);
/* Whether it says who is meant only by a hash. */
bool writer_is_hashed(const struct target *target);

/* What the lack means, as the rest of a sentence: "only a hash is known of the person". */
const char *writer_lack_text(enum writer_lack lack);

/* What stands in front of the first row. `key` is the fingerprint of the key that subjects were
 * made with, for our own formats. */
void writer_begin(const struct target *target, const uint8_t key[ROW_KEY_SIZE], struct text *out);
/* A row that is carried is appended; of one that is not, nothing. `first` where it is the first
 * that was carried. Of the row its place in the input, status and tags are not looked at. */
enum writer_lack writer_row(const struct target *target, const struct row *row, bool first,
                            struct text *out);
/* What stands behind the last row. */
void writer_end(const struct target *target, struct text *out);

#endif
