#include "tool/queue/queue.h"

#include "base/clock.h"
#include "tool/command.h"
#include "tool/noted.h"
#include "tool/output.h"
#include "tool/staff.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HOLD, DELETE, LOG, CONFIG_DIR, JSON };
static const struct flag flags[] = {
    {.name = "hold",
     .text = "put what nobody may have on hold",
     .role = ROLE_OPS,
     .excludes_next = true},
    {.name = "delete", .text = "delete what nobody may have", .role = ROLE_OPS},
    {.name = "log",
     .argument = "FILE",
     .text = "a mail log to follow queue ids that changed, oldest first",
     .is_file = true,
     .repeats = true},
    {.name = "config-dir", .argument = "DIR", .text = "of a Postfix that is not the usual one"},
    {.name = "json", .text = "one JSON object a line"},
    {0},
};

#define LOGS_MAX 32

/* What is opened as root. */
struct looking {
    struct site site;
    struct queue queue;
    struct mta postqueue, postsuper;
    struct queue_log logs[LOGS_MAX];
    size_t log_count;
    char *config_dir; /* NULL: the usual one */
    struct error *why;
};

/* --- as root --------------------------------------------------------------------------------- */

static int open_log(struct looking *l, const char *name)
{
    struct queue_log *log = &l->logs[l->log_count];

    *log = (struct queue_log){name, fopen(name, "re")};
    if (!log->file)
        return error_set(l->why, -errno, "%s: %s", name, strerror(errno));
    l->log_count++;
    return 0;
}

/* Without --log, the one where syslog usually writes; there need be none. */
static int open_logs(struct looking *l, const struct call *call)
{
    static const char *const usual[] = {"/var/log/mail.log", "/var/log/maillog"};
    int code = 0;

    if (call->several_count > LOGS_MAX)
        return error_set(l->why, ERR_TOO_LONG, "more than %d logs", LOGS_MAX);
    for (size_t i = 0; i < call->several_count && code == 0; i++)
        code = open_log(l, call->several[i]);
    for (size_t i = 0; call->several_count == 0 && l->log_count == 0 && i < 2; i++)
        if (access(usual[i], F_OK) == 0 && (code = open_log(l, usual[i])) != 0)
            return code;
    return code;
}

static int check_rights(const struct looking *l)
{
    if (geteuid() == 0)
        return 0;
    return error_set(l->why, -EPERM,
                     "only root may take mail out of Postfix's queue: run it as root");
}

/* Who may run this program alone as root must not choose what root runs. */
static int find_folder(struct looking *l, const char *given)
{
    struct staff staff;

    staff_self(&staff);
    if (given && (staff.for_another || staff.disputed))
        return mta_find_folder(given, &l->config_dir, l->why);
    l->config_dir = given ? strdup(given) : NULL;
    return given && !l->config_dir ? -ENOMEM : 0;
}

static int start(struct looking *l, const struct call *call)
{
    bool hold = call->values[HOLD], delete = call->values[DELETE];

    int code = hold || delete ? check_rights(l) : 0;
    if (code == 0)
        code = find_folder(l, call->values[CONFIG_DIR]);
    if (code == 0)
        code = open_logs(l, call);
    if (code == 0)
        code = mta_list(l->config_dir, &l->postqueue, l->why);
    if (code == 0 && (hold || delete))
        code = mta_super(l->config_dir, hold ? "-h" : "-d", &l->postsuper, l->why);
    return code;
}

/* --- as the list's owner --------------------------------------------------------------------- */

static int read_queue(struct looking *l, int64_t now)
{
    struct text said = TEXT_EMPTY;

    int code = queue_read(l->postqueue.out, &l->queue, l->why);
    if (code == 0)
        code = mta_finish(&l->postqueue, &said, l->why);
    text_release(&said);
    if (code == 0 && l->queue.count)
        code = queue_follow(&l->queue, &l->site.config->policy, l->logs, l->log_count, now, l->why);
    return code;
}

/* No view is open while postqueue is waited for, nor while verdicts are written. */
static int judge(struct looking *l)
{
    int64_t now = clock_now();

    int code = read_queue(l, now);
    if (code == 0)
        code = site_view(&l->site, l->why);
    if (code == 0)
        code = queue_find(&l->queue, &l->site, l->why);
    if (code == 0)
        code = queue_judge(&l->queue, &l->site, now, l->why);
    site_end_view(&l->site);
    return code;
}

/* --- telling --------------------------------------------------------------------------------- */

/* What is known to be marketing and still on its way to somebody who must not have it. */
static bool is_open(enum queue_result result)
{
    return result == QUEUE_FOUND || result == QUEUE_SHARED || result == QUEUE_GONE;
}

static void tell_rest(const struct looking *l, uint64_t not_known)
{
    if (l->queue.unread)
        complain("%" PRIu64 " lines of postqueue could not be read", l->queue.unread);
    if (not_known)
        remark("No verdict is known on %" PRIu64 " of %zu messages in the queue%s.", not_known,
               l->queue.count,
               l->log_count ? "" : ", and there is no mail log to follow their queue ids");
}

/* Their mail may be about to leave, so a ledger that cannot take the note keeps nobody from
 * looking. */
static void note(struct looking *l)
{
    struct noted noted = {.command = "queue"};

    for (size_t i = 0; i < l->queue.count; i++)
        if (l->queue.messages[i].result != QUEUE_FREE)
            noted.people += l->queue.messages[i].recipient_count;
    if (noted.people)
        noted_if_possible(&l->site, &noted);
}

static int show(const struct looking *l, bool json)
{
    uint64_t not_known = 0;
    bool open = false;

    for (size_t i = 0; i < l->queue.count; i++) {
        const struct queue_message *message = &l->queue.messages[i];
        not_known += message->link == QUEUE_UNKNOWN;
        open = open || is_open(message->result);
        if (message->result != QUEUE_FREE)
            queue_show(&l->site, message, json);
    }
    tell_rest(l, not_known);
    return open ? STATUS_NO : l->queue.unread ? STATUS_CANNOT : STATUS_OK;
}

static void finish(struct looking *l)
{
    mta_drop(&l->postqueue);
    mta_drop(&l->postsuper);
    for (size_t i = 0; i < l->log_count; i++)
        fclose(l->logs[i].file);
    free(l->config_dir);
    queue_release(&l->queue);
    site_close(&l->site);
}

static int run(const struct call *call)
{
    struct error why = {""};
    struct looking l = {.postqueue = MTA_NOT_STARTED, .postsuper = MTA_NOT_STARTED, .why = &why};
    bool hold = call->values[HOLD], delete = call->values[DELETE];

    int code = start(&l, call);
    if (code == 0)
        code = site_open(call->config_file,
                         SITE_KEYS | SITE_LIST |
                             (hold || delete ? SITE_LEDGER_WRITE : SITE_LEDGER_NOTE),
                         &l.site, &why);
    if (code == 0)
        code = judge(&l);
    if (code == 0) {
        int acted = 0;
        note(&l);
        if (hold || delete)
            acted = queue_act(&l.queue, &l.site, hold ? ACTION_HOLD : ACTION_DELETE, &l.postsuper,
                              &why);
        code = show(&l, call->values[JSON]);
        code = acted ? acted : code;
    }
    finish(&l);
    return output_status(code, &why);
}

const struct command command_queue = {
    .name = "queue",
    .arguments = "",
    .text = "find mail in Postfix's queue to who has opted out since",
    .flags = flags,
    .role = ROLE_EITHER,
    .run = run,
};
