#include "tool/place.h"

#include "base/file.h"
#include "store/env.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int failed(struct error *why, const char *doing, const char *path)
{
    int code = -errno;
    return error_set(why, code, "cannot %s %s: %s", doing, path, strerror(-code));
}

static int own(const char *path, mode_t mode, const struct owner *owner, struct error *why)
{
    struct stat now;

    if (stat(path, &now) < 0)
        return failed(why, "examine", path);
    bool same = (owner->uid == (uid_t)-1 || owner->uid == now.st_uid) &&
                (owner->gid == (gid_t)-1 || owner->gid == now.st_gid);
    if (!same && chown(path, owner->uid, owner->gid) < 0)
        return failed(why, "give away", path);
    if (chmod(path, mode) < 0)
        return failed(why, "set the permissions of", path);
    return 0;
}

/* Calls back for each entry, or with NULL only counts; *count is how many there are. */
static int each_entry(const char *path, int (*visit)(int folder, const char *name), size_t *count,
                      struct error *why)
{
    DIR *folder = opendir(path);
    size_t n = 0;
    int code = 0;

    if (!folder)
        return failed(why, "open the folder", path);
    for (struct dirent *entry; code == 0 && (entry = readdir(folder)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        n++;
        if (visit && visit(dirfd(folder), entry->d_name) < 0)
            code = failed(why, "remove what is in", path);
    }
    closedir(folder);
    *count = n;
    return code;
}

int place_folder(const char *path, mode_t mode, const struct owner *owner, struct error *why)
{
    size_t entries;

    int code = file_make_folder(path, mode, why);
    if (code == 0)
        code = each_entry(path, NULL, &entries, why);
    if (code == 0 && entries == 0)
        code = own(path, mode, owner, why);
    return code;
}

int place_has(const char *folder, const char *name, struct error *why)
{
    struct stat status;
    char *path = file_join(folder, name);
    int found = 1;

    if (!path)
        return -ENOMEM;
    if (lstat(path, &status) < 0)
        found = errno == ENOENT || errno == ENOTDIR ? 0 : failed(why, "examine", path);
    free(path);
    return found;
}

static int rename_new(const char *from, const char *to, struct error *why)
{
    struct stat status;

    if (lstat(to, &status) == 0)
        return error_set(why, ERR_EXISTS, "%s is there already and is left untouched", to);
    if (errno != ENOENT)
        return failed(why, "examine", to);
    return rename(from, to) < 0 ? failed(why, "move to its place", from) : 0;
}

int place_file(const char *from, const char *to, const char *name, mode_t mode,
               const struct owner *owner, struct error *why)
{
    char *source = file_join(from, name), *target = file_join(to, name);
    int code = source && target ? own(source, mode, owner, why) : -ENOMEM;
    if (code == 0)
        code = rename_new(source, target, why);
    free(source);
    free(target);
    return code;
}

static int remove_file(int folder, const char *name)
{
    return unlinkat(folder, name, 0);
}

int place_empty(const char *path, struct error *why)
{
    size_t entries;
    return each_entry(path, remove_file, &entries, why);
}

int place_remove(const char *path, struct error *why)
{
    struct stat status;

    if (lstat(path, &status) < 0)
        return errno == ENOENT ? 0 : failed(why, "examine", path);
    int code = place_empty(path, why);
    if (code == 0 && rmdir(path) < 0)
        code = failed(why, "remove the folder", path);
    return code;
}

int place_sync(const char *folder, struct error *why)
{
    int code = 0;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        code = failed(why, "write to disk the folder", folder);
    if (fd >= 0)
        close(fd);
    return code;
}

/* --- stores that change places --- */

int place_exchange(const char *path, const char *other, struct error *why)
{
    if (renameat2(AT_FDCWD, path, AT_FDCWD, other, RENAME_EXCHANGE) == 0)
        return 0;
    if (errno == ENOENT)
        return rename(path, other) < 0 ? failed(why, "move to its place", path) : 0;
    if (errno == EINVAL || errno == ENOSYS)
        return error_set(why, -ENOTSUP,
                         "the file system of %s cannot let two folders change places "
                         "(renameat2 with RENAME_EXCHANGE): ext4, XFS, Btrfs and tmpfs can",
                         other);
    return failed(why, "put in its place", path);
}

int place_try_exchange(const char *folder, struct error *why)
{
    char *one = file_join(folder, ".try-1"), *two = file_join(folder, ".try-2");
    int code = one && two ? file_make_folder(one, 0700, why) : -ENOMEM;

    if (code == 0)
        code = file_make_folder(two, 0700, why);
    if (code == 0)
        code = place_exchange(one, two, why);
    if (one && two) {
        rmdir(one);
        rmdir(two);
    }
    free(one);
    free(two);
    return code;
}

/* By descriptors: as root in somebody's folder, a name can be a link to anything. */
static int give(int fd, const char *path, mode_t mode, const struct owner *owner, struct error *why)
{
    struct stat now;

    if (fstat(fd, &now) < 0)
        return failed(why, "examine", path);
    if (!S_ISDIR(now.st_mode) && (!S_ISREG(now.st_mode) || now.st_nlink != 1))
        return error_set(why, -EINVAL, "%s is no file of a store", path);
    if ((owner->uid != now.st_uid || owner->gid != now.st_gid) &&
        fchown(fd, owner->uid, owner->gid) < 0)
        return failed(why, "give away", path);
    return fchmod(fd, mode) < 0 ? failed(why, "set the permissions of", path) : 0;
}

static int give_file(int folder, const char *name, mode_t mode, const struct owner *owner,
                     struct error *why)
{
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return failed(why, "open", name);
    int code = give(fd, name, mode, owner, why);
    close(fd);
    return code;
}

int place_give(const char *folder, mode_t mode, mode_t data_mode, const struct owner *owner,
               struct error *why)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return failed(why, "open the folder", folder);
    int code = give_file(fd, ENV_DATA_FILE, data_mode, owner, why);
    if (code == 0)
        code = give_file(fd, ENV_LOCK_FILE, 0660, owner, why);
    if (code == 0)
        code = give(fd, folder, mode, owner, why);
    if (code == 0 && fsync(fd) < 0)
        code = failed(why, "write to disk the folder", folder);
    close(fd);
    return code;
}
