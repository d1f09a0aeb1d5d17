/* The language of a page: RFC 9110 section 12.5.4, RFC 4647 section 3.4. */
#ifndef SPEECH_LANGUAGE_H
#define SPEECH_LANGUAGE_H

#include <stddef.h>

/* Which of `languages` (in lower case) the value of Accept-Language likes best: a language fits
 * "de" by "de" and "de-AT" alike, of two with the same weight the first one counts. `fallback`
 * where it is NULL, names none of them or likes "*" best. */
size_t language_choose(const char *accept, const char *const *languages, size_t count,
                       size_t fallback);

/* The index of that tag; `count`: none. */
size_t language_find(const char *tag, const char *const *languages, size_t count);

#endif
