#include "core/choice.h"

#include "base/error.h"
#include "core/scope.h"

#include <stdio.h>
#include <string.h>

#define DAY 86400 /* seconds */

static const char *const reason_names[] = {
    [REASON_NONE] = "none",
    [REASON_OBJECTION] = "objection",
    [REASON_UNSUBSCRIBE] = "unsubscribe",
    [REASON_COMPLAINT] = "complaint",
    [REASON_BOUNCE] = "bounce",
    [REASON_SOFT_BOUNCE] = "soft-bounce",
    [REASON_INVALID] = "invalid",
    [REASON_PAUSE] = "pause",
    [REASON_MANUAL] = "manual",
    [REASON_CONSENT] = "consent",
    [REASON_DOUBLE_OPT_IN] = "double-opt-in",
    [REASON_OTHER] = "other",
};
#define REASON_COUNT (sizeof reason_names / sizeof *reason_names)

bool event_name_equal(const struct event_name *a, const struct event_name *b)
{
    return a->number == b->number && memcmp(a->node, b->node, sizeof a->node) == 0;
}

bool choice_is_anybodys_word(const struct choice *choice)
{
    return strcmp(choice->source, SOURCE_GENERAL_PAGE) == 0 ||
           strcmp(choice->source, SOURCE_GENERAL_MAIL) == 0;
}

const char *choice_kind_name(enum choice_kind kind)
{
    switch (kind) {
    case CHOICE_OPT_OUT:
        return "opt-out";
    case CHOICE_BLOCK:
        return "block";
    case CHOICE_OPT_IN:
        return "opt-in";
    }
    return "unknown";
}

const char *choice_reason_name(unsigned reason, char buffer[CHOICE_REASON_SIZE])
{
    if (reason < REASON_COUNT)
        return reason_names[reason];
    snprintf(buffer, CHOICE_REASON_SIZE, "reason-%u", reason & 0xffff);
    return buffer;
}

int choice_reason_parse(const char *name, enum choice_reason *reason)
{
    for (size_t i = 0; i < REASON_COUNT; i++)
        if (strcmp(reason_names[i], name) == 0) {
            *reason = (enum choice_reason)i;
            return 0;
        }
    return ERR_NOT_FOUND;
}

bool choice_stands(const struct choice *choice, int64_t now)
{
    return choice->kind == CHOICE_OPT_OUT || choice->until == 0 || now < choice->until;
}

static bool keeps_back(const struct choice *row)
{
    return row->kind != CHOICE_OPT_IN;
}

static bool stands_for(const struct choice *row, const char *scope, int64_t now)
{
    return choice_stands(row, now) && scope_covers(row->scope, scope);
}

/* There are no opt-ins for a domain; one that came from anywhere would speak for people who said
 * nothing. */
static bool is_opt_in(const struct choice *row)
{
    return row->kind == CHOICE_OPT_IN && !row->domain;
}

/* Whether the opt-in lifts the row wherever it stands and covers. */
static bool names(const struct choice *opt_in, const struct choice *row)
{
    if (!is_opt_in(opt_in) || !opt_in->confirmed || row->domain)
        return false;
    for (size_t i = 0; i < opt_in->name_count; i++)
        if (event_name_equal(&opt_in->names[i], &row->event))
            return true;
    return false;
}

bool choice_would_be_named(const struct choice *row, const char *opt_in_scope, int64_t now)
{
    return keeps_back(row) && !row->domain && stands_for(row, opt_in_scope, now);
}

/* The last moment at which it can have been said: many sources tell the day alone, which stands for
 * its first second. */
static int64_t said_until(int64_t asked)
{
    return asked % DAY == 0 ? asked + (DAY - 1) : asked;
}

bool choice_was_said_by(const struct choice *row, int64_t recorded, int64_t given)
{
    return recorded <= given || (row->asked != 0 && said_until(row->asked) <= given);
}

/* Whether an opt-in that stands and covers the scope names the row. */
static bool is_lifted(const struct choice *row, const struct choice *rows, size_t count,
                      const char *scope, int64_t now)
{
    for (size_t i = 0; i < count; i++)
        if (stands_for(&rows[i], scope, now) && names(&rows[i], row))
            return true;
    return false;
}

static size_t collect_blocking(const struct choice *rows, size_t count, const char *scope,
                               int64_t now, const struct choice **found)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (keeps_back(&rows[i]) && stands_for(&rows[i], scope, now) &&
            !is_lifted(&rows[i], rows, count, scope, now))
            found[n++] = &rows[i];
    return n;
}

static bool lifts_something(const struct choice *opt_in, const struct choice *rows, size_t count,
                            const char *scope, int64_t now)
{
    for (size_t i = 0; i < count; i++)
        if (keeps_back(&rows[i]) && stands_for(&rows[i], scope, now) && names(opt_in, &rows[i]))
            return true;
    return false;
}

/* The opt-ins that make it so that the mail may go. */
static size_t collect_allowing(const struct choice *rows, size_t count, const char *scope,
                               bool consent_asked, int64_t now, const struct choice **found)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (is_opt_in(&rows[i]) && stands_for(&rows[i], scope, now) &&
            (consent_asked || lifts_something(&rows[i], rows, count, scope, now)))
            found[n++] = &rows[i];
    return n;
}

enum decision choice_decide(const struct choice *rows, size_t count, const char *stream_scope,
                            bool consent_asked, int64_t now, const struct choice **deciding,
                            size_t *deciding_count)
{
    size_t n = collect_blocking(rows, count, stream_scope, now, deciding);
    *deciding_count = n;
    if (n > 0)
        return DECISION_OPTED_OUT;
    *deciding_count = collect_allowing(rows, count, stream_scope, consent_asked, now, deciding);
    return consent_asked && *deciding_count == 0 ? DECISION_NO_CONSENT : DECISION_MAY_BE_MAILED;
}

static bool ends_no_later(const struct choice *candidate, const struct choice *row)
{
    return row->until == 0 || (candidate->until != 0 && candidate->until <= row->until);
}

static bool names_all_of(const struct choice *row, const struct choice *candidate)
{
    for (size_t i = 0; i < candidate->name_count; i++) {
        bool found = false;
        for (size_t j = 0; j < row->name_count && !found; j++)
            found = event_name_equal(&row->names[j], &candidate->names[i]);
        if (!found)
            return false;
    }
    return true;
}

/* Whether saying again what the row says would add nothing, seen from the opt-ins that name it:
 * none does, or the candidate is the very statement that they named. Two statements without a date
 * are not known to be one, and a date that is not before the opt-in's may be the change of mind
 * that came after it; what is in doubt is written. */
static bool is_same_statement(const struct choice *candidate, const struct choice *row,
                              const struct choice *rows, size_t count, int64_t now)
{
    for (size_t i = 0; i < count; i++) {
        if (!choice_stands(&rows[i], now) || !names(&rows[i], row))
            continue;
        if (candidate->asked == 0 || candidate->asked != row->asked ||
            said_until(candidate->asked) >= rows[i].asked)
            return false;
    }
    return true;
}

static bool is_same_kind_of_row(const struct choice *candidate, const struct choice *row)
{
    return row->kind == candidate->kind && row->domain == candidate->domain &&
           strcmp(row->scope, candidate->scope) == 0 && strcmp(row->source, candidate->source) == 0;
}

const struct choice *choice_find_known(const struct choice *candidate, const struct choice *rows,
                                       size_t count, int64_t now)
{
    for (size_t i = 0; i < count; i++) {
        const struct choice *row = &rows[i];
        if (!is_same_kind_of_row(candidate, row) || !choice_stands(row, now) ||
            !ends_no_later(candidate, row))
            continue;
        if (keeps_back(candidate)) {
            if (is_same_statement(candidate, row, rows, count, now))
                return row;
        } else if (row->confirmed >= candidate->confirmed && names_all_of(row, candidate)) {
            return row;
        }
    }
    return NULL;
}
