#include "exchange/date.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <string.h>

#define LENGTH_MAX 64 /* octets of a date; none is longer */

/* What a text says. */
struct said {
    struct clock_fields at;
    bool has_zone;
    int64_t offset; /* seconds ahead of UTC */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    c = text_lower_char(c);
    return c >= 'a' && c <= 'z';
}

/* Up to `most` digits; returns how many there were. */
static unsigned take_digits(const char **text, unsigned most, unsigned *number)
{
    unsigned count = 0, n = 0;
    while (count < most && is_digit(**text)) {
        n = n * 10 + (unsigned)(**text - '0');
        (*text)++;
        count++;
    }
    *number = n;
    return count;
}

static bool take_char(const char **text, char c)
{
    if (**text != c)
        return false;
    (*text)++;
    return true;
}

static void skip_blanks(const char **text)
{
    while (text_is_space(**text))
        (*text)++;
}

static void skip_letters(const char **text)
{
    while (is_letter(**text))
        (*text)++;
}

/* --- words --- */

/* The place of a word in a row of names, which may be cut to three letters or more; 0: it is none.
 */
static unsigned find_name(const char *word, size_t length, const char *const *names)
{
    for (unsigned i = 0; length >= 3 && names[i]; i++) {
        size_t same = 0;
        /* A name ends in a NUL, which is no letter. */
        while (same < length && text_lower_char(word[same]) == names[i][same])
            same++;
        if (same == length)
            return i + 1;
    }
    return 0;
}

static const char *const months[] = {"january",  "february", "march",  "april",     "may",
                                     "june",     "july",     "august", "september", "october",
                                     "november", "december", NULL};
static const char *const weekdays[] = {"monday", "tuesday",  "wednesday", "thursday",
                                       "friday", "saturday", "sunday",    NULL};

/* A word out of `names`, with a dot behind it or not. */
static bool take_name(const char **text, const char *const *names, unsigned *place)
{
    const char *end = *text;
    skip_letters(&end);
    unsigned found = find_name(*text, (size_t)(end - *text), names);
    if (!found)
        return false;
    *place = found;
    *text = end;
    take_char(text, '.');
    return true;
}

static bool is_absent(const char *text)
{
    static const char *const words[] = {"", "null", "none", "never", "n/a", "nil", "-", "0"};
    /* Most dates begin in another way. */
    if (*text && !strchr("nN-0", *text))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (text_equal(text, words[i]))
            return true;
    return false;
}

/* --- the day --- */

/* A year of two or four digits. */
static bool set_year(unsigned digits, unsigned number, struct said *said)
{
    if (digits != 2 && digits != 4)
        return false;
    said->at.year = digits == 4 ? number : number < 70 ? 2000 + number : 1900 + number;
    return true;
}

/* "2011-03-04", whatever is between. */
static bool take_year_first(const char **text, struct said *said)
{
    unsigned digits = take_digits(text, 4, &said->at.year);
    char between = **text;
    return digits == 4 && (between == '-' || between == '/' || between == '.') &&
           take_char(text, between) && take_digits(text, 2, &said->at.month) &&
           take_char(text, between) && take_digits(text, 2, &said->at.day);
}

/* The two numbers in front of a year. */
static enum date_reading set_day_and_month(unsigned first, unsigned second, bool dots,
                                           enum date_order order, struct said *said)
{
    if (order == DATE_ORDER_UNKNOWN) {
        if (dots || first > 12 || first == second)
            order = DATE_ORDER_DMY;
        else if (second > 12)
            order = DATE_ORDER_MDY;
        else
            return DATE_AMBIGUOUS;
    }
    said->at.day = order == DATE_ORDER_MDY ? second : first;
    said->at.month = order == DATE_ORDER_MDY ? first : second;
    return DATE_READ;
}

/* "03/04/2011", "3.4.11", "11-03-04". */
static enum date_reading take_numbers(const char **text, enum date_order order, struct said *said)
{
    unsigned first, second, third;
    unsigned first_digits = take_digits(text, 2, &first);
    char between = **text;

    if (!first_digits || (between != '-' && between != '/' && between != '.') ||
        !take_char(text, between) || !take_digits(text, 2, &second) || !take_char(text, between))
        return DATE_UNREADABLE;
    unsigned third_digits = take_digits(text, 4, &third);
    if (order == DATE_ORDER_ISO && (between != '.' || third_digits == 2)) {
        said->at.month = second;
        said->at.day = third;
        return first_digits == 2 && third_digits == 2 && set_year(2, first, said) ? DATE_READ
                                                                                  : DATE_UNREADABLE;
    }
    if (order == DATE_ORDER_ISO)
        order = DATE_ORDER_UNKNOWN;
    if (!set_year(third_digits, third, said))
        return DATE_UNREADABLE;
    return set_day_and_month(first, second, between == '.', order, said);
}

/* "7 Jan 2025", "07-Jan-25". */
static bool take_day_and_name(const char **text, struct said *said)
{
    unsigned year;

    if (!take_digits(text, 2, &said->at.day))
        return false;
    take_char(text, '.');
    if (!take_char(text, '-'))
        skip_blanks(text);
    if (!take_name(text, months, &said->at.month))
        return false;
    take_char(text, ',');
    if (!take_char(text, '-'))
        skip_blanks(text);
    unsigned digits = take_digits(text, 4, &year);
    return set_year(digits, year, said);
}

/* "Jan 7, 2025". */
static bool take_name_and_day(const char **text, struct said *said)
{
    if (!take_name(text, months, &said->at.month))
        return false;
    skip_blanks(text);
    if (!take_digits(text, 2, &said->at.day))
        return false;
    take_char(text, ',');
    skip_blanks(text);
    return take_digits(text, 4, &said->at.year) == 4;
}

static enum date_reading take_day(const char **text, enum date_order order, struct said *said)
{
    unsigned weekday;
    size_t digits = strspn(*text, "0123456789");

    if (digits == 4)
        return take_year_first(text, said) ? DATE_READ : DATE_UNREADABLE;
    if (digits == 0 && take_name(text, weekdays, &weekday)) {
        take_char(text, ',');
        skip_blanks(text);
        digits = strspn(*text, "0123456789");
    }
    if (digits == 0)
        return take_name_and_day(text, said) ? DATE_READ : DATE_UNREADABLE;
    if (digits > 2)
        return DATE_UNREADABLE;
    const char *behind = *text + digits;
    if ((*behind == '-' || *behind == '/' || *behind == '.') && is_digit(behind[1]))
        return take_numbers(text, order, said);
    return take_day_and_name(text, said) ? DATE_READ : DATE_UNREADABLE;
}

/* --- time and zone --- */

static bool take_half(const char **text, struct said *said)
{
    bool pm = text_starts(*text, "pm") || text_starts(*text, "p.m.");
    if (!pm && !text_starts(*text, "am") && !text_starts(*text, "a.m."))
        return true;
    if (said->at.hour < 1 || said->at.hour > 12)
        return false;
    said->at.hour = said->at.hour % 12 + (pm ? 12 : 0);
    *text += (*text)[1] == '.' ? 4 : 2;
    return true;
}

/* "19:25:45.123", "7:25 PM". */
static bool take_time(const char **text, struct said *said)
{
    unsigned ignored;

    if (!take_digits(text, 2, &said->at.hour) || !take_char(text, ':') ||
        take_digits(text, 2, &said->at.minute) != 2)
        return false;
    if (take_char(text, ':') && take_digits(text, 2, &said->at.second) != 2)
        return false;
    if ((**text == '.' || **text == ',') && is_digit((*text)[1])) {
        (*text)++;
        while (take_digits(text, 9, &ignored))
            ;
    }
    skip_blanks(text);
    return take_half(text, said);
}

/* "+0100", "+01:00", "+01". */
static bool take_offset(const char **text, struct said *said)
{
    unsigned hours, minutes = 0;
    bool west = **text == '-';

    (*text)++;
    if (take_digits(text, 2, &hours) != 2)
        return false;
    bool colon = take_char(text, ':');
    if ((colon || is_digit(**text)) && take_digits(text, 2, &minutes) != 2)
        return false;
    if (hours > 23 || minutes > 59)
        return false;
    said->has_zone = true;
    said->offset = (west ? -1 : 1) * ((int64_t)hours * 3600 + minutes * 60);
    return true;
}

/* The names that RFC 5322 section 4.3 gives a meaning, in any case. */
static bool take_zone_name(const char **text, struct said *said)
{
    static const struct {
        const char *name;
        int hours;
    } zones[] = {{"z", 0},    {"ut", 0},   {"utc", 0},  {"gmt", 0},  {"est", -5}, {"edt", -4},
                 {"cst", -6}, {"cdt", -5}, {"mst", -7}, {"mdt", -6}, {"pst", -8}, {"pdt", -7}};
    const char *end = *text;

    skip_letters(&end);
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
        if (text_starts(*text, zones[i].name) && strlen(zones[i].name) == (size_t)(end - *text)) {
            said->has_zone = true;
            said->offset = zones[i].hours * 3600;
            *text = end;
            return true;
        }
    return false;
}

static bool take_zone(const char **text, struct said *said)
{
    if (is_letter(**text) && !take_zone_name(text, said))
        return false;
    /* Also "GMT+0100". */
    if ((**text == '+' || **text == '-') && !take_offset(text, said))
        return false;
    skip_blanks(text);
    if (take_char(text, '(')) {
        while (**text && **text != ')')
            (*text)++;
        if (!take_char(text, ')'))
            return false;
    }
    return true;
}

/* --- all of it --- */

static enum date_reading settle(const struct said *said, const struct zone *zone, int64_t *seconds)
{
    int64_t local;

    /* What stands for no date: 0000-00-00, 0001-01-01, 1899-12-30. */
    if (said->at.year < 1970 && said->at.month <= 12 && said->at.day <= 31)
        return DATE_ABSENT;
    if (clock_from_fields(&said->at, &local))
        return DATE_UNREADABLE;
    int64_t utc = said->has_zone ? local - said->offset : zone_to_utc(zone, local);
    if (utc <= 0)
        return DATE_ABSENT;
    *seconds = utc;
    return DATE_READ;
}

/* "20250107", "20250107T192545", Unix time in seconds or, with three digits more, in ms. */
static enum date_reading read_digits(const char *text, size_t digits, const struct zone *zone,
                                     int64_t *seconds)
{
    struct said said = {0};
    unsigned high = 0, low = 0, ignored;

    if (digits == 8) {
        take_digits(&text, 4, &said.at.year);
        take_digits(&text, 2, &said.at.month);
        take_digits(&text, 2, &said.at.day);
        if (take_char(&text, 'T') &&
            (take_digits(&text, 2, &said.at.hour) != 2 ||
             take_digits(&text, 2, &said.at.minute) != 2 ||
             take_digits(&text, 2, &said.at.second) != 2 || !take_zone(&text, &said)))
            return DATE_UNREADABLE;
        return *text ? DATE_UNREADABLE : settle(&said, zone, seconds);
    }
    if (digits != 9 && digits != 10 && digits != 13)
        return DATE_UNREADABLE;
    take_digits(&text, (unsigned)(digits == 13 ? 10 : digits) - 5, &high);
    take_digits(&text, 5, &low);
    if (digits == 13)
        take_digits(&text, 3, &ignored);
    if (take_char(&text, '.'))
        while (take_digits(&text, 9, &ignored))
            ;
    if (*text)
        return DATE_UNREADABLE;
    *seconds = (int64_t)high * 100000 + low;
    return *seconds > 0 ? DATE_READ : DATE_ABSENT;
}

enum date_reading date_parse(const char *text, size_t length, enum date_order order,
                             const struct zone *zone, int64_t *seconds)
{
    char copy[LENGTH_MAX + 1];
    const char *rest = copy;
    struct said said = {0};

    if (length > LENGTH_MAX || memchr(text, '\0', length))
        return DATE_UNREADABLE;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (is_absent(copy))
        return DATE_ABSENT;
    size_t digits = strspn(copy, "0123456789");
    if (digits == length || (digits >= 8 && (copy[digits] == '.' || copy[digits] == 'T')))
        return read_digits(copy, digits, zone, seconds);
    enum date_reading reading = take_day(&rest, order, &said);
    if (reading != DATE_READ)
        return reading;
    if (*rest == 'T' || *rest == 't')
        rest++;
    take_char(&rest, ',');
    skip_blanks(&rest);
    if (is_digit(*rest) && !take_time(&rest, &said))
        return DATE_UNREADABLE;
    skip_blanks(&rest);
    if (!take_zone(&rest, &said) || *rest)
        return DATE_UNREADABLE;
    return settle(&said, zone, seconds);
}

int date_order_parse(const char *name, enum date_order *order)
{
    static const char *const names[] = {
        [DATE_ORDER_DMY] = "DMY", [DATE_ORDER_MDY] = "MDY", [DATE_ORDER_ISO] = "ISO"};
    for (size_t i = DATE_ORDER_DMY; i < sizeof names / sizeof *names; i++)
        if (text_equal(name, names[i])) {
            *order = (enum date_order)i;
            return 0;
        }
    return ERR_NOT_FOUND;
}
