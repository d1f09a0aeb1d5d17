#include "speech/language.h"

#include "base/text.h"
#include "core/brand.h"

#include <string.h>

#define WEIGHT_MAX 1000

/* One element of the list, "de-AT;q=0.8". */
struct range {
    char tag[LANGUAGE_TAG_SIZE]; /* in lower case */
    unsigned weight;             /* thousandths; 0: not wanted, or not understood */
};

size_t language_find(const char *tag, const char *const *languages, size_t count)
{
    size_t i = 0;

    while (i < count && strcmp(languages[i], tag) != 0)
        i++;
    return i;
}

/* "1", "0.8", "0.123" at `text`. */
static unsigned parse_weight(const char *text)
{
    unsigned weight = 0, place = WEIGHT_MAX;

    for (; (*text >= '0' && *text <= '9') || *text == '.'; text++) {
        if (*text == '.' || place == 0)
            continue;
        weight += place * (unsigned)(*text - '0');
        place /= 10;
    }
    return weight <= WEIGHT_MAX ? weight : 0;
}

static struct range parse_range(const char *text, size_t length)
{
    struct range range = {.weight = WEIGHT_MAX};
    size_t size = strcspn(text, " \t;,");
    const char *q = memchr(text, ';', length);

    if (size >= sizeof range.tag)
        return (struct range){.weight = 0};
    memcpy(range.tag, text, size);
    text_lower(range.tag);
    if (q) {
        q += 1 + strspn(q + 1, " \t");
        range.weight = text_starts(q, "q=") ? parse_weight(q + 2) : 0;
    }
    return range;
}

/* Cuts subtags off from behind until a language fits. */
static size_t look_up(char *tag, const char *const *languages, size_t count, size_t fallback)
{
    if (strcmp(tag, "*") == 0)
        return fallback;
    for (;;) {
        size_t found = language_find(tag, languages, count);
        char *dash = strrchr(tag, '-');
        if (found < count || !dash)
            return found;
        *dash = '\0';
    }
}

size_t language_choose(const char *accept, const char *const *languages, size_t count,
                       size_t fallback)
{
    size_t best = fallback;
    unsigned best_weight = 0;

    for (const char *next = accept ? accept : ""; *next;) {
        next += strspn(next, " \t,");
        size_t length = strcspn(next, ",");
        struct range range = parse_range(next, length);
        size_t found = look_up(range.tag, languages, count, fallback);
        if (found < count && range.weight > best_weight) {
            best = found;
            best_weight = range.weight;
        }
        next += length;
    }
    return best;
}
