#include "config/config.h"

#include "config/options.h"
#include "store/list.h"
#include "tool/command.h"
#include "tool/lists/profile.h"
#include "tool/output.h"
#include "tool/owners.h"
#include "tool/site.h"

#include <stdio.h>
#include <string.h>

static const struct flag no_flags[] = {{0}};

enum { JSON };
static const struct flag json_flags[] = {
    {.name = "json", .text = "one JSON object a line"},
    {0},
};

/* --- check --- */

/* STATUS_NO where the list does not know the scope; `of` says whose it is. */
static int check_scope(const struct site *site, const char *kind, const char *of, const char *scope,
                       struct error *why)
{
    int code = list_scope_known(site->list_view, scope);
    if (code && code != ERR_SCOPE)
        return site_explain(site, code, why);
    if (code == 0)
        return STATUS_OK;
    complain("%s: %s %s: scope %s is not registered: is it spelt right? A new one: "
             "`optout scope add %s`",
             site->config->path, kind, of, scope, scope);
    return STATUS_NO;
}

static int check_source(const struct site *site, const struct source *source, struct error *why)
{
    int status = source->scope ? check_scope(site, "source", source->name, source->scope, why) : 0;

    for (size_t i = 0; i < source->map_count && status >= 0; i++) {
        const char *scope = strrchr(source->map[i], '=') + 1;
        int code = check_scope(site, "source", source->name, scope, why);
        status = code ? code : status;
    }
    return status;
}

/* The scopes of streams, brands and sources; all that are missing are told. */
static int check_scopes(const struct site *site, struct error *why)
{
    const struct config *config = site->config;
    int status = STATUS_OK, code = 0;

    for (size_t i = 0; i < config->policy.stream_count && code >= 0; i++) {
        const struct stream *stream = &config->policy.streams[i];
        code = check_scope(site, "stream", stream->rule.name, stream->scope, why);
        status = code ? code : status;
    }
    for (size_t i = 0; i < config->brand_count && code >= 0; i++) {
        const struct brand *brand = &config->brands[i];
        code = check_scope(site, "brand", brand->section, brand->scope, why);
        status = code ? code : status;
    }
    for (size_t i = 0; i < config->source_count && code >= 0; i++) {
        code = check_source(site, &config->sources[i], why);
        status = code ? code : status;
    }
    return status;
}

/* As check_scopes; a list that cannot be asked, or is not made yet, is no fault of the
 * configuration. */
static int check_list(const char *config_file)
{
    struct site site;
    struct error why = {""};

    int code = site_open(config_file, SITE_KEYS | SITE_LIST, &site, &why);
    if (code == 0)
        code = site_view(&site, &why);
    if (code == 0)
        code = check_scopes(&site, &why);
    site_close(&site);
    if (code < 0)
        remark("The list was not asked for the scopes: %s",
               *why.text ? why.text : error_name(code));
    return code < 0 ? STATUS_OK : code;
}

/* What only who reads lists can tell of a source. */
static int check_profiles(const struct config *config, struct error *why)
{
    int code = 0;

    for (size_t i = 0; i < config->source_count && code == 0; i++) {
        struct profile profile;
        code = profile_make(config, &config->sources[i], &profile, why);
        profile_release(&profile);
    }
    return code;
}

static void tell_fine(const struct config *config)
{
    size_t streams = config->policy.stream_count, exemptions = config->policy.exemption_count;

    char sources[40] = "";
    if (config->source_count)
        snprintf(sources, sizeof sources, ", %zu source%s of lists", config->source_count,
                 config->source_count == 1 ? "" : "s");
    output_line("%s: fine, %zu stream%s and %zu exemption%s%s%s", config->path, streams,
                streams == 1 ? "" : "s", exemptions, exemptions == 1 ? "" : "s", sources,
                streams == 0 ? "; no mail is marketing yet" : "");
}

static int run_check(const struct call *call)
{
    struct config *config = NULL;
    struct error why = {""};

    int code = config_read(call->config_file, &config, &why);
    if (code == 0)
        code = owners_check(config, &why);
    if (code == 0)
        code = check_profiles(config, &why);
    if (code == ERR_CONFIG) {
        complain("%s", why.text);
        code = STATUS_NO;
    }
    if (code == 0)
        code = check_list(call->config_file);
    if (code == 0)
        tell_fine(config);
    config_release(config);
    return output_status(code, &why);
}

const struct command command_config_check = {
    .name = "config",
    .verb = "check",
    .arguments = "",
    .text = "say whether the configuration can be used",
    .flags = no_flags,
    .role = ROLE_ANYBODY,
    .run = run_check,
};

/* --- show --- */

static json_t *value_of(const struct config_value *value)
{
    if (!value->list)
        return value->count ? json_string(value->values[0]) : json_null();
    if (value->count == 0 && !value->given)
        return json_null();
    json_t *list = json_array();
    for (size_t i = 0; i < value->count; i++)
        output_append(list, json_string(value->values[i]));
    return list;
}

static void show_value_json(const struct config_value *value, void *argument)
{
    json_t *object = json_object();
    (void)argument;

    output_put_text(object, "place", value->place);
    output_put_text(object, "section", value->section);
    output_put_text(object, "name", value->name);
    output_put(object, "value", value_of(value));
    output_put_bool(object, "given", value->given);
    output_json(object);
}

static int run_show(const struct call *call)
{
    struct config *config = NULL;
    struct error why = {""};

    int code = config_read(call->config_file, &config, &why);
    if (code == 0 && call->values[JSON])
        config_each(config, show_value_json, NULL);
    else if (code == 0)
        config_print(config, stdout);
    config_release(config);
    return output_status(code, &why);
}

const struct command command_config_show = {
    .name = "config",
    .verb = "show",
    .arguments = "",
    .text = "show every option with the value that counts",
    .flags = json_flags,
    .role = ROLE_ANYBODY,
    .run = run_show,
};

/* --- options --- */

static const enum option_place places[] = {PLACE_GLOBAL, PLACE_STREAM, PLACE_EXEMPT, PLACE_SOURCE,
                                           PLACE_BRAND};

static void show_option(const struct option *option)
{
    char where[64] = "";
    size_t length = 0;

    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (option->places & (unsigned)places[i])
            length += (size_t)snprintf(where + length, sizeof where - length, "%s%s",
                                       length ? "," : "", option_place_name(places[i]));
    output_line("%-22s %-14s %-6s  %s%s%s%s", option->name, where, option_type_name(option->type),
                option->text, option->default_value ? " [" : "",
                option->default_value ? option->default_value : "",
                option->default_value ? "]" : "");
}

static void show_option_json(const struct option *option)
{
    json_t *object = json_object(), *where = json_array();
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (option->places & (unsigned)places[i])
            output_append(where, json_string(option_place_name(places[i])));
    output_put_text(object, "name", option->name);
    output_put(object, "places", where);
    output_put_text(object, "type", option_type_name(option->type));
    output_put_text(object, "words", option->words);
    output_put_text(object, "default", option->default_value);
    output_put_text(object, "text", option->text);
    output_json(object);
}

static int run_options(const struct call *call)
{
    for (size_t i = 0; i < option_count; i++)
        if (call->values[JSON])
            show_option_json(&option_table[i]);
        else
            show_option(&option_table[i]);
    return output_status(STATUS_OK, NULL);
}

const struct command command_config_options = {
    .name = "config",
    .verb = "options",
    .arguments = "",
    .text = "show the options that there are",
    .flags = json_flags,
    .role = ROLE_ANYBODY,
    .run = run_options,
};
