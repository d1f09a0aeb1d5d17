/* From settings to the plain data that the other folders use. */
#ifndef CONFIG_BUILD_H
#define CONFIG_BUILD_H

#include "base/error.h"
#include "base/pool.h"
#include "config/config.h"
#include "config/parse.h"

/* Gives every setting that the file does not mention the value that counts: the file's for a stream
 * where the option belongs to both, else the table's default. -ENOMEM. */
int build_defaults(struct parsed *parsed, struct pool *pool, struct error *why);

/* Fills everything but path, digest and share. All memory lies in the pool. What one value alone
 * cannot tell is checked here: a stream without a scope, a section that matches nothing and so on.
 * `why` then begins with "PATH:LINE: ". ERR_CONFIG, -ENOMEM. */
int build_config(const char *path, const struct parsed *parsed, struct pool *pool,
                 struct config *config, struct error *why);

#endif
