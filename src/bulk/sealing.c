#include "bulk/sealing.h"

#include "bulk/queue.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define CHUNKS 4
#define CHUNK_ITEMS 2048
#define CHUNK_BYTES ((size_t)128 << 10)

/* Whom a record is about, in the bytes of its chunk. */
enum item_kind { ITEM_ADDRESS, ITEM_DIGEST, ITEM_SUBJECT };

struct item {
    struct record record;
    enum item_kind kind;
    uint32_t at, length;
};

struct chunk {
    size_t count, used;
    struct item items[CHUNK_ITEMS];
    char bytes[CHUNK_BYTES];
};

struct sealing {
    pthread_t thread;
    struct queue *empty, *full;
    struct chunk *chunk; /* that is being filled; NULL: none */
    struct chunk *chunks[CHUNKS];
    struct runs *runs;
    struct subject_hasher *hasher;
    struct sealer *sealer;
    int code;
    struct error why;
};

/* --- the thread --- */

static int find_subject(struct sealing *s, const struct item *item, const char *bytes,
                        struct subject *subject)
{
    switch (item->kind) {
    case ITEM_ADDRESS:
        return subject_of_address(s->hasher, bytes, item->length, subject);
    case ITEM_DIGEST:
        return subject_of_digest(s->hasher, (const uint8_t *)bytes, subject);
    case ITEM_SUBJECT:
        break;
    }
    memcpy(subject->bytes, bytes, SUBJECT_SIZE);
    return 0;
}

static int seal(struct sealing *s, const struct item *item, const char *bytes,
                const struct subject *subject, uint8_t *row, size_t *size)
{
    *size = 0;
    switch (item->kind) {
    case ITEM_ADDRESS:
        return list_seal_address(s->sealer, subject, bytes, item->length, row, size);
    case ITEM_DIGEST:
        return list_seal_digest(s->sealer, subject, (const uint8_t *)bytes, row, size);
    case ITEM_SUBJECT:
        break;
    }
    return 0;
}

static int make_record(struct sealing *s, const struct chunk *chunk, struct item *item)
{
    const char *bytes = chunk->bytes + item->at;
    struct record *record = &item->record;
    uint8_t packed[RECORD_HEAD_MAX + LIST_SEALED_MAX];
    size_t head = 0, size = 0;

    int code = find_subject(s, item, bytes, &record->subject);
    if (code == 0) {
        head = record_pack_head(record, packed);
        code = seal(s, item, bytes, &record->subject, packed + head, &size);
    }
    if (code)
        return error_set(&s->why, code, "no record could be made: %s", error_name(code));
    return runs_put(s->runs, SLICE(packed, head + size), &s->why);
}

static void *work(void *argument)
{
    struct sealing *s = argument;
    struct chunk *chunk;

    while (s->code == 0 && (chunk = queue_take(s->full))) {
        for (size_t i = 0; i < chunk->count && s->code == 0; i++)
            s->code = make_record(s, chunk, &chunk->items[i]);
        queue_put(s->empty, chunk);
    }
    queue_close(s->empty);
    queue_close(s->full);
    return NULL;
}

/* --- the other side --- */

static void release(struct sealing *s)
{
    for (size_t i = 0; i < CHUNKS; i++)
        free(s->chunks[i]);
    queue_free(s->empty);
    queue_free(s->full);
    subject_hasher_free(s->hasher);
    sealer_free(s->sealer);
    free(s);
}

static int make_chunks(struct sealing *s)
{
    s->empty = queue_new(CHUNKS);
    s->full = queue_new(CHUNKS);
    if (!s->empty || !s->full)
        return -ENOMEM;
    for (size_t i = 0; i < CHUNKS; i++) {
        if (!(s->chunks[i] = malloc(sizeof *s->chunks[i])))
            return -ENOMEM;
        queue_put(s->empty, s->chunks[i]);
    }
    return 0;
}

int sealing_start(struct list *list, const struct lookup_key *lookup, struct runs *runs,
                  struct sealing **sealing, struct error *why)
{
    struct sealing *s = calloc(1, sizeof *s);
    sigset_t all, before;
    int code = s ? make_chunks(s) : -ENOMEM;

    if (code == 0)
        code = subject_hasher_new(lookup->subject, &s->hasher);
    if (code == 0)
        code = list_sealer_new(list, &s->sealer);
    if (code == 0) {
        s->runs = runs;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, &before);
        code = -pthread_create(&s->thread, NULL, work, s);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (code == 0)
            pthread_setname_np(s->thread, "sealing"); /* for top(1) and perf(1) */
    }
    if (code) {
        if (s)
            release(s);
        return error_set(why, code, "the import cannot be started: %s", error_name(code));
    }
    *sealing = s;
    return 0;
}

/* Hands on the chunk, and waits for an empty one; false where the thread gave up. */
static bool change_chunk(struct sealing *s)
{
    if (s->chunk && !queue_put(s->full, s->chunk))
        return false;
    s->chunk = queue_take(s->empty);
    if (!s->chunk)
        return false;
    s->chunk->count = s->chunk->used = 0;
    return true;
}

bool sealing_put(struct sealing *s, const struct record *record, const struct row_who *who)
{
    struct slice bytes = who->has_address  ? SLICE(who->address.text, who->address.length)
                         : who->has_digest ? SLICE(who->digest, sizeof who->digest)
                                           : SLICE(who->subject.bytes, SUBJECT_SIZE);

    if ((!s->chunk || s->chunk->count == CHUNK_ITEMS ||
         CHUNK_BYTES - s->chunk->used < bytes.size) &&
        !change_chunk(s))
        return false;
    struct chunk *chunk = s->chunk;
    struct item *item = &chunk->items[chunk->count++];
    item->record = *record;
    item->kind = who->has_address ? ITEM_ADDRESS : who->has_digest ? ITEM_DIGEST : ITEM_SUBJECT;
    item->at = (uint32_t)chunk->used;
    item->length = (uint32_t)bytes.size;
    memcpy(chunk->bytes + chunk->used, bytes.data, bytes.size);
    chunk->used += bytes.size;
    return true;
}

int sealing_end(struct sealing *s, struct error *why)
{
    if (!s)
        return 0;
    if (s->chunk)
        queue_put(s->full, s->chunk);
    queue_close(s->full);
    pthread_join(s->thread, NULL);
    int code = s->code;
    if (code)
        error_set(why, code, "%s", s->why.text);
    release(s);
    return code;
}
