#include "exchange/excerpt.h"

#include "exchange/encoding.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct excerpt {
    FILE *file;
    char *path;
    const struct input *input;
    const struct reader_frame *frame;
    struct encoder *encoder; /* back to the input's encoding; NULL: octets stay as they are */
    bool begun, has_row;
    bool others; /* the file is somebody else's to sync */
};

static int failed(const struct excerpt *excerpt, struct error *why)
{
    int rc = errno ? -errno : -EIO;
    bool standard = strcmp(excerpt->path, "-") == 0;
    return error_set(why, rc, "cannot write %s: %s", standard ? "standard output" : excerpt->path,
                     strerror(-rc));
}

static void free_excerpt(struct excerpt *excerpt)
{
    if (excerpt->file)
        fclose(excerpt->file);
    encoder_free(excerpt->encoder);
    free(excerpt->path);
    free(excerpt);
}

int excerpt_file(const char *path, int *fd, struct error *why)
{
    bool standard = strcmp(path, "-") == 0;
    int opened = standard ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                          : open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    if (opened < 0) {
        int rc = -errno;
        return error_set(why, rc, "cannot write %s: %s", standard ? "standard output" : path,
                         strerror(-rc));
    }
    *fd = opened;
    return 0;
}

/* Empties the file only when it is certain that it is not the input. The descriptor is taken over
 * where this succeeds. */
static int take_file(struct excerpt *excerpt, int fd, struct error *why)
{
    bool standard = strcmp(excerpt->path, "-") == 0;
    struct stat info;

    if (input_is_file(excerpt->input, fd))
        return error_set(why, -EINVAL, "%s is the input itself", excerpt->path);
    if (fstat(fd, &info) < 0 || (!standard && S_ISREG(info.st_mode) && ftruncate(fd, 0) < 0) ||
        !(excerpt->file = fdopen(fd, "w")))
        return failed(excerpt, why);
    return 0;
}

/* All but the file. */
static int make(const char *name, const struct input *input, const struct reader_frame *frame,
                struct excerpt **excerpt, struct error *why)
{
    const char *encoding = input_encoding(input);
    struct excerpt *made = calloc(1, sizeof *made);
    int rc = -ENOMEM;

    if (made)
        made->path = strdup(name);
    if (made && made->path) {
        made->input = input;
        made->frame = frame;
        rc = encoding ? encoder_new("UTF-8", encoding, &made->encoder) : 0;
    }
    if (rc < 0) {
        error_set(why, rc, "cannot write %s: %s", name, error_name(rc));
        if (made)
            free_excerpt(made);
        return rc;
    }
    *excerpt = made;
    return 0;
}

int excerpt_open_file(int fd, const char *path, const struct input *input,
                      const struct reader_frame *frame, struct excerpt **excerpt, struct error *why)
{
    struct excerpt *made = NULL;

    int rc = make(path, input, frame, &made, why);
    if (rc == 0)
        rc = take_file(made, fd, why);
    if (rc < 0) {
        close(fd);
        if (made)
            free_excerpt(made);
        return rc;
    }
    *excerpt = made;
    return 0;
}

int excerpt_open(const char *path, const struct input *input, const struct reader_frame *frame,
                 struct excerpt **excerpt, struct error *why)
{
    int fd, rc = excerpt_file(path, &fd, why);
    return rc < 0 ? rc : excerpt_open_file(fd, path, input, frame, excerpt, why);
}

int excerpt_open_fd(int fd, const char *name, const struct input *input,
                    const struct reader_frame *frame, struct excerpt **excerpt, struct error *why)
{
    struct excerpt *made = NULL;

    int rc = make(name, input, frame, &made, why);
    if (rc == 0) {
        made->others = true;
        made->file = fdopen(fd, "w");
        rc = made->file ? 0 : failed(made, why);
    }
    if (rc < 0) {
        close(fd);
        if (made)
            free_excerpt(made);
        return rc;
    }
    *excerpt = made;
    return 0;
}

/* Text in UTF-8, in the input's encoding. */
static int put(struct excerpt *excerpt, const char *text, size_t length, struct error *why)
{
    char out[4096];

    errno = 0;
    if (!excerpt->encoder)
        return fwrite(text, 1, length, excerpt->file) == length ? 0 : failed(excerpt, why);
    while (length > 0) {
        size_t used = length;
        size_t n = encoder_run(excerpt->encoder, text, &used, true, out, sizeof out);
        if (fwrite(out, 1, n, excerpt->file) != n)
            return failed(excerpt, why);
        text += used;
        length -= used;
    }
    return 0;
}

int excerpt_begin(struct excerpt *excerpt, struct error *why)
{
    static const char mark[] = "\xef\xbb\xbf"; /* U+FEFF, a byte order mark in any encoding */
    int rc = 0;

    if (excerpt->begun)
        return 0;
    if (input_has_mark(excerpt->input))
        rc = put(excerpt, mark, strlen(mark), why);
    if (rc == 0)
        rc = put(excerpt, excerpt->frame->head, strlen(excerpt->frame->head), why);
    excerpt->begun = true;
    return rc;
}

int excerpt_add(struct excerpt *excerpt, const struct row *row, struct error *why)
{
    const char *between = excerpt->frame->between;
    int rc = 0;

    if (row->length == 0)
        return 0;
    if (excerpt->has_row)
        rc = put(excerpt, between, strlen(between), why);
    else
        rc = excerpt_begin(excerpt, why);
    excerpt->has_row = true;
    return rc < 0 ? rc : put(excerpt, row->text, row->length, why);
}

int excerpt_close(struct excerpt *excerpt, struct error *why)
{
    int rc = 0;

    if (!excerpt)
        return 0;
    /* A header without rows has its line end already; a JSON document is still open. */
    if (excerpt->has_row || (excerpt->begun && !strchr("\r\n", excerpt->frame->tail[0])))
        rc = put(excerpt, excerpt->frame->tail, strlen(excerpt->frame->tail), why);
    errno = 0;
    if (rc == 0 && fflush(excerpt->file) != 0)
        rc = failed(excerpt, why);
    /* A pipe or a terminal has no disk. */
    if (rc == 0 && !excerpt->others && fsync(fileno(excerpt->file)) < 0 && errno != EINVAL &&
        errno != EROFS)
        rc = failed(excerpt, why);
    free_excerpt(excerpt);
    return rc;
}
