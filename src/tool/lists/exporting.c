#include "tool/lists/exporting.h"

#include "core/scope.h"
#include "tool/choices/rows.h"
#include "tool/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool exporting_wants(const struct exporting *e, const struct choice *choice)
{
    return (!e->scope || scope_covers(choice->scope, e->scope)) &&
           (e->reason == REASON_NONE || choice->reason == e->reason);
}

/* --- rows --- */

static void fill_who(struct exporting *e, const struct subject *subject,
                     const struct list_identity *identity, bool domain)
{
    struct row_who *who = &e->row.who;

    who->has_subject = true;
    who->subject = *subject;
    memcpy(who->key, e->site.lookup.fingerprint, sizeof who->key);
    who->domain = domain;
    who->has_address = identity->known == LIST_KNOWS_ADDRESS;
    who->has_digest = identity->known == LIST_KNOWS_DIGEST;
    if (who->has_address) {
        who->address.length = strnlen(identity->address, ADDRESS_MAX);
        memcpy(who->address.text, identity->address, who->address.length);
        who->address.text[who->address.length] = '\0';
    }
    if (who->has_digest)
        memcpy(who->digest, identity->digest, sizeof who->digest);
}

static enum row_what what_of(enum choice_kind kind)
{
    return kind == CHOICE_OPT_OUT ? ROW_OPT_OUT : kind == CHOICE_BLOCK ? ROW_BLOCK : ROW_OPT_IN;
}

void exporting_fill(struct exporting *e, const struct subject *subject,
                    const struct list_identity *identity, const struct choice *choice,
                    int64_t recorded_ms)
{
    struct row *row = &e->row;

    row->what = what_of(choice->kind);
    row->reason = choice->reason;
    row->confirmed = choice->confirmed;
    row->asked = choice->asked;
    row->until = choice->kind == CHOICE_OPT_OUT ? 0 : choice->until;
    row->scope = choice->scope;
    row->source = choice->source;
    row->recorded_ms = recorded_ms;
    row->event = choice->event;
    row->names = choice->names;
    row->name_count = choice->name_count;
    fill_who(e, subject, identity, choice->domain);
}

enum writer_lack exporting_put(struct exporting *e)
{
    enum writer_lack lack = writer_row(e->target, &e->row, e->rows == 0, &e->text);
    if (lack == WRITER_CARRIES)
        e->rows++;
    return lack;
}

bool exporting_flush(struct exporting *e)
{
    if (e->text.failed)
        return false;
    output_bytes(e->text.data, e->text.length);
    e->text.length = 0;
    return output_flush();
}

/* --- all --- */

static void put_choices(struct exporting *e, const struct list_person *person)
{
    bool any = false;

    for (size_t i = 0; i < person->count; i++) {
        const struct choice *choice = &person->rows[i];
        if (!choice_stands(choice, e->now) || !exporting_wants(e, choice))
            continue;
        exporting_fill(e, &person->subject, &person->identity, choice, person->recorded_ms[i]);
        enum writer_lack lack = exporting_put(e);
        if (lack == WRITER_CARRIES)
            any = true;
        else
            e->lacks[lack]++;
    }
    e->people += any;
}

/* The strictest first: opt-outs, blocks without an end, those that end last. */
static int compare_strictness(const void *a, const void *b)
{
    const struct choice *x = *(const struct choice *const *)a,
                        *y = *(const struct choice *const *)b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->kind == CHOICE_BLOCK && x->until != y->until)
        return x->until == 0 ? -1 : y->until == 0 ? 1 : x->until > y->until ? -1 : 1;
    if (x->event.number != y->event.number)
        return x->event.number < y->event.number ? -1 : 1;
    return memcmp(x->event.node, y->event.node, sizeof x->event.node);
}

/* One row for a person: the strictest that the format carries. */
static void put_strictest(struct exporting *e, const struct list_person *person,
                          const struct choice **keeping, size_t count)
{
    enum writer_lack first = WRITER_CARRIES;

    qsort(keeping, count, sizeof *keeping, compare_strictness);
    for (size_t i = 0; i < count; i++) {
        if (!exporting_wants(e, keeping[i]))
            continue;
        exporting_fill(e, &person->subject, &person->identity, keeping[i], 0);
        enum writer_lack lack = exporting_put(e);
        if (lack == WRITER_CARRIES) {
            e->people++;
            return;
        }
        if (first == WRITER_CARRIES)
            first = lack;
    }
    if (first != WRITER_CARRIES)
        e->lacks[first]++;
}

/* Of a list of whom not to mail. */
static int put_person(struct exporting *e, const struct list_person *person)
{
    const struct choice **keeping;
    size_t count, opt_ins = 0, kept_in = 0;
    size_t standing = rows_keep_standing(person->rows, person->count, e->now);

    for (size_t i = 0; i < standing; i++) {
        bool opt_in = person->rows[i].kind == CHOICE_OPT_IN;
        opt_ins += opt_in && exporting_wants(e, &person->rows[i]);
        kept_in += !opt_in && exporting_wants(e, &person->rows[i]);
    }
    int code =
        rows_keeping_back(person->rows, standing, e->scope, e->now, &e->pool, &keeping, &count);
    if (code)
        return code;
    e->opt_ins += opt_ins;
    e->lifted += kept_in > 0 && count == 0;
    put_strictest(e, person, keeping, count);
    return 0;
}

static int put_people(struct exporting *e, const struct list_person *people, size_t count)
{
    bool own = writer_is_own(e->target);
    int code = 0;

    for (size_t i = 0; i < count && code == 0; i++) {
        if (own)
            put_choices(e, &people[i]);
        else
            code = put_person(e, &people[i]);
    }
    return code;
}

static int scan_all(struct exporting *e, struct list_people *scan)
{
    struct list_person *people;
    size_t count;
    int code;

    while ((code = list_people_next(scan, &e->pool, &people, &count)) == 0 && count > 0) {
        code = put_people(e, people, count);
        pool_reset(&e->pool);
        if (code == 0 && !exporting_flush(e))
            code = STATUS_CANNOT;
        if (code)
            break;
    }
    return code;
}

int exporting_all(struct exporting *e, struct error *why)
{
    struct list_people *scan = NULL;

    int code = list_people_open(e->site.list, &scan);
    if (code == 0) {
        e->head = list_people_head(scan);
        writer_begin(e->target, e->site.lookup.fingerprint, &e->text);
        code = scan_all(e, scan);
    }
    if (code == 0)
        writer_end(e->target, &e->text);
    list_people_close(scan);
    if (code < 0)
        return site_explain(&e->site, code, why);
    return code == 0 && !exporting_flush(e) ? STATUS_CANNOT : code;
}
