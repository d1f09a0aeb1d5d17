/* What was proposed for another person to approve, and what became of it. */
#include "base/clock.h"
#include "tool/approval/approval.h"
#include "tool/approval/proposal_show.h"
#include "tool/output.h"
#include "tool/report/facts.h"
#include "tool/report/journals.h"
#include "tool/show.h"

struct proposals {
    struct site *site;
    const struct report_question *question;
    json_t *array;
};

static int put_names(struct proposals *p, const struct list_proposal *proposal, json_t *object)
{
    struct pool pool = {0};
    struct word *words = NULL;
    size_t count = 0;

    int code = list_words(p->site->list_view, &proposal->event, &pool, &words, &count);
    if (code == 0 || code == ERR_KEY) {
        output_put_text(object, "staff", word_text(words, count, "staff"));
        output_put_text(object, "note", word_text(words, count, "note"));
        output_put_text(
            object, "decided_by",
            proposal->decided.number ? approval_staff(p->site, &proposal->decided, &pool) : NULL);
        code = 0;
    }
    pool_release(&pool);
    return code;
}

static int visit(const struct list_proposal *proposal, void *argument)
{
    struct proposals *p = argument;
    const struct event *event = &proposal->event;
    char time[CLOCK_TEXT_SIZE];

    if (period_find(&p->question->period, event->at_ms / 1000) == p->question->period.count)
        return 0;
    json_t *object = json_object();
    output_put_text(object, "time", clock_format_ms(event->at_ms, time));
    show_put_event(object, "event", &event->name);
    output_put_text(object, "operation", proposal_operation_name(event->proposal->operation));
    output_put_number(object, "rows", event->proposal->rows);
    output_put_text(object, "state", proposal_state_name(proposal->state));
    int code = p->question->names ? put_names(p, proposal, object) : 0;
    output_append(p->array, object);
    return code;
}

int report_proposals(struct site *site, const struct report_question *question, json_t *facts,
                     struct error *why)
{
    struct proposals p = {site, question, json_array()};

    int code = list_each_proposal(site->list_view, true, visit, &p);
    output_put_bool(facts, "approval", site->config->approval);
    output_put(facts, "proposals", p.array);
    return code < 0 ? site_explain(site, code, why) : code;
}
