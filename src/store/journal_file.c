#include "store/journal_file.h"

#include "store/cut.h"
#include "store/event_keys.h"
#include "store/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TELL_EACH 4096 /* events */

/* --- out --- */

int journal_file_read(const struct store *store, struct txn *txn, size_t enough,
                      struct event_name *last, struct text *bytes)
{
    struct event_name next = *last;
    uint8_t from[JOURNAL_KEY_SIZE];
    struct cursor *cursor;
    struct slice key, value;

    next.number++;
    int code = last->number ? store_pack_name(store, &next, from) : 0;
    if (code == 0)
        code = cursor_open(txn, TABLE_JOURNAL, &cursor);
    if (code)
        return code;
    size_t before = bytes->length;
    code = cursor_seek(cursor, SLICE(from, last->number ? sizeof from : 0), &key, &value);
    while (code == 0 && bytes->length < enough) {
        text_append_bytes(bytes, value.data, value.size);
        code =
            key.size == JOURNAL_KEY_SIZE ? store_unpack_name(store, key.data, last) : ERR_CORRUPT;
        if (code == 0)
            code = cursor_next(cursor, &key, &value);
    }
    cursor_close(cursor);
    if (bytes->failed)
        return -ENOMEM;
    return code == ERR_NOT_FOUND && bytes->length > before ? 0 : code;
}

/* --- in --- */

struct node_chain {
    uint8_t node[EVENT_NODE_SIZE];
    size_t begin;    /* where its first event lies */
    uint64_t first;  /* number of that one; not 1 where the journal was cut before */
    uint64_t number; /* of its last event that fitted */
    uint8_t hash[EVENT_HASH_SIZE];
};

struct reading {
    struct slice bytes;
    size_t at;
    struct node_chain *nodes; /* the last one is read now */
    size_t node_count;
    struct digester *digester;
    struct pool pool, cut_pool;
    const struct signing_ring *ring;   /* NULL: none */
    struct cut cut;                    /* what the events of the file say was cut off its journal */
    struct journal_witness *witnesses; /* sorted */
    size_t witness_count, next;        /* the next one of this node */
    struct journal_file found;
    const char *fault;
};

static int fault(struct reading *r, const char *what)
{
    r->fault = what;
    return ERR_CORRUPT;
}

/* The bytes of the event at a place. ERR_CORRUPT. */
static int take_bytes(struct slice bytes, size_t at, struct slice *event)
{
    size_t left = bytes.size - at, most = left < EVENT_MAX ? left : EVENT_MAX;
    const uint8_t *begin = (const uint8_t *)bytes.data + at;
    struct unpacker in = unpack_begin(SLICE(begin, most));

    unpack_skip(&in);
    if (in.failed)
        return ERR_CORRUPT;
    *event = SLICE(begin, most - in.left);
    return 0;
}

static struct node_chain *find_node(const struct reading *r, const uint8_t node[EVENT_NODE_SIZE])
{
    for (size_t i = r->node_count; i-- > 0;)
        if (memcmp(r->nodes[i].node, node, EVENT_NODE_SIZE) == 0)
            return &r->nodes[i];
    return NULL;
}

static int compare_witnesses(const void *a, const void *b)
{
    const struct journal_witness *x = a, *y = b;
    int order = memcmp(x->head.event.node, y->head.event.node, EVENT_NODE_SIZE);
    if (order)
        return order;
    return x->head.event.number < y->head.event.number
               ? -1
               : x->head.event.number > y->head.event.number;
}

static bool is_of(const struct journal_witness *witness, const uint8_t node[EVENT_NODE_SIZE])
{
    return memcmp(witness->head.event.node, node, EVENT_NODE_SIZE) == 0;
}

/* Whatever a checkpoint names of this node is missing until it is found. */
static void begin_witnesses(struct reading *r, const uint8_t node[EVENT_NODE_SIZE])
{
    size_t i = 0;

    while (i < r->witness_count && !is_of(&r->witnesses[i], node))
        i++;
    r->next = i;
    for (; i < r->witness_count && is_of(&r->witnesses[i], node); i++)
        r->witnesses[i].fit = CHECKPOINT_MISSING;
}

static void hear_witnesses(struct reading *r, const struct node_chain *chain)
{
    for (; r->next < r->witness_count; r->next++) {
        struct journal_witness *witness = &r->witnesses[r->next];
        if (!is_of(witness, chain->node) || witness->head.event.number > chain->number)
            return;
        if (witness->head.event.number == chain->number)
            witness->fit = memcmp(witness->head.hash, chain->hash, EVENT_HASH_SIZE) == 0
                               ? CHECKPOINT_FITS
                               : CHECKPOINT_OTHER;
    }
}

/* What a witness says of an event that was cut. */
static enum checkpoint_fit fit_of_cut(const struct reading *r, const struct checkpoint_head *head)
{
    const struct event_cut_row *row = cut_of(&r->cut, head->event.node);

    if (!row || head->event.number > row->last.number)
        return CHECKPOINT_UNKNOWN_NODE;
    if (head->event.number < row->last.number)
        return CHECKPOINT_CUT;
    return memcmp(head->hash, row->hash, EVENT_HASH_SIZE) == 0 ? CHECKPOINT_FITS : CHECKPOINT_OTHER;
}

/* The node's first event in the file is its first one, or follows those that were cut. */
static int begin_chain(struct reading *r, const struct event *event, struct node_chain *chain)
{
    const struct event_cut_row *row = cut_of(&r->cut, event->name.node);
    uint64_t before = event->name.number - 1;

    *chain = (struct node_chain){.begin = r->at, .first = event->name.number, .number = before};
    memcpy(chain->node, event->name.node, EVENT_NODE_SIZE);
    if (before == 0)
        return 0;
    if (event->type == EVENT_GENESIS || !row || before > row->last.number)
        return fault(r, "its node does not begin with it");
    memcpy(chain->hash, before == row->last.number ? row->hash : event->previous, EVENT_HASH_SIZE);
    return 0;
}

/* Which kind of journal it is: only a ledger's is cut. */
static int check_kind(struct reading *r, const struct event *event)
{
    bool is_cut = event->name.number > 1;

    if (!is_cut && (event->type != EVENT_GENESIS || !event->genesis))
        return fault(r, "its node does not begin with it");
    bool is_ledger = is_cut || strcmp(event->genesis->kind, "ledger") == 0;
    if (r->node_count > 0 && r->found.is_ledger != is_ledger)
        return fault(r, "it is of another kind of journal");
    r->found.is_ledger = is_ledger;
    return 0;
}

/* Checkpoints may tell of what was cut, too. */
static void hear_of_cut(struct reading *r, const struct node_chain *chain)
{
    for (size_t i = r->next; i < r->witness_count && is_of(&r->witnesses[i], chain->node); i++)
        if (r->witnesses[i].head.event.number < chain->first)
            r->witnesses[i].fit = fit_of_cut(r, &r->witnesses[i].head);
}

static int begin_node(struct reading *r, const struct event *event)
{
    struct node_chain *nodes = realloc(r->nodes, (r->node_count + 1) * sizeof *nodes);

    if (!nodes)
        return -ENOMEM;
    r->nodes = nodes;
    if (find_node(r, event->name.node))
        return fault(r, "the events of its node are not together");
    int code = check_kind(r, event);
    if (code == 0)
        code = begin_chain(r, event, &nodes[r->node_count]);
    if (code)
        return code;
    r->node_count++;
    begin_witnesses(r, event->name.node);
    hear_of_cut(r, &nodes[r->node_count - 1]);
    return 0;
}

/* The hash of an event that was read already, by reading its node once more, or that was cut last;
 * ERR_EXISTS: it was cut before that. */
static int hash_of(const struct reading *r, const struct event_name *name,
                   uint8_t hash[EVENT_HASH_SIZE])
{
    const struct node_chain *chain = find_node(r, name->node);
    struct slice event = SLICE(NULL, 0);

    if (!chain || name->number < chain->first || name->number > chain->number) {
        const struct event_cut_row *row = cut_of(&r->cut, name->node);
        if (!row || row->last.number < name->number)
            return ERR_NOT_FOUND;
        memcpy(hash, row->hash, EVENT_HASH_SIZE);
        return row->last.number == name->number ? 0 : ERR_EXISTS;
    }
    size_t at = chain->begin;
    for (uint64_t number = chain->first - 1; number < name->number; number++) {
        int code = take_bytes(r->bytes, at, &event);
        if (code)
            return code;
        at += event.size;
    }
    return digester_digest(r->digester, event, hash);
}

static int check_continued(struct reading *r, const struct event_continued *continued)
{
    uint8_t hash[EVENT_HASH_SIZE];

    int code = hash_of(r, &continued->event, hash);
    if (code == ERR_EXISTS)
        return 0;
    if (code == ERR_NOT_FOUND)
        return fault(r, "the event that it continues is not there");
    if (code == 0 && memcmp(hash, continued->hash, sizeof hash) != 0)
        return fault(r, "the event that it continues was changed");
    return code;
}

/* Whoever can write an event could say that all before it was cut. */
static int check_teller(struct reading *r, const struct event *event)
{
    if (!event->cut)
        return 0;
    r->found.cuts++;
    int code = r->ring ? cut_check_signature(event->cut, r->ring) : 0;
    return code == ERR_KEY         ? fault(r, "its signature is wrong")
           : code == ERR_NOT_FOUND ? fault(r, "the key that signed it is not known here")
                                   : code;
}

static int check_event(struct reading *r, const struct event *event, struct slice bytes)
{
    struct node_chain *chain = r->node_count ? &r->nodes[r->node_count - 1] : NULL;
    int code = 0;

    if (!chain || memcmp(chain->node, event->name.node, EVENT_NODE_SIZE) != 0) {
        code = begin_node(r, event);
        if (code)
            return code;
        chain = &r->nodes[r->node_count - 1];
    }
    if (event->name.number != chain->number + 1)
        return fault(r, "the one before it is missing");
    if (memcmp(event->previous, chain->hash, EVENT_HASH_SIZE) != 0)
        return fault(r, "it does not carry the hash of the one before");
    if (event->continues)
        code = check_continued(r, event->continues);
    if (code == 0)
        code = check_teller(r, event);
    if (code == 0)
        code = digester_digest(r->digester, bytes, chain->hash);
    if (code)
        return code;
    chain->number = event->name.number;
    hear_witnesses(r, chain);
    const struct event_cut_row *row = cut_of(&r->cut, chain->node);
    if (row && row->last.number == chain->number &&
        memcmp(row->hash, chain->hash, EVENT_HASH_SIZE) != 0)
        return fault(r, "it is not the one up to which the journal was cut");
    return 0;
}

static void note_event(struct reading *r, const struct event *event)
{
    struct journal_file *found = &r->found;

    found->earlier += found->events > 0 && event->name.number > 1 && event->at_ms < found->last_ms;
    found->first_ms = found->events ? found->first_ms : event->at_ms;
    found->last_ms = event->at_ms;
    found->words += event->words != NULL;
    found->last = event->name;
    found->events++;
    found->nodes = r->node_count;
}

static int read_event(struct reading *r)
{
    struct slice bytes;
    struct event event;

    int code = take_bytes(r->bytes, r->at, &bytes);
    if (code)
        return fault(r, "its bytes are damaged or cut short");
    code = event_decode(bytes, &r->pool, &event);
    if (code == ERR_CORRUPT)
        r->fault = "its bytes are damaged or cut short";
    if (code == 0)
        code = check_event(r, &event, bytes);
    if (code == 0)
        note_event(r, &event);
    pool_reset(&r->pool);
    r->at += bytes.size;
    return code;
}

/* What was cut is told at the end, and needed at the beginning. What cannot be read is found when
 * it is its turn. */
static int collect_cuts(struct reading *r)
{
    struct slice bytes;
    struct event event;
    uint64_t type;
    int code = 0;

    for (size_t at = 0; at < r->bytes.size && code == 0; at += bytes.size) {
        if (take_bytes(r->bytes, at, &bytes) || event_decode_number(bytes, KEY_TYPE, &type))
            return 0;
        if (type != EVENT_CUT)
            continue;
        code = event_decode(bytes, &r->cut_pool, &event);
        for (size_t i = 0; code == 0 && event.cut && i < event.cut->row_count; i++)
            code = cut_add(&r->cut_pool, &r->cut, &event.cut->rows[i]);
    }
    return code == ERR_CORRUPT ? 0 : code;
}

static int explain_fault(const struct reading *r, int code, struct error *why)
{
    const struct node_chain *chain = r->node_count ? &r->nodes[r->node_count - 1] : NULL;

    if (code == ERR_CORRUPT)
        return error_set(
            why, code,
            "event %llu of the file (number %llu of its node, or the first of the next one): %s",
            (unsigned long long)r->found.events + 1,
            (unsigned long long)(chain ? chain->number + 1 : 1), r->fault);
    return code ? error_set(why, code, "the journal could not be read: %s", error_name(code)) : 0;
}

int journal_file_verify(struct slice bytes, const struct signing_ring *ring,
                        struct journal_witness *witnesses, size_t count, store_watcher watch,
                        void *watcher, struct journal_file *file, struct error *why)
{
    struct reading r = {
        .bytes = bytes, .ring = ring, .witnesses = witnesses, .witness_count = count};

    int code = collect_cuts(&r);
    for (size_t i = 0; i < count; i++)
        witnesses[i].fit = fit_of_cut(&r, &witnesses[i].head);
    if (count > 0)
        qsort(witnesses, count, sizeof *witnesses, compare_witnesses);
    if (code == 0)
        code = digester_new(&r.digester);
    while (code == 0 && r.at < bytes.size) {
        code = read_event(&r);
        if (watch && r.found.events % TELL_EACH == 0)
            watch(r.at, bytes.size, watcher);
    }
    if (code == 0 && r.found.events == 0)
        code = fault(&r, "it is not there");
    explain_fault(&r, code, why);
    digester_free(r.digester);
    pool_release(&r.pool);
    pool_release(&r.cut_pool);
    free(r.nodes);
    if (code == 0)
        *file = r.found;
    return code;
}
