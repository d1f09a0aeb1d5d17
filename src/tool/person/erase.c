#include "store/erase.h"
#include "core/subject.h"
#include "tool/argument.h"
#include "tool/command.h"
#include "tool/file_lines.h"
#include "tool/interrupt.h"
#include "tool/output.h"
#include "tool/person/erase_propose.h"
#include "tool/person/erasing.h"
#include "tool/stops.h"
#include "tool/upkeep/compacting.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { NOTE, FROM, NO_COMPACT, QUIET, JSON };
static const struct flag flags[] = {
    {.name = "note", .argument = "WHY", .text = "for those who ask later", .required = true},
    {.name = "from",
     .argument = "FILE",
     .text = "addresses, one a line; - is standard input",
     .is_file = true},
    {.name = "no-compact", .text = "leave the bytes in free pages until `optout compact`"},
    {.name = "quiet", .letter = 'q', .text = "do not tell how far it has come"},
    {.name = "json", .text = "one JSON object a line"},
    {0},
};

struct erasure {
    struct upkeep upkeep;
    struct part_store list, ledger;
    struct erasing erasing;
    struct word words[2];
    const struct call *call;
    uint64_t bad;
};

/* --- whom --- */

/* What stays in the note would be the only place where the address still is. */
static int check_note(const struct erasure *e, const struct address *address, struct error *why)
{
    if (strcasestr(e->call->values[NOTE], address->text))
        return error_set(why, ERR_SYNTAX, "the note names the address, and is kept: leave it out");
    return 0;
}

static int erase_one(struct erasure *e, const char *given, struct error *why)
{
    struct address address;

    int code = argument_person(given, &address, why);
    if (code == 0)
        code = check_note(e, &address, why);
    return code ? code : erasing_person(&e->erasing, &address, why);
}

static bool is_bad_line(int code)
{
    return code == ERR_SYNTAX || code == ERR_TOO_LONG || code == ERR_NO_DOMAIN;
}

/* Bad lines are told and left out. */
static int erase_lines(struct erasure *e, struct file_lines *lines, struct error *why)
{
    struct progress *progress = &e->upkeep.progress;
    uint64_t done = 0;
    int code = 0;

    progress_begin(progress, "erasing", "addresses");
    while (code == 0 && !interrupt_came() && file_lines_next(lines)) {
        code = lines->bad ? error_set(why, ERR_SYNTAX, "too long, or not text")
                          : erase_one(e, lines->text, why);
        if (is_bad_line(code)) {
            progress_clear(progress);
            remark("line %" PRIu64 ": %s", lines->number, why->text);
            e->bad++;
            code = 0;
        }
        done++;
        progress_tell(progress, done, 0, done);
    }
    progress_clear(progress);
    if (code == 0 && ferror(lines->file))
        code = error_set(why, -EIO, "the input cannot be read");
    if (code == 0 && interrupt_came())
        code = error_set(why, -EINTR, "interrupted; all up to line %" PRIu64 " is done",
                         lines->number);
    return code;
}

static int erase_file(struct erasure *e, FILE *file, struct error *why)
{
    struct file_lines *lines = calloc(1, sizeof *lines);
    if (!lines)
        return -ENOMEM;
    lines->file = file;
    interrupt_await();
    int code = erase_lines(e, lines, why);
    free(lines);
    return code;
}

/* --- the stores --- */

static int open_stores(struct erasure *e, struct error *why)
{
    struct upkeep *u = &e->upkeep;

    int code = part_open(&u->list, u->list.folder, ENV_WRITE, &u->keys, &e->list, why);
    if (code == 0)
        code = part_open(&u->ledger, u->ledger.folder, ENV_WRITE, &u->keys, &e->ledger, why);
    if (code == 0 && (code = subject_hasher_new(u->lookup.subject, &e->erasing.hasher)) != 0)
        error_set(why, code, "no keyed hash: %s", error_name(code));
    e->erasing.list = e->list.list;
    e->erasing.ledger = e->ledger.ledger;
    return code;
}

static int ask_residue(const struct part_store *part, bool *residue, struct error *why)
{
    struct txn *txn;

    int code = txn_begin_read(part->store->env, &txn);
    if (code == 0) {
        code = erase_has_residue(txn, residue);
        txn_abort(txn);
    }
    return code ? env_explain(part->store->env, code, why) : 0;
}

static int close_stores(struct erasure *e, bool residue[2], struct error *why)
{
    int code = e->list.store ? ask_residue(&e->list, &residue[0], why) : 0;
    if (code == 0 && e->ledger.store)
        code = ask_residue(&e->ledger, &residue[1], why);
    int list = part_close(&e->list), ledger = part_close(&e->ledger);
    subject_hasher_free(e->erasing.hasher);
    return code ? code : list ? list : ledger;
}

/* --- the bytes --- */

static int compact(struct erasure *e, const bool residue[2], struct error *why)
{
    const struct part *parts[2] = {&e->upkeep.list, &e->upkeep.ledger};
    struct compacted sizes;
    int code = 0;

    for (size_t i = 0; i < 2 && code == 0; i++)
        if (residue[i])
            code = compacting_run(&e->upkeep, parts[i], &sizes, why);
    if (code == 0)
        remark("No byte of it is left in the files of list and ledger.");
    return code;
}

/* What a restore moved aside holds all that was there then. */
static void tell_old_copies(const char *data_dir)
{
    DIR *folder = opendir(data_dir);
    struct dirent *entry;

    while (folder && (entry = readdir(folder)))
        if (strstr(entry->d_name, ".replaced-"))
            remark("%s/%s is an older copy, and still holds it: remove it.", data_dir,
                   entry->d_name);
    if (folder)
        closedir(folder);
}

static int see_to_bytes(struct erasure *e, const bool residue[2], struct error *why)
{
    static const char advice[] = "what was erased still lies in free pages of the files, sealed: "
                                 "`optout compact` takes it away";
    struct error said = {""};
    int code = 0;

    if (!residue[0] && !residue[1])
        return 0;
    if (e->call->values[NO_COMPACT])
        remark("Note that %s.", advice);
    else if ((code = compact(e, residue, &said)) != 0)
        error_set(why, code, "%.300s; %s", *said.text ? said.text : error_name(code), advice);
    return code;
}

/* --- */

static int erase_all(struct erasure *e, FILE *file, struct error *why)
{
    bool residue[2] = {false, false};
    struct error closing = {""};

    int code = upkeep_begin(&e->upkeep, why);
    if (code == 0)
        code = open_stores(e, why);
    if (code == 0)
        code = file ? erase_file(e, file, why) : erase_one(e, e->call->arguments[0], why);
    int closed = close_stores(e, residue, &closing);
    if (closed && code == 0)
        code = error_set(why, closed, "%s", *closing.text ? closing.text : error_name(closed));
    /* What was erased before an error is seen to as well. */
    if (closed == 0) {
        int bytes = see_to_bytes(e, residue, code ? &closing : why);
        code = code ? code : bytes;
    }
    if (e->erasing.erased > 0) {
        tell_old_copies(e->upkeep.config->data_dir);
        remark("Backups, exports and mail logs of before still hold it; a backup that is restored "
               "here does not bring it back.");
    }
    return code;
}

static int finish(const struct erasure *e, bool from_file)
{
    if (from_file)
        remark("%" PRIu64 " erased, %" PRIu64 " erased already, %" PRIu64 " not known, %" PRIu64
               " line%s left out",
               e->erasing.erased, e->erasing.already, e->erasing.unknown, e->bad,
               e->bad == 1 ? "" : "s");
    return e->erasing.unknown || e->bad ? STATUS_NO : STATUS_OK;
}

static int open_input(const char *from, FILE **file, struct error *why)
{
    *file = strcmp(from, "-") == 0 ? stdin : fopen(from, "re");
    return *file ? 0 : error_set(why, -errno, "cannot open %s: %s", from, strerror(errno));
}

static int check_call(const struct call *call, FILE **file, struct error *why)
{
    const char *from = call->values[FROM];

    if ((from != NULL) == (call->argument_count > 0))
        return error_set(why, ERR_SYNTAX, "erase takes one address, or --from FILE");
    int code = argument_words("note", call->values[NOTE], why);
    return code || !from ? code : open_input(from, file, why);
}

static int run(const struct call *call)
{
    struct erasure e = {.call = call, .erasing = {.json = call->values[JSON]}};
    struct error why = {""};
    FILE *file = NULL;

    /* The file is opened as who started this, before they become the user. */
    int code = check_call(call, &file, &why);
    if (code)
        return output_status(code, &why);
    code = upkeep_open(call->config_file, &e.upkeep, &why);
    e.upkeep.progress.quiet = call->values[QUIET];
    e.words[0] = (struct word){"staff", e.upkeep.staff};
    e.words[1] = (struct word){"note", call->values[NOTE]};
    e.erasing.words = e.words;
    e.erasing.word_count = 2;
    bool proposes = code == 0 && e.upkeep.config->approval;
    if (code == 0 && !proposes)
        code = erase_all(&e, file, &why);
    if (code == 0 && !proposes)
        code = finish(&e, file != NULL);
    upkeep_close(&e.upkeep);
    if (proposes)
        code = erase_propose(call, file ? NULL : call->arguments[0], file, call->values[NOTE],
                             call->values[JSON], &why);
    if (file && file != stdin)
        fclose(file);
    return output_status(code, &why);
}

const struct command command_erase = {
    .name = "erase",
    .arguments = "[ADDRESS]",
    .usage = "usage: optout [-c FILE] erase ADDRESS --note WHY [--no-compact] [-q] [--json]\n"
             "       optout [-c FILE] erase --from FILE --note WHY [--no-compact] [-q] [--json]\n",
    .text = "take a person's address and words away; opt-outs go on holding",
    .flags = flags,
    .most = 1,
    .role = ROLE_OPS,
    .run = run,
};
