/* A page that is handed over: standard output, or a new file of whoever calls. */
#ifndef TOOL_HANDING_H
#define TOOL_HANDING_H

#include "base/error.h"
#include "base/text.h"

struct handing {
    const char *path; /* NULL: standard output */
    int fd;
};

/* "-" is standard output. Any other file is made, by who calls, and nobody else may read it; one
 * that is there, or a link, is left as it is. So this comes before site_open, behind which the
 * process is the list's owner, who has no business in other people's folders. The path lives as
 * long. -errno, with `why`. */
int handing_open(const char *path, struct handing *handing, struct error *why);

/* All of it, on disk. -errno, with `why`. */
int handing_write(const struct handing *handing, const struct text *page, struct error *why);

/* `code`: what came of it. Below 0 the file is taken back, where that is still allowed. One that
 * was not opened is to be HANDING_NOTHING. */
void handing_close(struct handing *handing, int code);

#define HANDING_NOTHING ((struct handing){.fd = -1})

#endif
