/* What the pages say, in all languages.
 *
 * A file of texts has elements <text id="...">, in English, each followed by its translations,
 * <text xml:lang="...">: that is what msgfmt --xml makes of the English file and po/ *.po. Nothing
 * here asks for the process's locale. */
#ifndef SPEECH_TEXTS_H
#define SPEECH_TEXTS_H

#include "base/error.h"
#include "base/pool.h"
#include "base/text.h"

#include <stddef.h>

#define TEXTS_MAX 200          /* texts */
#define TEXTS_LANGUAGES_MAX 50 /* English counted */
#define TEXTS_FILE_MAX (1 << 20)

struct texts {
    const char *languages[TEXTS_LANGUAGES_MAX]; /* in lower case; English first */
    size_t language_count;
    const char *ids[TEXTS_MAX];
    size_t count;
    const char *strings[TEXTS_MAX][TEXTS_LANGUAGES_MAX]; /* NULL: not translated */
    struct pool pool;                                    /* holds all strings */
};

/* Adds the file's texts to those that are there; one with the same id and language takes the place
 * of the other. `texts` begins as all zero. ERR_CONFIG, -errno, -ENOMEM. */
int texts_read(struct texts *texts, const char *path, struct error *why);
/* Reads the installed texts, and those of the folder `own` over them; NULL: there is none. */
int texts_load(struct texts *texts, const char *own, struct error *why);
void texts_release(struct texts *texts);

/* The text in that language, or in English; NULL: there is none of that id. */
const char *texts_get(const struct texts *texts, const char *id, size_t language);

/* How many texts are not translated into that language: English stands in their place. */
size_t texts_lacking(const struct texts *texts, size_t language);

/* What stands for {name}. */
struct slot {
    const char *name;
    const char *value; /* NULL: "" */
};

/* Appends the pattern with all {name} filled in; what no slot has the name of stays as it is. */
void texts_fill(const char *pattern, const struct slot *slots, size_t count, struct text *filled);

#endif
