#include "tool/person.h"

#include "base/clock.h"
#include "base/file.h"
#include "tool/argument.h"
#include "tool/command.h"
#include "tool/noted.h"
#include "tool/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { SINCE, JSON, HTML };
static const struct flag flags[] = {
    {.name = "since", .argument = "TIME", .text = "leave out of the record what was before"},
    {.name = "json",
     .text = "one JSON object that begins, and one for each entry",
     .excludes_next = true},
    {.name = "html",
     .argument = "FILE",
     .text = "a page to hand over, as a new file; -: to standard output",
     .is_file = true},
    {0},
};

struct asking {
    struct site site;
    struct address address;
    int64_t since_ms;
    struct dossier dossier;
    const char *html; /* NULL: no page */
    int fd;           /* of the page's file; -1: none, or standard output */
};

/* --- the page's file --- */

/* A new one that nobody else may read, in the name of who calls: later on this is the list's owner,
 * who has no business in their folders. */
static int open_page(struct asking *a, struct error *why)
{
    if (!a->html || strcmp(a->html, "-") == 0)
        return 0;
    a->fd = open(a->html, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (a->fd >= 0)
        return 0;
    int code = -errno;
    return error_set(why, code, "%s: %s", a->html,
                     code == -EEXIST ? "is there already, and is not written over"
                                     : strerror(-code));
}

/* What was not written as a whole is taken back, where that is still allowed. */
static void drop_page(struct asking *a, int code)
{
    if (a->fd < 0)
        return;
    close(a->fd);
    a->fd = -1;
    if (code < 0 && unlink(a->html) < 0)
        complain("%s is left behind, and is not the whole", a->html);
}

static int write_page(struct asking *a, struct error *why)
{
    struct text html = TEXT_EMPTY;

    int code = person_make_page(&a->dossier, &html, why);
    if (code == 0 && a->fd < 0) {
        output_bytes(html.data, html.length);
    } else if (code == 0) {
        code = file_write(a->fd, html.data, html.length);
        if (code == 0 && fsync(a->fd) < 0 && errno != EINVAL)
            code = -errno;
        if (code)
            error_set(why, code, "%s: %s", a->html, strerror(-code));
    }
    text_release(&html);
    return code;
}

/* --- */

static int show(struct asking *a, const struct call *call, struct error *why)
{
    const struct dossier *d = &a->dossier;
    int code = 0;

    if (a->html)
        code = write_page(a, why);
    else if (call->values[JSON])
        person_show_json(d);
    else
        person_show_text(d);
    if (code)
        return code;
    if (!dossier_holds(d))
        remark("Nothing is held about %s%s.", d->address.text,
               d->reading_count ? ", but that it was looked at" : "");
    return dossier_holds(d) ? STATUS_OK : STATUS_NO;
}

/* The view begins before the note is written, which is therefore not in the record. */
static int answer(struct asking *a, const struct call *call, struct error *why)
{
    const struct noted noted = {.command = "person", .people = 1, .address = &a->address};

    int code = site_view(&a->site, why);
    if (code == 0)
        code = dossier_gather(&a->site, &a->address, a->since_ms, clock_now(), &a->dossier, why);
    if (code == 0)
        code = noted_reading(&a->site, &noted, NULL, why);
    return code ? code : show(a, call, why);
}

static int read_arguments(struct asking *a, const struct call *call, struct error *why)
{
    int64_t since = 0;
    int code = 0;

    if (call->values[JSON] && call->values[HTML])
        return error_set(why, ERR_SYNTAX, "--json and --html exclude each other");
    code = argument_person(call->arguments[0], &a->address, why);
    if (code == 0 && call->values[SINCE]) {
        code = argument_time("since", call->values[SINCE], &since, why);
        a->since_ms = since * 1000;
    }
    a->html = call->values[HTML];
    return code;
}

static int run(const struct call *call)
{
    struct asking a = {.since_ms = INT64_MIN, .fd = -1};
    struct error why = {""};

    int code = read_arguments(&a, call, &why);
    if (code)
        return output_status(code, &why);
    code = open_page(&a, &why);
    if (code)
        return output_status(code, &why);
    code = site_open(call->config_file, SITE_KEYS | SITE_WORDS | SITE_LIST | SITE_LEDGER_WRITE,
                     &a.site, &why);
    if (code == 0)
        code = answer(&a, call, &why);
    drop_page(&a, code);
    site_close(&a.site);
    return output_status(code, &why);
}

const struct command command_person = {
    .name = "person",
    .arguments = "ADDRESS",
    .text = "show everything that is held about one person",
    .flags = flags,
    .least = 1,
    .most = 1,
    .role = ROLE_COMPLIANCE,
    .run = run,
};
