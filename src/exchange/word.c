#include "exchange/word.h"

#include "base/text.h"

void word_of(const char *text, size_t length, char word[WORD_SIZE])
{
    size_t n = 0;

    for (size_t i = 0; i < length && n < WORD_SIZE - 1; i++) {
        char c = text_lower_char(text[i]);
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80)
            word[n++] = c;
    }
    word[n] = '\0';
}
