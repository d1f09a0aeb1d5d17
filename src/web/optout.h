/* What the link of a mail leads to: /TOKEN, and /u/NOTICE of the notice after an opt-out. */
#ifndef WEB_OPTOUT_H
#define WEB_OPTOUT_H

#include "web/web.h"

void optout_get(struct visit *visit, const char *token);
void optout_post(struct visit *visit, const char *token);
void optout_get_notice(struct visit *visit, const char *notice);
void optout_post_notice(struct visit *visit, const char *notice);

#endif
