#include "config/build.h"

#include "base/network.h"
#include "base/text.h"
#include "core/address.h"
#include "core/brand.h"
#include "core/color.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>

#define NAME_MAX_LENGTH 64              /* of a section: it stands in every log line */
#define STORE_STEP (UINT64_C(64) << 10) /* no system has larger pages */

struct builder {
    const char *path;
    const struct parsed *parsed;
    struct pool *pool;
    struct error *why;
};

static int no_memory(struct error *why)
{
    return error_set(why, -ENOMEM, "out of memory");
}

static int fail(const struct builder *builder, const struct section *section, const char *format,
                ...) __attribute__((format(printf, 3, 4)));

static int fail(const struct builder *builder, const struct section *section, const char *format,
                ...)
{
    char sentence[256];
    va_list args;

    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    return error_set(builder->why, ERR_CONFIG, "%s:%u: %s \"%.64s\" %s", builder->path,
                     section->line, option_place_name(section->place), section->name, sentence);
}

/* --- values ---------------------------------------------------------------------------------- */

/* A list's default has its values divided by blanks, another one's is a single value. */
static int split_default(const struct option *option, struct pool *pool, struct setting *setting)
{
    char *rest = pool_copy(pool, option->default_value);
    size_t most = rest ? strlen(rest) / 2 + 1 : 0, count = 0;
    const char **values = pool_take(pool, (most + 1) * sizeof *values);

    if (!rest || !values)
        return -ENOMEM;
    if (option->type != OPTION_TEXTS) {
        values[count++] = rest;
    } else {
        char *save = NULL;
        for (char *value = strtok_r(rest, " ", &save); value; value = strtok_r(NULL, " ", &save))
            values[count++] = value;
    }
    setting->values = values;
    setting->count = count;
    return 0;
}

int build_defaults(struct parsed *parsed, struct pool *pool, struct error *why)
{
    for (size_t i = 0; i < parsed->count; i++) {
        struct section *section = &parsed->sections[i];
        for (size_t j = 0; j < option_count; j++) {
            const struct option *option = &option_table[j];
            struct setting *setting = &section->settings[j];
            if (setting->given || !(option->places & (unsigned)section->place))
                continue;
            if (section->place != PLACE_GLOBAL && option->places & PLACE_GLOBAL)
                *setting = parsed->sections[0].settings[j];
            else if (option->default_value && split_default(option, pool, setting) < 0)
                return no_memory(why);
            setting->given = false;
        }
    }
    return 0;
}

static const char *text_of(const struct section *section, const char *name)
{
    const struct setting *setting = section_setting(section, name);
    return setting->count ? setting->values[0] : NULL;
}

static int word_of(const struct section *section, const char *name)
{
    return option_word(option_find(name), text_of(section, name));
}

static uint64_t store_size_of(const struct section *section, const char *name)
{
    uint64_t bytes = 0;

    option_size(text_of(section, name), &bytes);
    return (bytes + STORE_STEP - 1) / STORE_STEP * STORE_STEP;
}

/* --- the file itself ------------------------------------------------------------------------- */

static int build_networks(const struct builder *builder, const char *name,
                          const struct network **networks, size_t *count)
{
    const struct setting *setting = section_setting(&builder->parsed->sections[0], name);
    struct network *list = pool_take(builder->pool, (setting->count + 1) * sizeof *list);

    if (!list)
        return no_memory(builder->why);
    for (size_t i = 0; i < setting->count; i++)
        network_parse(setting->values[i], &list[i]);
    *networks = list;
    *count = setting->count;
    return 0;
}

static int build_companions(const struct builder *builder, struct policy *policy)
{
    const struct setting *setting = section_setting(&builder->parsed->sections[0], "companions");
    struct address *addresses = pool_take(builder->pool, (setting->count + 1) * sizeof *addresses);

    if (!addresses)
        return no_memory(builder->why);
    for (size_t i = 0; i < setting->count; i++)
        address_parse(setting->values[i], &addresses[i]);
    policy->companions = addresses;
    policy->companion_count = setting->count;
    return 0;
}

static int build_effect_limits(const struct builder *builder, struct config *config)
{
    const struct setting *setting = section_setting(&builder->parsed->sections[0], "effect_limits");
    struct effect_limit *limits = pool_take(builder->pool, (setting->count + 1) * sizeof *limits);

    if (!limits)
        return no_memory(builder->why);
    if (setting->count > EFFECT_LIMITS_MAX)
        return error_set(builder->why, ERR_CONFIG, "%s:%u: effect_limits has more than %d limits",
                         builder->path, setting->line, EFFECT_LIMITS_MAX);
    for (size_t i = 0; i < setting->count; i++) {
        effect_limit_parse(setting->values[i], &limits[i]);
        for (size_t j = 0; j < i; j++)
            if (strcmp(limits[i].name, limits[j].name) == 0)
                return error_set(builder->why, ERR_CONFIG, "%s:%u: effect_limits has two named %s",
                                 builder->path, setting->line, limits[i].name);
    }
    config->effect_limits = limits;
    config->effect_limit_count = setting->count;
    return 0;
}

static int build_public_url(const struct builder *builder, struct policy *policy)
{
    const char *given = text_of(&builder->parsed->sections[0], "public_url");
    size_t length = given ? strlen(given) : 0;

    if (!given || given[length - 1] == '/') {
        policy->public_url = given;
        return 0;
    }
    char *url = pool_take(builder->pool, length + 2);
    if (!url)
        return no_memory(builder->why);
    memcpy(url, given, length);
    memcpy(url + length, "/", 2);
    policy->public_url = url;
    return 0;
}

static unsigned number_of(const struct section *section, const char *name)
{
    uint64_t number = 0;

    text_to_u64(text_of(section, name), UINT_MAX, &number);
    return (unsigned)number;
}

static int build_web(const struct builder *builder, struct web_config *web)
{
    const struct section *file = &builder->parsed->sections[0];

    web->listen = text_of(file, "web_listen");
    web->connections = number_of(file, "web_connections");
    web->client_connections = number_of(file, "web_client_connections");
    web->request_seconds = number_of(file, "web_request_seconds");
    web->limit_links = number_of(file, "limit_links");
    web->limit_bad_links = number_of(file, "limit_bad_links");
    web->limit_addresses = number_of(file, "limit_addresses");
    web->access_log = word_of(file, "access_log") == 1;
    return build_networks(builder, "proxies", &web->proxies, &web->proxy_count);
}

/* The option table has checked them. */
static struct retention retention_of(const struct section *file, const char *name)
{
    struct retention retention = {0};
    retention_parse(text_of(file, name), &retention);
    return retention;
}

static void build_retentions(const struct section *file, struct retentions *retain)
{
    retain->verdicts = retention_of(file, "retain_verdicts");
    retain->network = retention_of(file, "retain_network");
    retain->text = retention_of(file, "retain_text");
    retain->reads = retention_of(file, "retain_reads");
    retain->addresses = retention_of(file, "retain_addresses");
}

static int build_global(const struct builder *builder, struct config *config)
{
    const struct section *file = &builder->parsed->sections[0];
    struct policy *policy = &config->policy;

    config->data_dir = text_of(file, "data_dir");
    config->key_dir = text_of(file, "key_dir");
    config->listen = text_of(file, "listen");
    config->user = text_of(file, "user");
    config->milter_user = text_of(file, "milter_user");
    config->group = text_of(file, "group");
    config->ops_group = text_of(file, "ops_group");
    config->compliance_group = text_of(file, "compliance_group");
    config->approval = word_of(file, "approval") == 1;
    config->approval_rows = number_of(file, "approval_rows");
    config->list_size = store_size_of(file, "list_size");
    config->ledger_size = store_size_of(file, "ledger_size");
    config->connections = number_of(file, "connections");
    config->templates = text_of(file, "templates");
    config->language = text_of(file, "language");
    config->notice = word_of(file, "notice") == 1;
    config->notice_from = text_of(file, "notice_from");
    config->smtp_server = text_of(file, "smtp_server");
    build_retentions(file, &config->retain);
    config->checkpoint_to = section_setting(file, "checkpoint_to")->values;
    config->checkpoint_to_count = section_setting(file, "checkpoint_to")->count;

    if (config->notice && !config->notice_from)
        return error_set(builder->why, ERR_CONFIG, "%s:%u: notice = on needs a notice_from",
                         builder->path, section_setting(file, "notice")->line);
    int rc = build_networks(builder, "internal", &policy->internal, &policy->internal_count);
    if (rc == 0)
        rc = build_companions(builder, policy);
    if (rc == 0)
        rc = build_public_url(builder, policy);
    if (rc == 0)
        rc = build_effect_limits(builder, config);
    return rc < 0 ? rc : build_web(builder, &config->web);
}

/* --- sources -------------------------------------------------------------------------------- */

/* It goes into the journal, and a folder of this name may hold its files. */
static int check_source_name(const struct builder *builder, const struct section *section)
{
    struct error why;
    const char *name = section->name;

    if (option_check_bytes(name, &why) < 0 || strlen(name) > NAME_MAX_LENGTH || name[0] == '.' ||
        strpbrk(name, "/@"))
        return fail(builder, section,
                    "needs a name of 1 to %d printable bytes, without /, @ and a dot in front: it "
                    "stands in the journal for good",
                    NAME_MAX_LENGTH);
    return 0;
}

static int build_source(const struct builder *builder, const struct section *section,
                        struct source *source)
{
    const struct setting *map = section_setting(section, "map");
    const char *max_age = text_of(section, "max_age");
    int rc = check_source_name(builder, section);

    if (rc < 0)
        return rc;
    *source = (struct source){
        .name = section->name,
        .format = text_of(section, "format"),
        .dates = text_of(section, "dates"),
        .tz = text_of(section, "tz"),
        .encoding = text_of(section, "encoding"),
        .scope = text_of(section, "scope"),
        .map = map->values,
        .map_count = map->count,
        .all_opted_out = word_of(section, "all_opted_out") == 1,
        .max_new = text_of(section, "max_new"),
        .format_line = section_setting(section, "format")->line,
        .tz_line = section_setting(section, "tz")->line,
        .map_line = map->line,
        .encoding_line = section_setting(section, "encoding")->line,
    };
    if (max_age)
        option_age(max_age, &source->max_age);
    return 0;
}

static int build_sources(const struct builder *builder, struct config *config)
{
    const struct parsed *parsed = builder->parsed;
    struct source *sources = pool_take(builder->pool, parsed->count * sizeof *sources);
    int rc = 0;

    if (!sources)
        return no_memory(builder->why);
    config->sources = sources;
    for (size_t i = 1; i < parsed->count && rc == 0; i++)
        if (parsed->sections[i].place == PLACE_SOURCE)
            rc = build_source(builder, &parsed->sections[i], &sources[config->source_count++]);
    return rc;
}

/* --- sections -------------------------------------------------------------------------------- */

static int check_name(const struct builder *builder, const struct section *section)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789._-";
    size_t length = strlen(section->name);

    if (length == 0 || length > NAME_MAX_LENGTH || strspn(section->name, allowed) < length)
        return fail(builder, section, "needs a name of letters, digits and . _ -, %d at most",
                    NAME_MAX_LENGTH);
    for (const struct section *other = builder->parsed->sections + 1; other < section; other++)
        if (other->place != PLACE_SOURCE && strcmp(other->name, section->name) == 0)
            return fail(builder, section, "has the name of another section, in line %u",
                        other->line);
    return 0;
}

static int build_rule(const struct builder *builder, const struct section *section,
                      struct rule *rule)
{
    size_t asked = 0;
    int rc = check_name(builder, section);

    if (rc < 0)
        return rc;
    rule->name = section->name;
    for (enum criterion c = 0; c < CRITERION_COUNT; c++) {
        const struct setting *setting = section_setting(section, criterion_name(c));
        /* Left to itself, an emptied list would no longer be asked for, and the section would
         * match more mail instead of none. */
        if (setting->given && setting->count == 0)
            return fail(builder, section, "has an empty %s; leave it out, or name a value",
                        criterion_name(c));
        const char **globs = pool_take(builder->pool, (setting->count + 1) * sizeof *globs);
        if (!globs)
            return no_memory(builder->why);
        for (size_t i = 0; i < setting->count; i++)
            globs[i] = setting->values[i];
        rule->match[c] = (struct patterns){globs, setting->count};
        asked += setting->count;
    }
    if (asked == 0)
        return fail(builder, section, "needs at least one match_ option; it would match all mail");
    return 0;
}

static int build_stream(const struct builder *builder, const struct section *section,
                        struct stream *stream)
{
    int rc = build_rule(builder, section, &stream->rule);
    if (rc < 0)
        return rc;

    stream->scope = text_of(section, "scope");
    stream->title = text_of(section, "title");
    stream->list_id = text_of(section, "list_id");
    stream->mailto = text_of(section, "mailto");
    stream->mailto_local_part = word_of(section, "mailto_token") == 1;
    stream->mode = (enum mode)word_of(section, "mode");
    stream->suppressed = (enum suppressed_action)word_of(section, "suppressed");
    stream->none_left = (enum none_left_action)word_of(section, "none_left");
    stream->consent = (enum consent_need)word_of(section, "consent");
    stream->recipients = (enum several_action)word_of(section, "recipients");
    stream->list_unsubscribe = (enum unsubscribe_action)word_of(section, "list_unsubscribe");
    stream->ledger = (enum ledger_rows)word_of(section, "ledger");

    if (!stream->scope)
        return fail(builder, section, "needs a scope");
    return 0;
}

static int build_sections(const struct builder *builder, struct policy *policy)
{
    const struct parsed *parsed = builder->parsed;
    struct rule *rules = pool_take(builder->pool, parsed->count * sizeof *rules);
    struct stream *streams = pool_take(builder->pool, parsed->count * sizeof *streams);
    int rc = 0;

    if (!rules || !streams)
        return no_memory(builder->why);
    memset(rules, 0, parsed->count * sizeof *rules);
    memset(streams, 0, parsed->count * sizeof *streams);
    for (size_t i = 1; i < parsed->count && rc == 0; i++) {
        const struct section *section = &parsed->sections[i];
        if (section->place == PLACE_EXEMPT)
            rc = build_rule(builder, section, &rules[policy->exemption_count++]);
        else if (section->place == PLACE_STREAM)
            rc = build_stream(builder, section, &streams[policy->stream_count++]);
    }
    policy->exemptions = rules;
    policy->streams = streams;
    return rc;
}

/* --- brands ---------------------------------------------------------------------------------- */

static int build_reasons(const struct builder *builder, const struct section *section,
                         struct brand *brand)
{
    const struct setting *setting = section_setting(section, "reasons");
    struct reason *reasons = pool_take(builder->pool, (setting->count + 1) * sizeof *reasons);

    if (!reasons)
        return no_memory(builder->why);
    if (setting->count > BRAND_REASONS_MAX)
        return fail(builder, section, "has more than %d reasons", BRAND_REASONS_MAX);
    for (size_t i = 0; i < setting->count; i++) {
        reason_parse(setting->values[i], &reasons[i]);
        for (size_t j = 0; j < i; j++)
            if (strcmp(reasons[i].key, reasons[j].key) == 0 &&
                strcmp(reasons[i].language, reasons[j].language) == 0)
                return fail(builder, section, "has the reason %s twice%s%s", reasons[i].key,
                            reasons[i].language[0] ? " in " : "", reasons[i].language);
    }
    brand->reasons = reasons;
    brand->reason_count = setting->count;
    return 0;
}

static int build_brand(const struct builder *builder, const struct section *section,
                       struct brand *brand)
{
    const struct setting *lines = section_setting(section, "postal_address");
    const char *color_dark = text_of(section, "color_dark");
    int rc = check_name(builder, section);
    if (rc < 0)
        return rc;

    brand->section = section->name;
    brand->scope = text_of(section, "scope");
    brand->name = text_of(section, "name");
    brand->language = text_of(section, "language");
    brand->notice = word_of(section, "notice") == 1;
    brand->notice_from = text_of(section, "notice_from");
    brand->logo = text_of(section, "logo");
    brand->logo_dark = text_of(section, "logo_dark");
    brand->imprint_url = text_of(section, "imprint_url");
    brand->privacy_url = text_of(section, "privacy_url");
    brand->accessibility_url = text_of(section, "accessibility_url");
    brand->postal_address = lines->values;
    brand->postal_address_count = lines->count;
    color_parse(text_of(section, "color"), &brand->color);
    brand->color_dark = color_for_dark(brand->color);
    if (color_dark)
        color_parse(color_dark, &brand->color_dark);

    if (!brand->scope || !brand->name)
        return fail(builder, section, "needs a %s", brand->scope ? "name" : "scope");
    if (brand->notice && !brand->notice_from)
        return fail(builder, section, "sends notices (notice = on) and needs a notice_from");
    if (brand->logo_dark && !brand->logo)
        return fail(builder, section, "has a logo_dark and no logo");
    return build_reasons(builder, section, brand);
}

static int build_brands(const struct builder *builder, struct config *config)
{
    const struct parsed *parsed = builder->parsed;
    struct brand *brands = pool_take(builder->pool, parsed->count * sizeof *brands);
    size_t count = 0;

    if (!brands)
        return no_memory(builder->why);
    memset(brands, 0, parsed->count * sizeof *brands);
    for (size_t i = 1; i < parsed->count; i++) {
        if (parsed->sections[i].place != PLACE_BRAND)
            continue;
        struct brand *brand = &brands[count++];
        int rc = build_brand(builder, &parsed->sections[i], brand);
        if (rc < 0)
            return rc;
        for (const struct brand *other = brands; other < brand; other++)
            if (strcmp(other->scope, brand->scope) == 0)
                return fail(builder, &parsed->sections[i], "has the scope of brand \"%.64s\"",
                            other->section);
    }
    config->brands = brands;
    config->brand_count = count;
    return 0;
}

int build_config(const char *path, const struct parsed *parsed, struct pool *pool,
                 struct config *config, struct error *why)
{
    struct builder builder = {path, parsed, pool, why};
    int rc = build_global(&builder, config);
    if (rc == 0)
        rc = build_sections(&builder, &config->policy);
    if (rc == 0)
        rc = build_sources(&builder, config);
    return rc < 0 ? rc : build_brands(&builder, config);
}
