#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int failed(struct error *why, const char *doing, const char *path)
{
    int rc = -errno;
    return error_set(why, rc, "cannot %s %s: %s", doing, path, strerror(-rc));
}

/* Opens without waiting for the writer of a FIFO. */
static int open_regular(const char *path, int *fd, struct stat *info, struct error *why)
{
    int f = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (f < 0)
        return failed(why, "open", path);
    if (fstat(f, info) < 0) {
        int rc = failed(why, "examine", path);
        close(f);
        return rc;
    }
    if (!S_ISREG(info->st_mode)) {
        close(f);
        return error_set(why, S_ISDIR(info->st_mode) ? -EISDIR : -EINVAL,
                         "cannot read %s: it is not a regular file", path);
    }
    *fd = f;
    return 0;
}

/* Reads until `size` bytes are there or the file ends. */
static int read_all(int fd, char *data, size_t size, size_t *length)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = read(fd, data + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    *length = done;
    return 0;
}

int file_read(const char *path, size_t max, char **data, size_t *length, struct error *why)
{
    int fd = -1;
    struct stat info;
    char *buffer = NULL;
    size_t size = 0, done = 0;

    int rc = open_regular(path, &fd, &info, why);
    if (rc < 0)
        return rc;
    if ((uintmax_t)info.st_size > max || (uintmax_t)info.st_size > SIZE_MAX / 2) {
        rc = error_set(why, ERR_TOO_LONG, "%s is longer than %zu bytes", path, max);
        goto out;
    }
    /* One byte more than the file has, to see that it ends there. */
    size = (size_t)info.st_size + 1;
    buffer = malloc(size);
    if (!buffer || read_all(fd, buffer, size, &done) < 0)
        rc = failed(why, "read", path);
    else if (done == size)
        rc = error_set(why, -EAGAIN, "%s grew while it was read", path);
out:
    close(fd);
    if (rc < 0) {
        if (buffer)
            explicit_bzero(buffer, size); /* it may be a key */
        free(buffer);
        return rc;
    }
    buffer[done] = '\0';
    *data = buffer;
    *length = done;
    return 0;
}

int file_write(int fd, const void *data, size_t length)
{
    const char *at = data;
    while (length > 0) {
        ssize_t n = write(fd, at, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        at += n;
        length -= (size_t)n;
    }
    return 0;
}

/* The folder that a path lies in, in a new string. */
static char *parent_of(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    while (length > 0 && path[length - 1] != '/')
        length--;
    while (length > 1 && path[length - 1] == '/')
        length--;
    return length ? strndup(path, length) : strdup(".");
}

/* A new name is on disk only when its folder is. */
static int sync_parent(const char *path, struct error *why)
{
    int rc = 0;
    char *folder = parent_of(path);
    if (!folder) {
        errno = ENOMEM;
        return failed(why, "find the folder of", path);
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        rc = failed(why, "write to disk the folder", folder);
    if (fd >= 0)
        close(fd);
    free(folder);
    return rc;
}

/* Who owned the old file shall own the new one. Who may not give it away keeps it; that is no
 * error. */
static void take_over_owner(int fd, const char *path)
{
    struct stat old;
    if (stat(path, &old) == 0 && fchown(fd, old.st_uid, old.st_gid) < 0)
        if (fchown(fd, (uid_t)-1, old.st_gid) < 0)
            return;
}

/* Fills the open new file and puts it in the place of `path`. */
static int fill_and_rename(int fd, const char *new_path, const char *path, const void *data,
                           size_t length, mode_t mode, struct error *why)
{
    take_over_owner(fd, path);
    /* Behind fchown(2), which takes set-id bits away. */
    if (fchmod(fd, mode) < 0)
        return failed(why, "set the permissions of", new_path);
    if (file_write(fd, data, length) < 0)
        return failed(why, "write", new_path);
    if (fsync(fd) < 0)
        return failed(why, "write to disk", new_path);
    if (rename(new_path, path) < 0)
        return failed(why, "replace", path);
    return 0;
}

int file_replace(const char *path, const void *data, size_t length, mode_t mode, struct error *why)
{
    char *new_path = NULL;

    if (asprintf(&new_path, "%s.XXXXXX", path) < 0) {
        errno = ENOMEM;
        return failed(why, "write", path);
    }
    int fd = mkostemp(new_path, O_CLOEXEC);
    if (fd < 0) {
        int rc = -errno;
        free(new_path);
        return error_set(why, rc, "cannot make a new file beside %s: %s", path, strerror(-rc));
    }
    int rc = fill_and_rename(fd, new_path, path, data, length, mode, why);
    if (rc < 0)
        unlink(new_path);
    close(fd);
    free(new_path);
    return rc < 0 ? rc : sync_parent(path, why);
}

/* The umask took away from mkdir(2)'s. By a handle: who may write where it lies could have put a
 * symbolic link in its place by now. */
static int set_folder_mode(const char *path, mode_t mode)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int rc = fchmod(fd, mode);
    int error = errno;
    close(fd);
    errno = error;
    return rc;
}

int file_make_folder(const char *path, mode_t mode, struct error *why)
{
    struct stat info;

    if (mkdir(path, mode & S_IRWXU) < 0) {
        if (errno != EEXIST)
            return failed(why, "make the folder", path);
        if (stat(path, &info) < 0)
            return failed(why, "examine", path);
        if (!S_ISDIR(info.st_mode))
            return error_set(why, -ENOTDIR, "%s is there and is not a folder", path);
        return 0;
    }
    if (set_folder_mode(path, mode) < 0) {
        int rc = failed(why, "set the permissions of", path);
        rmdir(path);
        return rc;
    }
    return sync_parent(path, why);
}

void file_hold_standard_streams(void)
{
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            abort();
}

int file_open_nameless(const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        char *path = file_join(folder, ".optout-XXXXXX");
        if (!path)
            return -ENOMEM;
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0)
            unlink(path);
        free(path);
    }
    return fd < 0 ? -errno : fd;
}

char *file_join(const char *folder, const char *name)
{
    size_t length = strlen(folder);
    char *path = NULL;
    const char *slash = length > 0 && folder[length - 1] == '/' ? "" : "/";
    if (asprintf(&path, "%s%s%s", folder, slash, name) < 0)
        return NULL;
    return path;
}
