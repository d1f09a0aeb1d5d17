#include "config/syntax.h"

#include "config/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum token { TOKEN_NONE, TOKEN_WORD, TOKEN_STRING, TOKEN_SIGN };

struct scanner {
    const char *path;
    char *at; /* what is left of the text, terminated */
    unsigned line;
    struct error *why;

    enum token last; /* what was read before `at` */
    const char *last_start;
    size_t last_length;

    unsigned list_line;     /* where the open list began; 0: none is open */
    unsigned section_line;  /* where the open section began; 0: none is open */
    unsigned *global_lines; /* for each row of the table, where it was set; 0: not yet */
    unsigned *local_lines;  /* the same within the open section */

    unsigned *section_lines;
    size_t section_count;
};

static int fail(const struct scanner *scanner, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(const struct scanner *scanner, unsigned line, const char *format, ...)
{
    char sentence[256];
    va_list args;

    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    return error_set(scanner->why, ERR_CONFIG, "%s:%u: %s", scanner->path, line, sentence);
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("_-.:/@", c));
}

static void took(struct scanner *scanner, enum token token, const char *start)
{
    scanner->last = token;
    scanner->last_start = start;
    scanner->last_length = (size_t)(scanner->at - start);
}

static void blank_line_comment(struct scanner *scanner)
{
    while (*scanner->at && *scanner->at != '\n')
        *scanner->at++ = ' ';
}

static int blank_long_comment(struct scanner *scanner)
{
    const char *end = strstr(scanner->at + 2, "*/");

    if (!end)
        return fail(scanner, scanner->line, "the comment that begins here has no end");
    for (end += 2; scanner->at < end; scanner->at++) {
        if (*scanner->at == '\n')
            scanner->line++;
        else
            *scanner->at = ' ';
    }
    return 0;
}

static int scan_escape(const struct scanner *scanner, char quote, char escaped)
{
    if (escaped == '\\' || escaped == quote || (escaped == '$' && quote == '"'))
        return 0;
    return fail(scanner, scanner->line,
                "behind a backslash may stand another backslash or the quote%s; a backslash "
                "itself is written twice",
                quote == '"' ? " or $" : "");
}

static int scan_string(struct scanner *scanner)
{
    const char *start = scanner->at;
    char quote = *scanner->at++;

    for (; *scanner->at != quote; scanner->at++) {
        if (*scanner->at == '\0' || *scanner->at == '\n')
            return fail(scanner, scanner->line, "a %c is not closed on its line", quote);
        if (*scanner->at == '\\') {
            int rc = scan_escape(scanner, quote, scanner->at[1]);
            if (rc < 0)
                return rc;
            scanner->at++;
        } else if (quote == '"' && scanner->at[0] == '$' && scanner->at[1] == '{') {
            return fail(scanner, scanner->line,
                        "variables of the environment are not filled in; the signs themselves "
                        "are written \\${");
        }
    }
    scanner->at++;
    took(scanner, TOKEN_STRING, start);
    return 0;
}

static void scan_word(struct scanner *scanner)
{
    const char *start = scanner->at;

    while (is_word_char(*scanner->at))
        scanner->at++;
    took(scanner, TOKEN_WORD, start);
}

/* An option gets its value. Names that the table does not know are left to libconfuse. */
static int scan_assignment(struct scanner *scanner)
{
    char name[32];

    if (scanner->list_line)
        return fail(scanner, scanner->line, "the list that begins in line %u is not closed",
                    scanner->list_line);
    if (scanner->last != TOKEN_WORD)
        return fail(scanner, scanner->line, "there is no option's name before =");
    snprintf(name, sizeof name, "%.*s", (int)scanner->last_length, scanner->last_start);
    const struct option *option = option_find(name);
    if (!option)
        return 0;
    unsigned *lines = scanner->section_line ? scanner->local_lines : scanner->global_lines;
    unsigned *line = &lines[option - option_table];
    if (*line)
        return fail(scanner, scanner->line, "%s was set already in line %u", name, *line);
    *line = scanner->line;
    return 0;
}

static int scan_opening(struct scanner *scanner)
{
    if (scanner->list_line)
        return fail(scanner, scanner->line, "a list within the list of line %u",
                    scanner->list_line);
    if (scanner->last == TOKEN_SIGN && *scanner->last_start == '=') {
        scanner->list_line = scanner->line;
        return 0;
    }
    if (scanner->section_line)
        return fail(scanner, scanner->line,
                    "a section within the section that begins in line %u; is its } missing?",
                    scanner->section_line);

    unsigned *lines = realloc(scanner->section_lines,
                              (scanner->section_count + 1) * sizeof *scanner->section_lines);
    if (!lines)
        return error_set(scanner->why, -ENOMEM, "out of memory");
    scanner->section_lines = lines;
    scanner->section_lines[scanner->section_count++] = scanner->line;
    scanner->section_line = scanner->line;
    memset(scanner->local_lines, 0, option_count * sizeof *scanner->local_lines);
    return 0;
}

static int scan_closing(struct scanner *scanner)
{
    if (scanner->list_line)
        scanner->list_line = 0;
    else if (scanner->section_line)
        scanner->section_line = 0;
    else
        return fail(scanner, scanner->line, "} closes nothing");
    return 0;
}

static int scan_sign(struct scanner *scanner)
{
    char sign = *scanner->at;
    int rc = 0;

    if (sign == '{')
        rc = scan_opening(scanner);
    else if (sign == '}')
        rc = scan_closing(scanner);
    else if (sign == '=')
        rc = scan_assignment(scanner);
    else if (sign == '+' && scanner->at[1] == '=')
        rc = fail(scanner, scanner->line, "a list is given as a whole, with = alone");
    else if (sign == '(')
        rc = fail(scanner, scanner->line,
                  "( has to stand in quotes; include() and other functions are not available");
    else if (sign != ',')
        rc = sign > 0x20 && sign < 0x7f
                 ? fail(scanner, scanner->line, "%c has to stand in quotes", sign)
                 : fail(scanner, scanner->line, "byte 0x%02x has to stand in quotes",
                        (unsigned char)sign);
    scanner->at++;
    took(scanner, TOKEN_SIGN, scanner->at - 1);
    return rc;
}

static int scan_next(struct scanner *scanner)
{
    char c = scanner->at[0], next = scanner->at[1];

    if (c == '\n')
        scanner->line++;
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
        scanner->at++;
    else if (c == '#' || (c == '/' && next == '/'))
        blank_line_comment(scanner);
    else if (c == '/' && next == '*')
        return blank_long_comment(scanner);
    else if (c == '"' || c == '\'')
        return scan_string(scanner);
    else if (is_word_char(c))
        scan_word(scanner);
    else
        return scan_sign(scanner);
    return 0;
}

static int scan_all(struct scanner *scanner)
{
    int rc = 0;

    while (rc == 0 && *scanner->at)
        rc = scan_next(scanner);
    if (rc == 0 && scanner->list_line)
        rc = fail(scanner, scanner->list_line,
                  "the list that begins here is not closed; was the file cut off?");
    if (rc == 0 && scanner->section_line)
        rc = fail(scanner, scanner->section_line,
                  "the section that begins here is not closed; was the file cut off?");
    return rc;
}

/* Editors of another system put a byte order mark (U+FEFF) in front. */
static void blank_byte_order_mark(char *text)
{
    static const char mark[] = "\xef\xbb\xbf";

    if (strncmp(text, mark, sizeof mark - 1) == 0)
        memset(text, ' ', sizeof mark - 1);
}

int syntax_check(const char *path, char *text, size_t length, struct syntax *syntax,
                 struct error *why)
{
    struct scanner scanner = {.path = path, .at = text, .line = 1, .why = why};
    unsigned *lines = calloc(2 * option_count, sizeof *lines);
    int rc = -ENOMEM;

    if (!lines)
        return error_set(why, rc, "out of memory");
    scanner.global_lines = lines;
    scanner.local_lines = lines + option_count;
    blank_byte_order_mark(text);
    rc = scan_all(&scanner);
    if (rc == 0 && scanner.at != text + length)
        rc = fail(&scanner, scanner.line, "a NUL byte: this is no text file");
    free(lines);
    if (rc < 0) {
        free(scanner.section_lines);
        return rc;
    }
    *syntax = (struct syntax){scanner.section_lines, scanner.section_count};
    return 0;
}
