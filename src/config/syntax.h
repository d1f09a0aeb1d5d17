/* A look at the file's text before libconfuse reads it.
 *
 * libconfuse 3.3 takes much without a word: a file that ends in the middle of a section, an option
 * set twice (the last one wins), ${VARIABLES} of whoever starts the program, line breaks in a
 * string whose end was forgotten, and it drops what it does not know outside of quotes, the * of a
 * glob for one. It counts a line with a comment three times. All that is refused or mended here,
 * so that a configuration means what it says, and an error bears the right line. */
#ifndef CONFIG_SYNTAX_H
#define CONFIG_SYNTAX_H

#include "base/error.h"

#include <stddef.h>

/* Where the sections begin, in the sequence of the file. */
struct syntax {
    unsigned *section_lines;
    size_t section_count;
};

/* Looks through `text`, which is terminated, and blanks its comments out. On success the caller
 * frees section_lines. On failure `why` begins with "PATH:LINE: ". ERR_CONFIG, -ENOMEM. */
int syntax_check(const char *path, char *text, size_t length, struct syntax *syntax,
                 struct error *why);

#endif
