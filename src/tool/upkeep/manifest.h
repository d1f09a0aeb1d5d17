/* What lies in the folder of a backup, and how to tell that it is whole.
 *
 *     DIR/ledger/data.mdb, DIR/list/data.mdb     copies of one moment each, the ledger's first
 *     DIR/keys/...                               only where that was asked for
 *     DIR/manifest.json                          written last: without it there is no backup
 *
 * The manifest is one JSON object: format (1), program, time, keys (fingerprints of lookup and
 * address, and whether they are in the backup), list and ledger, each with file, size, sha256,
 * events and nodes: node, number and hash of the last event of each. */
#ifndef TOOL_MANIFEST_H
#define TOOL_MANIFEST_H

#include "base/clock.h"
#include "tool/upkeep/part.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define MANIFEST_FILE "manifest.json"
#define MANIFEST_FORMAT 1

/* One file of a backup. */
struct manifest_file {
    uint64_t size;
    uint8_t digest[SEAL_DIGEST_SIZE]; /* SHA-256 */
};

struct manifest {
    char time[CLOCK_TEXT_SIZE]; /* when it was made */
    bool with_keys;
    uint8_t lookup[KEYS_FINGERPRINT_SIZE], address[KEYS_FINGERPRINT_SIZE];
    struct manifest_file list, ledger;
};

/* The object that describes a copy of a store, which is open. NULL: out of memory, or it cannot be
 * read; `why` tells. */
json_t *manifest_describe(const struct part_store *store, const char *file,
                          const struct manifest_file *digest, uint64_t events, struct error *why);

/* The object of the whole; takes over the references to the two. */
json_t *manifest_make(const struct lookup_key *lookup, const struct address_key *address,
                      bool with_keys, json_t *list, json_t *ledger);

/* Writes it into the folder, with all that is needed for it to be there after a crash. */
int manifest_write(const char *folder, const json_t *manifest, struct error *why);

/* Reads that of a folder. ERR_NOT_FOUND: no backup, or one that was broken off; ERR_FORMAT: of a
 * later program; ERR_SYNTAX. */
int manifest_read(const char *folder, struct manifest *manifest, struct error *why);

#endif
