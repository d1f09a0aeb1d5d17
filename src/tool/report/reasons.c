/* Why people opted out, as far as they told. */
#include "tool/choices/reasons.h"

#include "tool/output.h"
#include "tool/report/facts.h"

int report_reasons(struct site *site, const struct report_question *question, json_t *facts,
                   struct error *why)
{
    const struct reasons_question asked = {.scope = question->scope,
                                           .since_ms = question->period.since * 1000,
                                           .until_ms = question->period.until * 1000};
    struct reasons_row *rows = NULL;
    size_t count = 0;
    json_t *array = json_array();

    int code = reasons_gather(site, &asked, &rows, &count, why);
    for (size_t i = 0; i < count; i++) {
        json_t *object = json_object();
        output_put_text(object, "scope", rows[i].scope);
        output_put_text(object, "reason", *rows[i].key ? rows[i].key : NULL);
        output_put_number(object, "count", rows[i].count);
        output_append(array, object);
    }
    output_put(facts, "reasons", array);
    reasons_free(rows, count);
    return code;
}
