#include "tool/reading.h"

#include <stddef.h>
#include <string.h>

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

int reading_open(const char *path, const char *const *values, bool people, struct reading *reading,
                 struct error *why)
{
    struct reader_options options = {.people = people};

    memset(reading, 0, sizeof *reading);
    int code = read_options(values, reading, &options, why);
    if (code == 0)
        code = input_open(path, values[ENCODING], &reading->input, why);
    if (code == 0)
        code = reader_open(reading->input, &options, &reading->reader, why);
    if (code)
        reading_close(reading);
    return code;
}

void reading_close(struct reading *reading)
{
    reader_close(reading->reader);
    input_close(reading->input);
    reading->reader = NULL;
    reading->input = NULL;
}
