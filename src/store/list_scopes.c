/* Registering scopes. */
#include "base/clock.h"
#include "core/scope.h"
#include "store/list_tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Octets in an event, at most. */
#define HEAD_ROOM 1024 /* all but the scopes, actor and source */
#define SCOPE_ROOM (SCOPE_MAX + 3)
#define SCOPES_IN_EVENT ((EVENT_MAX - HEAD_ROOM - 2 * LIST_SOURCE_MAX) / SCOPE_ROOM)

struct registration {
    struct list *list;
    const char *const *scopes;
    size_t count;
    const struct act *act;
    size_t added;
};

static int write_scopes(const struct registration *r, struct txn *txn, const char *const *fresh,
                        size_t count)
{
    struct event event = {.at_ms = clock_now_ms(),
                          .type = EVENT_SCOPES,
                          .actor = r->act->actor,
                          .source = r->act->source,
                          .scopes = fresh,
                          .scope_count = count};
    int code = journal_append(&r->list->store, txn, &event, r->act->words, r->act->word_count);
    return code ? code : list_fold(&r->list->store, txn, &event);
}

static bool is_among(const char *const *scopes, size_t count, const char *scope)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(scopes[i], scope) == 0)
            return true;
    return false;
}

static int register_job(struct txn *txn, void *argument)
{
    struct registration *r = argument;
    const char *fresh[SCOPES_IN_EVENT];
    size_t n = 0;
    uint32_t id;
    int code = 0;

    r->added = 0;
    for (size_t i = 0; i < r->count && code == 0; i++) {
        code = list_id_of(txn, TABLE_SCOPE, r->scopes[i], &id);
        if (code != ERR_NOT_FOUND)
            continue;
        code = 0;
        if (is_among(fresh, n, r->scopes[i]))
            continue;
        r->added++;
        fresh[n++] = r->scopes[i];
        if (n == SCOPES_IN_EVENT) {
            code = write_scopes(r, txn, fresh, n);
            n = 0;
        }
    }
    return code == 0 && n > 0 ? write_scopes(r, txn, fresh, n) : code;
}

/* A scope comes with those above it: whoever may object to `acme/news` may object to all of `acme`,
 * and to everything. */
static int with_parents(const char *const *scopes, size_t count, struct pool *pool,
                        struct registration *r)
{
    char parent[SCOPE_MAX + 1];
    const char **all = pool_take(pool, (count + 1) * (SCOPE_MAX / 2 + 2) * sizeof *all);
    size_t n = 0;

    for (size_t i = 0; all && i < count; i++) {
        const char *path = scopes[i];
        all[n++] = path;
        while (scope_parent(path, parent)) {
            if (!(path = pool_copy(pool, parent)))
                return -ENOMEM;
            all[n++] = path;
        }
    }
    r->scopes = all;
    r->count = n;
    return all ? 0 : -ENOMEM;
}

int list_add_scopes(struct list *list, const char *const *scopes, size_t count,
                    const struct act *act, size_t *added, struct error *why)
{
    struct registration r = {.list = list, .act = act};
    struct pool pool = {0};

    int code = list_check_act(act, why);
    if (code)
        return code;
    for (size_t i = 0; i < count; i++) {
        code = scope_check(scopes[i]);
        if (code)
            return error_set(why, code,
                             "\"%s\" is no scope: segments of a-z, 0-9, '.', '_' and '-' divided "
                             "by single slashes, %d octets at most",
                             scopes[i], SCOPE_MAX);
    }
    code = with_parents(scopes, count, &pool, &r);
    if (code)
        error_set(why, code, "no memory for scopes");
    else
        code = store_write(&list->store, register_job, &r, why);
    pool_release(&pool);
    if (code == 0)
        *added = r.added;
    return code;
}
