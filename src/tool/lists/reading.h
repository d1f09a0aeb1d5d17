/* A list in a file that somebody names, with the flags that say how it is to be read: the same for
 * every subcommand that reads one. */
#ifndef TOOL_READING_H
#define TOOL_READING_H

#include "base/error.h"
#include "base/pool.h"
#include "exchange/input.h"
#include "exchange/reader.h"
#include "exchange/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lines of a subcommand's flag table, and their positions in it: READING_POSITIONS among the
 * subcommand's enumerators stands where READING_FLAGS stands in the table. */
#define READING_FLAGS                                                                              \
    {.name = "format", .argument = "FORMAT", .text = "what the file is, where it does not tell"},  \
        {.name = "encoding", .argument = "ENCODING", .text = "its characters, as iconv(1)"},       \
        {.name = "dates", .argument = "ORDER", .text = "what 03/04 is: DMY, MDY or ISO"},          \
    {                                                                                              \
        .name = "tz", .argument = "ZONE", .text = "of times that name none: Europe/Berlin, +01:00" \
    }
#define READING_POSITIONS READING_FORMAT, READING_ENCODING, READING_DATES, READING_ZONE

struct reading {
    bool opened;
    int fd; /* of the file that was opened and not yet begun */
    const char *path;
    struct input *input;
    struct reader *reader;
    struct zone zone;  /* the reader looks at it, so the whole must not be moved */
    uint64_t rejected; /* rows that were told of, or would have been */
};

/* Opens the list and reads nothing of it: before site_enter, since the file may be one that only
 * root may read. "-" is standard input. The path lives as long. -errno. */
int reading_open(const char *path, struct reading *reading, struct error *why);

/* Finds out what it is: after site_enter, since nobody knows who wrote it, and before
 * site_open_stores, since a zone is asked of a child process, which must be done before a thread is
 * started. `values` are those of the flags above, in their sequence; `people` as in reader_options.
 * On an error nothing is left open. ERR_SYNTAX, or as zone_load, input_open and reader_open. */
int reading_begin(const char *const *values, bool people, struct reading *reading,
                  struct error *why);
/* One that was not opened is to be {0}. */
void reading_close(struct reading *reading);

#define READING_PAGE 1000 /* rows */

/* Reads up to READING_PAGE rows ahead, fewer where they are long, so that no view of a store has to
 * be open while an input lets one wait. What they point to lies in the pool; status and tags are
 * left out. *count is 0 at the end. Stops of the terminal, where they are held off, happen
 * meanwhile: somebody may be typing. -ENOMEM, -errno. */
int reading_next_page(struct reading *reading, struct pool *pool, struct row rows[READING_PAGE],
                      size_t *count, struct error *why);

/* Whether a row stands for somebody who has opted out, or is blocked, at this moment. */
bool reading_says_out(const struct row *row, int64_t now);

/* "list.csv: line 3: no address", for a row that was rejected; the first READING_TOLD alone. */
#define READING_TOLD 20
void reading_tell_rejected(struct reading *reading, const struct row *row);
/* Says that there are more, where there are. */
void reading_tell_end(const struct reading *reading);

#endif
