#include "tool/lists/reading.h"

#include "tool/output.h"
#include "tool/stops.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { FORMAT, ENCODING, DATES, ZONE }; /* as READING_FLAGS */

static int read_options(const char *const *values, struct reading *reading,
                        struct reader_options *options, struct error *why)
{
    options->format = values[FORMAT];
    if (values[DATES] && date_order_parse(values[DATES], &options->dates))
        return error_set(why, ERR_SYNTAX, "--dates %.60s: not one of DMY, MDY and ISO",
                         values[DATES]);
    if (!values[ZONE])
        return 0;
    options->zone = &reading->zone;
    return zone_load(values[ZONE], &reading->zone, why);
}

int reading_open(const char *path, struct reading *reading, struct error *why)
{
    memset(reading, 0, sizeof *reading);
    reading->path = path;
    int code = input_file(path, &reading->fd, why);
    reading->opened = code == 0;
    return code;
}

int reading_begin(const char *const *values, bool people, struct reading *reading,
                  struct error *why)
{
    struct reader_options options = {.people = people};

    int code = read_options(values, reading, &options, why);
    if (code == 0) {
        reading->opened = false; /* taken over */
        code = input_open_fd(reading->fd, input_file_name(reading->path), values[ENCODING],
                             &reading->input, why);
    }
    if (code == 0)
        code = reader_open(reading->input, &options, &reading->reader, why);
    if (code)
        reading_close(reading);
    return code;
}

void reading_close(struct reading *reading)
{
    if (reading->opened)
        close(reading->fd);
    reading->opened = false;
    reader_close(reading->reader);
    input_close(reading->input);
    reading->reader = NULL;
    reading->input = NULL;
}

/* --- pages --- */

#define PAGE_TEXT (1 << 20) /* octets of rows after which a page ends */

/* What the row points to is moved to the pool. */
static int keep(struct pool *pool, struct row *row)
{
    struct event_name *names = NULL;

    row->status = NULL;
    row->tags = NULL;
    row->tag_count = 0;
    if (row->name_count > 0) {
        names = pool_take(pool, row->name_count * sizeof *names);
        if (!names)
            return -ENOMEM;
        memcpy(names, row->names, row->name_count * sizeof *names);
    }
    row->names = names;
    if (row->text && !(row->text = pool_copy_bytes(pool, row->text, row->length)))
        return -ENOMEM;
    if (row->scope && !(row->scope = pool_copy(pool, row->scope)))
        return -ENOMEM;
    if (row->source && !(row->source = pool_copy(pool, row->source)))
        return -ENOMEM;
    return 0;
}

static int read_page(struct reading *reading, struct pool *pool, struct row rows[READING_PAGE],
                     size_t *count, struct error *why)
{
    size_t n = 0, octets = 0;
    int more = 1;

    while (n < READING_PAGE && octets < PAGE_TEXT) {
        more = reader_next(reading->reader, &rows[n], why);
        if (more == 1 && keep(pool, &rows[n]))
            more = error_set(why, -ENOMEM, "cannot read %s: no memory", input_name(reading->input));
        if (more != 1)
            break;
        octets += rows[n++].length;
    }
    if (more < 0)
        return more;
    *count = n;
    return 0;
}

int reading_next_page(struct reading *reading, struct pool *pool, struct row rows[READING_PAGE],
                      size_t *count, struct error *why)
{
    bool held = stops_release();
    int code = read_page(reading, pool, rows, count, why);
    if (held)
        stops_hold();
    return code;
}

bool reading_says_out(const struct row *row, int64_t now)
{
    return row->what == ROW_OPT_OUT ||
           (row->what == ROW_BLOCK && (row->until == 0 || row->until > now));
}

void reading_tell_rejected(struct reading *reading, const struct row *row)
{
    if (reading->rejected++ < READING_TOLD)
        remark("%s: line %" PRIu64 ": %s", input_name(reading->input), row->line,
               row_fault_text(row->fault));
}

void reading_tell_end(const struct reading *reading)
{
    if (reading->rejected > READING_TOLD)
        remark("%s: and %" PRIu64 " lines more", input_name(reading->input),
               reading->rejected - READING_TOLD);
    if (reading->reader && reader_has_more(reading->reader))
        remark("%s says that it is a page of several: the others are missing",
               input_name(reading->input));
}
