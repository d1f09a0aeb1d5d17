/* Lines of a file that anybody may have written. */
#ifndef TOOL_FILE_LINES_H
#define TOOL_FILE_LINES_H

#include "core/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct file_lines {
    FILE *file;
    uint64_t number;                  /* of the line read last, from 1 */
    bool bad;                         /* it is too long for an address, or holds a NUL */
    char text[ADDRESS_GIVEN_MAX + 2]; /* it, cut to fit, without blanks at its ends */
};

/* The next line that is not blank: true, false at the end or on an error (ask ferror). A byte order
 * mark in front of the first line, blanks and CR at either end are dropped. */
bool file_lines_next(struct file_lines *lines);

#endif
