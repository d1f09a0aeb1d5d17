#include "core/retention.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>
#include <time.h>

#define DAY 86400

int retention_parse(const char *text, struct retention *retention)
{
    char digits[4];
    uint64_t count;
    size_t length = strlen(text);

    if (strcmp(text, "forever") == 0) {
        *retention = (struct retention){0};
        return 0;
    }
    if (length < 2 || length > sizeof digits || !strchr("dwmy", text[length - 1]))
        return ERR_SYNTAX;
    memcpy(digits, text, length - 1);
    digits[length - 1] = '\0';
    int code = text_to_u64(digits, RETENTION_MAX, &count);
    if (code || count == 0)
        return ERR_SYNTAX;
    *retention = (struct retention){(unsigned)count, text[length - 1]};
    return 0;
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 1 && leap ? 29 : days[month];
}

/* The same day so many months before, or that month's last one. */
static int64_t months_before(int64_t now, int months)
{
    time_t seconds = (time_t)now;
    struct tm day;

    if (!gmtime_r(&seconds, &day))
        return INT64_MIN;
    int month = day.tm_year * 12 + day.tm_mon - months;
    day.tm_year = month / 12;
    day.tm_mon = month % 12;
    int last = days_in(day.tm_year + 1900, day.tm_mon);
    if (day.tm_mday > last)
        day.tm_mday = last;
    return timegm(&day);
}

static int64_t year_begin(int64_t now, int years)
{
    time_t seconds = (time_t)now;
    struct tm day;

    if (!gmtime_r(&seconds, &day))
        return INT64_MIN;
    day = (struct tm){.tm_year = day.tm_year - years, .tm_mday = 1};
    return timegm(&day);
}

int64_t retention_limit(const struct retention *retention, int64_t now)
{
    int count = (int)retention->count;

    if (count == 0 || now <= 0)
        return INT64_MIN;
    switch (retention->unit) {
    case 'd':
        return now - (int64_t)count * DAY;
    case 'w':
        return now - (int64_t)count * 7 * DAY;
    case 'm':
        return months_before(now, count);
    default:
        return year_begin(now, count);
    }
}
