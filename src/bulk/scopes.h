/* The scopes that one import is about, by numbers. */
#ifndef BULK_SCOPES_H
#define BULK_SCOPES_H

#include "base/error.h"
#include "store/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCOPES_MAX 65535

/* Empty at first: {0}. */
struct scopes {
    char **names;
    size_t count, room;
    size_t last;      /* that was asked for */
    uint16_t *places; /* a table of twice `room`: 1 + a number, by the hash of its name; 0: free */
};

/* The number of a scope, which is new or not. -ENOMEM, ERR_TOO_LONG. */
int scopes_number(struct scopes *scopes, const char *name, uint16_t *number, struct error *why);
/* Whether it has a number. */
bool scopes_has(const struct scopes *scopes, const char *name);
void scopes_release(struct scopes *scopes);

/* Whether the list knows all of them. ERR_SCOPE, with the way out. */
int scopes_check(const struct scopes *scopes, struct list *list, struct error *why);

#endif
