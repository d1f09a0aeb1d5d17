#include "speech/document.h"

#include "core/unicode.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void document_begin(struct document *document, const char *root)
{
    *document = (struct document){.tree = xmlNewDoc((const xmlChar *)"1.0")};
    if (document->tree)
        document->root = xmlNewDocNode(document->tree, NULL, (const xmlChar *)root, NULL);
    if (document->root)
        xmlDocSetRootElement(document->tree, document->root);
    document->failed = !document->root;
}

void document_release(struct document *document)
{
    xmlFreeDoc(document->tree);
    *document = (struct document){.failed = true};
}

xmlNode *document_add(struct document *document, xmlNode *parent, const char *name,
                      const char *text)
{
    xmlNode *node = document->failed ? NULL
                                     : xmlNewTextChild(parent, NULL, (const xmlChar *)name,
                                                       (const xmlChar *)text);

    document->failed |= !node;
    return node;
}

void document_set(struct document *document, xmlNode *node, const char *name, const char *value)
{
    if (value && !document->failed)
        document->failed = !xmlNewProp(node, (const xmlChar *)name, (const xmlChar *)value);
}

void document_set_number(struct document *document, xmlNode *node, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, value);
    document_set(document, node, name, text);
}

/* --- what others wrote --- */

/* In new memory; NULL without. */
static char *make_harmless(struct document *document, const char *text)
{
    bool readable = unicode_is_valid(text, strlen(text));
    char *copy = strdup(readable ? text : "");

    document->failed |= !copy;
    for (unsigned char *c = (unsigned char *)copy; copy && *c; c++) {
        if ((*c < 0x20 && *c != '\n' && *c != '\t') || *c == 0x7f)
            *c = '?';
        else if (*c == 0xef && c[1] == 0xbf && c[2] >= 0xbe) /* U+FFFE and U+FFFF */
            c[0] = c[1] = c[2] = '?';
    }
    return copy;
}

xmlNode *document_add_foreign(struct document *document, xmlNode *parent, const char *name,
                              const char *text)
{
    char *copy = text ? make_harmless(document, text) : NULL;
    xmlNode *node = document_add(document, parent, name, copy);

    free(copy);
    return node;
}

void document_set_foreign(struct document *document, xmlNode *node, const char *name,
                          const char *value)
{
    char *copy = value ? make_harmless(document, value) : NULL;

    document_set(document, node, name, copy);
    free(copy);
}
