#include "config/config.h"

#include "base/file.h"
#include "base/pool.h"
#include "config/build.h"
#include "config/parse.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct config_share {
    struct config config;
    atomic_uint users;
    struct pool pool;     /* holds everything that `config` and `parsed` point to */
    struct parsed parsed; /* with all defaults filled in */
};

static void free_share(struct config_share *share)
{
    if (!share)
        return;
    pool_release(&share->pool);
    free(share);
}

static int read_text(const char *path, char **text, size_t *length, struct error *why)
{
    int rc = file_read(path, CONFIG_FILE_MAX, text, length, why);

    if (rc == ERR_TOO_LONG)
        return error_set(why, ERR_CONFIG, "%s: is larger than 1 MiB, and so no configuration",
                         path);
    if (rc < 0)
        return rc;
    if (*length == 0) {
        free(*text);
        return error_set(why, ERR_CONFIG, "%s: is empty; was it cut off?", path);
    }
    return 0;
}

static int fill(struct config_share *share, const char *path, char *text, size_t length,
                struct error *why)
{
    struct config *config = &share->config;

    config->share = share;
    config->path = pool_copy(&share->pool, path);
    config->text = pool_copy_bytes(&share->pool, text, length);
    if (!config->path || !config->text)
        return error_set(why, -ENOMEM, "out of memory");
    if (!EVP_Digest(text, length, config->digest, NULL, EVP_sha256(), NULL))
        return error_set(why, ERR_CRYPTO, "%s: OpenSSL has no SHA-256", path);
    int rc = parse_text(path, text, length, &share->pool, &share->parsed, why);
    if (rc == 0)
        rc = build_defaults(&share->parsed, &share->pool, why);
    if (rc == 0)
        rc = build_config(path, &share->parsed, &share->pool, config, why);
    return rc;
}

int config_read(const char *path, struct config **config, struct error *why)
{
    char *text = NULL;
    size_t length = 0;
    struct config_share *share = NULL;
    int rc = read_text(path, &text, &length, why);

    if (rc < 0)
        return rc;
    share = calloc(1, sizeof *share);
    if (!share) {
        rc = error_set(why, -ENOMEM, "out of memory");
        goto out;
    }
    atomic_init(&share->users, 1);
    rc = fill(share, path, text, length, why);
    if (rc < 0)
        goto out;
    *config = &share->config;
    share = NULL;
out:
    free_share(share);
    free(text);
    return rc;
}

const struct config *config_hold(const struct config *config)
{
    atomic_fetch_add_explicit(&config->share->users, 1, memory_order_relaxed);
    return config;
}

unsigned config_users(const struct config *config)
{
    return atomic_load_explicit(&config->share->users, memory_order_acquire);
}

void config_release(const struct config *config)
{
    if (!config)
        return;
    struct config_share *share = config->share;
    if (atomic_fetch_sub_explicit(&share->users, 1, memory_order_acq_rel) == 1)
        free_share(share);
}

const struct stream *config_stream(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->policy.stream_count; i++)
        if (strcmp(config->policy.streams[i].rule.name, name) == 0)
            return &config->policy.streams[i];
    return NULL;
}

const struct source *config_source(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->source_count; i++)
        if (strcmp(config->sources[i].name, name) == 0)
            return &config->sources[i];
    return NULL;
}

/* --- printing -------------------------------------------------------------------------------- */

static void print_value(const char *value, FILE *file)
{
    fputc('"', file);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\' || *value == '$')
            fputc('\\', file);
        fputc(*value, file);
    }
    fputc('"', file);
}

static void print_setting(const struct option *option, const struct setting *setting,
                          const char *margin, FILE *file)
{
    if (setting->count == 0 && !setting->given) {
        fprintf(file, "%s# %s is not set\n", margin, option->name);
        return;
    }
    fprintf(file, "%s%s = ", margin, option->name);
    if (option->type == OPTION_TEXTS)
        fputc('{', file);
    for (size_t i = 0; i < setting->count; i++) {
        if (i > 0)
            fputs(", ", file);
        print_value(setting->values[i], file);
    }
    fputs(option->type == OPTION_TEXTS ? "}\n" : "\n", file);
}

static void print_section(const struct section *section, FILE *file)
{
    const char *margin = section->name ? "    " : "";

    if (section->name) {
        fprintf(file, "\n%s ", option_place_name(section->place));
        if (section->place == PLACE_SOURCE) /* it may have blanks */
            print_value(section->name, file);
        else
            fputs(section->name, file);
        fputs(" {\n", file);
    }
    for (size_t i = 0; i < option_count; i++)
        if (option_table[i].places & (unsigned)section->place)
            print_setting(&option_table[i], &section->settings[i], margin, file);
    if (section->name)
        fputs("}\n", file);
}

void config_print(const struct config *config, FILE *file)
{
    const struct parsed *parsed = &config->share->parsed;

    for (size_t i = 0; i < parsed->count; i++)
        print_section(&parsed->sections[i], file);
}

static void visit_section(const struct section *section, config_visitor visit, void *argument)
{
    for (size_t i = 0; i < option_count; i++) {
        const struct setting *setting = &section->settings[i];
        const struct config_value value = {.place = option_place_name(section->place),
                                           .section = section->name,
                                           .name = option_table[i].name,
                                           .list = option_table[i].type == OPTION_TEXTS,
                                           .values = setting->values,
                                           .count = setting->count,
                                           .given = setting->given};
        if (option_table[i].places & (unsigned)section->place)
            visit(&value, argument);
    }
}

void config_each(const struct config *config, config_visitor visit, void *argument)
{
    const struct parsed *parsed = &config->share->parsed;

    for (size_t i = 0; i < parsed->count; i++)
        visit_section(&parsed->sections[i], visit, argument);
}
