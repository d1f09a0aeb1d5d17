#include "tool/report/page.h"

#include "speech/paper.h"
#include "tool/report/chart.h"

#include <inttypes.h>
#include <stdio.h>

static void add_object(struct document *document, xmlNode *node, json_t *object);

/* An element for a value: of an object its members, of an array an <item> each. What is null has
 * none. */
static void add_value(struct document *document, xmlNode *parent, const char *name, json_t *value)
{
    char number[32];
    json_t *item;
    size_t i;

    if (json_is_null(value))
        return;
    if (json_is_integer(value))
        snprintf(number, sizeof number, "%" PRId64, (int64_t)json_integer_value(value));
    const char *text = json_is_string(value)    ? json_string_value(value)
                       : json_is_integer(value) ? number
                       : json_is_true(value)    ? "yes"
                       : json_is_false(value)   ? "no"
                                                : NULL;
    xmlNode *node = document_add_foreign(document, parent, name, text);
    if (json_is_object(value))
        add_object(document, node, value);
    json_array_foreach(value, i, item) add_value(document, node, "item", item);
}

/* What has series is a chart. */
static void add_object(struct document *document, xmlNode *node, json_t *object)
{
    const char *name;
    json_t *value;

    if (json_object_get(object, "series")) {
        add_value(document, node, "total", json_object_get(object, "total"));
        chart_add(document, node, object);
        return;
    }
    json_object_foreach(object, name, value) add_value(document, node, name, value);
}

int report_page(const char *own, json_t *facts, struct text *html, struct error *why)
{
    struct document document;

    document_begin(&document, "report");
    add_object(&document, document.root, facts);
    int code = paper_make(own, "report.xsl", &document, html, why);
    document_release(&document);
    return code;
}
