#include "tool/person/doubles.h"

#include <string.h>

static bool says_the_same(const struct choice *a, const struct choice *b)
{
    return a->kind == b->kind && a->domain == b->domain && strcmp(a->scope, b->scope) == 0;
}

static bool is_same_source(const struct choice *a, const struct choice *b)
{
    return strcmp(a->source, b->source) == 0;
}

/* Whether row `j` stood when row `i` was written. */
static bool stood(const struct stated *rows, size_t j, size_t i)
{
    return rows[j].withdrawn > i && choice_stands(rows[j].choice, rows[i].recorded);
}

static bool names(const struct choice *opt_in, const struct event_name *event)
{
    for (size_t n = 0; n < opt_in->name_count; n++)
        if (event_name_equal(&opt_in->names[n], event))
            return true;
    return false;
}

static bool was_lifted(const struct stated *rows, size_t j, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (rows[k].choice->kind == CHOICE_OPT_IN && stood(rows, k, i) &&
            names(rows[k].choice, &rows[j].choice->event))
            return true;
    return false;
}

static bool ends_later(const struct choice *a, const struct choice *b)
{
    return b->until && (!a->until || a->until > b->until);
}

static enum double_why compare(const struct stated *rows, size_t j, size_t i)
{
    const struct choice *earlier = rows[j].choice, *later = rows[i].choice;

    if (!is_same_source(earlier, later))
        return DOUBLE_SOURCE;
    if (was_lifted(rows, j, i))
        return DOUBLE_LIFTED;
    if (later->kind != CHOICE_OPT_OUT && ends_later(later, earlier))
        return DOUBLE_LONGER;
    if (later->kind == CHOICE_OPT_IN &&
        ((later->confirmed && !earlier->confirmed) || later->name_count > earlier->name_count))
        return DOUBLE_CONFIRMED;
    if (memcmp(earlier->event.node, later->event.node, EVENT_NODE_SIZE) != 0)
        return DOUBLE_NODE;
    return rows[j].batch != rows[i].batch ? DOUBLE_BATCH : DOUBLE_OTHER;
}

/* The latest one of the same source tells most; else the latest of any. */
enum double_why double_find(const struct stated *rows, size_t count, size_t i, size_t *beside)
{
    size_t found = count;

    for (size_t j = 0; j < i; j++)
        if (says_the_same(rows[j].choice, rows[i].choice) && stood(rows, j, i) &&
            (found == count || is_same_source(rows[j].choice, rows[i].choice) ||
             !is_same_source(rows[found].choice, rows[i].choice)))
            found = j;
    if (found == count)
        return DOUBLE_NONE;
    *beside = found;
    return compare(rows, found, i);
}

const char *double_text(enum double_why why)
{
    static const char *const texts[] = {
        [DOUBLE_SOURCE] = "it came from another source, and nobody's word takes the place of "
                          "another's",
        [DOUBLE_NODE] = "the earlier one was written before the list was restored, and journals "
                        "that are put together keep all they hold",
        [DOUBLE_LIFTED] = "an opt-in had lifted the earlier one, so this is a new decision",
        [DOUBLE_LONGER] = "it stands longer than the earlier one",
        [DOUBLE_CONFIRMED] = "it is confirmed, or lifts more than the earlier one",
        [DOUBLE_BATCH] = "an import that can be undone as a whole never holds up what was said "
                         "outside of it, or by another import",
        [DOUBLE_OTHER] = "each statement is a row of its own, and nothing is overwritten",
    };
    return texts[why];
}

const char *double_name(enum double_why why)
{
    static const char *const texts[] = {
        [DOUBLE_SOURCE] = "source", [DOUBLE_NODE] = "node",           [DOUBLE_LIFTED] = "lifted",
        [DOUBLE_LONGER] = "longer", [DOUBLE_CONFIRMED] = "confirmed", [DOUBLE_BATCH] = "batch",
        [DOUBLE_OTHER] = "other",
    };
    return texts[why];
}
