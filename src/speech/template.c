#include "speech/template.h"

#include "base/file.h"

#include <errno.h>
#include <libxml/parser.h>
#include <libxslt/documents.h>
#include <libxslt/security.h>
#include <libxslt/transform.h>
#include <libxslt/xsltInternals.h>
#include <libxslt/xsltutils.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A page takes some hundred, and a long document more; a stylesheet that goes round in circles is
 * stopped. */
#define STEPS_MAX 100000
#define STEPS_PER_ELEMENT 500

#define PARSING (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)

struct template
{
    xsltStylesheet *sheet;
    xsltSecurityPrefs *nothing; /* that a transformation may touch */
    char *path;
};

/* What libxslt says while a stylesheet is compiled goes through functions without a pointer of
 * ours, as do the questions for what it imports. */
static pthread_mutex_t compiling = PTHREAD_MUTEX_INITIALIZER;
static const char *installed_folder; /* of the stylesheet that is compiled; NULL: none is */

/* --- errors ---------------------------------------------------------------------------------- */

struct complaint {
    char text[300];
};

/* libxslt tells an error in pieces and on several lines; they are put on one, up to what there is
 * room for. */
static void take_complaint(void *data, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void take_complaint(void *data, const char *format, ...)
{
    struct complaint *complaint = data;
    size_t length = strlen(complaint->text);
    va_list args;

    va_start(args, format);
    vsnprintf(complaint->text + length, sizeof complaint->text - length, format, args);
    va_end(args);
    for (char *c = complaint->text + length; *c; c++)
        if (*c == '\n')
            *c = ' ';
}

/* Without the blank that the last line left. */
static const char *complaint_text(struct complaint *complaint)
{
    size_t length = strlen(complaint->text);

    while (length > 0 && complaint->text[length - 1] == ' ')
        complaint->text[--length] = '\0';
    return complaint->text;
}

/* Between two compilations; left to itself, libxslt would write on standard error. */
static void take_nothing(void *data, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void take_nothing(void *data, const char *format, ...)
{
    (void)data;
    (void)format;
}

/* --- what it may load ------------------------------------------------------------------------ */

/* Whether the file lies in the folder itself: nothing of its name leads elsewhere. */
static bool lies_in(const char *path, const char *folder)
{
    size_t length = strlen(folder);

    return strncmp(path, folder, length) == 0 && path[length] == '/' &&
           !strchr(path + length + 1, '/');
}

/* As libxslt's own loader does it: the strings of all stylesheets lie in one dictionary, and it
 * frees them as such. */
static xmlDoc *parse_import(const char *path, const char *bytes, size_t length, xmlDict *dict)
{
    xmlParserCtxt *parser = xmlNewParserCtxt();

    if (!parser)
        return NULL;
    if (dict) {
        xmlDictFree(parser->dict);
        parser->dict = dict;
        xmlDictReference(dict);
    }
    xmlDoc *document = xmlCtxtReadMemory(parser, bytes, (int)length, path, NULL, PARSING);
    xmlFreeParserCtxt(parser);
    return document;
}

static xmlDoc *load_import(const xmlChar *uri, xmlDict *dict, int options, void *context,
                           xsltLoadType type)
{
    const char *path = (const char *)uri;
    char *bytes = NULL;
    size_t length = 0;
    (void)options;
    (void)context;

    if (strncmp(path, "file://", 7) == 0)
        path += 7;
    if (type != XSLT_LOAD_STYLESHEET || !installed_folder || !lies_in(path, installed_folder) ||
        file_read(path, TEMPLATE_FILE_MAX, &bytes, &length, NULL) < 0)
        return NULL;
    xmlDoc *document = parse_import(path, bytes, length, dict);
    free(bytes);
    return document;
}

static xsltSecurityPrefs *forbid_all(void)
{
    static const xsltSecurityOption options[] = {
        XSLT_SECPREF_READ_FILE, XSLT_SECPREF_WRITE_FILE, XSLT_SECPREF_CREATE_DIRECTORY,
        XSLT_SECPREF_READ_NETWORK, XSLT_SECPREF_WRITE_NETWORK};
    xsltSecurityPrefs *prefs = xsltNewSecurityPrefs();

    for (size_t i = 0; i < sizeof options / sizeof *options && prefs; i++)
        if (xsltSetSecurityPrefs(prefs, options[i], xsltSecurityForbid) < 0) {
            xsltFreeSecurityPrefs(prefs);
            return NULL;
        }
    return prefs;
}

/* --- loading --------------------------------------------------------------------------------- */

char *template_find(const char *own, const char *name)
{
    char *path = own ? file_join(own, name) : NULL;

    if (own && (!path || access(path, F_OK) == 0 || errno != ENOENT))
        return path;
    free(path);
    return file_join(OPTOUT_TEMPLATES, name);
}

static int refuse_syntax(const char *path, const xmlError *error, struct error *why)
{
    const char *message = error->message ? error->message : "";

    return error_set(why, ERR_CONFIG, "%s:%d: is not XML: %.*s", path, error->line,
                     (int)strcspn(message, "\n"), message);
}

static int parse(const char *path, xmlDoc **document, struct error *why)
{
    char *bytes = NULL;
    size_t length = 0;

    int rc = file_read(path, TEMPLATE_FILE_MAX, &bytes, &length, why);
    if (rc < 0)
        return rc;
    xmlParserCtxt *parser = xmlNewParserCtxt();
    xmlDoc *parsed =
        parser ? xmlCtxtReadMemory(parser, bytes, (int)length, path, NULL, PARSING) : NULL;
    if (!parser) {
        rc = error_set(why, -ENOMEM, "out of memory");
    } else if (!parsed) {
        rc = refuse_syntax(path, &parser->lastError, why);
    } else if (parsed->intSubset) {
        /* Entities could read files. */
        xmlFreeDoc(parsed);
        rc = error_set(why, ERR_CONFIG,
                       "%s: has a document type, which is not allowed; write &#160; and the like "
                       "for what has no name",
                       path);
    } else {
        *document = parsed;
    }
    xmlFreeParserCtxt(parser);
    free(bytes);
    return rc;
}

/* Takes the document. */
static xsltStylesheet *compile(xmlDoc *document, const char *installed, struct complaint *complaint)
{
    pthread_mutex_lock(&compiling);
    installed_folder = installed;
    xsltSetLoaderFunc(load_import);
    xsltSetGenericErrorFunc(complaint, take_complaint);
    xsltStylesheet *sheet = xsltParseStylesheetDoc(document);
    xsltSetGenericErrorFunc(NULL, take_nothing);
    installed_folder = NULL;
    pthread_mutex_unlock(&compiling);

    if (!sheet) {
        xmlFreeDoc(document);
    } else if (sheet->errors) {
        xsltFreeStylesheet(sheet);
        sheet = NULL;
    }
    return sheet;
}

int template_load(const char *path, const char *installed, struct template **template,
                  struct error *why)
{
    xmlDoc *document = NULL;
    struct complaint complaint = {""};
    struct template *made = calloc(1, sizeof *made);
    int rc = made ? parse(path, &document, why) : error_set(why, -ENOMEM, "out of memory");

    if (rc < 0)
        goto out;
    made->sheet = compile(document, installed, &complaint);
    if (!made->sheet) {
        rc = error_set(why, ERR_CONFIG, "%s: %s", path, complaint_text(&complaint));
        goto out;
    }
    made->path = strdup(path);
    made->nothing = forbid_all();
    if (!made->path || !made->nothing) {
        rc = error_set(why, -ENOMEM, "out of memory");
        goto out;
    }
    *template = made;
    made = NULL;
out:
    template_free(made);
    return rc;
}

void template_free(struct template *template)
{
    if (!template)
        return;
    xsltFreeStylesheet(template->sheet);
    xsltFreeSecurityPrefs(template->nothing);
    free(template->path);
    free(template);
}

/* --- applying -------------------------------------------------------------------------------- */

static unsigned long count_elements(const xmlNode *node)
{
    unsigned long count = 0;

    for (; node; node = node->next)
        if (node->type == XML_ELEMENT_NODE)
            count += 1 + count_elements(node->children);
    return count;
}

int template_apply(const struct template *template, xmlDoc *document, struct text *result,
                   struct error *why)
{
    struct complaint complaint = {""};
    xmlDoc *made = NULL;
    xmlChar *bytes = NULL;
    int length = 0, rc = -ENOMEM;
    xsltTransformContext *context = xsltNewTransformContext(template->sheet, document);

    if (!context || xsltSetCtxtSecurityPrefs(template->nothing, context) < 0)
        goto out;
    context->opLimit =
        STEPS_MAX + STEPS_PER_ELEMENT * count_elements(xmlDocGetRootElement(document));
    xsltSetTransformErrorFunc(context, &complaint, take_complaint);
    made = xsltApplyStylesheetUser(template->sheet, document, NULL, NULL, NULL, context);
    if (!made || context->state != XSLT_STATE_OK) {
        rc = error_set(why, ERR_CONFIG, "%s: %s", template->path, complaint_text(&complaint));
        goto out;
    }
    if (xsltSaveResultToString(&bytes, &length, made, template->sheet) < 0)
        goto out;
    if (length <= 0) {
        rc = error_set(why, ERR_CONFIG, "%s: makes an empty page", template->path);
        goto out;
    }
    text_append_bytes(result, (const char *)bytes, (size_t)length);
    rc = result->failed ? -ENOMEM : 0;
out:
    if (rc == -ENOMEM)
        error_set(why, rc, "out of memory");
    xmlFree(bytes);
    xmlFreeDoc(made);
    xsltFreeTransformContext(context);
    return rc;
}
