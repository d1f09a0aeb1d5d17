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

static int check_scope(struct site *site, const struct report_question *question, struct error *why)
{
    int code = question->scope ? site_view(site, why) : 0;
    if (code == 0 && question->scope)
        code = site_check_scope(site, question->scope, why);
    site_end_view(site);
    return code;
}

static int read_reach(struct site *site, struct ledger_reach **reach, struct error *why)
{
    int code = site_view(site, why);
    if (code == 0)
        code = ledger_reach_read(site->ledger_view, reach);
    site_end_view(site);
    return code;
}

/* What is short, all in one view. */
static int gather_short(struct site *site, const struct report_question *question,
                        struct ledger_reach *reach, json_t *facts, struct error *why)
{
    int code = site_view(site, why);
    if (code == 0)
        output_put_bool(facts, "loss_open", list_check_loss(site->list_view) != 0);
    if (code == 0)
        code = report_reasons(site, question, facts, why);
    if (code == 0)
        code = report_imports(site, question, facts, why);
    if (code == 0)
        code = report_proposals(site, question, facts, why);
    if (code == 0)
        code = report_streams(site, question, facts, why);
    if (code == 0)
        code = report_record(site, question, reach, facts, why);
    site_end_view(site);
    return code;
}

int report_facts(struct site *site, const struct report_question *question,
                 struct progress *progress, json_t **made, struct error *why)
{
    json_t *facts = json_object();
    struct ledger_reach *reach = NULL;

    put_head(question, facts);
    int code = check_scope(site, question, why);
    if (code == 0)
        code = report_journals(site, question, progress, facts, why);
    if (code == 0)
        code = read_reach(site, &reach, why);
    if (code == 0)
        code = report_effect(site, question, reach, progress, facts, why);
    if (code == 0)
        code = gather_short(site, question, reach, facts, why);
    if (code == 0)
        output_put(facts, "look_at", report_remarks(facts, question->now));
    if (code == 0)
        *made = json_incref(facts);
    else if (code < 0 && *why->text == '\0')
        error_set(why, code, "a store in %s cannot be read: %s", site->config->data_dir,
                  error_name(code));
    ledger_reach_free(reach);
    json_decref(facts);
    return code;
}
