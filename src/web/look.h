/* Looks: what a brand's pages have in common, with its files loaded. */
#ifndef WEB_LOOK_H
#define WEB_LOOK_H

#include "base/error.h"
#include "config/config.h"
#include "web/assets.h"

#include <stddef.h>

struct look {
    const struct brand *brand; /* without a scope: that of pages which belong to none */
    const char *style;         /* names of assets; NULL: none */
    const char *icon;          /* for the browser's tab, or it would ask for /favicon.ico */
    const char *logo;
    const char *logo_dark;
    size_t language; /* that counts where the browser's do not */
};

struct looks {
    struct look *items; /* one for each brand, then the plain one */
    size_t count;
    const struct brand *brands; /* of the configuration */
    struct brand plain;
    char *plain_name;
};

/* `css` is the style sheet without its colours. The errors of assets_add_file. */
int looks_load(struct looks *looks, const struct config *config, const char *css,
               struct assets *assets, struct error *why);
void looks_release(struct looks *looks);

/* The look of pages about that scope. NULL: not known; then the only brand's, if there is one. */
const struct look *looks_of(const struct looks *looks, const char *scope);

#endif
