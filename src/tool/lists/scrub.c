#include "base/clock.h"
#include "exchange/excerpt.h"
#include "store/judge.h"
#include "tool/choices/whom.h"
#include "tool/command.h"
#include "tool/lists/reading.h"
#include "tool/noted.h"
#include "tool/output.h"
#include "tool/spool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STREAM, READING_POSITIONS, JSON };
static const struct flag flags[] = {
    {.name = "stream", .argument = "NAME", .text = "what they are to get", .required = true},
    READING_FLAGS,
    {.name = "json", .text = "the summary as a JSON object"},
    {0},
};

#define STATES (RECIPIENT_UNKNOWN + 1)
#define REASONS (REASON_OTHER + 1)

struct scrubbing {
    struct site site;
    struct reading reading;
    const struct stream *stream;
    struct excerpt *excerpt;
    int spool; /* -1: none */
    int64_t now;
    struct pool pool; /* for a page */
    struct row rows[READING_PAGE];
    bool free[READING_PAGE];
    uint64_t read;
    uint64_t states[STATES];
    uint64_t reasons[REASONS]; /* of the oldest choice that keeps somebody back */
};

/* --- one page --- */

static int ask_list(struct scrubbing *s, const struct whom *whom, struct judged *judged)
{
    const struct stream *stream = s->stream;
    bool consent = stream->consent == CONSENT_OPT_IN;

    if (!whom->has_address)
        return judge_subject(s->site.list_view, &whom->subject, stream->scope, consent, s->now,
                             &s->site.pool, judged);
    if (policy_is_companion(&s->site.config->policy, &whom->address)) {
        *judged = (struct judged){.state = RECIPIENT_COMPANION};
        return 0;
    }
    return judge_address(s->site.list_view, s->site.hasher, &whom->address, stream->scope, consent,
                         s->now, &s->site.pool, judged);
}

static void count_reason(struct scrubbing *s, const struct judged *judged)
{
    unsigned reason = judged->deciding_count > 0 ? judged->deciding[0]->reason : REASON_NONE;
    s->reasons[reason < REASONS ? reason : REASON_OTHER]++;
}

static void reject(struct scrubbing *s, struct row *row, enum row_fault fault)
{
    row->fault = fault;
    reading_tell_rejected(&s->reading, row);
}

/* Finds out whether one row may stay. */
static int judge_row(struct scrubbing *s, struct row *row, bool *stays, struct error *why)
{
    struct whom whom;
    struct judged judged;

    *stays = false;
    if (row->what == ROW_REJECTED || (row->who.has_address && row->who.domain)) {
        reject(s, row, row->what == ROW_REJECTED ? row->fault : FAULT_DOMAIN);
        return 0;
    }
    int code = whom_find(&s->site, &row->who, &whom, why);
    if (code > 0)
        reject(s, row, (enum row_fault)code);
    if (code)
        return code < 0 ? code : 0;
    code = ask_list(s, &whom, &judged);
    if (code)
        return site_explain(&s->site, code, why);
    if (judged.state == RECIPIENT_UNREADABLE) {
        reject(s, row, FAULT_ROUTE);
        return 0;
    }
    s->states[judged.state]++;
    if (judged.state == RECIPIENT_OPTED_OUT)
        count_reason(s, &judged);
    *stays = judged.state == RECIPIENT_FREE || judged.state == RECIPIENT_COMPANION;
    return 0;
}

static int judge_page(struct scrubbing *s, size_t count, struct error *why)
{
    int code = site_view(&s->site, why);

    if (code == 0)
        code = site_check_scope(&s->site, s->stream->scope, why);
    for (size_t i = 0; i < count && code == 0; i++) {
        code = judge_row(s, &s->rows[i], &s->free[i], why);
        pool_reset(&s->site.pool);
    }
    site_end_view(&s->site);
    return code;
}

static int scrub_page(struct scrubbing *s, size_t count, struct error *why)
{
    int code = judge_page(s, count, why);

    s->read += count;
    for (size_t i = 0; i < count && code == 0; i++)
        if (s->free[i])
            code = excerpt_add(s->excerpt, &s->rows[i], why);
    pool_reset(&s->pool);
    return code;
}

/* --- all --- */

static int scrub_pages(struct scrubbing *s, struct error *why)
{
    size_t count;
    int code = excerpt_begin(s->excerpt, why);

    while (code == 0 &&
           (code = reading_next_page(&s->reading, &s->pool, s->rows, &count, why)) == 0 &&
           count > 0)
        code = scrub_page(s, count, why);
    return code;
}

static int open_excerpt(struct scrubbing *s, struct error *why)
{
    int fd = dup(s->spool);
    if (fd < 0)
        return error_set(why, -errno, "no temporary file: %s", strerror(errno));
    return excerpt_open_fd(fd, "a temporary file", s->reading.input,
                           reader_frame(s->reading.reader), &s->excerpt, why);
}

/* Nothing is handed on before all was read and judged. */
static int scrub(struct scrubbing *s, struct error *why)
{
    struct error later;

    int code = open_excerpt(s, why);
    if (code == 0)
        code = scrub_pages(s, why);
    int closed = excerpt_close(s->excerpt, code ? &later : why);
    if (code == 0)
        code = closed;
    if (code)
        return code;
    const struct noted noted = {.command = "scrub", .people = s->read, .scope = s->stream->scope};
    code = noted_reading(&s->site, &noted, NULL, why);
    if (code)
        return code;
    struct error reason = {""};
    code = spool_hand_over(s->spool, &reason);
    return code ? error_set(why, code, "%.400s; what was written is not the whole, do not use it",
                            reason.text)
                : 0;
}

/* --- what came out --- */

static const char *const state_texts[STATES] = {
    [RECIPIENT_OPTED_OUT] = "opted out",
    [RECIPIENT_NO_CONSENT] = "have given no consent, and the stream asks for it",
    [RECIPIENT_UNKNOWN] = "only a hash, and the list has choices of whole domains",
};

static uint64_t count_written(const struct scrubbing *s)
{
    return s->states[RECIPIENT_FREE] + s->states[RECIPIENT_COMPANION];
}

static void tell_text(const struct scrubbing *s)
{
    struct text line = TEXT_EMPTY;
    char name[CHOICE_REASON_SIZE];

    remark("%" PRIu64 " read, %" PRIu64 " written", s->read, count_written(s));
    for (size_t i = 0; i < REASONS; i++)
        if (s->reasons[i] > 0)
            text_format(&line, "%s%" PRIu64 " %s", line.length ? ", " : " (", s->reasons[i],
                        i == REASON_NONE ? "for no reason that is known"
                                         : choice_reason_name((unsigned)i, name));
    for (size_t i = 0; i < STATES; i++)
        if (s->states[i] > 0 && state_texts[i])
            remark("%" PRIu64 " left out: %s%s%s", s->states[i], state_texts[i],
                   i == RECIPIENT_OPTED_OUT && line.length ? line.data : "",
                   i == RECIPIENT_OPTED_OUT && line.length ? ")" : "");
    if (s->reading.rejected > 0)
        remark("%" PRIu64 " left out: cannot be read", s->reading.rejected);
    text_release(&line);
}

static void tell_json(const struct scrubbing *s)
{
    json_t *object = json_object(), *left_out = json_object(), *reasons = json_object();
    char name[CHOICE_REASON_SIZE];

    output_put_text(object, "stream", s->stream->rule.name);
    output_put_text(object, "scope", s->stream->scope);
    output_put_number(object, "read", s->read);
    output_put_number(object, "written", count_written(s));
    for (size_t i = 0; i < STATES; i++)
        if (state_texts[i])
            output_put_number(left_out, recipient_state_name((enum recipient_state)i),
                              s->states[i]);
    output_put_number(left_out, "unreadable", s->reading.rejected);
    for (size_t i = 0; i < REASONS; i++)
        if (s->reasons[i] > 0)
            output_put_number(reasons,
                              i == REASON_NONE ? "unknown" : choice_reason_name((unsigned)i, name),
                              s->reasons[i]);
    output_put(object, "left_out", left_out);
    output_put(object, "reasons", reasons);
    remark_json(object);
}

/* --- */

static int open_all(const struct call *call, struct scrubbing *s, struct error *why)
{
    int code = reading_open(call->arguments[0], &s->reading, why);
    if (code == 0)
        code = spool_open(&s->spool, why);
    if (code == 0)
        code = site_enter(call->config_file, &s->site, why);
    if (code == 0)
        code = reading_begin(call->values + READING_FORMAT, true, &s->reading, why);
    if (code == 0)
        code = site_open_stores(&s->site, SITE_KEYS | SITE_WORDS | SITE_LIST, why);
    if (code)
        return code;
    s->stream = config_stream(s->site.config, call->values[STREAM]);
    return s->stream ? 0
                     : error_set(why, ERR_NOT_FOUND, "%s has no stream %.60s", call->config_file,
                                 call->values[STREAM]);
}

static int run(const struct call *call)
{
    struct error why = {""};
    struct scrubbing *s = calloc(1, sizeof *s);
    if (!s)
        return output_status(-ENOMEM, &why);
    s->spool = -1;
    s->now = clock_now();
    int code = open_all(call, s, &why);
    if (code == 0)
        code = scrub(s, &why);
    reading_tell_end(&s->reading);
    if (code == 0 && call->values[JSON])
        tell_json(s);
    else if (code == 0)
        tell_text(s);
    if (code == 0 && s->reading.rejected > 0)
        code = STATUS_NO;
    if (s->spool >= 0)
        close(s->spool);
    reading_close(&s->reading);
    pool_release(&s->pool);
    site_close(&s->site);
    free(s);
    return output_status(code, &why);
}

const struct command command_scrub = {
    .name = "scrub",
    .arguments = "FILE",
    .text = "write a mailing list without those who may not be mailed",
    .flags = flags,
    .least = 1,
    .most = 1,
    .role = ROLE_COMPLIANCE,
    .reads_file = true,
    .run = run,
};
