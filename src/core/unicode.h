/* What mail addresses need of Unicode; the only place that knows libidn2 and libunistring. Nothing
 * here has to be called for plain ASCII. */
#ifndef CORE_UNICODE_H
#define CORE_UNICODE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether these bytes are UTF-8 (RFC 3629: no surrogates, nothing overlong). */
bool unicode_is_valid(const char *text, size_t length);

/* Full case folding and NFC, in place: canonically equivalent spellings, whatever their case, give
 * the same `length` bytes, and folding these again changes nothing. The result may be shorter or
 * longer; `text` has room for `max` bytes at least. ERR_SYNTAX: not UTF-8, or a character that is
 * invisible, private or unassigned; ERR_TOO_LONG: more than `max` bytes; -ENOMEM. */
int unicode_fold(char *text, size_t *length, size_t max);

/* A domain with other than ASCII characters as A-labels (RFC 5890, mapped by UTS 46 without its
 * transitional rules); at most `size` bytes in `text`, not terminated. The result is not checked
 * beyond that: it may have empty labels or any ASCII character.
 *
 * It is done label by label, and one of ASCII, an A-label too, stays as it is: to MTAs and the DNS
 * it is its bytes, without regard to case, whatever it would decode to. ERR_SYNTAX, ERR_TOO_LONG,
 * -ENOMEM. */
int unicode_domain(const char *domain, size_t length, char *text, size_t size, size_t *text_length);

#endif
