#include "tool/proof/witness.h"

#include "base/clock.h"
#include "tool/output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- collecting --- */

static int add(struct witnesses *witnesses, const char *path, unsigned number, const char *line)
{
    struct text place = TEXT_EMPTY;

    if (witnesses->count == witnesses->room) {
        size_t room = witnesses->room * 2 + 16;
        struct witness *all = realloc(witnesses->all, room * sizeof *all);
        if (!all)
            return -ENOMEM;
        witnesses->all = all;
        witnesses->room = room;
    }
    text_format(&place, "%s:%u", strcmp(path, "-") == 0 ? "standard input" : path, number);
    char *copy = strdup(line);
    if (place.failed || !copy) {
        text_release(&place);
        free(copy);
        return -ENOMEM;
    }
    witnesses->all[witnesses->count++] = (struct witness){.place = place.data, .line = copy};
    return 0;
}

static int collect(struct witnesses *witnesses, const char *path, FILE *file)
{
    const char *start;
    char *line = NULL;
    size_t size = 0, length;
    unsigned number = 0;
    int code = 0;

    while (code == 0 && getline(&line, &size, file) >= 0) {
        number++;
        if (checkpoint_find(line, &start, &length))
            code = add(witnesses, path, number, line);
    }
    if (code == 0 && ferror(file))
        code = -errno;
    free(line);
    return code;
}

int witnesses_collect(struct witnesses *witnesses, const char *path, struct error *why)
{
    size_t before = witnesses->count;
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "re");

    if (!file)
        return error_set(why, -errno, "%s: %s", path, strerror(errno));
    int code = collect(witnesses, path, file);
    if (!standard)
        fclose(file);
    if (code)
        return error_set(why, code, "%s: %s", path, error_name(code));
    return witnesses->count > before
               ? 0
               : error_set(why, ERR_NOT_FOUND, "%s holds no checkpoint", path);
}

void witnesses_release(struct witnesses *witnesses)
{
    for (size_t i = 0; i < witnesses->count; i++) {
        free(witnesses->all[i].place);
        free(witnesses->all[i].line);
    }
    free(witnesses->all);
    *witnesses = (struct witnesses){.all = NULL};
}

/* --- reading --- */

static void accuse(struct witness *witness, const char *what)
{
    if (*witness->fault.text == '\0')
        error_set(&witness->fault, ERR_CORRUPT, "checkpoint %.200s: %s", witness->place, what);
}

int witnesses_read(struct witnesses *witnesses, const struct signing_ring *ring)
{
    for (size_t i = 0; i < witnesses->count; i++) {
        struct witness *witness = &witnesses->all[i];
        const char *start;
        size_t length;
        if (!checkpoint_find(witness->line, &start, &length))
            return ERR_CORRUPT;
        int code = checkpoint_read(start, length, ring, &witness->content);
        witness->is_read = code == 0;
        if (code == ERR_SYNTAX)
            accuse(witness, "it is not as it was written");
        else if (code == ERR_NOT_FOUND)
            accuse(witness, "it was signed by a key of which there is no public key here");
        else if (code == ERR_KEY)
            accuse(witness, "its signature does not fit: somebody changed it, or made it up");
        else if (code)
            return code;
    }
    return 0;
}

/* --- asking --- */

static const struct checkpoint_part *part_of(const struct witness *witness, bool ledger)
{
    return ledger ? &witness->content.ledger : &witness->content.list;
}

static void judge(struct witness *witness, bool ledger, const struct checkpoint_head *head,
                  enum checkpoint_fit fit)
{
    static const char *const reasons[] = {
        [CHECKPOINT_UNKNOWN_NODE] = "there is no event of its node any more",
        [CHECKPOINT_MISSING] = "the journal ends before it: events were cut off, or an older copy "
                               "took its place",
        [CHECKPOINT_OTHER] = "another event stands there now: the journal was written anew, or an "
                             "older copy took its place and went on",
    };
    char node[2 * EVENT_NODE_SIZE + 1], what[400], time[CLOCK_TEXT_SIZE];

    if (fit == CHECKPOINT_CUT)
        remark("The %s's event of the checkpoint of %s was cut off by `optout prune`, as a signed "
               "event tells: nothing more can be said.",
               ledger ? "ledger" : "list", clock_format(witness->content.at, time));
    if (fit == CHECKPOINT_FITS || fit == CHECKPOINT_CUT)
        return;
    text_to_hex(head->event.node, EVENT_NODE_SIZE, node);
    snprintf(what, sizeof what, "at %s the %s had event %s-%" PRIu64 "; %s",
             clock_format(witness->content.at, time), ledger ? "ledger" : "list", node,
             head->event.number, reasons[fit]);
    accuse(witness, what);
}

int witnesses_ask(struct witnesses *witnesses, bool ledger, const struct store *store,
                  struct txn *txn)
{
    int code = 0;

    for (size_t i = 0; i < witnesses->count && code == 0; i++) {
        struct witness *witness = &witnesses->all[i];
        const struct checkpoint_part *part = part_of(witness, ledger);
        for (size_t j = 0; witness->is_read && j < part->count && code == 0; j++) {
            enum checkpoint_fit fit = CHECKPOINT_FITS;
            code = checkpoint_compare(store, txn, &part->heads[j], &fit);
            if (code == 0)
                judge(witness, ledger, &part->heads[j], fit);
        }
    }
    return code;
}

int witnesses_name(const struct witnesses *witnesses, bool ledger, struct journal_witness **named,
                   size_t *count)
{
    struct journal_witness *all = calloc(witnesses->count * CHECKPOINT_HEADS_MAX + 1, sizeof *all);

    if (!all)
        return -ENOMEM;
    *count = 0;
    for (size_t i = 0; i < witnesses->count; i++) {
        const struct checkpoint_part *part = part_of(&witnesses->all[i], ledger);
        for (size_t j = 0; witnesses->all[i].is_read && j < part->count; j++)
            all[(*count)++] = (struct journal_witness){.head = part->heads[j], .checkpoint = i};
    }
    *named = all;
    return 0;
}

void witnesses_hear(struct witnesses *witnesses, bool ledger, const struct journal_witness *named,
                    size_t count)
{
    for (size_t i = 0; i < count; i++)
        judge(&witnesses->all[named[i].checkpoint], ledger, &named[i].head, named[i].fit);
}

/* --- telling --- */

size_t witnesses_misfitting(const struct witnesses *witnesses)
{
    size_t count = 0;
    for (size_t i = 0; i < witnesses->count; i++)
        count += *witnesses->all[i].fault.text != '\0';
    return count;
}

int64_t witnesses_last(const struct witnesses *witnesses)
{
    int64_t last = 0;
    for (size_t i = 0; i < witnesses->count; i++) {
        const struct witness *witness = &witnesses->all[i];
        if (*witness->fault.text == '\0' && witness->content.at > last)
            last = witness->content.at;
    }
    return last;
}

static void tell_json(const struct witness *witness)
{
    json_t *object = json_object();
    bool fits = *witness->fault.text == '\0';

    output_put_text(object, "checkpoint", witness->place);
    output_put_time(object, "time", witness->is_read ? witness->content.at : 0);
    output_put_bool(object, "fits", fits);
    if (!fits)
        output_put_text(object, "fault", witness->fault.text);
    output_json(object);
}

void witnesses_tell(const struct witnesses *witnesses, bool json)
{
    size_t misfitting = witnesses_misfitting(witnesses), fitting = witnesses->count - misfitting;
    char time[CLOCK_TEXT_SIZE];

    for (size_t i = 0; i < witnesses->count; i++) {
        if (json)
            tell_json(&witnesses->all[i]);
        if (*witnesses->all[i].fault.text)
            complain("%s", witnesses->all[i].fault.text);
    }
    if (json || witnesses->count == 0)
        return;
    if (misfitting == 0)
        output_line("checkpoints: %zu, all fit, the last one of %s", fitting,
                    clock_format(witnesses_last(witnesses), time));
    else
        output_line("checkpoints: %zu fit, %zu do not", fitting, misfitting);
}
