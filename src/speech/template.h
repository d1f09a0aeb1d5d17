/* A stylesheet of XSLT 1.0. The only place that includes libxslt.
 *
 * Whoever writes one decides about the pages and about nothing else: it loads no document and no
 * other stylesheet than those in the folder of the installed ones, it writes no file, reaches no
 * host, has no entities, and ends after a number of steps that the size of its document sets. */
#ifndef SPEECH_TEMPLATE_H
#define SPEECH_TEMPLATE_H

#include "base/error.h"
#include "base/text.h"

#include <libxml/tree.h>

#define TEMPLATE_FILE_MAX (1 << 20)

/* The file of that name in the site's own folder (the option `templates`; NULL: none), or else the
 * installed one. In a new string, NULL without memory. */
char *template_find(const char *own, const char *name);

struct template;

/* Reads and compiles it. One at a time. What it imports may lie in `installed`. ERR_CONFIG with
 * the file and where there is one the line, -errno, -ENOMEM. */
int template_load(const char *path, const char *installed, struct template **template,
                  struct error *why);
void template_free(struct template *template); /* NULL is allowed */

/* Appends what the stylesheet makes of the document, UTF-8. From any thread, and many at once.
 * ERR_CONFIG: it failed; -ENOMEM. */
int template_apply(const struct template *template, xmlDoc *document, struct text *result,
                   struct error *why);

#endif
