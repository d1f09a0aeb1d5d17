/* For the completions of shells: what could stand in place of the last word of a command line. */
#include "exchange/format.h"
#include "exchange/writer.h"
#include "tool/approval/proposal_show.h"
#include "tool/command.h"
#include "tool/output.h"
#include "tool/show.h"
#include "tool/site.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* What a value or an argument is. */
enum value {
    VALUE_ANY, /* nothing is known of it */
    VALUE_FILE,
    VALUE_FOLDER,
    VALUE_SCOPE,
    VALUE_MAPPING, /* TAG=SCOPE */
    VALUE_STREAM,
    VALUE_SOURCE,
    VALUE_BATCH,
    VALUE_PROPOSAL,
    VALUE_FORMAT,        /* of a list that is read */
    VALUE_EXPORT_FORMAT, /* of one that is written */
    VALUE_ORDER,
    VALUE_REASON,
};

static const struct {
    const char *name; /* of a flag, or an argument as the usage has it */
    enum value value;
} values[] = {
    {"scope", VALUE_SCOPE},   {"stream", VALUE_STREAM},     {"source", VALUE_SOURCE},
    {"format", VALUE_FORMAT}, {"dates", VALUE_ORDER},       {"reason", VALUE_REASON},
    {"rejects", VALUE_FILE},  {"map", VALUE_MAPPING},       {"FILE", VALUE_FILE},
    {"FILE|-", VALUE_FILE},   {"DIR", VALUE_FOLDER},        {"BATCH", VALUE_BATCH},
    {"PATH...", VALUE_SCOPE}, {"PROPOSAL", VALUE_PROPOSAL},
};

/* A command line, up to the word that is to be completed. */
struct line {
    const char *config_file;
    char **words;
    size_t count; /* the last one is the word itself */
    const struct command *command;
    /* The word as the shell has it begins with this, which belongs to every candidate. */
    const char *prefix;
    size_t prefix_length;
    const char *word; /* behind the prefix */
};

static enum value value_of(const struct command *command, const char *name)
{
    if (strcmp(name, "format") == 0 && strcmp(command->name, "export") == 0)
        return VALUE_EXPORT_FORMAT;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (strcmp(values[i].name, name) == 0)
            return values[i].value;
    return VALUE_ANY;
}

/* --- candidates --- */

/* Two lines for each: the candidate, and what it is. */
static void put(int prefix_length, const char *prefix, const char *candidate, const char *text)
{
    output_line("%.*s%s", prefix_length, prefix, candidate);
    output_line("%s", text);
}

static void offer(const struct line *line, const char *candidate, const char *text)
{
    if (strncmp(candidate, line->word, strlen(line->word)) == 0)
        put((int)line->prefix_length, line->prefix, candidate, text);
}

static int offer_scope(const char *scope, void *argument)
{
    offer(argument, scope, "");
    return 0;
}

static int offer_batch(const struct list_batch *batch, void *argument)
{
    char name[24];

    if (batch->begin.kind == BATCH_IMPORT && batch->undone_by.number == 0) {
        snprintf(name, sizeof name, "%" PRIu64, batch->name.number);
        offer(argument, name, batch->source ? batch->source : "");
    }
    return 0;
}

static int offer_proposal(const struct list_proposal *proposal, void *argument)
{
    char name[24];

    snprintf(name, sizeof name, "%" PRIu64, proposal->event.name.number);
    offer(argument, name, proposal_operation_name(proposal->event.proposal->operation));
    return 0;
}

/* The next is a name of a batch's source, each once: they are few. */
struct seen {
    const struct line *line;
    const struct config *config;
    struct pool pool;
    const char *names[256];
    size_t count;
};

static int offer_source(const struct list_batch *batch, void *argument)
{
    struct seen *seen = argument;
    bool known = !batch->source || config_source(seen->config, batch->source);

    for (size_t i = 0; i < seen->count && !known; i++)
        known = strcmp(seen->names[i], batch->source) == 0;
    if (known || seen->count == sizeof seen->names / sizeof *seen->names)
        return 0;
    const char *name = pool_copy(&seen->pool, batch->source);
    if (!name)
        return -ENOMEM;
    seen->names[seen->count++] = name;
    offer(seen->line, name, "");
    return 0;
}

static void offer_sources(const struct line *line, const struct site *site)
{
    struct seen seen = {.line = line, .config = site->config};

    for (size_t i = 0; i < site->config->source_count; i++)
        offer(line, site->config->sources[i].name, "");
    if (site->list_view)
        list_each_batch(site->list_view, offer_source, &seen);
    pool_release(&seen.pool);
}

/* What only configuration and list know. Who may not read them is offered nothing. */
static void offer_of_site(struct line *line, enum value value)
{
    struct site site;
    unsigned needs = value == VALUE_STREAM ? 0 : SITE_KEYS | SITE_LIST;

    int code = site_open(line->config_file, needs, &site, NULL);
    if (code == 0)
        code = site_view(&site, NULL);
    if (code == 0 && (value == VALUE_SCOPE || value == VALUE_MAPPING))
        list_each_scope(site.list_view, offer_scope, line);
    if (code == 0 && value == VALUE_BATCH)
        list_each_batch(site.list_view, offer_batch, line);
    if (code == 0 && value == VALUE_PROPOSAL)
        list_each_proposal(site.list_view, false, offer_proposal, line);
    if (site.config && value == VALUE_SOURCE)
        offer_sources(line, &site);
    for (size_t i = 0; value == VALUE_STREAM && site.config && i < site.config->policy.stream_count;
         i++)
        offer(line, site.config->policy.streams[i].rule.name, site.config->policy.streams[i].scope);
    site_close(&site);
}

static void offer_formats(const struct line *line)
{
    size_t count;
    const struct format *formats = format_all(&count);
    for (size_t i = 0; i < count; i++)
        offer(line, formats[i].name, formats[i].title);
}

static void offer_export_formats(const struct line *line)
{
    const char *name, *title;
    for (size_t i = 0; (name = writer_name(i, &title)); i++)
        offer(line, name, title);
}

static void offer_reasons(const struct line *line)
{
    char name[CHOICE_REASON_SIZE];
    for (unsigned reason = REASON_OBJECTION; reason <= REASON_OTHER; reason++)
        offer(line, choice_reason_name(reason, name), "");
}

/* TAG=SCOPE: the tag is theirs. */
static void skip_tag(struct line *line)
{
    const char *equals = strrchr(line->word, '=');
    if (equals) {
        line->word = equals + 1;
        line->prefix_length = (size_t)(line->word - line->prefix);
    }
}

static void offer_value(struct line *line, enum value value)
{
    switch (value) {
    case VALUE_ANY:
        break;
    case VALUE_FILE:
        put(0, "", ":files", "");
        break;
    case VALUE_FOLDER:
        put(0, "", ":folders", "");
        break;
    case VALUE_MAPPING:
        skip_tag(line);
        if (line->prefix_length && line->word[-1] == '=')
            offer_of_site(line, value);
        break;
    case VALUE_SCOPE:
    case VALUE_STREAM:
    case VALUE_SOURCE:
    case VALUE_BATCH:
    case VALUE_PROPOSAL:
        offer_of_site(line, value);
        break;
    case VALUE_FORMAT:
        offer_formats(line);
        break;
    case VALUE_EXPORT_FORMAT:
        offer_export_formats(line);
        break;
    case VALUE_ORDER:
        offer(line, "DMY", "day first");
        offer(line, "MDY", "month first");
        offer(line, "ISO", "neither");
        break;
    case VALUE_REASON:
        offer_reasons(line);
        break;
    }
}

/* --- the command line --- */

/* bash makes three words of --flag=value. Joins them again; the last word may be the empty one
 * behind a =. */
static size_t join_words(char **words, size_t count, struct pool *pool)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        if (i == 0 || n == 0 || strcmp(words[i], "=") != 0) {
            words[n++] = words[i];
            continue;
        }
        const char *next = i + 1 < count ? words[++i] : "";
        char *joined = pool_take(pool, strlen(words[n - 1]) + 1 + strlen(next) + 1);
        if (!joined)
            continue;
        strcpy(joined, words[n - 1]);
        strcat(joined, "=");
        strcat(joined, next);
        words[n - 1] = joined;
    }
    return n;
}

/* The flag that a word is, with or without a value behind a =; NULL: none. */
static const struct flag *flag_of(const struct command *command, const char *word)
{
    for (const struct flag *flag = command->flags; flag->name; flag++)
        if (strncmp(word, "--", 2) == 0 && strcspn(word + 2, "=") == strlen(flag->name) &&
            strncmp(word + 2, flag->name, strlen(flag->name)) == 0)
            return flag;
    return NULL;
}

/* Whether a word before the last is this flag already. */
static bool is_given(const struct line *line, const struct flag *flag)
{
    for (size_t i = 0; i + 1 < line->count; i++)
        if (flag_of(line->command, line->words[i]) == flag)
            return true;
    return false;
}

static void offer_flags(const struct line *line)
{
    char name[64];

    for (const struct flag *flag = line->command->flags; flag->name; flag++) {
        if (is_given(line, flag) && !flag->several && !flag->repeats)
            continue;
        snprintf(name, sizeof name, "--%s", flag->name);
        offer(line, name, flag->text);
        snprintf(name, sizeof name, "-%c", flag->letter);
        if (flag->letter)
            offer(line, name, flag->text);
    }
    offer(line, "--help", "show the flags");
}

/* What the argument at this position is: the words of the usage, without the brackets of those that
 * may be left out, of which the last one counts for all behind it that end in "...". */
static enum value argument_at(const struct command *command, size_t position)
{
    char names[64], *save = NULL;
    size_t i = 0;

    snprintf(names, sizeof names, "%s", command->arguments);
    for (char *name = strtok_r(names, " []", &save); name; name = strtok_r(NULL, " []", &save), i++)
        if (i == position || (i < position && strstr(name, "...")))
            return value_of(command, name);
    return VALUE_ANY;
}

/* Behind the subcommand's name; `line->words` begin there. */
static void complete_call(struct line *line)
{
    const struct flag *pending = NULL; /* whose value comes next */
    size_t position = 0;

    for (size_t i = 0; i + 1 < line->count; i++) {
        const char *word = line->words[i];
        const struct flag *flag = pending ? NULL : flag_of(line->command, word);
        if (!pending && !flag && word[0] != '-')
            position++;
        pending = flag && flag->argument && !strchr(word, '=') ? flag : NULL;
    }
    const struct flag *own = pending ? NULL : flag_of(line->command, line->word);
    const char *equals = strchr(line->word, '=');
    if (pending) {
        offer_value(line, value_of(line->command, pending->name));
    } else if (own && own->argument && equals) {
        line->word = equals + 1;
        line->prefix_length = (size_t)(line->word - line->prefix);
        offer_value(line, value_of(line->command, own->name));
    } else if (line->word[0] == '-') {
        offer_flags(line);
    } else {
        offer_value(line, argument_at(line->command, position));
    }
}

/* Names of subcommands, or the second words of `name`. */
static void complete_name(const struct line *line, const char *name)
{
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = command_table[i];
        bool again = i > 0 && strcmp(command_table[i - 1]->name, c->name) == 0;
        if (name && strcmp(c->name, name) == 0)
            offer(line, c->verb, c->text);
        else if (!name && !c->hidden && !again)
            offer(line, c->name, c->verb ? "" : c->text);
    }
    offer(line, "--help", "show what there is");
}

static bool has_verbs(const char *name)
{
    for (size_t i = 0; i < command_count; i++)
        if (command_table[i]->verb && strcmp(command_table[i]->name, name) == 0)
            return true;
    return false;
}

/* Takes the words up to the subcommand. False: the last one is among them, and was dealt with. */
static bool skip_globals(struct line *line)
{
    while (line->count > 1 && line->words[0][0] == '-') {
        size_t taken = strcmp(line->words[0], "-c") == 0 ? 2 : 1;
        if (taken == line->count) {
            offer_value(line, VALUE_FILE);
            return false;
        }
        if (taken == 2)
            line->config_file = line->words[1];
        line->words += taken;
        line->count -= taken;
    }
    if (line->count > 1)
        return true;
    complete_name(line, NULL);
    offer(line, "-c", "the configuration");
    offer(line, "--version", "show the version");
    return false;
}

static void complete_line(struct line *line)
{
    if (!skip_globals(line))
        return;
    const char *name = line->words[0];
    bool verbs = has_verbs(name);
    if (verbs && line->count == 2) {
        complete_name(line, name);
        return;
    }
    const char *verb = verbs ? line->words[1] : NULL;
    for (size_t i = 0; i < command_count && !line->command; i++) {
        const struct command *c = command_table[i];
        if (strcmp(c->name, name) == 0 && (!verb || strcmp(c->verb, verb) == 0))
            line->command = c;
    }
    if (!line->command)
        return;
    line->words += verb ? 2 : 1;
    line->count -= verb ? 2 : 1;
    complete_call(line);
}

static int run(const struct call *call)
{
    struct pool pool = {0};
    struct line line = {.config_file = call->config_file, .words = call->arguments};

    line.count = join_words(call->arguments, call->argument_count, &pool);
    line.word = line.prefix = line.words[line.count - 1];
    complete_line(&line);
    pool_release(&pool);
    return output_status(STATUS_OK, NULL);
}

static const struct flag no_flags[] = {{0}};

const struct command command_complete = {
    .name = "complete",
    .arguments = "-- WORD...",
    .text = "for the completions of shells: what could stand in place of the last word",
    .flags = no_flags,
    .least = 1,
    .most = SIZE_MAX,
    .hidden = true,
    .role = ROLE_ANYBODY,
    .run = run,
};
