#include "exchange/rejects.h"

#include "exchange/encoding.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct rejects {
    FILE *file;
    char *path;
    const struct input *input;
    const struct reader_frame *frame;
    struct encoder *encoder; /* back to the input's encoding; NULL: octets stay as they are */
    bool begun;
};

static int failed(const struct rejects *rejects, struct error *why)
{
    int rc = errno ? -errno : -EIO;
    return error_set(why, rc, "cannot write %s: %s", rejects->path, strerror(-rc));
}

static void free_rejects(struct rejects *rejects)
{
    if (rejects->file)
        fclose(rejects->file);
    encoder_free(rejects->encoder);
    free(rejects->path);
    free(rejects);
}

/* Opens the file, and empties it only when it is certain that it is not the input. */
static int open_file(struct rejects *rejects, struct error *why)
{
    int fd = open(rejects->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return failed(rejects, why);
    if (input_is_file(rejects->input, fd)) {
        close(fd);
        return error_set(why, -EINVAL, "%s is the input itself", rejects->path);
    }
    struct stat info;
    if (fstat(fd, &info) < 0 || (S_ISREG(info.st_mode) && ftruncate(fd, 0) < 0) ||
        !(rejects->file = fdopen(fd, "w"))) {
        int rc = failed(rejects, why);
        close(fd);
        return rc;
    }
    return 0;
}

int rejects_open(const char *path, const struct input *input, const struct reader_frame *frame,
                 struct rejects **rejects, struct error *why)
{
    const char *encoding = input_encoding(input);
    struct rejects *made = calloc(1, sizeof *made);
    int rc = -ENOMEM;

    if (made)
        made->path = strdup(path);
    if (made && made->path) {
        made->input = input;
        made->frame = frame;
        rc = encoding ? encoder_new("UTF-8", encoding, &made->encoder) : 0;
        if (rc == 0)
            rc = open_file(made, why);
    }
    if (rc == -ENOMEM)
        error_set(why, rc, "cannot write %s: %s", path, error_name(rc));
    if (rc < 0) {
        if (made)
            free_rejects(made);
        return rc;
    }
    *rejects = made;
    return 0;
}

/* Text in UTF-8, in the input's encoding. */
static int put(struct rejects *rejects, const char *text, size_t length, struct error *why)
{
    char out[4096];

    errno = 0;
    if (!rejects->encoder)
        return fwrite(text, 1, length, rejects->file) == length ? 0 : failed(rejects, why);
    while (length > 0) {
        size_t used = length;
        size_t n = encoder_run(rejects->encoder, text, &used, true, out, sizeof out);
        if (fwrite(out, 1, n, rejects->file) != n)
            return failed(rejects, why);
        text += used;
        length -= used;
    }
    return 0;
}

static int begin(struct rejects *rejects, struct error *why)
{
    static const char mark[] = "\xef\xbb\xbf"; /* U+FEFF, a byte order mark in any encoding */
    int rc = 0;

    if (input_has_mark(rejects->input))
        rc = put(rejects, mark, strlen(mark), why);
    if (rc == 0)
        rc = put(rejects, rejects->frame->head, strlen(rejects->frame->head), why);
    rejects->begun = true;
    return rc;
}

int rejects_add(struct rejects *rejects, const struct row *row, struct error *why)
{
    const char *between = rejects->frame->between;
    int rc = 0;

    if (row->length == 0)
        return 0;
    if (!rejects->begun)
        rc = begin(rejects, why);
    else
        rc = put(rejects, between, strlen(between), why);
    return rc < 0 ? rc : put(rejects, row->text, row->length, why);
}

int rejects_close(struct rejects *rejects, struct error *why)
{
    int rc = 0;

    if (!rejects)
        return 0;
    if (rejects->begun)
        rc = put(rejects, rejects->frame->tail, strlen(rejects->frame->tail), why);
    errno = 0;
    if (rc == 0 && fflush(rejects->file) != 0)
        rc = failed(rejects, why);
    /* A pipe or a terminal has no disk. */
    if (rc == 0 && fsync(fileno(rejects->file)) < 0 && errno != EINVAL && errno != EROFS)
        rc = failed(rejects, why);
    free_rejects(rejects);
    return rc;
}
