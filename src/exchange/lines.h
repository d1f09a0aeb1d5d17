/* Physical lines of an input, ended by LF, CRLF or CR. Several can be held on to at once, where a
 * row turns out to span them, and given back, where it turns out that it does not. */
#ifndef EXCHANGE_LINES_H
#define EXCHANGE_LINES_H

#include "exchange/window.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lines {
    struct window *window;
    size_t next;     /* octets behind the window's begin: of the line to be read next */
    uint64_t number; /* of the line read last, from 1 */
};

/* A line; its text moves with the window. */
struct line {
    size_t start;  /* octets behind the window's begin */
    size_t length; /* without its end */
    size_t full;   /* with it; the same for a last line without one */
};

/* Where a line ends, to come back to. */
struct line_mark {
    size_t next;
    uint64_t number;
};

/* What was held is let go; the line read next is the first of what is held. */
void lines_let_go(struct lines *lines);

/* 1 with the next line; 0 at the end; ERR_TOO_LONG where the held lines would not fit the window;
 * -errno. */
int lines_next(struct lines *lines, struct line *line, struct error *why);

static inline struct line_mark lines_mark(const struct lines *lines)
{
    return (struct line_mark){lines->next, lines->number};
}

/* Gives back the lines read since the mark; nothing was let go in between. */
void lines_back(struct lines *lines, struct line_mark mark);

/* Where lines_next said ERR_TOO_LONG and no other line was held: passes over that line. 0, -errno.
 */
int lines_skip(struct lines *lines, struct error *why);

#endif
