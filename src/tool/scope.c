#include "tool/argument.h"
#include "tool/command.h"
#include "tool/output.h"
#include "tool/site.h"

#include <string.h>

enum { JSON };
static const struct flag list_flags[] = {
    {.name = "json", .text = "one JSON object a line"},
    {0},
};

static const struct flag no_flags[] = {{0}};

/* --- list --- */

struct listing {
    const struct config *config;
    bool json;
};

static int show_scope(const char *scope, void *argument)
{
    const struct listing *listing = argument;

    if (!listing->json) {
        output_line("%s", scope);
        return 0;
    }
    json_t *object = json_object(), *streams = json_array();
    output_put_text(object, "scope", scope);
    for (size_t i = 0; i < listing->config->policy.stream_count; i++) {
        const struct stream *stream = &listing->config->policy.streams[i];
        if (strcmp(stream->scope, scope) == 0)
            output_append(streams, json_string(stream->rule.name));
    }
    output_put(object, "streams", streams);
    output_json(object);
    return 0;
}

static int run_list(const struct call *call)
{
    struct site site;
    struct error why = {""};

    int code = site_open(call->config_file, SITE_KEYS | SITE_LIST, &site, &why);
    if (code == 0)
        code = site_view(&site, &why);
    if (code == 0) {
        struct listing listing = {site.config, call->values[JSON] != NULL};
        code = list_each_scope(site.list_view, show_scope, &listing);
        if (code)
            site_explain(&site, code, &why);
    }
    site_close(&site);
    return output_status(code, &why);
}

const struct command command_scope_list = {
    .name = "scope",
    .verb = "list",
    .arguments = "",
    .text = "show the registered scopes",
    .flags = list_flags,
    .role = ROLE_ANYBODY,
    .run = run_list,
};

/* --- add --- */

static int add_one(struct site *site, const char *scope, const struct act *act, struct error *why)
{
    size_t added;
    int code = list_add_scopes(site->list, &scope, 1, act, &added, why);
    if (code == 0)
        output_line("%s: %s", scope, added ? "registered" : "known already");
    return code;
}

static int run_add(const struct call *call)
{
    struct site site = {0};
    struct error why = {""};
    int code = 0;

    for (size_t i = 0; i < call->argument_count && code == 0; i++)
        code = argument_scope(call->arguments[i], &why);
    if (code)
        return output_status(code, &why);
    code = site_open(call->config_file, SITE_KEYS | SITE_WRITE, &site, &why);
    const struct word words[] = {{"staff", site.staff}};
    const struct act act = {.actor = "cli", .words = words, .word_count = 1};
    for (size_t i = 0; i < call->argument_count && code == 0; i++)
        code = add_one(&site, call->arguments[i], &act, &why);
    site_close(&site);
    return output_status(code, &why);
}

const struct command command_scope_add = {
    .name = "scope",
    .verb = "add",
    .arguments = "PATH...",
    .text = "register scopes",
    .flags = no_flags,
    .least = 1,
    .most = SIZE_MAX,
    .role = ROLE_OPS,
    .run = run_add,
};
