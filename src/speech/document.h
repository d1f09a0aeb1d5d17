/* A small document of XML that is built from facts, for a stylesheet (template.h) to make a page
 * of.
 *
 * Nothing has to be asked in between: whatever fails marks the document, all further calls do
 * nothing then, and it is looked at once at the end. */
#ifndef SPEECH_DOCUMENT_H
#define SPEECH_DOCUMENT_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct document {
    xmlDoc *tree;
    xmlNode *root;
    bool failed; /* without memory */
};

/* With an element of that name. To be released in any case. */
void document_begin(struct document *document, const char *root);
void document_release(struct document *document);

/* Adds an element; `text` may be NULL. What it returns is only to be handed back here, as a parent
 * or to be given attributes. */
xmlNode *document_add(struct document *document, xmlNode *parent, const char *name,
                      const char *text);
/* An attribute; none where there is no value (NULL). */
void document_set(struct document *document, xmlNode *node, const char *name, const char *value);
void document_set_number(struct document *document, xmlNode *node, const char *name,
                         uint64_t value);

/* The same with what others wrote: not always UTF-8, and some characters have no place in XML.
 * Control characters but tab and line feed become '?'; what is not UTF-8 becomes "". */
xmlNode *document_add_foreign(struct document *document, xmlNode *parent, const char *name,
                              const char *text);
void document_set_foreign(struct document *document, xmlNode *node, const char *name,
                          const char *value);

#endif
