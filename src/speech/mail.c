#include "speech/mail.h"

#include "core/encoded.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#define LINE_MAX_QUOTED                                                                            \
    73 /* RFC 2045 section 6.7: 76, a quoted octet and the = at the end counted */

static void append_date(struct text *message, int64_t at)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)at;
    struct tm t;

    if (!gmtime_r(&seconds, &t))
        return;
    text_format(message, "Date: %.3s, %02d %.3s %d %02d:%02d:%02d +0000\r\n",
                days + 3 * (size_t)t.tm_wday, t.tm_mday, months + 3 * (size_t)t.tm_mon,
                t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

static void append_header(struct text *message, const struct mail *mail)
{
    append_date(message, mail->at);
    text_format(message, "From: <%s>\r\nTo: <%s>\r\nSubject: ", mail->from, mail->to);
    encoded_append(message, mail->subject);
    text_format(message,
                "\r\nMessage-ID: <%s%s>\r\n"
                "Auto-Submitted: auto-%s\r\n"
                "MIME-Version: 1.0\r\n"
                "Content-Type: text/plain; charset=utf-8\r\n"
                "Content-Transfer-Encoding: %s\r\n\r\n",
                mail->id, strrchr(mail->from, '@'), mail->bare ? "generated" : "replied",
                mail->bare ? "7bit" : "quoted-printable");
}

/* RFC 2045 section 6.7. A dot at the beginning of a line is quoted too: whatever carries the mail
 * need not know of it. */
static void append_quoted(struct text *message, const char *body)
{
    size_t column = 0;

    for (const char *c = body; *c; c++) {
        bool last = c[1] == '\n' || c[1] == '\0';
        if (*c == '\n') {
            text_append(message, "\r\n");
            column = 0;
            continue;
        }
        if (column >= LINE_MAX_QUOTED) {
            text_append(message, "=\r\n");
            column = 0;
        }
        if ((unsigned char)*c > 0x7e || (unsigned char)*c < 0x20 || *c == '=' ||
            (*c == ' ' && last) || (*c == '.' && column == 0)) {
            text_format(message, "=%02X", (unsigned)(unsigned char)*c);
            column += 3;
        } else {
            text_append_bytes(message, c, 1);
            column++;
        }
    }
}

static void append_bare(struct text *message, const char *body)
{
    for (const char *c = body; *c; c++)
        if (*c == '\n')
            text_append(message, "\r\n");
        else
            text_append_char(message, *c);
}

int mail_write(const struct mail *mail, struct text *message)
{
    append_header(message, mail);
    if (mail->bare)
        append_bare(message, mail->body);
    else
        append_quoted(message, mail->body);
    if (!message->failed)
        return 0;
    text_release(message);
    return -ENOMEM;
}
