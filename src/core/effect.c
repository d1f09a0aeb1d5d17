#include "core/effect.h"

#include "base/error.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR 3600
#define DAY 86400
#define AMOUNT_MAX 999

/* --- limits ---------------------------------------------------------------------------------- */

static int parse_amount(const char *text, struct effect_limit *limit)
{
    static const struct {
        const char *unit;
        bool business_days;
        unsigned factor;
    } units[] = {{"h", false, 1}, {"d", false, 24}, {"bd", true, 1}};
    char digits[4];
    uint64_t amount;
    size_t length = strspn(text, "0123456789");

    if (length == 0 || length >= sizeof digits)
        return ERR_SYNTAX;
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (text_to_u64(digits, AMOUNT_MAX, &amount) || amount == 0)
        return ERR_SYNTAX;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(text + length, units[i].unit) == 0) {
            limit->business_days = units[i].business_days;
            limit->amount = (unsigned)amount * units[i].factor;
            return 0;
        }
    return ERR_SYNTAX;
}

int effect_limit_parse(const char *text, struct effect_limit *limit)
{
    struct effect_limit made = {.amount = 0};
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

    if (length == 0 || text[length] != '=')
        return ERR_SYNTAX;
    if (length > EFFECT_NAME_MAX)
        return ERR_TOO_LONG;
    memcpy(made.name, text, length);
    int code = parse_amount(text + length + 1, &made);
    if (code == 0)
        *limit = made;
    return code;
}

const char *effect_limit_format(const struct effect_limit *limit, char text[EFFECT_LIMIT_SIZE])
{
    snprintf(text, EFFECT_LIMIT_SIZE, "%u%s", limit->amount, limit->business_days ? "bd" : "h");
    return text;
}

/* Days since 1970, a Thursday; also before it. */
static int64_t day_of(int64_t seconds)
{
    return seconds >= 0 ? seconds / DAY : -((-seconds + DAY - 1) / DAY);
}

static bool is_business_day(int64_t day)
{
    int64_t weekday = ((day + 3) % 7 + 7) % 7; /* 0: Monday */
    return weekday < 5;
}

int64_t effect_deadline(const struct effect_limit *limit, int64_t asked)
{
    if (!limit->business_days)
        return asked + (int64_t)limit->amount * HOUR;
    int64_t day = day_of(asked);
    for (unsigned left = limit->amount; left > 0;)
        left -= is_business_day(++day);
    return (day + 1) * DAY - 1;
}

/* --- one opt-out ----------------------------------------------------------------------------- */

/* When it took effect, ms. */
static int64_t moment(const struct effect *effect)
{
    return effect->last_handed_ms > effect->recorded_ms ? effect->last_handed_ms
                                                        : effect->recorded_ms;
}

bool effect_delay(const struct effect *effect, int64_t *delay_ms)
{
    if (effect->asked == 0)
        return false;
    int64_t asked_ms = effect->asked * 1000, at_ms = moment(effect);
    *delay_ms = at_ms > asked_ms ? at_ms - asked_ms : 0;
    return true;
}

const char *effect_standing_name(enum effect_standing standing)
{
    switch (standing) {
    case EFFECT_IN_TIME:
        return "in-time";
    case EFFECT_NEAR:
        return "near";
    case EFFECT_OVER:
        return "over";
    case EFFECT_UNDATED:
        return "undated";
    }
    return "unknown";
}

enum effect_standing effect_stands(const struct effect *effect, const struct effect_limit *limit)
{
    int64_t delay_ms;

    if (!effect_delay(effect, &delay_ms))
        return EFFECT_UNDATED;
    int64_t allowed_ms = (effect_deadline(limit, effect->asked) - effect->asked) * 1000;
    if (delay_ms >= allowed_ms + 1000)
        return EFFECT_OVER;
    return delay_ms > allowed_ms / 4 * 3 ? EFFECT_NEAR : EFFECT_IN_TIME;
}

enum effect_standing effect_worst(const struct effect *effect, const struct effect_limit *limits,
                                  size_t count)
{
    enum effect_standing worst = EFFECT_IN_TIME;
    for (size_t i = 0; i < count; i++) {
        enum effect_standing one = effect_stands(effect, &limits[i]);
        if (one > worst)
            worst = one;
    }
    return worst;
}

/* --- many ------------------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static int64_t ranked(const int64_t *values, size_t count, unsigned percent)
{
    size_t rank = (count * percent + 99) / 100; /* from 1 */
    return values[rank > 0 ? rank - 1 : 0];
}

struct effect_spread effect_spread(int64_t *values, size_t count)
{
    struct effect_spread spread = {.count = count};

    if (count == 0)
        return spread;
    qsort(values, count, sizeof *values, compare);
    spread.median = ranked(values, count, 50);
    spread.p90 = ranked(values, count, 90);
    spread.p99 = ranked(values, count, 99);
    spread.max = values[count - 1];
    return spread;
}
