#include "tool/proof/verifying.h"

#include "base/file.h"
#include "tool/output.h"
#include "tool/progress.h"
#include "tool/site.h"
#include "tool/stops.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SPARE_MAP                                                                                  \
    ((uint64_t)1 << 30) /* a store that has no configuration may grow by this much                 \
                         */

/* How far it has come, for whoever has to tell that it ended there. */
enum verifying_stage { STAGE_BEGIN, STAGE_LIST, STAGE_LEDGER, STAGE_CHECKPOINTS, STAGE_RECORD };

struct work {
    struct verifying *wanted;
    volatile sig_atomic_t *stage;
    struct site site;
    const char *data_dir;
    struct event_verified result;
    struct progress progress;
    bool faulty;
    struct error *why;
};

/* --- opening --- */

static int map_size(const struct work *w, const char *folder, bool ledger, uint64_t *size)
{
    struct stat status;

    if (!w->wanted->data_dir) {
        *size = ledger ? w->site.config->ledger_size : w->site.config->list_size;
        return 0;
    }
    char *path = file_join(folder, ENV_DATA_FILE);
    if (!path)
        return -ENOMEM;
    *size = (stat(path, &status) == 0 ? (uint64_t)status.st_size : 0) + SPARE_MAP;
    free(path);
    return 0;
}

static int open_store(struct work *w, bool ledger)
{
    const struct lookup_key *lookup = w->wanted->keyless ? NULL : &w->site.lookup;
    const struct address_key *address = w->site.has_address ? &w->site.address : NULL;
    char *folder = file_join(w->data_dir, ledger ? "ledger" : "list");
    uint64_t size = 0;

    int code = folder ? map_size(w, folder, ledger, &size) : -ENOMEM;
    if (code == 0 && ledger)
        code = ledger_open(folder, ENV_READ, size, lookup, &w->site.ledger, w->why);
    else if (code == 0)
        code = list_open(folder, ENV_READ, size, lookup, address, &w->site.list, w->why);
    if (code == 0 && ledger && (code = ledger_view_begin(w->site.ledger, &w->site.ledger_view)))
        env_explain(ledger_store(w->site.ledger)->env, code, w->why);
    else if (code == 0 && !ledger && (code = list_view_begin(w->site.list, &w->site.list_view)))
        list_explain(w->site.list, code, w->why);
    free(folder);
    return w->site.config ? site_advise(&w->site, code, w->why) : code;
}

static int open_site(struct work *w)
{
    struct verifying *wanted = w->wanted;
    struct signing_key *key = NULL;

    if (wanted->data_dir) {
        stops_hold();
        w->data_dir = wanted->data_dir;
        return 0;
    }
    int code = site_open(wanted->config_file, wanted->keyless ? SITE_USER : SITE_KEYS | SITE_WORDS,
                         &w->site, w->why);
    if (code)
        return code;
    w->data_dir = w->site.config->data_dir;
    if (wanted->keyless || wanted->ring.count > 0)
        return 0;
    code = signing_read(w->site.config->key_dir, &key, &wanted->ring, w->why);
    signing_free(key);
    if (code && wanted->witnesses.count == 0) {
        complain("%s; signatures of cuts are not checked", w->why->text);
        code = 0;
    }
    return site_advise(&w->site, code, w->why);
}

/* --- one store --- */

/* Whether an error tells of what lies in the store. */
static bool is_fault(int code)
{
    return code == ERR_CORRUPT || code == ERR_UNINITIALISED;
}

static void tell_whole(struct work *w, bool ledger, const struct event_verified_store *result,
                       const struct checkpoint_head *head)
{
    const char *name = ledger ? "ledger" : "list";
    const struct store_remarks *remarks =
        ledger ? &ledger_store(w->site.ledger)->remarks : &list_store(w->site.list)->remarks;
    char hash[2 * EVENT_HASH_SIZE + 1], node[2 * EVENT_NODE_SIZE + 1];

    if (w->wanted->json) {
        json_t *object = json_object();
        output_put_text(object, "store", name);
        output_put_bool(object, "whole", true);
        output_put_number(object, "events", result->events);
        text_to_hex(head->event.node, EVENT_NODE_SIZE, node);
        output_put_text(object, "node", node);
        output_put_number(object, "number", head->event.number);
        text_to_hex(head->hash, EVENT_HASH_SIZE, hash);
        output_put_text(object, "hash", hash);
        output_put_number(object, "earlier", remarks->earlier);
        output_put_number(object, "words", remarks->words);
        output_put_number(object, "words_erased", remarks->erased);
        output_put_number(object, "lost_pages", remarks->lost);
        output_json(object);
        return;
    }
    output_line("%s: %" PRIu64 " event%s, whole", name, result->events,
                result->events == 1 ? "" : "s");
    if (remarks->earlier)
        remark("%s: %" PRIu64 " event%s an earlier time than the one before: times are those of "
               "the clock.",
               name, remarks->earlier, remarks->earlier == 1 ? " has" : "s have");
    if (remarks->lost)
        remark("%s: %" PRIu64 " page%s of its file neither used nor free: `optout compact` takes "
               "the room back.",
               name, remarks->lost, remarks->lost == 1 ? " is" : "s are");
}

static void tell_fault(const struct work *w, bool ledger, const char *fault)
{
    if (w->wanted->json) {
        json_t *object = json_object();
        output_put_text(object, "store", ledger ? "ledger" : "list");
        output_put_bool(object, "whole", false);
        output_put_text(object, "fault", fault);
        output_json(object);
    }
    complain("%s", fault);
}

static void tell_events(uint64_t done, uint64_t of, void *argument)
{
    progress_tell(argument, done, of, done);
}

static int verify_store(struct work *w, bool ledger, uint64_t *events, struct checkpoint_part *part)
{
    struct store *store = ledger ? ledger_store(w->site.ledger) : list_store(w->site.list);
    struct txn *txn =
        ledger ? ledger_view_txn(w->site.ledger_view) : list_view_txn(w->site.list_view);

    store->ring = w->wanted->ring.count ? &w->wanted->ring : NULL;
    store->watch = tell_events;
    store->watcher = &w->progress;
    progress_begin(&w->progress, ledger ? "verifying the ledger" : "verifying the list", "events");
    int code = store->kind->verify(store, txn, events, w->why);
    progress_clear(&w->progress);
    return code ? code : checkpoint_take(store, txn, part, w->why);
}

/* 0 where it is whole, or was found not to be. */
static int look_at(struct work *w, bool ledger)
{
    struct event_verified_store *result = ledger ? &w->result.ledger : &w->result.list;
    struct checkpoint_part part;
    uint64_t events = 0;

    /* Reading may end this process. What was found by then is a line, for which nobody waits. */
    output_flush();
    *w->stage = ledger ? STAGE_LEDGER : STAGE_LIST;
    int code = open_store(w, ledger);
    if (code == 0)
        code = verify_store(w, ledger, &events, &part);
    if (code == 0) {
        *result = (struct event_verified_store){true, events, part.heads[0].event};
        tell_whole(w, ledger, result, &part.heads[0]);
    } else if (is_fault(code)) {
        w->faulty = true;
        tell_fault(w, ledger, w->why->text);
        code = 0;
    }
    return code;
}

/* --- both --- */

static int compare_keys(struct work *w)
{
    if (!w->result.list.whole || !w->result.ledger.whole)
        return 0;
    int code = store_verify_keys(list_store(w->site.list), list_view_txn(w->site.list_view),
                                 ledger_store(w->site.ledger), ledger_view_txn(w->site.ledger_view),
                                 w->why);
    if (code != ERR_CORRUPT)
        return code;
    w->faulty = true;
    w->result.ledger = (struct event_verified_store){.whole = false};
    tell_fault(w, true, w->why->text);
    return 0;
}

/* A store that is not whole is asked as far as it can be opened. */
static int ask_witnesses(struct work *w)
{
    struct witnesses *witnesses = &w->wanted->witnesses;

    *w->stage = STAGE_CHECKPOINTS;
    if (witnesses->count == 0)
        return 0;
    int code = witnesses_read(witnesses, &w->wanted->ring);
    if (code == 0 && w->site.list_view)
        code = witnesses_ask(witnesses, false, list_store(w->site.list),
                             list_view_txn(w->site.list_view));
    if (code == 0 && w->site.ledger_view)
        code = witnesses_ask(witnesses, true, ledger_store(w->site.ledger),
                             ledger_view_txn(w->site.ledger_view));
    if (code)
        return error_set(w->why, code, "the checkpoints cannot be compared: %s", error_name(code));
    witnesses_tell(witnesses, w->wanted->json);
    w->result.misfitting = witnesses_misfitting(witnesses);
    w->result.fitting = witnesses->count - w->result.misfitting;
    w->result.checkpoint_at = (uint64_t)witnesses_last(witnesses);
    w->faulty = w->faulty || w->result.misfitting > 0;
    return 0;
}

/* What is derived from a journal that is whole can be made anew. */
static void advise(const struct work *w)
{
    if (w->result.misfitting > 0)
        remark("Keep a copy of the folder and the checkpoints, and find out who could write "
               "there.");
    if (w->result.list.whole && w->result.ledger.whole)
        return;
    if (w->site.list && w->site.ledger &&
        (w->result.list.whole || journal_check(list_store(w->site.list), NULL) == 0) &&
        (w->result.ledger.whole || journal_check(ledger_store(w->site.ledger), NULL) == 0))
        remark("The journals are whole: `optout migrate --rebuild` makes anew what follows from "
               "them.");
    else
        remark("Keep a copy of the folder to look into, and restore the last backup that "
               "verifies: `optout restore DIR` takes over what can still be read.");
}

static void tell_limits(const struct work *w)
{
    uint64_t cuts = w->site.ledger ? ledger_store(w->site.ledger)->remarks.cuts : 0;

    if (cuts && w->wanted->keyless && w->wanted->ring.count == 0)
        remark("Signatures of cuts were not checked: that needs --public-key.");
    if (!w->wanted->json && w->wanted->keyless)
        remark("Without the secret keys it was not looked at whether private words and addresses "
               "are those that were written.");
}

/* The ledger is opened once more, to be written. */
static void record(struct work *w)
{
    const struct word words[] = {{"staff", w->site.staff}};
    const struct config *config = w->site.config;
    struct ledger *ledger = NULL;
    struct error why = {""};
    char *folder = NULL;

    *w->stage = STAGE_RECORD;
    site_end_view(&w->site);
    ledger_close(w->site.ledger);
    w->site.ledger = NULL;
    int code = w->result.ledger.whole ? 0 : error_set(&why, ERR_CORRUPT, "the ledger is not whole");
    if (code == 0 && !(folder = file_join(config->data_dir, "ledger")))
        code = -ENOMEM;
    if (code == 0)
        code = ledger_open(folder, ENV_WRITE, config->ledger_size, &w->site.lookup, &ledger, &why);
    if (code == 0)
        code = ledger_note_verified(ledger, &w->result, words, 1, &why);
    if (code)
        remark("The result is not in the ledger: %s.", *why.text ? why.text : error_name(code));
    ledger_close(ledger);
    free(folder);
}

static int work(struct work *w)
{
    int code = open_site(w);
    if (code == 0)
        code = look_at(w, false);
    if (code == 0)
        code = look_at(w, true);
    if (code == 0)
        code = compare_keys(w);
    if (code == 0)
        code = ask_witnesses(w);
    if (code)
        return code;
    if (w->faulty)
        advise(w);
    tell_limits(w);
    if (w->wanted->records)
        record(w);
    return w->faulty ? STATUS_NO : STATUS_OK;
}

/* --- the process --- */

static int run_here(struct verifying *verifying, volatile sig_atomic_t *stage)
{
    struct error why = {""};
    struct work w = {.wanted = verifying, .stage = stage, .why = &why};

    int code = work(&w);
    site_close(&w.site);
    return output_status(code, &why);
}

static bool is_crash(int number)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE};
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        if (crashes[i] == number)
            return true;
    return false;
}

static int tell_death(const struct verifying *verifying, int number, enum verifying_stage stage)
{
    struct work w = {.wanted = (struct verifying *)(uintptr_t)verifying};
    struct error why = {""};

    if (!is_crash(number) || (stage != STAGE_LIST && stage != STAGE_LEDGER))
        return output_status(error_set(&why, -EINTR, "it was killed by signal %d (%s), try again",
                                       number, strsignal(number)),
                             &why);
    tell_fault(&w, stage == STAGE_LEDGER,
               stage == STAGE_LEDGER ? "the ledger is damaged: reading it crashes LMDB"
                                     : "the list is damaged: reading it crashes LMDB; the ledger "
                                       "was not looked at");
    remark("Keep a copy of the folder to look into, and restore the last backup that verifies: "
           "`optout restore DIR` takes over what can still be read.");
    return output_status(STATUS_NO, &why);
}

static int await(pid_t child, const struct verifying *verifying, const volatile sig_atomic_t *stage)
{
    int status;

    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return output_status(-errno, NULL);
    return WIFEXITED(status)
               ? WEXITSTATUS(status)
               : tell_death(verifying, WTERMSIG(status), (enum verifying_stage) * stage);
}

int verifying_run(struct verifying *verifying)
{
    volatile sig_atomic_t *stage =
        mmap(NULL, sizeof *stage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (stage == MAP_FAILED)
        return output_status(-errno, NULL);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        exit(run_here(verifying, stage));
    }
    int status = child < 0 ? output_status(-errno, NULL) : await(child, verifying, stage);
    munmap((void *)(uintptr_t)stage, sizeof *stage);
    return status;
}
