#include "tool/choices/removing.h"

#include "tool/output.h"
#include "tool/show.h"

#include <errno.h>

void removing_fill(struct site *site, const struct subject *subject, const struct choice *choice,
                   struct removing *row)
{
    *row = (struct removing){.subject = *subject, .choice = *choice};
    site_identity(site, subject, &row->identity);
}

static void tell(struct site *site, const struct removing *row, const struct event_name *by,
                 bool json)
{
    char event[SHOW_EVENT_SIZE], withdrawal[SHOW_EVENT_SIZE];
    struct text line = TEXT_EMPTY;

    if (json) {
        json_t *object = json_object();
        show_put_identity(object, &row->identity);
        output_put_text(object, "kind", choice_kind_name(row->choice.kind));
        output_put_text(object, "scope", row->choice.scope);
        show_put_event(object, "removed", &row->choice.event);
        show_put_event(object, "event", by);
        output_json(object);
        return;
    }
    text_format(&line, "%s: ", site_identity_text(&row->identity));
    show_append_kind(&line, &row->choice);
    text_format(&line, " (event %s) removed, event %s", show_event(site, &row->choice.event, event),
                show_event(site, by, withdrawal));
    output_text(&line);
}

int removing_run(struct site *site, const struct removing *rows, size_t count,
                 const struct act *act, bool json, struct error *why)
{
    struct event_withdrawal *withdrawals = pool_take(&site->pool, count * sizeof *withdrawals);
    struct event_name by;

    if (!withdrawals)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        withdrawals[i] = (struct event_withdrawal){rows[i].subject, rows[i].choice.event};
    int code = list_withdraw(site->list, withdrawals, count, act, &by, why);
    for (size_t i = 0; i < count && code == 0; i++)
        tell(site, &rows[i], &by, json);
    return code;
}
