/* The facts of one page as the document that a stylesheet is given; optout.conf(5), TEMPLATES, is
 * its description. */
#ifndef WEB_FACTS_H
#define WEB_FACTS_H

#include "config/config.h"
#include "speech/texts.h"
#include "web/look.h"
#include "web/page.h"

#include <libxml/tree.h>

/* What is the same for every page. */
struct facts_ground {
    const struct config *config;
    const struct texts *texts;
    const char *root; /* path of the public URL, "/" or "/optout/" */
};

/* A new document, the caller's to free with xmlFreeDoc; NULL without memory. */
xmlDoc *facts_build(const struct facts_ground *ground, const struct look *look, size_t language,
                    const struct page *page);

/* The value of @kind: "ask", "done" and so on. */
const char *facts_kind_name(enum page_kind kind);

#endif
