/* Mail addresses in canonical form.
 *
 * Two spellings that reach one mailbox must give one canonical form, or somebody who opted out gets
 * mail. The domain becomes lower-case A-labels (RFC 5890, by libidn2), the local part is NFC,
 * case-folded and without needless quotes (RFC 5321 section 4.1.2, RFC 6531 section 3.3). A source
 * route and a trailing dot go; an address literal is written in one way. Dots and `+tag` stay: they
 * tell mailboxes apart.
 *
 * The rules never change; better ones would be a second version beside these, since a subject
 * cannot be migrated. */
#ifndef CORE_ADDRESS_H
#define CORE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#define ADDRESS_RULES 1        /* version of the canonical form */
#define ADDRESS_LOCAL_MAX 64   /* octets, RFC 5321 section 4.5.3.1.1 */
#define ADDRESS_DOMAIN_MAX 253 /* octets as A-labels, RFC 1035 section 2.3.4 without the root */
#define ADDRESS_MAX (ADDRESS_LOCAL_MAX + 1 + ADDRESS_DOMAIN_MAX)
#define ADDRESS_GIVEN_MAX                                                                          \
    2048 /* octets of a spelling that is looked at, all routes and quotes counted */

/* A canonical address, or "@domain". `text` is terminated, `text[at]` is the '@' before the domain.
 */
struct address {
    char text[ADDRESS_MAX + 1];
    size_t length;
    size_t at;
};

/* `given` as in an SMTP command or a list: with or without <> and blanks around it, with or without
 * a source route. ERR_SYNTAX, also for characters that nobody can see or that Unicode has not
 * assigned; ERR_TOO_LONG, ERR_NO_DOMAIN; -ENOMEM, never for plain ASCII. */
int address_parse(const char *given, struct address *address);

/* "@example.com" and nothing else but blanks around it, for choices about a whole domain: `at` is
 * then 0. ERR_SYNTAX, ERR_TOO_LONG, -ENOMEM. */
int address_parse_domain(const char *given, struct address *address);

/* The domain of an address as such a whole-domain address. */
void address_domain(const struct address *address, struct address *domain);

/* Whether the local part may be a route (RFC 1123 section 5.2.16): `a%b@here`, `b!a@here` or
 * `"a@b"@here` is a@b to an MTA that takes `here` for itself, and Postfix and Sendmail send it on
 * to there to this day. */
bool address_is_routed(const struct address *address);

/* Whether an MTA that is given back the bytes of its own RCPT is sure to find the recipient again.
 * Not so with control characters, bytes that are not UTF-8, quotes or brackets left open, a source
 * route that is not well-formed, nothing between <>, anything beside one address (Postfix takes
 * `<Name <a@b>>` and `<group:a@b;>`, and then does not know them again), or more than
 * ADDRESS_GIVEN_MAX octets. */
bool address_is_removable(const char *given);

/* The spelling to give back to the MTA to remove a recipient: the bytes given, without a source
 * route. An MTA drops the route when it takes the recipient, so the bytes as given would match
 * nothing. `name` takes ADDRESS_GIVEN_MAX + 1 bytes. ERR_SYNTAX where address_is_removable says no.
 */
int address_for_removal(const char *given, char *name);

#endif
