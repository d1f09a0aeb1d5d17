/* The notice after an opt-out: "you are unsubscribed; undo", by mail, where the site wants it.
 *
 * Nobody who types another person's address into a form, or forges a mail, can have us send mail to
 * people whom the list does not know, nor more than one within NOTICE_PAUSE. A crash can lose a
 * notice and never sends two. */
#ifndef SPEECH_NOTICE_H
#define SPEECH_NOTICE_H

#include "base/error.h"
#include "config/config.h"
#include "core/token.h"
#include "speech/texts.h"
#include "store/ledger.h"
#include "store/list.h"

#include <stdatomic.h>
#include <stdbool.h>

#define NOTICE_PAUSE (30 * 86400) /* seconds between two notices to one person */

/* The opt-out that a notice is about: one that was written, not one that stood before. */
struct notice {
    struct address address;
    char scope[SCOPE_MAX + 1];
    struct undo undo; /* its event */
};

/* What it takes; `ledger` may be NULL, then verdicts are not known. */
struct notice_means {
    const struct config *config;
    const struct texts *texts;
    const struct token_sealer *sealer;
    struct list *list; /* to write */
    struct ledger *ledger;
};

/* Whether the brand of that scope, or the site where it has none, sends notices. */
bool notice_is_on(const struct config *config, const char *scope);

/* Writes the mail into the empty `message` where one is due, and notes in the list that it was
 * sent: whatever becomes of it, no other follows within NOTICE_PAUSE. ERR_NOT_FOUND: the person has
 * no choice or verdict from before; ERR_EXISTS: there was one not long ago. Other errors: it is
 * lost, `why` says how. */
int notice_prepare(const struct notice_means *means, const struct notice *notice,
                   struct text *message, struct error *why);

/* Hands it to the mail server, which takes up to half a minute: no store should be held meanwhile.
 * Given up within about a second where *stop becomes true; NULL: never. As handover_send. */
int notice_hand_over(const struct config *config, const struct notice *notice,
                     const struct text *message, const atomic_bool *stop, struct error *why);

#endif
