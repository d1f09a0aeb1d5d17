#include "base/clock.h"
#include "store/judge.h"
#include "tool/argument.h"
#include "tool/choices/rows.h"
#include "tool/command.h"
#include "tool/noted.h"
#include "tool/output.h"
#include "tool/show.h"
#include "tool/site.h"

#include <string.h>

enum { SCOPE, STREAM, JSON };
static const struct flag flags[] = {
    {.name = "scope", .argument = "PATH", .text = "what the mail is about", .excludes_next = true},
    {.name = "stream", .argument = "NAME", .text = "the configuration's stream that it belongs to"},
    {.name = "json", .text = "a JSON object"},
    {0},
};

struct checking {
    struct site site;
    struct address address;
    int64_t now;
    bool json;
};

/* What the mail would be. */
struct question {
    const char *stream; /* NULL: just a scope */
    const char *scope;
    bool consent_asked;
};

static int judge(struct checking *c, const struct question *q, struct judged *judged,
                 struct error *why)
{
    int code = site_check_scope(&c->site, q->scope, why);
    if (code)
        return code;
    code = judge_address(c->site.list_view, c->site.hasher, &c->address, q->scope, q->consent_asked,
                         c->now, &c->site.pool, judged);
    return code ? site_explain(&c->site, code, why) : 0;
}

static void put_answer(struct checking *c, json_t *object, const struct question *q,
                       const struct judged *judged)
{
    json_t *deciding = json_array();

    output_put_text(object, "stream", q->stream);
    output_put_text(object, "scope", q->scope);
    output_put_bool(object, "may_be_mailed", judged->state == RECIPIENT_FREE);
    output_put_text(object, "state", recipient_state_name(judged->state));
    for (size_t i = 0; i < judged->deciding_count; i++)
        output_append(deciding, show_json_row(&c->site, judged->deciding[i]));
    output_put(object, "deciding", deciding);
}

static void append_events(struct text *line, const struct checking *c, const struct judged *judged)
{
    char name[SHOW_EVENT_SIZE];
    for (size_t i = 0; i < judged->deciding_count; i++)
        text_format(line, "%s%s", i ? " " : ", by event ",
                    show_event(&c->site, &judged->deciding[i]->event, name));
}

/* One line; the choices that decide by their events alone, or each as a line behind it. */
static void tell_answer(struct checking *c, const struct question *q, const struct judged *judged,
                        bool rows)
{
    struct text line = TEXT_EMPTY;
    const char *open = q->stream ? " (" : "", *close = q->stream ? ")" : "";
    const char *stream = q->stream ? q->stream : "";

    text_format(&line, "%s %s: %s%s%s%s", c->address.text,
                judged->state == RECIPIENT_FREE ? "may be mailed" : "is kept back", stream, open,
                q->scope, close);
    if (judged->state == RECIPIENT_NO_CONSENT)
        text_append(&line, ", which asks for consent, and there is none");
    if (judged->state == RECIPIENT_UNREADABLE)
        text_append(&line,
                    ", since it is a route, which a mail server may follow to somebody else");
    if (!rows)
        append_events(&line, c, judged);
    output_text(&line);
    for (size_t i = 0; i < judged->deciding_count && rows; i++)
        show_row(&c->site, judged->deciding[i]);
}

static int status_of(const struct judged *judged)
{
    return judged->state == RECIPIENT_FREE ? STATUS_OK : STATUS_NO;
}

static int check_one(struct checking *c, const struct question *q, struct error *why)
{
    struct judged judged;
    int code = judge(c, q, &judged, why);
    if (code)
        return code;
    if (c->json) {
        json_t *object = json_object();
        output_put_text(object, "address", c->address.text);
        put_answer(c, object, q, &judged);
        output_json(object);
    } else {
        tell_answer(c, q, &judged, true);
    }
    return status_of(&judged);
}

/* --- everything --- */

static struct question question_of(const struct stream *stream)
{
    return (struct question){stream->rule.name, stream->scope, stream->consent == CONSENT_OPT_IN};
}

/* Without a stream there is nothing to ask about, which is not to say that nothing stands. */
static int no_stream(const struct checking *c)
{
    complain(
        "no stream is configured, so it cannot be told whether %s may be mailed: name a --scope",
        c->address.text);
    return STATUS_CANNOT;
}

/* Adds the answer for each stream to `answers` (NULL: tells it), and what comes out of all. */
static int check_streams(struct checking *c, json_t *answers, struct error *why)
{
    const struct policy *policy = &c->site.config->policy;
    int status = STATUS_OK;

    if (policy->stream_count == 0)
        return no_stream(c);
    for (size_t i = 0; i < policy->stream_count; i++) {
        const struct question q = question_of(&policy->streams[i]);
        struct judged judged;
        int code = judge(c, &q, &judged, why);
        if (code)
            return code;
        if (answers) {
            json_t *object = json_object();
            put_answer(c, object, &q, &judged);
            output_append(answers, object);
        } else {
            tell_answer(c, &q, &judged, false);
        }
        if (status_of(&judged))
            status = STATUS_NO;
    }
    return status;
}

static int show_all_json(struct checking *c, const struct choice *rows, size_t count,
                         struct error *why)
{
    json_t *object = json_object(), *standing = json_array(), *streams = json_array();
    int code = check_streams(c, streams, why);
    if (code < 0) {
        json_decref(object);
        json_decref(standing);
        json_decref(streams);
        return code;
    }
    for (size_t i = 0; i < count; i++)
        output_append(standing, show_json_row(&c->site, &rows[i]));
    output_put_text(object, "address", c->address.text);
    if (code == STATUS_CANNOT)
        output_put(object, "may_be_mailed", json_null());
    else
        output_put_bool(object, "may_be_mailed", code == STATUS_OK);
    output_put(object, "standing", standing);
    output_put(object, "streams", streams);
    output_json(object);
    return code;
}

static int show_all(struct checking *c, struct error *why)
{
    struct choice *rows;
    size_t count;
    int code = rows_read(&c->site, LIST_STANDING, &c->address, &rows, &count, NULL, why);
    if (code)
        return code;
    count = rows_keep_standing(rows, count, c->now);
    if (c->json)
        return show_all_json(c, rows, count, why);
    output_line("%s: %zu choice%s stand%s", c->address.text, count, count == 1 ? "" : "s",
                count == 1 ? "s" : "");
    for (size_t i = 0; i < count; i++)
        show_row(&c->site, &rows[i]);
    return check_streams(c, NULL, why);
}

/* --- */

static int read_arguments(const struct call *call, struct checking *c, struct error *why)
{
    bool domain;
    if (call->values[SCOPE] && call->values[STREAM])
        return error_set(why, ERR_SYNTAX, "--scope and --stream exclude each other");
    int code = argument_address(call->arguments[0], &c->address, &domain, why);
    if (code == 0 && call->values[SCOPE])
        code = argument_scope(call->values[SCOPE], why);
    return code;
}

static int check(struct checking *c, const struct call *call, struct error *why)
{
    struct question q = {.scope = call->values[SCOPE]};

    if (call->values[STREAM]) {
        const struct stream *stream = config_stream(c->site.config, call->values[STREAM]);
        if (!stream)
            return error_set(why, ERR_NOT_FOUND, "%s has no stream %.60s", call->config_file,
                             call->values[STREAM]);
        q = question_of(stream);
    }
    const struct noted noted = {
        .command = "check", .people = 1, .address = &c->address, .scope = q.scope};
    noted_if_possible(&c->site, &noted);
    return q.scope ? check_one(c, &q, why) : show_all(c, why);
}

static int run(const struct call *call)
{
    struct checking c = {.now = clock_now(), .json = call->values[JSON]};
    struct error why = {""};

    int code = read_arguments(call, &c, &why);
    if (code)
        return output_status(code, &why);
    code = site_open(call->config_file, SITE_KEYS | SITE_LIST, &c.site, &why);
    if (code == 0)
        code = site_view(&c.site, &why);
    if (code == 0)
        code = check(&c, call, &why);
    site_close(&c.site);
    return output_status(code, &why);
}

const struct command command_check = {
    .name = "check",
    .arguments = "ADDRESS",
    .text = "say whether an address may be mailed (exit status 0) or not (1)",
    .flags = flags,
    .least = 1,
    .most = 1,
    .role = ROLE_EITHER,
    .run = run,
};
