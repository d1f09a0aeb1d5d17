/* Values of the header fields that are written into marketing mail: RFC 2369, RFC 8058, RFC 2919.
 */
#ifndef CORE_FIELDS_H
#define CORE_FIELDS_H

#include "base/text.h"

#include <stdbool.h>

/* The value of List-Unsubscribe-Post, RFC 8058 section 3.1. */
#define FIELDS_ONE_CLICK "List-Unsubscribe=One-Click"

#define FIELDS_LINE_MAX 998 /* octets, RFC 5322 section 2.1.1 */

struct unsubscribe_targets {
    const char
        *public_url;    /* https://.../ with the slash at its end; anything else is ERR_SYNTAX */
    const char *mailto; /* address, or NULL */
    /* The token behind a + in its local part, where that stays within 64 octets; otherwise and
     * where it does not, in the subject. */
    bool mailto_local_part;
};

/* List-Unsubscribe for one person: the link first, the mail address second, each URI unbroken on a
 * line of its own. ERR_SYNTAX where the result would not be a safe header value, -ENOMEM. `value`
 * must be empty. */
int fields_personal(const struct unsubscribe_targets *targets, const char *token,
                    struct text *value);

/* List-Unsubscribe that leads to the scope's general page: public_url + "s/" + scope ("s/" alone
 * for the scope "/"); the mail address gets the scope as its subject. The same errors. */
int fields_general(const struct unsubscribe_targets *targets, const char *scope,
                   struct text *value);

/* Whether a value may go into a header: printable ASCII and blanks, folded only as LF and a tab, no
 * line blank or over FIELDS_LINE_MAX with the field's name before it. So an empty value is none
 * either: given to an MTA as a change it would remove the field. MTAs check little or nothing here.
 */
bool fields_is_safe(const char *name, const char *value);

/* Whether the h= tag of a DKIM-Signature value (RFC 6376 section 3.5) names this field. */
bool fields_signature_covers(const char *signature, const char *name);

/* The d= tag of a DKIM-Signature value, cut to fit; "" where there is none. */
void fields_signature_domain(const char *signature, char *domain, size_t size);

#endif
