#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

#define LINE_SIZE 4096

static bool to_syslog;

void log_to_syslog(const char *name)
{
    openlog(name, LOG_PID | LOG_NDELAY, LOG_MAIL);
    to_syslog = true;
}

void log_to_stderr(void)
{
    to_syslog = false;
}

__attribute__((format(printf, 2, 0))) static void write_line(int level, const char *format,
                                                             va_list args)
{
    char line[LINE_SIZE + 16];
    int head = 0;

    if (!to_syslog && getenv("JOURNAL_STREAM"))
        head = snprintf(line, 8, "<%d>", level);
    int length = vsnprintf(line + head, LINE_SIZE, format, args);
    if (length < 0)
        return;
    if (length >= LINE_SIZE)
        length = LINE_SIZE - 1;
    for (char *c = line + head; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    if (to_syslog) {
        syslog(level, "%s", line);
        return;
    }
    line[head + length] = '\n';
    /* One write, so that lines of several threads do not mix; there is nobody to tell if it fails.
     */
    ssize_t written = write(STDERR_FILENO, line, (size_t)(head + length + 1));
    (void)written;
}

void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(LOG_ERR, format, args);
    va_end(args);
}

void log_warning(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(LOG_WARNING, format, args);
    va_end(args);
}

void log_info(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(LOG_INFO, format, args);
    va_end(args);
}
