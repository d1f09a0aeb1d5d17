/* Encoded words: what RFC 2047 makes of header text that is not plain ASCII, or too long for a
 * line. */
#ifndef CORE_ENCODED_H
#define CORE_ENCODED_H

#include "base/text.h"

/* Decodes the encoded words of an unfolded line in place, blanks between two of them removed
 * (RFC 2047 section 6.2); what is none stays as it is. The octets are those of each word's charset:
 * what is ASCII comes out as such in all charsets that mail uses. Control characters become blanks.
 */
void encoded_decode(char *line);

/* Appends UTF-8 text of one line as a header's value: as it is where it is ASCII, otherwise as
 * encoded words of base64, folded with CRLF and a blank. A failure is left in `value`. */
void encoded_append(struct text *value, const char *line);

#endif
