/* What came of an undo. */
#include "base/clock.h"
#include "tool/choices/undoing.h"
#include "tool/output.h"
#include "tool/show.h"

#include <inttypes.h>
#include <string.h>

static void show_keepers(const struct undoing *u)
{
    const char *before = ": ";
    struct text line = TEXT_EMPTY;

    if (u->kept == 0)
        return;
    text_format(&line, "%" PRIu64 " of them stay%s kept back by other choices", u->kept,
                u->kept == 1 ? "s" : "");
    for (size_t i = 0; i < u->keeper_count; i++) {
        const struct keeper *k = &u->keepers[i];
        text_format(&line, "%s%" PRIu64 " by %s from %s", before, k->people,
                    choice_kind_name(k->kind), k->source);
        before = ", ";
    }
    output_text(&line);
}

static void show_summary(const struct undoing *u)
{
    char name[SHOW_EVENT_SIZE], time[CLOCK_TEXT_SIZE];
    struct text line = TEXT_EMPTY;

    text_format(&line, "batch %s of source %s, %s: %" PRIu64 " of %" PRIu64 " choice%s %s",
                show_event(u->site, &u->batch.name, name),
                u->batch.source ? u->batch.source : "(none)",
                clock_format(u->batch.begun_ms / 1000, time), u->withdrawn, u->rows,
                u->rows == 1 ? "" : "s", u->dry_run ? "would be withdrawn" : "withdrawn");
    if (u->skipped)
        text_format(&line, ", %" PRIu64 " had been before", u->skipped);
    if (!u->dry_run)
        text_format(&line, "; undone by batch %" PRIu64, u->undo);
    output_text(&line);
    show_keepers(u);
}

static void show_summary_json(const struct undoing *u)
{
    json_t *object = json_object(), *keepers = json_array();
    struct event_name undo = {.number = u->undo};

    memcpy(undo.node, list_node(u->site->list), EVENT_NODE_SIZE);
    show_put_event(object, "batch", &u->batch.name);
    output_put_text(object, "source", u->batch.source);
    output_put_bool(object, "dry_run", u->dry_run);
    if (u->undo)
        show_put_event(object, "undone_by", &undo);
    else
        output_put_text(object, "undone_by", NULL);
    output_put_number(object, "rows", u->rows);
    output_put_number(object, "withdrawn", u->withdrawn);
    output_put_number(object, "skipped", u->skipped);
    output_put_number(object, "kept_back", u->kept);
    for (size_t i = 0; i < u->keeper_count; i++) {
        json_t *keeper = json_object();
        output_put_text(keeper, "kind", choice_kind_name(u->keepers[i].kind));
        output_put_text(keeper, "source", u->keepers[i].source);
        output_put_number(keeper, "people", u->keepers[i].people);
        output_append(keepers, keeper);
    }
    output_put(object, "by", keepers);
    output_json(object);
}

void undoing_show(const struct undoing *u)
{
    if (u->json)
        show_summary_json(u);
    else
        show_summary(u);
}
