/* A mail that the product writes itself: RFC 5322 and 2045, an automatic answer by RFC 3834. */
#ifndef SPEECH_MAIL_H
#define SPEECH_MAIL_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

struct mail {
    const char *from; /* a plain ASCII address */
    const char *to;   /* canonical */
    const char *subject;
    const char *body; /* UTF-8, lines end in LF */
    const char *id;   /* the left part of its Message-ID, once used in this world */
    int64_t at;       /* seconds */
    bool bare; /* ASCII, in lines of 998 octets at most (RFC 5322 section 2.1.1): they stay as they
                  are */
};

/* The whole message, with CRLF at its line ends, into an empty text. -ENOMEM. */
int mail_write(const struct mail *mail, struct text *message);

#endif
