#include "tool/file_lines.h"

#include "base/text.h"

#include <string.h>

static const char byte_order_mark[] = "\xef\xbb\xbf";

/* Reads up to the end of the line, however long that is. False: there is no more. */
static bool read_line(struct file_lines *lines, size_t *length)
{
    size_t n = 0;
    int c = getc_unlocked(lines->file);

    lines->bad = false;
    if (c == EOF)
        return false;
    for (; c != EOF && c != '\n'; c = getc_unlocked(lines->file)) {
        if (n + 1 == sizeof lines->text || c == '\0') {
            lines->bad = true;
            continue;
        }
        lines->text[n++] = (char)c;
    }
    lines->text[n] = '\0';
    *length = n;
    return !ferror(lines->file); /* half a line is none */
}

static void trim(char *text, size_t length, bool first)
{
    size_t begin = 0;
    if (first && strncmp(text, byte_order_mark, strlen(byte_order_mark)) == 0)
        begin = strlen(byte_order_mark);
    while (text_is_space(text[begin]))
        begin++;
    while (length > begin && text_is_space(text[length - 1]))
        length--;
    memmove(text, text + begin, length - begin);
    text[length - begin] = '\0';
}

bool file_lines_next(struct file_lines *lines)
{
    size_t length;

    while (read_line(lines, &length)) {
        lines->number++;
        trim(lines->text, length, lines->number == 1);
        if (lines->text[0] != '\0' || lines->bad)
            return true;
    }
    return false;
}
