#include "tool/made_under.h"

#include "base/clock.h"
#include "tool/output.h"
#include "tool/show.h"

#include <string.h>

int made_under_find(struct site *site, const struct event *verdict, struct made_under *under)
{
    struct pool pool = {0};
    struct event configuration;
    struct made_under found = {.known = false};

    memcpy(found.digest, verdict->verdict->config, sizeof found.digest);
    int code = ledger_configuration_of(site->ledger_view, verdict, &pool, &configuration);
    if (code == 0) {
        found.known = true;
        found.event = configuration.name;
        found.at_ms = configuration.at_ms;
    }
    pool_release(&pool);
    if (code && code != ERR_NOT_FOUND)
        return code;
    *under = found;
    return 0;
}

void made_under_append(struct text *line, const struct site *site, const struct made_under *under)
{
    char digest[SHOW_CONFIG_SIZE], name[SHOW_EVENT_SIZE], time[CLOCK_TEXT_SIZE];

    text_append(line, show_config(under->digest, digest));
    if (under->known)
        text_format(line, " of event %s of the ledger, %s",
                    show_ledger_event(site, &under->event, name),
                    clock_format_ms(under->at_ms, time));
    else
        text_append(line, ", which the ledger does not have");
}

void made_under_put(json_t *object, const struct made_under *under)
{
    char digest[SHOW_CONFIG_SIZE], time[CLOCK_TEXT_SIZE];

    output_put_text(object, "configuration", show_config(under->digest, digest));
    if (under->known)
        show_put_event(object, "configuration_event", &under->event);
    else
        output_put_text(object, "configuration_event", NULL);
    output_put_text(object, "configuration_time",
                    under->known ? clock_format_ms(under->at_ms, time) : NULL);
}
