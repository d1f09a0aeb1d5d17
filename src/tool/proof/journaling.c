#include "tool/proof/journaling.h"

#include "base/clock.h"
#include "tool/output.h"
#include "tool/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PORTION (1 << 20) /* octets that are read in one view */

/* --- out --- */

static int write_portion(const struct store *store, struct event_name *last, struct error *why)
{
    struct text bytes = TEXT_EMPTY;
    struct txn *txn;

    int code = txn_begin_read(store->env, &txn);
    if (code)
        return env_explain(store->env, code, why);
    code = journal_file_read(store, txn, PORTION, last, &bytes);
    txn_abort(txn);
    if (code == 0)
        output_bytes(bytes.data, bytes.length);
    text_release(&bytes);
    if (code && code != ERR_NOT_FOUND)
        return env_explain(store->env, code, why);
    return code ? code : output_flush() ? 0 : STATUS_CANNOT;
}

int journaling_write(struct site *site, const char *which, struct error *why)
{
    struct event_name last = {.number = 0};
    const struct store *store;
    int code = 0;

    if (strcmp(which, "list") == 0)
        store = list_store(site->list);
    else if (strcmp(which, "ledger") == 0)
        store = ledger_store(site->ledger);
    else
        return error_set(why, -EINVAL, "--journal %s: there are two, list and ledger", which);
    if (isatty(STDOUT_FILENO) == 1)
        return error_set(why, -EINVAL, "a journal is nothing for a terminal: write it to a file");
    while (code == 0)
        code = write_portion(store, &last, why);
    return code == ERR_NOT_FOUND ? 0 : code;
}

/* --- in --- */

static int map_file(const char *path, void **map, size_t *size, struct error *why)
{
    struct stat status;
    int code = 0, fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &status) < 0)
        code = error_set(why, -errno, "%s: %s", path, strerror(errno));
    else if (!S_ISREG(status.st_mode))
        code = error_set(why, -EINVAL, "%s is not a regular file", path);
    else if (status.st_size == 0)
        code = error_set(why, -EINVAL, "%s is empty", path);
    else {
        *size = (size_t)status.st_size;
        *map = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (*map == MAP_FAILED)
            code = error_set(why, -errno, "%s: %s", path, strerror(errno));
    }
    if (fd >= 0)
        close(fd);
    return code;
}

static void tell_octets(uint64_t done, uint64_t of, void *argument)
{
    progress_tell(argument, done, of, done);
}

static void tell(const char *path, int code, const struct journal_file *file,
                 const struct error *why, bool json)
{
    char first[CLOCK_TEXT_SIZE], last[CLOCK_TEXT_SIZE];

    if (json) {
        json_t *object = json_object();
        output_put_text(object, "journal", path);
        output_put_bool(object, "whole", code == 0);
        if (code) {
            output_put_text(object, "fault", why->text);
        } else {
            output_put_text(object, "store", file->is_ledger ? "ledger" : "list");
            output_put_number(object, "events", file->events);
            output_put_number(object, "nodes", file->nodes);
            output_put_number(object, "earlier", file->earlier);
        }
        output_json(object);
    } else if (code == 0) {
        output_line("%s: journal of a %s, %" PRIu64 " event%s from %s to %s, whole", path,
                    file->is_ledger ? "ledger" : "list", file->events, file->events == 1 ? "" : "s",
                    clock_format_ms(file->first_ms, first), clock_format_ms(file->last_ms, last));
        if (file->earlier)
            remark("%" PRIu64 " event%s an earlier time than the one before.", file->earlier,
                   file->earlier == 1 ? " has" : "s have");
    }
}

/* Which journal it is, is known when it was read: so both parts of the checkpoints are asked, and
 * one of them counts. */
static int verify_bytes(struct slice bytes, const struct signing_ring *ring,
                        struct witnesses *witnesses, struct journal_file *file, struct error *why)
{
    struct progress progress = {.quiet = false};
    struct journal_witness *named;
    size_t count;
    int code = 0;

    progress_begin(&progress, "verifying", "octets");
    for (int ledger = 0; ledger < 2 && code == 0; ledger++) {
        code = witnesses_name(witnesses, ledger, &named, &count);
        if (code)
            return error_set(why, code, "no memory for checkpoints");
        code = journal_file_verify(bytes, ring->count ? ring : NULL, named, count, tell_octets,
                                   &progress, file, why);
        bool asked = code == 0 && file->is_ledger == (bool)ledger;
        if (asked)
            witnesses_hear(witnesses, ledger, named, count);
        free(named);
        if (asked || witnesses->count == 0)
            break;
    }
    progress_clear(&progress);
    return code;
}

int journaling_verify(const char *path, const struct signing_ring *ring,
                      struct witnesses *witnesses, bool json, struct error *why)
{
    struct journal_file file;
    void *map = NULL;
    size_t size = 0;

    int code = map_file(path, &map, &size, why);
    if (code)
        return code;
    code = verify_bytes(SLICE(map, size), ring, witnesses, &file, why);
    munmap(map, size);
    if (code && code != ERR_CORRUPT)
        return code;
    tell(path, code, &file, why, json);
    if (code) {
        complain("%s: %s", path, why->text);
        return STATUS_NO;
    }
    if (file.cuts && ring->count == 0)
        remark("Signatures of cuts were not checked: that needs --public-key.");
    witnesses_tell(witnesses, json);
    return witnesses_misfitting(witnesses) ? STATUS_NO : STATUS_OK;
}
