/* What the link of a mail leads to: /TOKEN, and /u/NOTICE of the notice after an opt-out. */
#ifndef WEB_OPTOUT_H
#define WEB_OPTOUT_H

#include "web/web.h"

#define OPTOUT_UNDO_SECONDS (30 * 60)          /* after the request that made the opt-out */
#define OPTOUT_NOTICE_SECONDS (14 * 24 * 3600) /* after that which a notice tells of */

void optout_get(struct visit *visit, const char *token);
void optout_post(struct visit *visit, const char *token);
void optout_get_notice(struct visit *visit, const char *notice);
void optout_post_notice(struct visit *visit, const char *notice);

#endif
