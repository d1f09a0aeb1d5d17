#include "tool/lists/profile.h"

#include "exchange/encoding.h"
#include "tool/lists/importing.h"

#include <errno.h>
#include <string.h>

static int fail(const struct config *config, const struct source *source, unsigned line,
                const char *sentence, struct error *why)
{
    return error_set(why, ERR_CONFIG, "%s:%u: source \"%.64s\": %.300s", config->path, line,
                     source->name, sentence);
}

static int check_format(const struct config *config, const struct source *source, struct error *why)
{
    if (!source->format || format_by_name(source->format, NULL, 0, NULL))
        return 0;
    return fail(config, source, source->format_line,
                "there is no such format: `optout import --help` leads to those that there are",
                why);
}

static int check_encoding(const struct config *config, const struct source *source,
                          struct error *why)
{
    struct encoder *encoder = NULL;

    if (!source->encoding || encoding_is_utf8(source->encoding))
        return 0;
    int code = encoder_new(source->encoding, "UTF-8", &encoder);
    encoder_free(encoder);
    return code == ERR_NOT_FOUND ? fail(config, source, source->encoding_line,
                                        "there is no such encoding: `iconv -l` lists them", why)
                                 : code;
}

static int load_zone(const struct config *config, struct profile *profile, struct error *why)
{
    const struct source *source = profile->source;
    struct error said = {""};

    if (!source->tz)
        return 0;
    profile->options.zone = &profile->zone;
    int code = zone_load(source->tz, &profile->zone, &said);
    if (code == ERR_NOT_FOUND)
        return fail(config, source, source->tz_line, said.text, why);
    return code ? error_set(why, code, "%s", said.text) : 0;
}

int profile_make(const struct config *config, const struct source *source, struct profile *profile,
                 struct error *why)
{
    memset(profile, 0, sizeof *profile);
    profile->source = source;
    profile->options.format = source->format;
    if (source->dates)
        date_order_parse(source->dates, &profile->options.dates);
    importing_max_new(source->max_new, &profile->max_new);
    int code = check_format(config, source, why);
    if (code == 0)
        code = check_encoding(config, source, why);
    if (code == 0)
        code = load_zone(config, profile, why);
    for (size_t i = 0; i < source->map_count && code == 0; i++) {
        struct error said = {""};
        code = mapping_add(&profile->mapping, source->map[i], &said);
        if (code && code != -ENOMEM)
            code = fail(config, source, source->map_line, said.text, why);
    }
    return code;
}

void profile_release(struct profile *profile)
{
    mapping_release(&profile->mapping);
}
