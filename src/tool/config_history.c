#include "base/clock.h"
#include "tool/command.h"
#include "tool/differing.h"
#include "tool/output.h"
#include "tool/show.h"
#include "tool/site.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { DIGEST, JSON };
static const struct flag flags[] = {
    {.name = "digest",
     .argument = "HEX",
     .text = "print the text of the one with this digest, or its beginning"},
    {.name = "json", .text = "one JSON object a line"},
    {0},
};

/* What a daemon ran with, as an event tells it. */
struct past {
    struct event_name event;
    int64_t at_ms;
    const char *actor;
    struct event_configuration configuration; /* streams of further events are left out */
    const char *text;                         /* NULL: not here, or erased */
};

struct history {
    struct site site;
    struct past *list; /* in the site's pool */
    size_t count, room;
    struct error *why;
};

/* --- gathering ------------------------------------------------------------------------------- */

static int read_text(struct history *h, const struct event *event, struct past *past)
{
    struct word *words;
    size_t count;

    int code = ledger_words(h->site.ledger_view, event, &h->site.pool, &words, &count);
    if (code == 0)
        past->text = word_text(words, count, LEDGER_CONFIGURATION_WORD);
    return code;
}

static int visit(struct txn *txn, const struct event *event, void *argument)
{
    struct history *h = argument;
    struct pool *pool = &h->site.pool;
    (void)txn;

    if (event->batch || !event->configuration)
        return 0;
    struct past *list = pool_grow(pool, h->list, h->count, &h->room, sizeof *list);
    if (!list)
        return -ENOMEM;
    h->list = list;
    struct past past = {.event = event->name,
                        .at_ms = event->at_ms,
                        .actor = pool_copy(pool, event->actor),
                        .configuration = *event->configuration};
    past.configuration.place = pool_copy(pool, event->configuration->place);
    past.configuration.streams = NULL;
    if (!past.actor || !past.configuration.place)
        return -ENOMEM;
    int code = read_text(h, event, &past);
    h->list[h->count++] = past;
    return code;
}

static bool is_same_text(const struct past *a, const struct past *b)
{
    return memcmp(a->configuration.digest, b->configuration.digest, EVENT_HASH_SIZE) == 0;
}

/* The text of a configuration, from whichever event has it. NULL: none. */
static const char *text_of(const struct history *h, const struct past *past)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->list[i].text && is_same_text(&h->list[i], past))
            return h->list[i].text;
    return NULL;
}

static bool is_kept(const struct past *past)
{
    return configuration_is_kept(past->configuration.occasion);
}

static bool is_same_daemon(const struct past *a, const struct past *b)
{
    return strcmp(a->actor, b->actor) == 0 &&
           strcmp(a->configuration.place, b->configuration.place) == 0;
}

/* What the same daemon ran with before; what a cut told once more was before all others. NULL:
 * nothing is known. */
static const struct past *before(const struct history *h, const struct past *past)
{
    if (is_kept(past))
        return NULL;
    for (const struct past *other = past; other-- > h->list;)
        if (is_same_daemon(other, past) && !is_kept(other))
            return other;
    for (const struct past *other = h->list + h->count; other-- > h->list;)
        if (is_same_daemon(other, past) && is_kept(other))
            return other;
    return NULL;
}

/* --- showing --------------------------------------------------------------------------------- */

/* The difference to the configuration before it, as diff(1) shows it; empty where there is none. */
static int differ(const struct history *h, const struct past *past, struct text *difference)
{
    const struct past *old = before(h, past);
    const char *a = old ? text_of(h, old) : "", *b = text_of(h, past);

    if (!a || !b || (old && is_same_text(old, past)))
        return 0;
    return old ? differing_show(a, b, difference, h->why) : 0;
}

static void show_lines(const char *text)
{
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n");
        output_line("    %.*s", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

static int show_past(const struct history *h, const struct past *past)
{
    const struct event_configuration *c = &past->configuration;
    char at[CLOCK_TEXT_SIZE], since[CLOCK_TEXT_SIZE], hex[2 * EVENT_HASH_SIZE + 1];
    char name[SHOW_EVENT_SIZE];
    struct text difference = TEXT_EMPTY, line = TEXT_EMPTY;

    text_to_hex(c->digest, EVENT_HASH_SIZE, hex);
    int code = differ(h, past, &difference);
    text_format(&line, "%s event %s: %s at %s, %s, configuration %s%s",
                clock_format_ms(past->at_ms, at), show_ledger_event(&h->site, &past->event, name),
                past->actor, c->place, show_occasion(c->occasion), hex,
                text_of(h, past) ? "" : ", whose text is not here");
    if (past->at_ms - c->since_ms >= 1000)
        text_format(&line, ", since %s", clock_format_ms(c->since_ms, since));
    if (c->overlaps)
        text_append(&line, ", while mail was under way under the one before");
    output_text(&line);
    if (difference.length)
        show_lines(difference.data);
    text_release(&difference);
    return code;
}

static int put_past(const struct history *h, const struct past *past)
{
    const struct event_configuration *c = &past->configuration;
    char time[CLOCK_TEXT_SIZE], hex[2 * EVENT_HASH_SIZE + 1];
    struct text difference = TEXT_EMPTY;
    json_t *object = json_object();

    text_to_hex(c->digest, EVENT_HASH_SIZE, hex);
    int code = differ(h, past, &difference);
    output_put_text(object, "time", clock_format_ms(past->at_ms, time));
    show_put_event(object, "event", &past->event);
    output_put_number(object, "number", past->event.number);
    output_put_text(object, "actor", past->actor);
    output_put_text(object, "place", c->place);
    output_put_text(object, "occasion", show_occasion(c->occasion));
    output_put_text(object, "since", clock_format_ms(c->since_ms, time));
    output_put_bool(object, "overlaps", c->overlaps);
    output_put_text(object, "configuration", hex);
    output_put_bool(object, "has_text", text_of(h, past) != NULL);
    output_put_text(object, "difference", difference.length ? difference.data : NULL);
    output_json(object);
    text_release(&difference);
    return code;
}

/* --- one text -------------------------------------------------------------------------------- */

static int find_digest(const struct history *h, const char *digest, const struct past **found)
{
    char hex[2 * EVENT_HASH_SIZE + 1];

    *found = NULL;
    for (size_t i = 0; i < h->count; i++) {
        text_to_hex(h->list[i].configuration.digest, EVENT_HASH_SIZE, hex);
        if (!text_starts(hex, digest))
            continue;
        if (*found && !is_same_text(*found, &h->list[i]))
            return error_set(h->why, ERR_SYNTAX, "--digest %.64s: several begin with this", digest);
        *found = &h->list[i];
    }
    return *found ? 0
                  : error_set(h->why, ERR_NOT_FOUND,
                              "--digest %.64s: the ledger has no such configuration", digest);
}

static int print_text(const struct history *h, const char *digest)
{
    const struct past *past;

    int code = find_digest(h, digest, &past);
    if (code)
        return code;
    const char *text = text_of(h, past);
    if (!text)
        return error_set(h->why, ERR_NOT_FOUND, "--digest %.64s: its text is not there any more",
                         digest);
    output_bytes(text, strlen(text));
    return 0;
}

/* --- */

static int run(const struct call *call)
{
    struct error why = {""};
    struct history h = {.why = &why};

    int code = site_open(call->config_file, SITE_KEYS | SITE_LEDGER, &h.site, &why);
    if (code == 0)
        code = site_view(&h.site, &why);
    if (code == 0) {
        code = ledger_configurations(h.site.ledger_view, visit, &h);
        site_end_view(&h.site);
    }
    if (code == 0 && call->values[DIGEST])
        code = print_text(&h, call->values[DIGEST]);
    for (size_t i = 0; !call->values[DIGEST] && i < h.count && code == 0; i++)
        code = call->values[JSON] ? put_past(&h, &h.list[i]) : show_past(&h, &h.list[i]);
    if (code < 0 && *why.text == '\0')
        error_set(&why, code, "the ledger in %s cannot be read: %s",
                  h.site.config ? h.site.config->data_dir : "data_dir", error_name(code));
    site_close(&h.site);
    return output_status(code, &why);
}

const struct command command_config_history = {
    .name = "config",
    .verb = "history",
    .arguments = "",
    .text = "show what the daemons ran with, and what changed",
    .flags = flags,
    .role = ROLE_EITHER,
    .run = run,
};
