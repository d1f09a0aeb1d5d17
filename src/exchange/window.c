#include "exchange/window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 4096 /* octets worth a read(2) without moving what is there */

int window_open(struct window *window, struct input *input)
{
    char *bytes = malloc(WINDOW_SIZE);
    if (!bytes)
        return -ENOMEM;
    *window = (struct window){.input = input, .bytes = bytes};
    return 0;
}

void window_close(struct window *window)
{
    free(window->bytes);
    window->bytes = NULL;
}

int window_more(struct window *window, struct error *why)
{
    size_t length = 0;

    if (window->ended)
        return 0;
    if (window->begin > 0 && WINDOW_SIZE - window->end < ROOM_MIN) {
        memmove(window->bytes, window_text(window), window_length(window));
        window->end -= window->begin;
        window->begin = 0;
    }
    if (WINDOW_SIZE - window->end < ROOM_MIN)
        return ERR_TOO_LONG;
    int rc = input_read(window->input, window->bytes + window->end, WINDOW_SIZE - window->end,
                        &length, why);
    if (rc < 0)
        return rc;
    window->end += length;
    window->ended = length == 0;
    return length > 0;
}
