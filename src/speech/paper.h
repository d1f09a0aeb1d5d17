/* Documents that are handed over as one file: HTML that loads nothing and runs nothing, made by a
 * stylesheet of the templates folder. */
#ifndef SPEECH_PAPER_H
#define SPEECH_PAPER_H

#include "base/error.h"
#include "base/text.h"
#include "speech/document.h"

/* Appends what the stylesheet `sheet` ("person.xsl") makes of the facts. `own`: the option
 * `templates`, where the site may have one of its own; NULL: none. The content of paper.css is put
 * into the document, as an element <css>. Needs no locale. -errno, -ENOMEM, or as template_load and
 * template_apply. */
int paper_make(const char *own, const char *sheet, struct document *document, struct text *html,
               struct error *why);

#endif
