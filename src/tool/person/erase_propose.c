#include "tool/person/erase_propose.h"

#include "tool/approval/approval.h"
#include "tool/argument.h"
#include "tool/file_lines.h"
#include "tool/output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What goes into one proposal. */
struct gathered {
    struct site site;
    struct act act;
    const char *note;
    bool json;
    struct event_target people[EVENT_ROWS_MAX];
    size_t count;
    uint64_t bad; /* lines */
};

/* What stays in the note would be the only place where the address still is. */
static int gather(struct gathered *g, const char *given, struct error *why)
{
    struct address address;
    struct event_target *person = &g->people[g->count];

    int code = argument_person(given, &address, why);
    if (code == 0 && strcasestr(g->note, address.text))
        code = error_set(why, ERR_SYNTAX, "the note names the address, and is kept: leave it out");
    if (code)
        return code;
    *person = (struct event_target){.known = true};
    code = site_subject(&g->site, &address, &person->subject, why);
    g->count += code == 0;
    return code;
}

static int propose(struct gathered *g, struct error *why)
{
    const struct event_proposal proposal = {.operation = OPERATION_ERASE,
                                            .rows = g->count,
                                            .source = "",
                                            .targets = g->people,
                                            .target_count = g->count};
    if (g->count == 0)
        return 0;
    g->count = 0;
    int code = approval_propose(&g->site, &proposal, NULL, 0, &g->act, g->json, why);
    return code == STATUS_PROPOSED ? 0 : code;
}

static int propose_lines(struct gathered *g, struct file_lines *lines, struct error *why)
{
    int code = 0;

    while (code == 0 && file_lines_next(lines)) {
        int bad = lines->bad ? error_set(why, ERR_SYNTAX, "too long, or not text")
                             : gather(g, lines->text, why);
        if (bad) {
            remark("line %" PRIu64 ": %s", lines->number, why->text);
            g->bad++;
        }
        if (g->count == EVENT_ROWS_MAX)
            code = propose(g, why);
    }
    if (code == 0 && ferror(lines->file))
        code = error_set(why, -EIO, "the input cannot be read");
    return code;
}

static int propose_file(struct gathered *g, FILE *file, struct error *why)
{
    struct file_lines *lines = calloc(1, sizeof *lines);
    if (!lines)
        return -ENOMEM;
    lines->file = file;
    int code = propose_lines(g, lines, why);
    free(lines);
    return code;
}

int erase_propose(const struct call *call, const char *address, FILE *file, const char *note,
                  bool json, struct error *why)
{
    struct gathered *g = calloc(1, sizeof *g);

    if (!g)
        return -ENOMEM;
    const struct word words[] = {{"staff", g->site.staff}, {"note", note}};
    g->act = (struct act){.actor = "cli", .words = words, .word_count = 2};
    g->note = note;
    g->json = json;
    int code = site_open(call->config_file, SITE_KEYS | SITE_WRITE, &g->site, why);
    if (code == 0)
        code = approval_check_person(&g->site, why);
    if (code == 0)
        code = address ? gather(g, address, why) : propose_file(g, file, why);
    if (code == 0)
        code = propose(g, why);
    if (code == 0)
        code = g->bad ? STATUS_NO : STATUS_PROPOSED;
    site_close(&g->site);
    free(g);
    return code;
}
