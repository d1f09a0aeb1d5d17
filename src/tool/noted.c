#include "tool/noted.h"

#include "tool/output.h"

#include <string.h>

static int write_note(struct site *site, const struct noted *noted, struct event_name *event,
                      struct error *why)
{
    struct event_reading reading = {.command = noted->command,
                                    .people = noted->people,
                                    .has_subject = noted->address || noted->subject,
                                    .scope = noted->scope ? noted->scope : ""};
    const struct word words[] = {{"staff", site->staff}};

    if (noted->subject)
        reading.subject = *noted->subject;
    int code = noted->address ? site_subject(site, noted->address, &reading.subject, why) : 0;
    if (code == 0 && !site->ledger)
        code = site_open_ledger(site, ENV_WRITE, why);
    return code ? code : ledger_write_reading(site->ledger, &reading, words, 1, event, why);
}

int noted_reading(struct site *site, const struct noted *noted, struct event_name *event,
                  struct error *why)
{
    struct error reason = {""};
    int code = write_note(site, noted, event, &reason);

    if (code == 0)
        return 0;
    return error_set(why, code,
                     "nothing is shown, since the ledger could not take the note that it was: "
                     "%.400s",
                     *reason.text ? reason.text : error_name(code));
}

void noted_if_possible(struct site *site, const struct noted *noted)
{
    struct error reason = {""};
    int code = write_note(site, noted, NULL, &reason);

    if (code)
        complain("the ledger could not take the note that this was looked up: %s",
                 *reason.text ? reason.text : error_name(code));
}
