#include "core/unicode.h"

#include "base/error.h"

#include <errno.h>
#include <idn2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

bool unicode_is_valid(const char *text, size_t length)
{
    return u8_check((const uint8_t *)text, length) == NULL;
}

/* Whether these are characters that somebody can see, or one of the two joiners that some scripts
 * need. An invisible one in a list would be another person's address; one that Unicode has not
 * assigned yet could be given a case or a composition later, and the canonical form would change.
 * What is assigned keeps both for ever (Unicode's stability policy). */
static bool is_visible(const uint8_t *text, size_t length)
{
    while (length > 0) {
        ucs4_t c;
        int n = u8_mbtouc(&c, text, length);
        bool joiner = c == 0x200c || c == 0x200d;
        if (c >= 128 && !joiner &&
            (uc_is_general_category(c, UC_CATEGORY_C) || uc_is_general_category(c, UC_CATEGORY_Z)))
            return false;
        text += n;
        length -= (size_t)n;
    }
    return true;
}

int unicode_fold(char *text, size_t *length, size_t max)
{
    uint8_t buffer[256]; /* a longer result comes from malloc */
    size_t folded_length = sizeof buffer;
    int rc = 0;

    if (!unicode_is_valid(text, *length) || !is_visible((const uint8_t *)text, *length))
        return ERR_SYNTAX;
    /* With a normal form asked for, this decomposes before it folds too (Unicode 3.13, D145);
     * otherwise equivalent spellings with U+0345 would fold to different ones. */
    uint8_t *folded =
        u8_casefold((const uint8_t *)text, *length, NULL, UNINORM_NFC, buffer, &folded_length);
    if (!folded)
        return -ENOMEM;
    if (folded_length > max) {
        rc = ERR_TOO_LONG;
    } else {
        memcpy(text, folded, folded_length);
        *length = folded_length;
    }
    if (folded != buffer)
        free(folded);
    return rc;
}

/* The length of a full stop in any of the spellings that UTS 46 maps to '.'; 0: none. */
static size_t dot_length(const char *text, const char *end)
{
    static const char *const wide[] = {"\xe3\x80\x82", "\xef\xbc\x8e", "\xef\xbd\xa1"};

    if (text < end && *text == '.')
        return 1;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (end - text >= 3 && memcmp(text, wide[i], 3) == 0)
            return 3;
    return 0;
}

static bool has_only_ascii(const char *text, const char *end)
{
    for (; text < end; text++)
        if ((unsigned char)*text >= 128)
            return false;
    return true;
}

/* One label with other than ASCII characters. The capital sharp s is refused: UTS 46 maps it to
 * "ss" up to Unicode 15.0 and to the small one since, so libraries and MTAs disagree about which
 * domain that is. */
static int map_label(const char *label, size_t length, char *text, size_t size, size_t *used)
{
    static const char capital_sharp_s[] = "\xe1\xba\x9e";
    uint8_t *mapped = NULL;

    if (memmem(label, length, capital_sharp_s, sizeof capital_sharp_s - 1))
        return ERR_SYNTAX;
    char *terminated = strndup(label, length);
    if (!terminated)
        return -ENOMEM;
    int result =
        idn2_lookup_u8((const uint8_t *)terminated, &mapped, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
    free(terminated);
    if (result == IDN2_MALLOC)
        return -ENOMEM;
    if (result == IDN2_TOO_BIG_LABEL || result == IDN2_TOO_BIG_DOMAIN ||
        result == IDN2_PUNYCODE_BIG_OUTPUT)
        return ERR_TOO_LONG;
    if (result != IDN2_OK)
        return ERR_SYNTAX;
    int rc = ERR_TOO_LONG;
    size_t n = strlen((const char *)mapped);
    if (n <= size) {
        memcpy(text, mapped, n);
        *used = n;
        rc = 0;
    }
    idn2_free(mapped);
    return rc;
}

int unicode_domain(const char *domain, size_t length, char *text, size_t size, size_t *text_length)
{
    const char *end = domain + length;
    size_t used = 0, n;

    if (!unicode_is_valid(domain, length))
        return ERR_SYNTAX;
    while (domain < end) {
        const char *label = domain;
        while (domain < end && dot_length(domain, end) == 0)
            domain++;
        n = (size_t)(domain - label);
        if (!has_only_ascii(label, domain)) {
            int rc = map_label(label, n, text + used, size - used, &n);
            if (rc < 0)
                return rc;
        } else if (n <= size - used) {
            memcpy(text + used, label, n);
        } else {
            return ERR_TOO_LONG;
        }
        used += n;
        n = dot_length(domain, end);
        domain += n;
        if (n > 0 && used == size)
            return ERR_TOO_LONG;
        if (n > 0)
            text[used++] = '.';
    }
    *text_length = used;
    return 0;
}
