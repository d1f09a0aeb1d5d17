#include "core/choice.h"

#include "base/error.h"
#include "core/scope.h"

#include <stdio.h>
#include <string.h>

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
    return choice->until == 0 || now < choice->until;
}

static bool keeps_back(const struct choice *row)
{
    return row->kind != CHOICE_OPT_IN;
}

static bool stands_for(const struct choice *row, const char *scope, int64_t now)
{
    return choice_stands(row, now) && scope_covers(row->scope, scope);
}

static bool names(const struct choice *opt_in, const struct choice *row)
{
    for (size_t i = 0; i < opt_in->name_count; i++)
        if (event_name_equal(&opt_in->names[i], &row->event))
            return true;
    return false;
}

bool choice_would_be_named(const struct choice *row, const char *opt_in_scope, int64_t now)
{
    return keeps_back(row) && !row->domain && stands_for(row, opt_in_scope, now);
}

/* An opt-in that stands, covers the scope and names the row; NULL where there is none. */
static const struct choice *lifted_by(const struct choice *row, const struct choice *rows,
                                      size_t count, const char *scope, int64_t now)
{
    if (row->domain)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (rows[i].kind == CHOICE_OPT_IN && rows[i].confirmed &&
            stands_for(&rows[i], scope, now) && names(&rows[i], row))
            return &rows[i];
    return NULL;
}

static size_t collect_blocking(const struct choice *rows, size_t count, const char *scope,
                               int64_t now, const struct choice **found)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (keeps_back(&rows[i]) && stands_for(&rows[i], scope, now) &&
            !lifted_by(&rows[i], rows, count, scope, now))
            found[n++] = &rows[i];
    return n;
}

/* The opt-ins without which the answer would have been another one. */
static size_t collect_allowing(const struct choice *rows, size_t count, const char *scope,
                               bool consent_asked, int64_t now, const struct choice **found)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].kind != CHOICE_OPT_IN || !stands_for(&rows[i], scope, now))
            continue;
        bool lifts = false;
        for (size_t j = 0; j < count && !lifts; j++)
            lifts = keeps_back(&rows[j]) && stands_for(&rows[j], scope, now) && rows[i].confirmed &&
                    names(&rows[i], &rows[j]);
        if (consent_asked || lifts)
            found[n++] = &rows[i];
    }
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

static bool is_named_by_any(const struct choice *row, const struct choice *rows, size_t count,
                            int64_t now)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].kind == CHOICE_OPT_IN && choice_stands(&rows[i], now) && names(&rows[i], row))
            return true;
    return false;
}

bool choice_is_known(const struct choice *candidate, const struct choice *rows, size_t count,
                     int64_t now)
{
    for (size_t i = 0; i < count; i++) {
        const struct choice *row = &rows[i];
        if (row->kind != candidate->kind || row->domain != candidate->domain ||
            strcmp(row->scope, candidate->scope) != 0 ||
            strcmp(row->source, candidate->source) != 0 || !choice_stands(row, now) ||
            !ends_no_later(candidate, row))
            continue;
        if (candidate->kind == CHOICE_OPT_IN) {
            if (row->confirmed >= candidate->confirmed && names_all_of(row, candidate))
                return true;
        } else if (row->asked == candidate->asked || !is_named_by_any(row, rows, count, now)) {
            return true;
        }
    }
    return false;
}
