#include "exchange/lines.h"

#include <string.h>

void lines_let_go(struct lines *lines)
{
    lines->window->begin += lines->next;
    lines->next = 0;
}

void lines_back(struct lines *lines, struct line_mark mark)
{
    lines->next = mark.next;
    lines->number = mark.number;
}

/* Finds the end of the line that begins at `start` in what the window has; false where that needs
 * more of it. A CR at the very end may be half of a CRLF. */
static bool find_end(const struct window *window, size_t start, struct line *line)
{
    const char *text = window_text(window) + start;
    size_t length = window_length(window) - start;
    const char *feed = length ? memchr(text, '\n', length) : NULL;
    size_t before_feed = feed ? (size_t)(feed - text) : length;
    const char *cr = before_feed ? memchr(text, '\r', before_feed) : NULL;

    line->start = start;
    if (cr) {
        line->length = (size_t)(cr - text);
        if (cr + 1 == text + length && !window->ended)
            return false;
        line->full = line->length + 1 + (feed && cr + 1 == feed);
        return true;
    }
    line->length = before_feed;
    line->full = before_feed + (feed != NULL);
    return feed || (window->ended && length > 0);
}

int lines_next(struct lines *lines, struct line *line, struct error *why)
{
    struct line found;

    while (!find_end(lines->window, lines->next, &found)) {
        int rc = window_more(lines->window, why);
        if (rc < 0)
            return rc;
        if (rc == 0 && !find_end(lines->window, lines->next, &found))
            return 0;
        if (rc == 0)
            break;
    }
    lines->next += found.full;
    lines->number++;
    *line = found;
    return 1;
}

int lines_skip(struct lines *lines, struct error *why)
{
    struct window *window = lines->window;
    uint64_t number = lines->number + 1;
    struct line line;
    int rc;

    do {
        /* All that is there belongs to the line; a CR at its end may be the first half of CRLF. */
        bool cr = window_length(window) > 0 && window->bytes[window->end - 1] == '\r';
        window->begin = window->end - cr;
        lines->next = 0;
        rc = lines_next(lines, &line, why);
    } while (rc == ERR_TOO_LONG);
    lines_let_go(lines);
    lines->number = number;
    return rc < 0 ? rc : 0;
}
