#include "tool/lists/drop.h"

#include "base/clock.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FOLDER_MODE 0770
#define FILE_MODE 0640
#define NAMES_TRIED 100

static int failed(struct error *why, const char *doing, const char *name)
{
    int code = errno ? -errno : -EIO;
    return error_set(why, code, "cannot %s %.200s: %s", doing, name, strerror(-code));
}

/* --- the folder --- */

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), size = strlen(end);
    return length >= size && text_equal(name + length - size, end);
}

/* Hidden ones are ours, or of programs that rename at the end; .part says the same. */
static int is_wanted(const struct dirent *entry)
{
    const char *name = entry->d_name;
    return name[0] != '.' && !ends_with(name, ".part") && strcmp(name, DROP_DONE) != 0 &&
           strcmp(name, DROP_FAILED) != 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int list_names(struct drop *drop, const char *name, struct error *why)
{
    struct dirent **entries;
    int found = scandirat(drop->folder, ".", &entries, is_wanted, by_bytes);
    int code = 0;

    if (found < 0)
        return failed(why, "read the folder", name);
    drop->names = calloc((size_t)found + 1, sizeof *drop->names);
    for (int i = 0; i < found; i++) {
        if (drop->names)
            drop->names[drop->count] = strdup(entries[i]->d_name);
        if (!drop->names || !drop->names[drop->count++])
            code = -ENOMEM;
        free(entries[i]);
    }
    free(entries);
    return drop->names ? code : -ENOMEM;
}

int drop_open(int top, const char *name, struct drop *drop, struct error *why)
{
    *drop =
        (struct drop){.folder = openat(top, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (drop->folder < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : failed(why, "open the folder", name);
    return list_names(drop, name, why);
}

void drop_close(struct drop *drop)
{
    for (size_t i = 0; i < drop->count; i++)
        free(drop->names[i]);
    free(drop->names);
    if (drop->folder >= 0)
        close(drop->folder);
}

/* --- taking --- */

/* Whether somebody has it open to write. The kernel tells it to the file's owner and to root; for
 * others only the time that passed since it was changed tells. */
static bool has_writer(int fd)
{
    if (fcntl(fd, F_SETLEASE, F_RDLCK) < 0)
        return errno == EAGAIN;
    fcntl(fd, F_SETLEASE, F_UNLCK);
    return false;
}

/* The time of the change is the kernel's, which nobody can set back. */
static bool is_settled(const struct stat *info, int64_t settle)
{
    return settle == 0 || clock_now() - info->st_ctime >= settle;
}

static int examine(const struct drop_file *file, int64_t settle, struct error *why)
{
    if (!S_ISREG(file->was.st_mode))
        return error_set(why, ERR_FORMAT, "it is no regular file, and is left where it is");
    if (strlen(file->name) > DROP_NAME_MAX)
        return error_set(why, ERR_FORMAT,
                         "it has a name of more than %d bytes, and is left where it "
                         "is",
                         DROP_NAME_MAX);
    if (!is_settled(&file->was, settle) || has_writer(file->fd))
        return error_set(why, ERR_BUSY,
                         "it is new or being written, and is left for the next time");
    return 0;
}

int drop_take(const struct drop *drop, const char *name, int64_t settle, struct drop_file *file,
              struct error *why)
{
    struct drop_file f = {.name = name};

    f.fd = openat(drop->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (f.fd < 0 && errno == ENOENT)
        return ERR_NOT_FOUND;
    if (f.fd < 0 && (errno == ELOOP || errno == ENXIO))
        return error_set(why, ERR_FORMAT, "it is no regular file, and is left where it is");
    if (f.fd < 0)
        return error_set(why, -errno, "it cannot be opened: %s", strerror(errno));
    int code = fstat(f.fd, &f.was) < 0 ? failed(why, "examine", name) : examine(&f, settle, why);
    if (code)
        close(f.fd);
    else
        *file = f;
    return code;
}

/* --- our own files --- */

int drop_make(const struct drop *drop, const char *name, int *fd, struct error *why)
{
    drop_remove(drop, name);
    int made =
        openat(drop->folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (made < 0)
        return failed(why, "make", name);
    *fd = made;
    return 0;
}

void drop_remove(const struct drop *drop, const char *name)
{
    unlinkat(drop->folder, name, 0);
}

/* --- moving --- */

static int open_end(const struct drop *drop, const char *end, int *folder, struct error *why)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

    if (mkdirat(drop->folder, end, FOLDER_MODE) < 0 && errno != EEXIST)
        return failed(why, "make the folder", end);
    *folder = openat(drop->folder, end, flags);
    return *folder < 0 ? failed(why, "open the folder", end) : 0;
}

/* Whether neither the name nor one of the companions' is taken. */
static bool is_free(int folder, const char *name, const struct drop_companion *companions,
                    size_t count)
{
    char full[2 * DROP_NAME_MAX];
    struct stat info;
    bool is_there = fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0;

    for (size_t i = 0; i < count && !is_there; i++) {
        snprintf(full, sizeof full, "%s%s", name, companions[i].suffix);
        is_there = fstatat(folder, full, &info, AT_SYMLINK_NOFOLLOW) == 0;
    }
    return !is_there;
}

static int choose_name(int folder, const char *name, const struct drop_companion *companions,
                       size_t count, char final[2 * DROP_NAME_MAX], struct error *why)
{
    char stamp[32];
    time_t now = (time_t)clock_now();
    struct tm utc;

    snprintf(final, 2 * DROP_NAME_MAX, "%s", name);
    gmtime_r(&now, &utc);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
    for (int i = 1; !is_free(folder, final, companions, count); i++) {
        if (i > NAMES_TRIED)
            return error_set(why, ERR_EXISTS, "no free name for %.200s", name);
        if (i == 1)
            snprintf(final, 2 * DROP_NAME_MAX, "%s.%s", name, stamp);
        else
            snprintf(final, 2 * DROP_NAME_MAX, "%s.%s-%d", name, stamp, i);
    }
    return 0;
}

/* Some file systems cannot keep what is there by themselves; then we looked a moment ago. */
static int rename_new(int from, const char *name, int to, const char *final)
{
    if (renameat2(from, name, to, final, RENAME_NOREPLACE) == 0)
        return 0;
    return errno == EINVAL || errno == ENOSYS ? renameat(from, name, to, final) : -1;
}

/* Whether what has the name is what was read. */
static bool is_unchanged(int folder, const char *name, const struct stat *was)
{
    struct stat now;
    return fstatat(folder, name, &now, AT_SYMLINK_NOFOLLOW) == 0 && now.st_dev == was->st_dev &&
           now.st_ino == was->st_ino && now.st_size == was->st_size &&
           now.st_mtim.tv_sec == was->st_mtim.tv_sec && now.st_mtim.tv_nsec == was->st_mtim.tv_nsec;
}

static int move_companions(const struct drop *drop, int folder, const char *final,
                           const struct drop_companion *companions, size_t count, struct error *why)
{
    char full[2 * DROP_NAME_MAX];

    for (size_t i = 0; i < count; i++) {
        snprintf(full, sizeof full, "%s%s", final, companions[i].suffix);
        if (companions[i].name && rename_new(drop->folder, companions[i].name, folder, full) < 0)
            return failed(why, "move to its place", full);
    }
    return 0;
}

static int tell_changed(struct error *why)
{
    return error_set(why, ERR_BUSY,
                     "it was changed while it was read, and is left for the next time");
}

static int move_file(const struct drop *drop, const struct drop_file *file, int folder,
                     const char *final, struct error *why)
{
    if (rename_new(drop->folder, file->name, folder, final) < 0)
        return failed(why, "move to its place", file->name);
    if (is_unchanged(folder, final, &file->was))
        return 0;
    /* Another one got its name between the two. */
    if (rename_new(folder, final, drop->folder, file->name) < 0)
        return failed(why, "move back", file->name);
    return tell_changed(why);
}

int drop_move(const struct drop *drop, const struct drop_file *file, const char *end,
              const struct drop_companion *companions, size_t count, char final[2 * DROP_NAME_MAX],
              struct error *why)
{
    int folder = -1;

    int code = open_end(drop, end, &folder, why);
    if (code == 0)
        code = choose_name(folder, file->name, companions, count, final, why);
    /* The file last: as long as it is there, it is taken again. */
    if (code == 0 && !is_unchanged(drop->folder, file->name, &file->was))
        code = tell_changed(why);
    if (code == 0)
        code = move_companions(drop, folder, final, companions, count, why);
    if (code == 0)
        code = move_file(drop, file, folder, final, why);
    if (code == 0 && (fsync(folder) < 0 || fsync(drop->folder) < 0))
        code = failed(why, "write to disk the folder", end);
    if (folder >= 0)
        close(folder);
    return code;
}
