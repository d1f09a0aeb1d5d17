#include "base/clock.h"

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#define DAY 86400

struct date {
    int64_t year;
    unsigned month; /* 1 to 12 */
    unsigned day;   /* 1 to 31 */
};

/* The calendar is counted here and not by gmtime(3) and timegm(3), which look at the environment's
 * TZ and count leap seconds where it names a zone that does. */

/* Days since 1970-01-01 of a date of the Gregorian calendar. Years are taken from March on, so that
 * the leap day is a year's last; 400 of them have 146,097 days. */
static int64_t days_of(struct date date)
{
    int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t month = (date.month + 9) % 12; /* March: 0 */
    int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static struct date date_of(int64_t days)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month = (unsigned)((5 * day_of_year + 2) / 153);
    struct date date = {
        .year = year_of_era + era * 400 + (month >= 10),
        .month = month >= 10 ? month - 9 : month + 3,
        .day = (unsigned)(day_of_year - (153 * month + 2) / 5 + 1),
    };
    return date;
}

static unsigned days_in_month(struct date date)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);
    return days[date.month - 1] + (date.month == 2 && leap);
}

static bool is_date(struct date date)
{
    return date.month >= 1 && date.month <= 12 && date.day >= 1 && date.day <= days_in_month(date);
}

int64_t clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

int64_t clock_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static char *put_number(char *text, unsigned width, unsigned number)
{
    for (unsigned i = width; i > 0; i--) {
        text[i - 1] = (char)('0' + number % 10);
        number /= 10;
    }
    return text + width;
}

/* Everything up to the seconds; returns where to go on. */
static char *put_seconds(char *text, int64_t seconds)
{
    static const struct date first = {0, 1, 1};
    static const struct date last = {9999, 12, 31};

    int64_t days = seconds / DAY - (seconds % DAY < 0);
    unsigned second = (unsigned)((seconds % DAY + DAY) % DAY);
    struct date date = days < days_of(first) ? first : days > days_of(last) ? last : date_of(days);
    text = put_number(text, 4, (unsigned)date.year);
    *text++ = '-';
    text = put_number(text, 2, date.month);
    *text++ = '-';
    text = put_number(text, 2, date.day);
    *text++ = 'T';
    text = put_number(text, 2, second / 3600);
    *text++ = ':';
    text = put_number(text, 2, second / 60 % 60);
    *text++ = ':';
    return put_number(text, 2, second % 60);
}

const char *clock_format(int64_t seconds, char text[CLOCK_TEXT_SIZE])
{
    char *end = put_seconds(text, seconds);
    *end++ = 'Z';
    *end = '\0';
    return text;
}

const char *clock_format_ms(int64_t milliseconds, char text[CLOCK_TEXT_SIZE])
{
    int64_t seconds = milliseconds / 1000 - (milliseconds % 1000 < 0);
    char *end = put_seconds(text, seconds);
    *end++ = '.';
    end = put_number(end, 3, (unsigned)((milliseconds % 1000 + 1000) % 1000));
    *end++ = 'Z';
    *end = '\0';
    return text;
}

/* Takes exactly `width` digits, a number of at most `max`, from *text. */
static bool take_number(const char **text, unsigned width, unsigned max, unsigned *number)
{
    unsigned n = 0;
    for (unsigned i = 0; i < width; i++) {
        char c = (*text)[i];
        if (c < '0' || c > '9')
            return false;
        n = n * 10 + (unsigned)(c - '0');
    }
    *text += width;
    *number = n;
    return n <= max;
}

static bool take_char(const char **text, char wanted)
{
    if (**text != wanted)
        return false;
    ++*text;
    return true;
}

/* full-date */
static bool take_date(const char **text, struct date *date)
{
    unsigned year;
    if (!take_number(text, 4, 9999, &year) || !take_char(text, '-') ||
        !take_number(text, 2, 12, &date->month) || !take_char(text, '-') ||
        !take_number(text, 2, 31, &date->day))
        return false;
    date->year = year;
    return is_date(*date);
}

/* partial-time, in seconds of the day; the fraction is read and dropped. */
static bool take_time(const char **text, int64_t *seconds, bool *leap_second)
{
    unsigned hour, minute, second;
    if (!take_number(text, 2, 23, &hour) || !take_char(text, ':') ||
        !take_number(text, 2, 59, &minute) || !take_char(text, ':') ||
        !take_number(text, 2, 60, &second))
        return false;
    if (take_char(text, '.')) {
        unsigned digit;
        if (!take_number(text, 1, 9, &digit))
            return false;
        while (take_number(text, 1, 9, &digit))
            ;
    }
    *leap_second = second == 60;
    *seconds = (int64_t)hour * 3600 + minute * 60 + second;
    return true;
}

/* time-offset, in seconds east of UTC. */
static bool take_offset(const char **text, int64_t *seconds)
{
    unsigned hours, minutes;
    if (take_char(text, 'Z') || take_char(text, 'z')) {
        *seconds = 0;
        return true;
    }
    bool west = **text == '-';
    if (!take_char(text, '+') && !take_char(text, '-'))
        return false;
    if (!take_number(text, 2, 23, &hours) || !take_char(text, ':') ||
        !take_number(text, 2, 59, &minutes))
        return false;
    *seconds = (int64_t)hours * 3600 + minutes * 60;
    if (west)
        *seconds = -*seconds;
    return true;
}

/* The moment of a date that there is, and of a second of that day. */
static int settle(struct date date, int64_t time, int64_t offset, bool leap_second,
                  int64_t *seconds)
{
    static const struct date end = {10000, 1, 1};

    int64_t result = days_of(date) * DAY + time - offset;
    if (result < 0 || result >= days_of(end) * DAY)
        return ERR_SYNTAX;
    /* Leap seconds are put in only at the end of a UTC month; POSIX counts one as the second after
     * it. */
    if (leap_second && (result % DAY != 0 || date_of(result / DAY).day != 1))
        return ERR_SYNTAX;
    *seconds = result;
    return 0;
}

int clock_parse(const char *text, int64_t *seconds)
{
    struct date date;
    int64_t time = 0, offset = 0;
    bool leap_second = false;

    if (!take_date(&text, &date))
        return ERR_SYNTAX;
    if (*text) {
        if (!take_char(&text, 'T') && !take_char(&text, 't') && !take_char(&text, ' '))
            return ERR_SYNTAX;
        if (!take_time(&text, &time, &leap_second) || !take_offset(&text, &offset) || *text)
            return ERR_SYNTAX;
    }
    return settle(date, time, offset, leap_second, seconds);
}

int clock_from_fields(const struct clock_fields *fields, int64_t *seconds)
{
    struct date date = {fields->year, fields->month, fields->day};

    if (fields->year > 9999 || !is_date(date) || fields->hour > 23 || fields->minute > 59 ||
        fields->second > 60)
        return ERR_SYNTAX;
    return settle(date, (int64_t)fields->hour * 3600 + fields->minute * 60 + fields->second, 0,
                  fields->second == 60, seconds);
}
