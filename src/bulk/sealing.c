#include "bulk/sealing.h"

#include "bulk/queue.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define CHUNKS 6
#define BACKLOG 2 /* chunks waiting at which the reader seals, too */
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
    bool sealed; /* `records` are made */
    struct item items[CHUNK_ITEMS];
    char bytes[CHUNK_BYTES];
    /* Of each item what is put into the runs; it fits, as no more is sealed than there are bytes.
     */
    uint16_t lengths[CHUNK_ITEMS];
    uint8_t records[CHUNK_BYTES + CHUNK_ITEMS * (RECORD_HEAD_MAX + LIST_SEALED_MAX - ADDRESS_MAX)];
};

/* What a thread seals with. */
struct tools {
    struct subject_hasher *hasher;
    struct sealer *sealer;
};

struct sealing {
    pthread_t thread;
    struct queue *empty, *full;
    struct chunk *chunk; /* that is being filled; NULL: none */
    struct chunk *chunks[CHUNKS];
    struct tools own, readers;
    struct runs *runs;
    int code;         /* of the thread, to be looked at when it has ended */
    int readers_code; /* of the reader's own sealing */
    struct error why;
};

/* --- records --- */

static int find_subject(struct tools *tools, const struct item *item, const char *bytes,
                        struct subject *subject)
{
    switch (item->kind) {
    case ITEM_ADDRESS:
        return subject_of_address(tools->hasher, bytes, item->length, subject);
    case ITEM_DIGEST:
        return subject_of_digest(tools->hasher, (const uint8_t *)bytes, subject);
    case ITEM_SUBJECT:
        break;
    }
    memcpy(subject->bytes, bytes, SUBJECT_SIZE);
    return 0;
}

static int seal(struct tools *tools, const struct item *item, const char *bytes,
                const struct subject *subject, uint8_t *row, size_t *size)
{
    *size = 0;
    switch (item->kind) {
    case ITEM_ADDRESS:
        return list_seal_address(tools->sealer, subject, bytes, item->length, row, size);
    case ITEM_DIGEST:
        return list_seal_digest(tools->sealer, subject, (const uint8_t *)bytes, row, size);
    case ITEM_SUBJECT:
        break;
    }
    return 0;
}

/* Makes the records of a chunk. */
static int seal_chunk(struct tools *tools, struct chunk *chunk)
{
    uint8_t *at = chunk->records;

    for (size_t i = 0; i < chunk->count; i++) {
        struct item *item = &chunk->items[i];
        const char *bytes = chunk->bytes + item->at;
        size_t size;
        int code = find_subject(tools, item, bytes, &item->record.subject);
        if (code)
            return code;
        size_t head = record_pack_head(&item->record, at);
        code = seal(tools, item, bytes, &item->record.subject, at + head, &size);
        if (code)
            return code;
        chunk->lengths[i] = (uint16_t)(head + size);
        at += head + size;
    }
    chunk->sealed = true;
    return 0;
}

/* --- the thread --- */

static int take_chunk(struct sealing *s, struct chunk *chunk)
{
    const uint8_t *at = chunk->records;
    int code = chunk->sealed ? 0 : seal_chunk(&s->own, chunk);

    if (code)
        return error_set(&s->why, code, "no record could be made: %s", error_name(code));
    for (size_t i = 0; i < chunk->count && code == 0; at += chunk->lengths[i++])
        code = runs_put(s->runs, SLICE(at, chunk->lengths[i]), &s->why);
    return code;
}

static void *work(void *argument)
{
    struct sealing *s = argument;
    struct chunk *chunk;

    while (s->code == 0 && (chunk = queue_take(s->full))) {
        s->code = take_chunk(s, chunk);
        queue_put(s->empty, chunk);
    }
    queue_close(s->empty);
    queue_close(s->full);
    return NULL;
}

/* --- the other side --- */

static int make_tools(struct list *list, const struct lookup_key *lookup, struct tools *tools)
{
    int code = subject_hasher_new(lookup->subject, &tools->hasher);
    return code ? code : list_sealer_new(list, &tools->sealer);
}

static void release_tools(struct tools *tools)
{
    subject_hasher_free(tools->hasher);
    sealer_free(tools->sealer);
}

static void release(struct sealing *s)
{
    for (size_t i = 0; i < CHUNKS; i++)
        free(s->chunks[i]);
    queue_free(s->empty);
    queue_free(s->full);
    release_tools(&s->own);
    release_tools(&s->readers);
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
        code = make_tools(list, lookup, &s->own);
    if (code == 0)
        code = make_tools(list, lookup, &s->readers);
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

/* Hands on the chunk. Which of the two threads has less to do depends on the file, so this one
 * seals what would only wait for the other one. */
static bool hand_on(struct sealing *s)
{
    struct chunk *chunk = s->chunk;

    s->chunk = NULL;
    if (chunk && queue_count(s->full) >= BACKLOG)
        s->readers_code = seal_chunk(&s->readers, chunk);
    return s->readers_code == 0 && (!chunk || queue_put(s->full, chunk));
}

/* Hands on the chunk, and waits for an empty one; false where one of both threads gave up. */
static bool change_chunk(struct sealing *s)
{
    if (!hand_on(s))
        return false;
    s->chunk = queue_take(s->empty);
    if (!s->chunk)
        return false;
    s->chunk->count = s->chunk->used = 0;
    s->chunk->sealed = false;
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
    hand_on(s);
    queue_close(s->full);
    pthread_join(s->thread, NULL);
    int code = s->code;
    if (code)
        error_set(why, code, "%s", s->why.text);
    else if ((code = s->readers_code) != 0)
        error_set(why, code, "no record could be made: %s", error_name(code));
    release(s);
    return code;
}
