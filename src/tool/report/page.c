#include "tool/report/page.h"

#include "speech/paper.h"
#include "tool/report/chart.h"

#include <inttypes.h>
#include <stdio.h>

#define ITEMS_MAX 500 /* of an array; JSON has all of them */

static void add_object(struct document *document, xmlNode *node, json_t *object);

/* Seconds as they stand in JSON, whatever the locale. */
static void format_real(double value, char *text, size_t size)
{
    int64_t thousandths = (int64_t)(value * 1000 + 0.5);
    snprintf(text, size, "%" PRId64 ".%03d", thousandths / 1000, (int)(thousandths % 1000));
}

/* How many there are is an attribute, and how many of them are left out. */
static void add_array(struct document *document, xmlNode *node, json_t *array);

/* An element for a value: of an object its members, of an array an <item> each for the first ones.
 * What is null has none. */
static void add_value(struct document *document, xmlNode *parent, const char *name, json_t *value)
{
    char number[32];

    if (json_is_null(value))
        return;
    if (json_is_integer(value))
        snprintf(number, sizeof number, "%" PRId64, (int64_t)json_integer_value(value));
    if (json_is_real(value))
        format_real(json_real_value(value), number, sizeof number);
    const char *text = json_is_string(value)   ? json_string_value(value)
                       : json_is_number(value) ? number
                       : json_is_true(value)   ? "yes"
                       : json_is_false(value)  ? "no"
                                               : NULL;
    xmlNode *node = document_add_foreign(document, parent, name, text);
    if (json_is_object(value))
        add_object(document, node, value);
    if (json_is_array(value))
        add_array(document, node, value);
}

static void add_array(struct document *document, xmlNode *node, json_t *array)
{
    size_t count = json_array_size(array), shown = count < ITEMS_MAX ? count : ITEMS_MAX;

    document_set_number(document, node, "count", count);
    if (count > shown)
        document_set_number(document, node, "more", count - shown);
    for (size_t i = 0; i < shown; i++)
        add_value(document, node, "item", json_array_get(array, i));
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
