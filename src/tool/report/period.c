#include "tool/report/period.h"

#include "base/error.h"

#include <time.h>

#define DAY_SECONDS INT64_C(86400)

/* Where a part begins that holds the moment. */
static struct tm begin_of(enum period_unit unit, int64_t at)
{
    time_t seconds = (time_t)at;
    struct tm tm;

    gmtime_r(&seconds, &tm);
    tm.tm_sec = tm.tm_min = tm.tm_hour = 0;
    if (unit == PERIOD_WEEK)
        tm.tm_mday -= (tm.tm_wday + 6) % 7;
    if (unit == PERIOD_MONTH || unit == PERIOD_YEAR)
        tm.tm_mday = 1;
    if (unit == PERIOD_YEAR)
        tm.tm_mon = 0;
    return tm;
}

static void step(enum period_unit unit, struct tm *tm)
{
    tm->tm_mday += unit == PERIOD_DAY ? 1 : unit == PERIOD_WEEK ? 7 : 0;
    tm->tm_mon += unit == PERIOD_MONTH;
    tm->tm_year += unit == PERIOD_YEAR;
}

/* Whether that many parts are enough. */
static int cut(struct period *period, enum period_unit unit)
{
    struct tm tm = begin_of(unit, period->since);

    period->unit = unit;
    period->count = 0;
    period->starts[0] = (int64_t)timegm(&tm);
    while (period->starts[period->count] < period->until) {
        if (period->count == PERIOD_PARTS_MAX)
            return ERR_SYNTAX;
        step(unit, &tm);
        period->starts[++period->count] = (int64_t)timegm(&tm);
    }
    return 0;
}

/* A month of days is the most that can be told apart on paper, and a year of weeks. */
static enum period_unit fitting(int64_t length)
{
    int64_t days = length / DAY_SECONDS;
    return days <= 35 ? PERIOD_DAY : days <= 371 ? PERIOD_WEEK : PERIOD_MONTH;
}

int period_make(int64_t since, int64_t until, struct period *period)
{
    struct period made = {.since = since, .until = until};

    if (since >= until)
        return ERR_SYNTAX;
    int code = cut(&made, fitting(until - since));
    if (code)
        code = cut(&made, PERIOD_YEAR);
    if (code == 0)
        *period = made;
    return code;
}

size_t period_find(const struct period *period, int64_t at)
{
    size_t low = 0, high = period->count;

    if (at < period->since || at >= period->until)
        return period->count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (at >= period->starts[middle])
            low = middle;
        else
            high = middle;
    }
    return low;
}

const char *period_unit_name(enum period_unit unit)
{
    static const char *const names[] = {"day", "week", "month", "year"};
    return names[unit];
}
