#include "tool/report/facts.h"

#include "tool/output.h"

static void put_head(const struct report_question *question, json_t *facts)
{
    output_put_text(facts, "program", PACKAGE_STRING);
    output_put_time(facts, "made", question->now);
    output_put_time(facts, "since", question->period.since);
    output_put_time(facts, "until", question->period.until);
    output_put_text(facts, "scope", question->scope);
}

int report_facts(struct site *site, const struct report_question *question,
                 struct progress *progress, json_t **made, struct error *why)
{
    json_t *facts = json_object();

    put_head(question, facts);
    int code = report_journals(site, question, progress, facts, why);
    if (code == 0)
        code = site_view(site, why);
    if (code == 0)
        code = report_reasons(site, question, facts, why);
    if (code == 0)
        code = report_imports(site, question, facts, why);
    if (code == 0)
        code = report_streams(site, question, facts, why);
    site_end_view(site);
    if (code == 0)
        *made = json_incref(facts);
    json_decref(facts);
    return code;
}
