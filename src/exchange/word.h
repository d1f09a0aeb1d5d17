/* Names of columns, members and statuses, compared by letters and digits alone: "Email Address",
 * "email_address", "emailAddress" and "E-Mail-Address" are one name. */
#ifndef EXCHANGE_WORD_H
#define EXCHANGE_WORD_H

#include <stddef.h>

#define WORD_SIZE 64

/* The letters and digits of `text` in lower case; octets above ASCII stay. Cut to fit; terminated.
 */
void word_of(const char *text, size_t length, char word[WORD_SIZE]);

#endif
