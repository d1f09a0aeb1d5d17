/* A list in a file that somebody names, with the flags that say how it is to be read: the same for
 * every subcommand that reads one. */
#ifndef TOOL_READING_H
#define TOOL_READING_H

#include "base/error.h"
#include "exchange/input.h"
#include "exchange/reader.h"
#include "exchange/zone.h"

#include <stdbool.h>

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
    struct input *input;
    struct reader *reader;
    struct zone zone; /* the reader looks at it, so the whole must not be moved */
};

/* Opens the list; "-" is standard input. `values` are those of the flags above, in their sequence;
 * `people` as in reader_options. To be called before site_open: a zone is asked of a child process,
 * which must be done before a thread is started, and the file may be one that only root may read.
 * On an error nothing is left open. ERR_SYNTAX, or as zone_load, input_open and reader_open. */
int reading_open(const char *path, const char *const *values, bool people, struct reading *reading,
                 struct error *why);
/* One that was not opened is to be {0}. */
void reading_close(struct reading *reading);

#endif
