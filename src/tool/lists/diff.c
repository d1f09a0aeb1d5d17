#include "base/clock.h"
#include "tool/argument.h"
#include "tool/choices/rows.h"
#include "tool/choices/whom.h"
#include "tool/command.h"
#include "tool/lists/reading.h"
#include "tool/lists/subject_set.h"
#include "tool/noted.h"
#include "tool/output.h"
#include "tool/show.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SCOPE, READING_POSITIONS, JSON };
static const struct flag flags[] = {
    {.name = "scope", .argument = "PATH", .text = "of those who may not have mail of this scope"},
    READING_FLAGS,
    {.name = "json", .text = "one JSON object a line, and the summary as one"},
    {0},
};

/* What one person's rows of a file of our own say together: they follow each other there, and an
 * opt-in among them lifts what it names. */
struct group {
    struct whom whom;
    struct pool pool;
    struct choice *choices;
    size_t count, room;
    uint64_t line; /* of the first */
};

struct comparison {
    struct site site;
    struct reading reading;
    const char *scope; /* NULL: any */
    int64_t now;
    bool json;
    struct pool pool; /* for a page */
    struct row rows[READING_PAGE];
    struct group group;
    struct subject_set seen; /* whom the file says to have opted out */
    uint64_t left_alone;     /* rows of the file that say nothing of the kind */
    uint64_t only_file, only_list;
};

/* --- telling --- */

static void append_who(struct text *line, const struct whom *whom, const struct row_who *who)
{
    char hex[2 * ROW_DIGEST_SIZE + 1];

    if (whom->has_address) {
        text_append(line, whom->address.text);
    } else if (who && who->has_digest) {
        text_to_hex(who->digest, ROW_DIGEST_SIZE, hex);
        text_append(line, hex);
    } else {
        text_to_hex(whom->subject.bytes, SUBJECT_SIZE, hex);
        text_format(line, "subject %s", hex);
    }
}

static void put_who(json_t *object, const char *only_in, const char *address, const uint8_t *digest,
                    const struct subject *subject)
{
    char hex[2 * SUBJECT_SIZE + 1];

    output_put_text(object, "only_in", only_in);
    show_put_person(object, address, digest);
    text_to_hex(subject->bytes, SUBJECT_SIZE, hex);
    output_put_text(object, "subject", hex);
}

static void tell_only_file(struct comparison *c, const struct whom *whom, const struct row_who *who,
                           uint64_t line_number)
{
    struct text line = TEXT_EMPTY;

    c->only_file++;
    if (c->json) {
        json_t *object = json_object();
        put_who(object, "file", whom->has_address ? whom->address.text : NULL,
                who && who->has_digest && !who->has_address ? who->digest : NULL, &whom->subject);
        output_put_number(object, "line", line_number);
        output_json(object);
        return;
    }
    text_append(&line, "only in the file: ");
    append_who(&line, whom, who);
    text_format(&line, ", line %" PRIu64, line_number);
    output_text(&line);
}

static void tell_only_list(struct comparison *c, const struct list_person *person)
{
    const struct list_identity *identity = &person->identity;
    char hex[2 * ROW_DIGEST_SIZE + 1];

    c->only_list++;
    if (c->json) {
        json_t *object = json_object();
        put_who(object, "list", identity->address,
                identity->known == LIST_KNOWS_DIGEST ? identity->digest : NULL, &person->subject);
        output_json(object);
    } else if (identity->address) {
        output_line("only on the list: %s", identity->address);
    } else if (identity->known == LIST_KNOWS_DIGEST) {
        text_to_hex(identity->digest, LIST_DIGEST_SIZE, hex);
        output_line("only on the list: %s", hex);
    } else {
        text_to_hex(person->subject.bytes, SUBJECT_SIZE, hex);
        output_line("only on the list: subject %s %s", hex, site_identity_text(identity));
    }
}

/* --- the file --- */

/* Notes that the file says so of somebody, and asks whether the list does. `who` may be NULL. */
static int note_out(struct comparison *c, const struct whom *whom, const struct row_who *who,
                    uint64_t line, struct error *why)
{
    const struct choice **keeping;
    struct choice *rows;
    size_t count, keeping_count;

    int code = subject_set_add(&c->seen, &whom->subject);
    if (code <= 0)
        return code;
    code = whom_rows(&c->site, whom, c->now, &rows, &count, why);
    if (code == 0)
        code = rows_keeping_back(rows, count, c->scope, c->now, &c->site.pool, &keeping,
                                 &keeping_count);
    if (code == 0 && keeping_count == 0)
        tell_only_file(c, whom, who, line);
    return code;
}

static int end_group(struct comparison *c, struct error *why)
{
    struct group *g = &c->group;
    const struct choice **keeping;
    size_t count = 0;

    if (g->count == 0)
        return 0;
    int code =
        rows_keeping_back(g->choices, g->count, c->scope, c->now, &g->pool, &keeping, &count);
    if (code == 0 && count > 0)
        code = note_out(c, &g->whom, NULL, g->line, why);
    if (code == 0 && count == 0)
        c->left_alone += g->count;
    g->count = g->room = 0;
    pool_reset(&g->pool);
    return code;
}

static int copy_choice(struct group *g, const struct row *row, struct choice *choice)
{
    struct event_name *names = pool_take(&g->pool, row->name_count * sizeof *names + 1);
    char *scope = pool_copy(&g->pool, row->scope);
    if (!names || !scope)
        return -ENOMEM;
    if (row->name_count > 0)
        memcpy(names, row->names, row->name_count * sizeof *names);
    *choice = (struct choice){.event = row->event,
                              .kind = row->what == ROW_OPT_OUT ? CHOICE_OPT_OUT
                                      : row->what == ROW_BLOCK ? CHOICE_BLOCK
                                                               : CHOICE_OPT_IN,
                              .confirmed = row->confirmed,
                              .domain = row->who.has_address && row->who.domain,
                              .scope = scope,
                              .until = row->until,
                              .names = names,
                              .name_count = row->name_count};
    return 0;
}

/* Rows of one person that follow each other are looked at together. */
static int group_row(struct comparison *c, const struct row *row, const struct whom *whom,
                     struct error *why)
{
    struct group *g = &c->group;
    struct choice choice;
    int code = 0;

    if (g->count > 0 && memcmp(g->whom.subject.bytes, whom->subject.bytes, SUBJECT_SIZE) != 0)
        code = end_group(c, why);
    if (code == 0)
        code = copy_choice(g, row, &choice);
    if (code)
        return code;
    if (g->count == g->room) {
        size_t room = g->room ? 2 * g->room : 4;
        struct choice *more = pool_take(&g->pool, room * sizeof *more);
        if (!more)
            return -ENOMEM;
        if (g->count > 0)
            memcpy(more, g->choices, g->count * sizeof *more);
        g->choices = more;
        g->room = room;
    }
    if (g->count == 0) {
        g->whom = *whom;
        g->line = row->line;
    }
    if (choice_stands(&choice, c->now))
        g->choices[g->count++] = choice;
    else
        c->left_alone++;
    return 0;
}

static int take_row(struct comparison *c, struct row *row, struct error *why)
{
    bool own = reader_facts(c->reading.reader)->format->own;
    bool choice =
        own && (row->what == ROW_OPT_IN || row->what == ROW_OPT_OUT || row->what == ROW_BLOCK);
    struct whom whom;

    if (row->what == ROW_REJECTED) {
        reading_tell_rejected(&c->reading, row);
        return 0;
    }
    if (!choice && !reading_says_out(row, c->now)) {
        c->left_alone++;
        return 0;
    }
    int code = whom_find(&c->site, &row->who, &whom, why);
    if (code > 0) {
        row->fault = (enum row_fault)code;
        reading_tell_rejected(&c->reading, row);
        return 0;
    }
    if (code < 0)
        return code;
    return choice ? group_row(c, row, &whom, why) : note_out(c, &whom, &row->who, row->line, why);
}

static int take_page(struct comparison *c, size_t count, struct error *why)
{
    int code = site_view(&c->site, why);

    for (size_t i = 0; i < count && code == 0; i++) {
        code = take_row(c, &c->rows[i], why);
        pool_reset(&c->site.pool);
    }
    if (code == 0 && count == 0)
        code = end_group(c, why);
    site_end_view(&c->site);
    pool_reset(&c->pool);
    return code == 0 && !output_flush() ? STATUS_CANNOT : code;
}

static int take_file(struct comparison *c, struct error *why)
{
    size_t count = 1;
    int code = 0;

    while (code == 0 && count > 0) {
        code = reading_next_page(&c->reading, &c->pool, c->rows, &count, why);
        if (code == 0)
            code = take_page(c, count, why);
    }
    return code;
}

/* --- the list --- */

static int take_person(struct comparison *c, const struct list_person *person)
{
    const struct choice **keeping;
    size_t count;
    size_t standing = rows_keep_standing(person->rows, person->count, c->now);

    int code =
        rows_keeping_back(person->rows, standing, c->scope, c->now, &c->pool, &keeping, &count);
    if (code == 0 && count > 0 && !subject_set_has(&c->seen, &person->subject))
        tell_only_list(c, person);
    return code;
}

static int scan_list(struct comparison *c, struct list_people *scan)
{
    struct list_person *people;
    size_t count;
    int code;

    while ((code = list_people_next(scan, &c->pool, &people, &count)) == 0 && count > 0) {
        for (size_t i = 0; i < count && code == 0; i++)
            code = take_person(c, &people[i]);
        pool_reset(&c->pool);
        if (code == 0 && !output_flush())
            code = STATUS_CANNOT;
        if (code)
            break;
    }
    return code;
}

static int take_list(struct comparison *c, struct error *why)
{
    struct list_people *scan = NULL;

    int code = list_people_open(c->site.list, &scan);
    if (code == 0)
        code = scan_list(c, scan);
    list_people_close(scan);
    return code < 0 ? site_explain(&c->site, code, why) : code;
}

/* --- what came out --- */

static void tell_summary(const struct comparison *c)
{
    if (c->json) {
        json_t *object = json_object();
        output_put_number(object, "in_file", c->seen.count);
        output_put_number(object, "only_in_file", c->only_file);
        output_put_number(object, "only_on_list", c->only_list);
        output_put_number(object, "left_alone", c->left_alone);
        output_put_number(object, "rejected", c->reading.rejected);
        output_put_bool(object, "says_nothing", reader_facts(c->reading.reader)->says_nothing);
        remark_json(object);
        return;
    }
    remark("%zu in the file, of them %" PRIu64 " not on the list; %" PRIu64
           " on the list and not in the file",
           c->seen.count, c->only_file, c->only_list);
    if (c->left_alone > 0)
        remark("%" PRIu64 " left alone: they keep back no such mail", c->left_alone);
    if (c->reading.rejected > 0)
        remark("%" PRIu64 " left out: cannot be read", c->reading.rejected);
    if (reader_facts(c->reading.reader)->says_nothing)
        remark("Nothing in the file says who has opted out: all in it count.");
}

/* --- */

static int check_scope(struct comparison *c, struct error *why)
{
    if (!c->scope)
        return 0;
    int code = site_view(&c->site, why);
    if (code == 0)
        code = site_check_scope(&c->site, c->scope, why);
    site_end_view(&c->site);
    return code;
}

static int compare(const struct call *call, struct comparison *c, struct error *why)
{
    c->scope = call->values[SCOPE];
    int code = c->scope ? argument_scope(c->scope, why) : 0;
    if (code == 0)
        code = reading_open(call->arguments[0], &c->reading, why);
    if (code == 0)
        code = site_enter(call->config_file, &c->site, why);
    if (code == 0)
        code = reading_begin(call->values + READING_FORMAT, false, &c->reading, why);
    if (code == 0)
        code = site_open_stores(&c->site, SITE_KEYS | SITE_WORDS | SITE_LIST, why);
    if (code == 0)
        code = check_scope(c, why);
    const struct noted noted = {.command = "diff", .scope = c->scope};
    if (code == 0)
        code = noted_reading(&c->site, &noted, NULL, why);
    if (code == 0)
        code = take_file(c, why);
    if (code == 0)
        code = take_list(c, why);
    reading_tell_end(&c->reading);
    if (code)
        return code;
    tell_summary(c);
    return c->only_file + c->only_list + c->reading.rejected > 0 ? STATUS_NO : STATUS_OK;
}

static int run(const struct call *call)
{
    struct error why = {""};
    struct comparison *c = calloc(1, sizeof *c);
    if (!c)
        return output_status(-ENOMEM, &why);
    c->now = clock_now();
    c->json = call->values[JSON];
    int code = compare(call, c, &why);
    subject_set_release(&c->seen);
    pool_release(&c->group.pool);
    pool_release(&c->pool);
    reading_close(&c->reading);
    site_close(&c->site);
    free(c);
    return output_status(code, &why);
}

const struct command command_diff = {
    .name = "diff",
    .arguments = "FILE",
    .text = "compare a list of opt-outs with this one (exit status 0: the same)",
    .flags = flags,
    .least = 1,
    .most = 1,
    .role = ROLE_COMPLIANCE,
    .reads_file = true,
    .run = run,
};
