#include "tool/upkeep/erasing_again.h"

#include "tool/person/erasing.h"

#include <errno.h>
#include <string.h>

#define NOTE "it was erased before the restore"

static int visit(struct txn *txn, const struct event *event, void *argument)
{
    struct text *subjects = argument;
    (void)txn;

    for (size_t i = 0; i < event->erasure_count; i++)
        text_append_bytes(subjects, (const char *)event->erasures[i].subject.bytes, SUBJECT_SIZE);
    return subjects->failed ? -ENOMEM : 0;
}

/* Their subjects, one behind the other; some more than once. */
static int find(const struct erasing *e, struct text *subjects, struct error *why)
{
    struct list_view *list = NULL;
    struct ledger_view *ledger = NULL;

    int code = list_view_begin(e->list, &list);
    if (code == 0)
        code = list_walk(list, NULL, visit, subjects);
    if (code)
        list_explain(e->list, code, why);
    else if ((code = ledger_view_begin(e->ledger, &ledger)) != 0 ||
             (code = ledger_walk(ledger, NULL, visit, subjects)) != 0)
        error_set(why, code, "the ledger cannot be read: %s", error_name(code));
    list_view_end(list);
    ledger_view_end(ledger);
    return code;
}

static int erase(struct erasing *e, struct error *why)
{
    struct text subjects = TEXT_EMPTY;
    int code = find(e, &subjects, why);

    for (size_t at = 0; at < subjects.length && code == 0; at += SUBJECT_SIZE) {
        struct subject subject;
        memcpy(subject.bytes, subjects.data + at, SUBJECT_SIZE);
        code = erasing_subject(e, &subject, NULL, why);
    }
    text_release(&subjects);
    return code;
}

int erasing_again(struct upkeep *u, uint64_t *count, struct error *why)
{
    const struct word words[] = {{"staff", u->staff}, {"note", NOTE}};
    struct part_store list = {.store = NULL}, ledger = {.store = NULL};
    struct erasing e = {.words = words, .word_count = 2};

    int code = part_open(&u->list, u->list.folder, ENV_WRITE, &u->keys, &list, why);
    if (code == 0)
        code = part_open(&u->ledger, u->ledger.folder, ENV_WRITE, &u->keys, &ledger, why);
    e.list = list.list;
    e.ledger = ledger.ledger;
    if (code == 0)
        code = erase(&e, why);
    int first = part_close(&list), second = part_close(&ledger);
    if (code == 0)
        *count = e.erased;
    return code ? code : first ? first : second;
}
