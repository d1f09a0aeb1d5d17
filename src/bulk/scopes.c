#include "bulk/scopes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int append(struct scopes *scopes, const char *name)
{
    if (scopes->count == scopes->room) {
        size_t room = scopes->room ? 2 * scopes->room : 16;
        char **names = realloc(scopes->names, room * sizeof *names);
        if (!names)
            return -ENOMEM;
        scopes->names = names;
        scopes->room = room;
    }
    char *copy = strdup(name);
    if (!copy)
        return -ENOMEM;
    scopes->names[scopes->count++] = copy;
    return 0;
}

/* The count where there is none. */
static size_t find(const struct scopes *scopes, const char *name)
{
    size_t i = 0;

    /* Rows of one scope mostly come one after the other. */
    if (scopes->last < scopes->count && strcmp(scopes->names[scopes->last], name) == 0)
        return scopes->last;
    while (i < scopes->count && strcmp(scopes->names[i], name) != 0)
        i++;
    return i;
}

int scopes_number(struct scopes *scopes, const char *name, uint16_t *number, struct error *why)
{
    size_t i = find(scopes, name);

    if (i == SCOPES_MAX)
        return error_set(why, ERR_TOO_LONG, "more than %d scopes in one import", SCOPES_MAX);
    int code = i == scopes->count ? append(scopes, name) : 0;
    if (code)
        return error_set(why, code, "no memory for scopes");
    scopes->last = i;
    *number = (uint16_t)i;
    return 0;
}

bool scopes_has(const struct scopes *scopes, const char *name)
{
    return find(scopes, name) < scopes->count;
}

void scopes_release(struct scopes *scopes)
{
    for (size_t i = 0; i < scopes->count; i++)
        free(scopes->names[i]);
    free(scopes->names);
    *scopes = (struct scopes){0};
}

int scopes_check(const struct scopes *scopes, struct list *list, struct error *why)
{
    struct list_view *view;
    int code = list_view_begin(list, &view);

    if (code)
        return list_explain(list, code, why);
    for (size_t i = 0; i < scopes->count && code == 0; i++) {
        code = list_scope_known(view, scopes->names[i]);
        if (code == ERR_SCOPE)
            error_set(why, code,
                      "scope %s is not registered: `optout scope list` shows those that are, "
                      "`optout scope add` makes a new one",
                      scopes->names[i]);
        else if (code)
            list_explain(list, code, why);
    }
    list_view_end(view);
    return code;
}
