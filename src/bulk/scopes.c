#include "bulk/scopes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 16 /* a power of two, as all that follow */

static uint32_t hash_of(const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash;
}

/* Where the name's number is, or would be; half of the places are free at least. */
static uint16_t *place_of(const struct scopes *scopes, const char *name)
{
    size_t mask = 2 * scopes->room - 1, i = hash_of(name) & mask;
    while (scopes->places[i] && strcmp(scopes->names[scopes->places[i] - 1], name) != 0)
        i = (i + 1) & mask;
    return &scopes->places[i];
}

static int grow(struct scopes *scopes)
{
    size_t room = scopes->room ? 2 * scopes->room : FIRST_ROOM;
    char **names = realloc(scopes->names, room * sizeof *names);
    if (names)
        scopes->names = names;
    uint16_t *places = calloc(2 * room, sizeof *places);
    if (!names || !places) {
        free(places);
        return -ENOMEM;
    }
    free(scopes->places);
    scopes->places = places;
    scopes->room = room;
    for (size_t i = 0; i < scopes->count; i++)
        *place_of(scopes, scopes->names[i]) = (uint16_t)(i + 1);
    return 0;
}

static int append(struct scopes *scopes, const char *name)
{
    int code = scopes->count == scopes->room ? grow(scopes) : 0;
    char *copy = code ? NULL : strdup(name);
    if (!copy)
        return -ENOMEM;
    uint16_t *place = place_of(scopes, name);
    scopes->names[scopes->count++] = copy;
    *place = (uint16_t)scopes->count;
    return 0;
}

static size_t find(const struct scopes *scopes, const char *name)
{
    /* Rows of one scope mostly come one after the other. */
    if (scopes->last < scopes->count && strcmp(scopes->names[scopes->last], name) == 0)
        return scopes->last;
    uint16_t place = scopes->room ? *place_of(scopes, name) : 0;
    return place ? place - 1u : scopes->count;
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
    free(scopes->places);
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
