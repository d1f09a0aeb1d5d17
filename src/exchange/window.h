/* The part of an input that is being looked at, in one piece of memory of bounded size. */
#ifndef EXCHANGE_WINDOW_H
#define EXCHANGE_WINDOW_H

#include "exchange/input.h"

#include <stddef.h>
#include <stdint.h>

#define WINDOW_SIZE 262144 /* octets: no row, value or line may be longer */

struct window {
    struct input *input;
    char *bytes;
    size_t begin; /* of what was not taken yet */
    size_t end;   /* of what was read */
    bool ended;   /* the input has no more */
};

/* -ENOMEM. The input remains the caller's. */
int window_open(struct window *window, struct input *input);
void window_close(struct window *window);

/* Reads more behind what is there, which may move. 1; 0 where the input has ended; ERR_TOO_LONG
 * where the window is full; -errno. */
int window_more(struct window *window, struct error *why);

/* What is there, from `begin` on. */
static inline char *window_text(const struct window *window)
{
    return window->bytes + window->begin;
}

static inline size_t window_length(const struct window *window)
{
    return window->end - window->begin;
}

#endif
