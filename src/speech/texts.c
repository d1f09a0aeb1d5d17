#include "speech/texts.h"

#include "base/file.h"
#include "core/brand.h"
#include "speech/language.h"

#include <errno.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SPACE " \t\r\n"

static int no_memory(struct error *why)
{
    return error_set(why, -ENOMEM, "out of memory");
}

/* --- reading --------------------------------------------------------------------------------- */

/* Blanks and line breaks as one blank each, none at the ends, as msgfmt takes the text. */
static char *normalized(struct pool *pool, const char *raw)
{
    char *copy = pool_take(pool, strlen(raw) + 1), *end = copy;

    if (!copy)
        return NULL;
    for (const char *word = raw + strspn(raw, SPACE); *word; word += strspn(word, SPACE)) {
        size_t length = strcspn(word, SPACE);
        if (end > copy)
            *end++ = ' ';
        memcpy(end, word, length);
        end += length;
        word += length;
    }
    *end = '\0';
    return copy;
}

/* The index of `name` in `names`, where it is put if it is new; `max` where there is no room. */
static size_t index_of(struct pool *pool, const char **names, size_t *count, size_t max,
                       const char *name)
{
    size_t i = language_find(name, names, *count);

    if (i < *count || *count == max)
        return i;
    names[i] = pool_copy(pool, name);
    if (!names[i])
        return max;
    (*count)++;
    return i;
}

/* The text that `id` names, where the element has one: translations follow it. */
static int take_text(struct texts *texts, xmlNode *node, size_t *id)
{
    char *name = (char *)xmlGetNoNsProp(node, (const xmlChar *)"id");
    char *tag = (char *)xmlGetNsProp(node, (const xmlChar *)"lang", XML_XML_NAMESPACE);
    char *raw = (char *)xmlNodeGetContent(node);
    size_t language = 0;
    int rc = ERR_SYNTAX;

    if (name)
        *id = index_of(&texts->pool, texts->ids, &texts->count, TEXTS_MAX, name);
    if (tag) {
        for (char *c = strchr(tag, '_'); c; c = strchr(c, '_'))
            *c = '-'; /* po/pt_BR.po is pt-BR in HTML */
        text_lower(tag);
        language = language_tag_check(tag)
                       ? index_of(&texts->pool, texts->languages, &texts->language_count,
                                  TEXTS_LANGUAGES_MAX, tag)
                       : TEXTS_LANGUAGES_MAX;
    }
    if (*id == TEXTS_MAX || language == TEXTS_LANGUAGES_MAX || !raw)
        goto out;
    texts->strings[*id][language] = normalized(&texts->pool, raw);
    rc = texts->strings[*id][language] ? 0 : -ENOMEM;
out:
    xmlFree(name);
    xmlFree(tag);
    xmlFree(raw);
    return rc;
}

static int take_all(struct texts *texts, xmlDoc *document, const char *path, struct error *why)
{
    xmlNode *root = xmlDocGetRootElement(document);
    size_t id = TEXTS_MAX;

    if (!root || strcmp((const char *)root->name, "texts") != 0)
        return error_set(why, ERR_CONFIG, "%s: has no element texts", path);
    for (xmlNode *node = xmlFirstElementChild(root); node; node = xmlNextElementSibling(node)) {
        int rc = take_text(texts, node, &id);
        if (rc == -ENOMEM)
            return no_memory(why);
        if (rc < 0)
            return error_set(why, ERR_CONFIG,
                             "%s:%ld: needs the id of a text (%d at most) before it, and a "
                             "language such as de (%d at most)",
                             path, xmlGetLineNo(node), TEXTS_MAX, TEXTS_LANGUAGES_MAX);
    }
    return 0;
}

int texts_read(struct texts *texts, const char *path, struct error *why)
{
    char *bytes = NULL;
    size_t length = 0;
    xmlDoc *document = NULL;
    xmlParserCtxt *parser = NULL;

    int rc = file_read(path, TEXTS_FILE_MAX, &bytes, &length, why);
    if (rc < 0)
        return rc;
    parser = xmlNewParserCtxt();
    if (!parser || index_of(&texts->pool, texts->languages, &texts->language_count,
                            TEXTS_LANGUAGES_MAX, "en") != 0) {
        rc = no_memory(why);
        goto out;
    }
    document = xmlCtxtReadMemory(parser, bytes, (int)length, path, "UTF-8",
                                 XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (document)
        rc = take_all(texts, document, path, why);
    else
        rc = error_set(
            why, ERR_CONFIG, "%s:%d: is not XML: %.*s", path, parser->lastError.line,
            (int)strcspn(parser->lastError.message ? parser->lastError.message : "", "\n"),
            parser->lastError.message ? parser->lastError.message : "");
out:
    xmlFreeDoc(document);
    xmlFreeParserCtxt(parser);
    free(bytes);
    return rc;
}

int texts_load(struct texts *texts, const char *own, struct error *why)
{
    char *installed = file_join(OPTOUT_TEMPLATES, "texts.xml");
    char *path = own ? file_join(own, "texts.xml") : NULL;
    bool whole = path && access(path, F_OK) == 0; /* it may take the place of all */
    int rc = installed && (path || !own) ? 0 : no_memory(why);

    if (rc == 0 && !(whole && access(installed, F_OK) != 0))
        rc = texts_read(texts, installed, why);
    if (rc == 0 && whole)
        rc = texts_read(texts, path, why);
    free(installed);
    free(path);
    return rc;
}

void texts_release(struct texts *texts)
{
    pool_release(&texts->pool);
    *texts = (struct texts){0};
}

/* --- asking ---------------------------------------------------------------------------------- */

const char *texts_get(const struct texts *texts, const char *id, size_t language)
{
    size_t i = language_find(id, texts->ids, texts->count);

    if (i == texts->count)
        return NULL;
    return texts->strings[i][language] ? texts->strings[i][language] : texts->strings[i][0];
}

size_t texts_lacking(const struct texts *texts, size_t language)
{
    size_t lacking = 0;

    for (size_t i = 0; i < texts->count; i++)
        lacking += !texts->strings[i][language];
    return lacking;
}

/* The slot whose {name} `pattern` begins with; NULL: none. */
static const struct slot *slot_at(const char *pattern, const struct slot *slots, size_t count)
{
    size_t length = strcspn(pattern + 1, "}");

    for (size_t i = 0; i < count && pattern[1 + length] == '}'; i++)
        if (strncmp(pattern + 1, slots[i].name, length) == 0 && slots[i].name[length] == '\0')
            return &slots[i];
    return NULL;
}

void texts_fill(const char *pattern, const struct slot *slots, size_t count, struct text *filled)
{
    text_append(filled, "");
    while (*pattern) {
        size_t length = strcspn(pattern, "{");
        text_append_bytes(filled, pattern, length);
        pattern += length;
        if (*pattern == '\0')
            return;
        const struct slot *slot = slot_at(pattern, slots, count);
        if (slot) {
            text_append(filled, slot->value ? slot->value : "");
            pattern = strchr(pattern, '}') + 1;
        } else {
            text_append_bytes(filled, pattern++, 1);
        }
    }
}
