#include "exchange/translate.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "core/scope.h"
#include "exchange/who.h"

#include <errno.h>
#include <string.h>

/* What a row says, before it is known of whom. */
struct meaning {
    enum row_what what;
    enum choice_reason reason;
};

bool translate_says(const struct format *format, const enum column *columns, size_t count)
{
    bool says = format->says;

    for (size_t i = 0; i < count; i++)
        says = says || columns[i] == COLUMN_STATUS || columns[i] == COLUMN_KIND ||
               (columns[i] >= COLUMN_OPTED_OUT && columns[i] <= COLUMN_BAD_SINCE);
    return says;
}

static const struct cell *cell_of(const struct cells *cells, enum column column)
{
    return &cells->cells[column];
}

static bool is_there(const struct cells *cells, enum column column)
{
    return cells->cells[column].length > 0;
}

static void word_in(const struct cells *cells, enum column column, char word[WORD_SIZE])
{
    word_of(cell_of(cells, column)->text, cell_of(cells, column)->length, word);
}

/* --- what --- */

/* Of several things that a row says the stricter counts. */
static unsigned strictness(enum row_what what)
{
    return what == ROW_OPT_OUT ? 3 : what == ROW_BLOCK ? 2 : what == ROW_OPT_IN ? 1 : 0;
}

static void take_stricter(struct meaning *meaning, enum row_what what, enum choice_reason reason)
{
    if (strictness(what) > strictness(meaning->what))
        *meaning = (struct meaning){what, reason};
}

/* 0, FAULT_STATUS. An empty cell is a no. */
static int read_yes(const struct cells *cells, enum column column, bool *yes)
{
    static const char yes_words[] = " 1 true t yes y ja j x wahr on ";
    static const char no_words[] = " 0 false f no n nein falsch off ";
    char word[WORD_SIZE + 2] = " ";

    *yes = false;
    if (!is_there(cells, column))
        return 0;
    word_in(cells, column, word + 1);
    strcat(word, " ");
    *yes = strstr(yes_words, word) != NULL;
    return *yes || strstr(no_words, word) ? 0 : FAULT_STATUS;
}

/* What status and origin say. 0, FAULT_STATUS. */
static int read_status(const struct format *format, const struct cells *cells, enum column column,
                       struct meaning *meaning)
{
    char word[WORD_SIZE], origin[WORD_SIZE];
    const struct format_status *status = NULL, *more;

    *meaning = (struct meaning){format->what, format->reason};
    if (format->statuses && (is_there(cells, column) || format->what == ROW_REJECTED)) {
        word_in(cells, column, word);
        status = format_status(format->statuses, word);
        if (!status)
            return FAULT_STATUS;
        *meaning = (struct meaning){status->what, status->reason};
    }
    if (!is_there(cells, COLUMN_ORIGIN))
        return 0;
    word_in(cells, COLUMN_ORIGIN, origin);
    more = format_status(format->origins, origin);
    if (more && (status ? status->see_origin : meaning->what == ROW_OPT_OUT))
        *meaning = (struct meaning){more->what, more->reason};
    return 0;
}

/* What the columns that are signs by themselves add. 0, FAULT_STATUS. */
static int read_signs(const struct cells *cells, struct meaning *meaning)
{
    bool yes;

    if (read_yes(cells, COLUMN_OPTED_OUT, &yes) != 0)
        return FAULT_STATUS;
    if (yes || is_there(cells, COLUMN_OUT_SINCE))
        take_stricter(meaning, ROW_OPT_OUT, REASON_UNSUBSCRIBE);
    if (read_yes(cells, COLUMN_BOUNCED, &yes) != 0)
        return FAULT_STATUS;
    if (yes || is_there(cells, COLUMN_BAD_SINCE))
        take_stricter(meaning, ROW_BLOCK, REASON_BOUNCE);
    return 0;
}

/* --- when --- */

/* An absent date is 0. 0, FAULT_DATE, FAULT_AMBIGUOUS_DATE. */
static int read_date(const struct translation *translation, const struct cell *cell,
                     int64_t *seconds)
{
    int64_t read = 0;

    if (cell->length > 0)
        switch (
            date_parse(cell->text, cell->length, translation->order, translation->zone, &read)) {
        case DATE_UNREADABLE:
            return FAULT_DATE;
        case DATE_AMBIGUOUS:
            return FAULT_AMBIGUOUS_DATE;
        case DATE_READ:
        case DATE_ABSENT:
            break;
        }
    *seconds = read;
    return 0;
}

/* A date such as 0000-00-00 in a column that is a sign by itself stands for none. */
static int drop_absent_sign(const struct translation *translation, struct cells *cells,
                            enum column column)
{
    int64_t seconds;
    int fault = read_date(translation, cell_of(cells, column), &seconds);
    if (fault == 0 && seconds == 0)
        cells->cells[column].length = 0;
    return fault;
}

static int read_dates(const struct translation *translation, const struct cells *cells,
                      struct row *row)
{
    enum column asked = is_there(cells, COLUMN_ASKED)       ? COLUMN_ASKED
                        : is_there(cells, COLUMN_OUT_SINCE) ? COLUMN_OUT_SINCE
                                                            : COLUMN_BAD_SINCE;
    int64_t until, later;

    int fault = read_date(translation, cell_of(cells, asked), &row->asked);
    if (fault == 0)
        fault = read_date(translation, cell_of(cells, COLUMN_UNTIL), &until);
    if (fault == 0)
        fault = read_date(translation, &cells->later_end, &later);
    if (fault)
        return fault;
    if (until > 0 && later > until)
        until = later;
    if (until > 0 && translation->format->end_is_block && row->what == ROW_OPT_OUT) {
        row->what = ROW_BLOCK;
        row->reason = REASON_OTHER;
    }
    row->until = row->what == ROW_OPT_OUT ? 0 : until;
    return 0;
}

/* --- our own --- */

static bool take_number(const char **text, uint64_t *number)
{
    uint64_t n = 0;
    const char *c = *text;

    for (; *c >= '0' && *c <= '9'; c++) {
        unsigned digit = (unsigned)(*c - '0');
        if (n > (UINT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    if (c == *text)
        return false;
    *text = c;
    *number = n;
    return true;
}

int translate_event(const char **text, struct event_name *event)
{
    char hex[2 * EVENT_NODE_SIZE + 1] = "";
    struct event_name read;
    const char *c = *text;

    strncat(hex, c, sizeof hex - 1);
    if (text_from_hex(hex, sizeof read.node, read.node) < 0 || c[sizeof hex - 1] != '-')
        return ERR_SYNTAX;
    c += sizeof hex;
    if (!take_number(&c, &read.number) || read.number == 0 || (*c && *c != ' '))
        return ERR_SYNTAX;
    *event = read;
    *text = c;
    return 0;
}

/* Names with blanks between. 0, FAULT_EVENT, -ENOMEM. */
static int read_names(const struct cells *cells, struct row *row)
{
    const char *text = cell_of(cells, COLUMN_NAMES)->text;
    size_t count = 1;

    if (!*text)
        return 0;
    for (const char *c = text; *c; c++)
        count += *c == ' ';
    if (count > ROW_NAMES_MAX)
        return FAULT_EVENT;
    struct event_name *names = pool_take(cells->pool, count * sizeof *names);
    if (!names)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            text++;
        if (translate_event(&text, &names[i]) < 0)
            return FAULT_EVENT;
    }
    row->names = names;
    row->name_count = count;
    return 0;
}

/* clock_format_ms's form. */
static int read_recorded(const char *text, int64_t *milliseconds)
{
    int64_t seconds, fraction = 0;
    const char *point = strchr(text, '.');

    if (clock_parse(text, &seconds) < 0)
        return FAULT_DATE;
    for (int i = 1; i <= 3; i++) {
        bool digit = point && point[i] >= '0' && point[i] <= '9';
        if (!digit)
            point = NULL;
        fraction = fraction * 10 + (digit ? point[i] - '0' : 0);
    }
    *milliseconds = seconds * 1000 + fraction;
    return 0;
}

/* "reason-77" is one that a later version knows. */
static int read_reason(const char *text, enum choice_reason *reason)
{
    uint64_t number;

    if (choice_reason_parse(text, reason) == 0)
        return 0;
    if (strncmp(text, "reason-", 7) != 0 || text_to_u64(text + 7, 0xffff, &number) < 0)
        return FAULT_REASON;
    *reason = (enum choice_reason)number;
    return 0;
}

/* What only our own format has. 0, a fault, -ENOMEM. */
static int read_own(const struct cells *cells, struct row *row)
{
    const char *event = cell_of(cells, COLUMN_EVENT)->text;

    row->scope = cell_of(cells, COLUMN_SCOPE)->text;
    if (scope_check(row->scope) < 0)
        return FAULT_SCOPE;
    if (cell_of(cells, COLUMN_SOURCE)->length > ROW_SOURCE_MAX)
        return FAULT_SOURCE;
    if (is_there(cells, COLUMN_SOURCE))
        row->source = cell_of(cells, COLUMN_SOURCE)->text;
    int rc = 0;
    if (is_there(cells, COLUMN_REASON))
        rc = read_reason(cell_of(cells, COLUMN_REASON)->text, &row->reason);
    if (rc == 0)
        rc = read_yes(cells, COLUMN_CONFIRMED, &row->confirmed);
    if (rc == 0 && is_there(cells, COLUMN_RECORDED))
        rc = read_recorded(cell_of(cells, COLUMN_RECORDED)->text, &row->recorded_ms);
    if (rc == 0 && is_there(cells, COLUMN_EVENT) &&
        (translate_event(&event, &row->event) < 0 || *event))
        rc = FAULT_EVENT;
    if (rc == 0)
        rc = read_names(cells, row);
    if (rc == 0 && row->what == ROW_WITHDRAWAL && row->name_count == 0)
        rc = FAULT_EVENT;
    return rc;
}

/* --- who --- */

static int read_who(const struct translation *translation, const struct cells *cells,
                    struct row_who *who)
{
    const struct cell *address = cell_of(cells, COLUMN_ADDRESS);
    const struct cell *digest = cell_of(cells, COLUMN_DIGEST);
    const struct cell *subject = cell_of(cells, COLUMN_SUBJECT);
    int rc = 0;

    if (address->length > 0)
        rc = translation->format->own ? who_read_own(address->text, address->length, who)
                                      : who_read(address->text, address->length, who);
    if (rc == 0 && digest->length > 0)
        rc = who_read_digest(digest->text, who);
    if (rc == 0 && subject->length > 0) {
        if (text_from_hex(subject->text, sizeof who->subject.bytes, who->subject.bytes) < 0)
            return FAULT_SUBJECT;
        who->has_subject = true;
    }
    if (rc == 0 && !who->has_address && !who->has_digest && !who->has_subject)
        rc = FAULT_NO_ADDRESS;
    return rc;
}

/* --- all of it --- */

static void clear_row(struct row *row)
{
    row->what = ROW_REJECTED;
    row->fault = FAULT_NONE;
    row->who.has_address = row->who.has_digest = row->who.has_subject = row->who.domain = false;
    row->reason = REASON_NONE;
    row->confirmed = false;
    row->asked = row->until = row->recorded_ms = 0;
    row->status = row->scope = row->source = NULL;
    row->tags = NULL;
    row->tag_count = 0;
    row->event.number = 0;
    row->names = NULL;
    row->name_count = 0;
}

/* What kind of row it is. 0, a fault. */
static int read_meaning(const struct translation *translation, struct cells *cells, struct row *row)
{
    const struct format *format = translation->format;
    enum column column = format->own ? COLUMN_KIND : COLUMN_STATUS;
    struct meaning meaning;

    if (is_there(cells, column))
        row->status = cell_of(cells, column)->text;
    int fault = drop_absent_sign(translation, cells, COLUMN_OUT_SINCE);
    if (fault == 0)
        fault = drop_absent_sign(translation, cells, COLUMN_BAD_SINCE);
    if (fault == 0)
        fault = read_status(format, cells, column, &meaning);
    if (fault == 0)
        fault = read_signs(cells, &meaning);
    if (fault)
        return fault;
    if (!translation->says && meaning.what == ROW_NOTHING)
        meaning = (struct meaning){ROW_OPT_OUT, REASON_NONE};
    row->what = meaning.what;
    row->reason = meaning.reason;
    return 0;
}

int translate_row(const struct translation *translation, struct cells *cells, struct row *row)
{
    clear_row(row);
    int rc = (int)cells->fault;
    if (rc == 0 && translation->people)
        row->what = ROW_NOTHING;
    else if (rc == 0)
        rc = read_meaning(translation, cells, row);
    /* Of a row that says nothing nothing has to be right. */
    if (rc == 0 && row->what == ROW_NOTHING && !translation->people)
        return 0;
    if (rc == 0)
        rc = read_who(translation, cells, &row->who);
    if (rc == 0 && !translation->people)
        rc = read_dates(translation, cells, row);
    if (rc == 0 && !translation->people && translation->format->own)
        rc = read_own(cells, row);
    if (rc < 0)
        return rc;
    row->tags = cells->tags;
    row->tag_count = cells->tag_count;
    if (rc > 0) {
        row->what = ROW_REJECTED;
        row->fault = (enum row_fault)rc;
    }
    return 0;
}
