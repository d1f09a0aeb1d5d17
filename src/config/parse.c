#include "config/parse.h"

#include "config/syntax.h"

#include <confuse.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A value as libconfuse keeps it for us. */
struct value {
    unsigned line;
    char text[];
};

/* Who is parsing; libconfuse hands no pointer of ours to the functions it calls, and could not be
 * used by two threads anyway. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    const char *path;
    struct error *why;
    bool failed;
    const struct syntax *syntax;
    size_t sections_seen;
} current;

/* The sections, in the sequence in which they are handed on. */
static const enum option_place section_places[] = {PLACE_EXEMPT, PLACE_STREAM, PLACE_SOURCE,
                                                   PLACE_BRAND};
#define SECTION_PLACES (sizeof section_places / sizeof *section_places)

/* --- errors --- */

/* The text between the first and the last ' of a sentence of libconfuse, cut to fit. */
static void quoted_word(const char *sentence, char *word, size_t size)
{
    const char *begin = strchr(sentence, '\''), *end = strrchr(sentence, '\'');
    int length = begin && end > begin ? (int)(end - begin - 1) : 0;

    snprintf(word, size, "%.*s", length, length > 0 ? begin + 1 : "");
}

/* An option that there is, but not here. */
static void add_places(char *sentence, size_t size)
{
    static const struct {
        enum option_place place;
        const char *text;
    } places[] = {{PLACE_GLOBAL, "outside of the sections"},
                  {PLACE_STREAM, "in a stream"},
                  {PLACE_EXEMPT, "in an exempt section"},
                  {PLACE_SOURCE, "in a source"},
                  {PLACE_BRAND, "in a brand"}};
    char name[64];
    const char *joint = " here; it may stand ";

    quoted_word(sentence, name, sizeof name);
    const struct option *option = option_find(name);
    for (size_t i = 0; i < sizeof places / sizeof *places && option; i++)
        if (option->places & (unsigned)places[i].place) {
            size_t length = strlen(sentence);
            snprintf(sentence + length, size - length, "%s%s", joint, places[i].text);
            joint = " or ";
        }
}

static void name_other_section(cfg_t *cfg, char *sentence, size_t size)
{
    char title[128];

    quoted_word(sentence, title, sizeof title);
    cfg_t *other = NULL;
    for (size_t i = 0; i < SECTION_PLACES && !other; i++)
        other = cfg_gettsec(cfg, option_place_name(section_places[i]), title);
    if (other)
        snprintf(sentence, size, "the name %s is taken by the section in line %d", title,
                 other->line);
}

static void take_error(cfg_t *cfg, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* The first error is the one to tell; what follows from it is not. */
static void take_error(cfg_t *cfg, const char *format, va_list args)
{
    char sentence[sizeof current.why->text];

    if (current.failed)
        return;
    current.failed = true;
    vsnprintf(sentence, sizeof sentence, format, args);
    for (unsigned char *c = (unsigned char *)sentence; *c; c++)
        if (*c < 0x20 || *c == 0x7f)
            *c = '?';
    if (strncmp(sentence, "no such option", 14) == 0)
        add_places(sentence, sizeof sentence);
    if (strncmp(sentence, "found duplicate title", 21) == 0)
        name_other_section(cfg, sentence, sizeof sentence);
    error_set(current.why, ERR_CONFIG, "%s:%d: %s", current.path, cfg->line, sentence);
}

/* --- the tree --- */

static int take_value(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
    struct error why;
    size_t size = strlen(text) + 1;

    if (option_check(option_find(opt->name), text, &why) < 0) {
        cfg_error(cfg, "%s: %s", opt->name, why.text);
        return -1;
    }
    struct value *value = malloc(sizeof *value + size);
    if (!value) {
        cfg_error(cfg, "out of memory");
        return -1;
    }
    value->line = (unsigned)cfg->line;
    memcpy(value->text, text, size);
    *(void **)result = value;
    return 0;
}

/* libconfuse knows where a section ends and forgets where it began. Sections end in the sequence in
 * which they begin, since none lies within another. */
static int end_section(cfg_t *cfg, cfg_opt_t *opt)
{
    (void)cfg;
    cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
    if (current.sections_seen < current.syntax->section_count)
        section->line = (int)current.syntax->section_lines[current.sections_seen++];
    return 0;
}

/* Fills `opts`, of option_count + 1 elements, with the options of one place; returns how many. */
static size_t fill_options(cfg_opt_t *opts, enum option_place place)
{
    size_t count = 0;

    for (size_t i = 0; i < option_count; i++)
        if (option_table[i].places & (unsigned)place)
            opts[count++] = (cfg_opt_t){
                .name = option_table[i].name,
                .type = CFGT_PTR,
                .flags =
                    CFGF_NODEFAULT | (option_table[i].type == OPTION_TEXTS ? CFGF_LIST : CFGF_NONE),
                .parsecb = take_value,
                .freecb = free,
            };
    return count;
}

static cfg_opt_t section_option(const char *name, cfg_opt_t *opts)
{
    return (cfg_opt_t){
        .name = name,
        .type = CFGT_SEC,
        .flags = CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES,
        .subopts = opts,
        .validcb = end_section,
    };
}

/* A tree of options as the table has them; NULL without memory. */
static cfg_t *new_tree(void)
{
    const size_t room = option_count + SECTION_PLACES + 1;
    cfg_opt_t *opts = calloc((1 + SECTION_PLACES) * room, sizeof *opts);
    cfg_t *cfg = NULL;

    if (!opts)
        return NULL;
    size_t count = fill_options(opts, PLACE_GLOBAL);
    for (size_t i = 0; i < SECTION_PLACES; i++) {
        cfg_opt_t *own = opts + (1 + i) * room;
        fill_options(own, section_places[i]);
        opts[count + i] = section_option(option_place_name(section_places[i]), own);
    }
    cfg = cfg_init(opts, CFGF_NONE);
    if (cfg)
        cfg_set_error_function(cfg, take_error);
    free(opts);
    return cfg;
}

static int copy_values(cfg_opt_t *opt, struct pool *pool, struct setting *setting)
{
    size_t count = cfg_opt_size(opt);
    const char **values = pool_take(pool, (count + 1) * sizeof *values);

    if (!values)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        struct value *value = cfg_opt_getnptr(opt, (unsigned)i);
        values[i] = pool_copy(pool, value->text);
        if (!values[i])
            return -ENOMEM;
        if (i == 0)
            setting->line = value->line;
    }
    setting->values = values;
    setting->count = count;
    setting->given = true;
    return 0;
}

static int copy_section(cfg_t *cfg, enum option_place place, struct pool *pool,
                        struct section *section)
{
    const char *name = cfg_title(cfg);

    section->place = place;
    section->name = name ? pool_copy(pool, name) : NULL;
    section->line = name ? (unsigned)cfg->line : 1;
    section->settings = pool_take(pool, option_count * sizeof *section->settings);
    if (!section->settings || (name && !section->name))
        return -ENOMEM;
    memset(section->settings, 0, option_count * sizeof *section->settings);
    for (size_t i = 0; i < option_count; i++) {
        if (!(option_table[i].places & (unsigned)place))
            continue;
        cfg_opt_t *opt = cfg_getopt(cfg, option_table[i].name);
        int rc = opt->flags & CFGF_MODIFIED ? copy_values(opt, pool, &section->settings[i]) : 0;
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int copy_all(cfg_t *cfg, struct pool *pool, struct parsed *parsed)
{
    size_t room = 1, count = 0;
    for (size_t i = 0; i < SECTION_PLACES; i++)
        room += cfg_size(cfg, option_place_name(section_places[i]));
    struct section *sections = pool_take(pool, room * sizeof *sections);
    int rc = sections ? copy_section(cfg, PLACE_GLOBAL, pool, &sections[count++]) : -ENOMEM;

    for (size_t i = 0; i < SECTION_PLACES; i++) {
        const char *word = option_place_name(section_places[i]);
        for (size_t j = 0; j < cfg_size(cfg, word) && rc == 0; j++)
            rc = copy_section(cfg_getnsec(cfg, word, (unsigned)j), section_places[i], pool,
                              &sections[count++]);
    }
    if (rc == 0)
        *parsed = (struct parsed){sections, count};
    return rc;
}

static int parse_checked(const char *text, struct pool *pool, struct parsed *parsed)
{
    int rc = -ENOMEM;
    cfg_t *cfg = new_tree();

    if (!cfg)
        goto out;
    errno = 0;
    if (cfg_parse_buf(cfg, text) == CFG_SUCCESS) {
        rc = copy_all(cfg, pool, parsed);
    } else {
        rc = ERR_CONFIG;
        /* Some errors it does not explain, the empty name of an option for one. */
        if (!current.failed)
            error_set(current.why, rc, "%s:%d: not understood", current.path, cfg->line);
    }
out:
    if (cfg)
        cfg_free(cfg);
    if (rc == -ENOMEM)
        error_set(current.why, rc, "out of memory");
    return rc;
}

int parse_text(const char *path, char *text, size_t length, struct pool *pool,
               struct parsed *parsed, struct error *why)
{
    struct syntax syntax = {NULL, 0};
    int rc = syntax_check(path, text, length, &syntax, why);

    if (rc < 0)
        return rc;
    pthread_mutex_lock(&lock);
    current.path = path;
    current.why = why;
    current.failed = false;
    current.syntax = &syntax;
    current.sections_seen = 0;
    rc = parse_checked(text, pool, parsed);
    memset(&current, 0, sizeof current);
    pthread_mutex_unlock(&lock);
    free(syntax.section_lines);
    return rc;
}

const struct setting *section_setting(const struct section *section, const char *name)
{
    return &section->settings[option_find(name) - option_table];
}
