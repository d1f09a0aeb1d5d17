#include "milter/callbacks.h"

#include "base/log.h"
#include "base/socket.h"
#include "base/text.h"
#include "milter/session.h"

#include <errno.h>
#include <libmilter/mfapi.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define NAME "optout-milter"
#define SOCKET_UMASK 0117 /* 0660 */
#define BACKLOG 512
#define REPLY_SIZE 900

static struct service *the_service; /* libmilter gives negotiate no argument of ours */

/* One connection, as libmilter's private data. */
struct connection {
    struct session *session;
    bool answers; /* RCPT is answered; what was negotiated stays so, whatever the configuration
                     becomes */
    bool turned_away;
};

/* --- what a session asks for
 * ------------------------------------------------------------------------------------- */

static int add_field(void *context, const char *name, const char *value)
{
    return smfi_addheader(context, (char *)(uintptr_t)name, (char *)(uintptr_t)value) == MI_SUCCESS
               ? 0
               : -EIO;
}

static int remove_field(void *context, const char *name, unsigned position)
{
    return smfi_chgheader(context, (char *)(uintptr_t)name, (int)position, NULL) == MI_SUCCESS
               ? 0
               : -EIO;
}

static int delete_recipient(void *context, const char *name)
{
    return smfi_delrcpt(context, (char *)(uintptr_t)name) == MI_SUCCESS ? 0 : -EIO;
}

/* In a reply % begins a format, so each one is doubled. */
static int set_reply(void *context, const char *code, const char *status, const char *text)
{
    char line[REPLY_SIZE];
    size_t n = 0;

    for (; *text && n + 3 < sizeof line; text++) {
        if (*text == '%')
            line[n++] = '%';
        line[n++] = *text;
    }
    line[n] = '\0';
    return smfi_setreply(context, (char *)(uintptr_t)code, (char *)(uintptr_t)status, line) ==
                   MI_SUCCESS
               ? 0
               : -EIO;
}

static struct mta mta_of(SMFICTX *context)
{
    return (struct mta){context, add_field, remove_field, delete_recipient, set_reply};
}

static sfsistat status_of(enum answer answer)
{
    switch (answer) {
    case ANSWER_ACCEPT:
        return SMFIS_ACCEPT;
    case ANSWER_REFUSE:
        return SMFIS_REJECT;
    case ANSWER_DISCARD:
        return SMFIS_DISCARD;
    case ANSWER_DEFER:
        return SMFIS_TEMPFAIL;
    case ANSWER_CONTINUE:
        break;
    }
    return SMFIS_CONTINUE;
}

static const char *macro(SMFICTX *context, const char *name)
{
    return smfi_getsymval(context, (char *)(uintptr_t)name);
}

/* --- negotiation
 * -------------------------------------------------------------------------------------------------
 */

static bool is_crowded(const struct setup *setup)
{
    return atomic_load(&the_service->connections) >= setup->config->connections;
}

static struct connection *connection_new(bool answers)
{
    struct connection *c = calloc(1, sizeof *c);
    if (c && !(c->session = session_new(the_service, answers))) {
        free(c);
        return NULL;
    }
    if (c)
        c->answers = answers;
    return c;
}

/* The queue id is of use at RCPT only where that is answered. False without memory: rules that ask
 * for what the MTA does not send by itself would match nothing. */
static bool ask_for_macros(SMFICTX *context, bool answers)
{
    const struct {
        int where;
        const char *macros;
    } wanted[] = {
        {SMFIM_CONNECT, "{daemon_name} {daemon_port}"},
        {SMFIM_HELO, ""},
        {SMFIM_ENVFROM, "{auth_authen}"},
        {SMFIM_ENVRCPT, answers ? "i" : ""},
        {SMFIM_DATA, ""},
        {SMFIM_EOH, ""},
        {SMFIM_EOM, "i"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (smfi_setsymlist(context, wanted[i].where, (char *)(uintptr_t)wanted[i].macros) !=
            MI_SUCCESS)
            return false;
    return true;
}

static sfsistat on_negotiate(SMFICTX *context, unsigned long offered_actions,
                             unsigned long offered_steps, unsigned long f2, unsigned long f3,
                             unsigned long *actions, unsigned long *steps, unsigned long *pf2,
                             unsigned long *pf3)
{
    const unsigned long needed = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_DELRCPT;
    (void)f2;
    (void)f3;

    if ((offered_actions & needed) != needed) {
        log_error("the MTA does not let a milter add and change header fields and delete "
                  "recipients: refused");
        return SMFIS_REJECT;
    }
    struct setup *setup = setups_take(the_service->setups);
    bool answers = policy_answers_recipients(&setup->config->policy);
    bool turned_away = is_crowded(setup) || atomic_load(&the_service->draining);
    setup_give(setup);
    struct connection *c = connection_new(answers);
    if (!c)
        return SMFIS_REJECT;
    c->turned_away = turned_away;
    smfi_setpriv(context, c);

    /* A step that this MTA cannot leave out comes, and libmilter answers it for us; replies that it
     * waits for all the same, libmilter fills in. */
    *steps |= SMFIP_NOHELO | SMFIP_NOBODY | SMFIP_NOEOH | SMFIP_NODATA | SMFIP_NOUNKNOWN;
    *steps &= offered_steps;
    *steps |= SMFIP_NR_MAIL | SMFIP_NR_HDR;
    if (!answers)
        *steps |= SMFIP_NR_RCPT;
    if (!turned_away)
        *steps |= SMFIP_NR_CONN;
    *actions = needed;
    *pf2 = *pf3 = 0;
    if (offered_actions & SMFIF_SETSYMLIST) {
        *actions |= SMFIF_SETSYMLIST;
        if (!ask_for_macros(context, answers))
            return SMFIS_REJECT;
    }
    return SMFIS_CONTINUE;
}

/* --- the steps
 * ---------------------------------------------------------------------------------------------------
 */

static sfsistat on_connect(SMFICTX *context, char *name, _SOCK_ADDR *address)
{
    struct connection *c = smfi_getpriv(context);

    if (!c)
        return SMFIS_TEMPFAIL;
    if (c->turned_away) {
        log_warning("a connection is put off: %s",
                    atomic_load(&the_service->draining)
                        ? "stopping"
                        : "there are more than `connections` allows");
        return SMFIS_TEMPFAIL;
    }
    session_connect(c->session, name, address, macro(context, "{daemon_name}"),
                    macro(context, "{daemon_port}"));
    return SMFIS_NOREPLY;
}

static sfsistat on_mail(SMFICTX *context, char **arguments)
{
    struct connection *c = smfi_getpriv(context);
    if (!c)
        return SMFIS_NOREPLY;
    session_mail(c->session, arguments[0], macro(context, "{auth_authen}"));
    return SMFIS_NOREPLY;
}

static sfsistat on_rcpt(SMFICTX *context, char **arguments)
{
    struct connection *c = smfi_getpriv(context);
    struct mta mta = mta_of(context);
    if (!c)
        return SMFIS_CONTINUE;
    enum answer answer = session_recipient(c->session, &mta, arguments[0], macro(context, "i"));
    return c->answers ? status_of(answer) : SMFIS_NOREPLY;
}

static sfsistat on_header(SMFICTX *context, char *name, char *value)
{
    struct connection *c = smfi_getpriv(context);
    if (c)
        session_field(c->session, name, value);
    return SMFIS_NOREPLY;
}

static sfsistat on_end(SMFICTX *context)
{
    struct connection *c = smfi_getpriv(context);
    struct mta mta = mta_of(context);
    if (!c)
        return SMFIS_TEMPFAIL;
    sfsistat status = status_of(session_end(c->session, &mta, macro(context, "i")));
    session_reset(c->session);
    return status;
}

static sfsistat on_abort(SMFICTX *context)
{
    struct connection *c = smfi_getpriv(context);
    if (c)
        session_reset(c->session);
    return SMFIS_CONTINUE;
}

/* May be the only step of a connection: a health check opens and closes it. */
static sfsistat on_close(SMFICTX *context)
{
    struct connection *c = smfi_getpriv(context);
    if (!c)
        return SMFIS_CONTINUE;
    smfi_setpriv(context, NULL);
    session_free(c->session);
    free(c);
    return SMFIS_CONTINUE;
}

/* --- serving
 * -----------------------------------------------------------------------------------------------------
 */

static struct smfiDesc description = {
    .xxfi_name = (char[]){NAME},
    .xxfi_version = SMFI_VERSION,
    .xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_DELRCPT | SMFIF_SETSYMLIST,
    .xxfi_connect = on_connect,
    .xxfi_envfrom = on_mail,
    .xxfi_envrcpt = on_rcpt,
    .xxfi_header = on_header,
    .xxfi_eom = on_end,
    .xxfi_abort = on_abort,
    .xxfi_close = on_close,
    .xxfi_negotiate = on_negotiate,
};

static const char *unix_path(const char *listen)
{
    return text_starts(listen, "unix:") ? listen + strlen("unix:") : NULL;
}

int callbacks_listen(const char *listen, struct service *service, struct error *why)
{
    const char *path = unix_path(listen);

    the_service = service;
    if (path) {
        int code = socket_check_unused(
            path, "; for Postfix it belongs to the milter's user and the group postfix, mode 2750",
            why);
        if (code) /* libmilter would take a living neighbour's socket file away */
            return code;
    }
    mode_t before = umask(SOCKET_UMASK);
    errno = 0;
    int done = smfi_setconn((char *)(uintptr_t)listen) == MI_SUCCESS &&
               smfi_setbacklog(BACKLOG) == MI_SUCCESS && smfi_register(description) == MI_SUCCESS &&
               smfi_opensocket(true) == MI_SUCCESS;
    int error = errno;
    umask(before);
    if (!done)
        return error_set(why, ERR_CONFIG, "listen = \"%s\": the socket cannot be opened: %s",
                         listen, error ? strerror(error) : "its host has no such address");
    return 0;
}

/* libmilter waits for TERM, INT and HUP on a thread of its own, stops at once at any of them, and
 * cannot be told not to; whenever the main thread is busy, that one would get them. Symbols of a
 * program come before those of libraries, so this is what libmilter finds: no signal comes out of
 * it. Nobody else here may call it; sigwaitinfo(2) is left as it is. */
int sigwait(const sigset_t *set, int *number)
{
    (void)set;
    (void)number;
    for (;;)
        pause();
}

void callbacks_serve(void)
{
    smfi_main();
}

void callbacks_drain(const char *listen)
{
    const char *path = unix_path(listen);
    atomic_store(&the_service->draining, true);
    if (path)
        unlink(path);
}
