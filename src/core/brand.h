/* Brands: in whose name the pages speak, picked by scope. */
#ifndef CORE_BRAND_H
#define CORE_BRAND_H

#include "core/stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REASON_KEY_MAX 32     /* bytes */
#define LANGUAGE_TAG_SIZE 16  /* bytes, the final NUL counted */
#define BRAND_REASONS_MAX 100 /* entries, those of all languages counted */

/* One entry of the list of reasons. */
struct reason {
    char key[REASON_KEY_MAX + 1];
    char language[LANGUAGE_TAG_SIZE]; /* "": for all that have no entry of their own */
    const char *text;                 /* NULL: the texts of the pages have it */
};

struct brand {
    const char *section; /* its name in the configuration */
    const char *scope;
    const char *name;        /* as people know it */
    const char *language;    /* of who asks for none that there is */
    bool notice;             /* whether opt-outs are told by mail */
    const char *notice_from; /* NULL only where they are not */
    const char *logo;        /* path of a picture; NULL: none */
    const char *logo_dark;
    uint32_t color;      /* 0xRRGGBB, legible on COLOR_PAPER_LIGHT */
    uint32_t color_dark; /* on COLOR_PAPER_DARK */
    const char *imprint_url;
    const char *privacy_url;
    const char *accessibility_url;
    const char *const *postal_address; /* its lines */
    size_t postal_address_count;
    const struct reason *reasons; /* in the sequence they are offered in */
    size_t reason_count;          /* 0: no reason is asked for */
};

/* The brand with the longest scope that covers this one; NULL: none does. */
const struct brand *brand_of(const struct brand *brands, size_t count, const char *scope);

/* The title of the only kind of mail that this scope covers, or the scope where it has no title;
 * NULL: it covers all of the brand, of which there are several. `brand` may be NULL. */
const char *brand_title(const struct brand *brand, const struct policy *policy, const char *scope);

/* Whether the key is on the brand's list. */
bool brand_has_reason(const struct brand *brand, const char *key);

/* "KEY", "KEY: text" or "KEY[de]: text"; the key of a-z 0-9 -. reason->text points into `entry`.
 * ERR_SYNTAX, ERR_TOO_LONG. */
int reason_parse(const char *entry, struct reason *reason);

/* Reasons that the pages have texts for, in every language. */
#define REASONS_KNOWN 4
extern const struct reason reasons_known[REASONS_KNOWN];

/* "de", "pt-br": RFC 5646 in lower case, as far as its primary and one further subtag go. */
bool language_tag_check(const char *tag);

#endif
