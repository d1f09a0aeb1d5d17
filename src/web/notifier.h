/* Notices after opt-outs, sent by a thread of their own: no request waits for a mail server. */
#ifndef WEB_NOTIFIER_H
#define WEB_NOTIFIER_H

#include "speech/notice.h"
#include "web/web.h"

struct notifier;

#define NOTIFIER_MAX 1000 /* notices that wait; further ones are lost */

/* -ENOMEM, -EAGAIN. */
int notifier_start(struct web *web, struct notifier **notifier);
/* What waits is lost, and what is under way, too, after a second. NULL is allowed. */
void notifier_stop(struct notifier *notifier);

/* To be called once the opt-out is on disk; nothing where its brand sends none. Returns at once. */
void notifier_add(struct notifier *notifier, struct setup *setup, const struct notice *notice);

#endif
