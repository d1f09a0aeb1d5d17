#include "tool/upkeep/place.h"

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

/* A symbolic link in a folder that others may write leads root where they like. */
static int open_folder(const char *path, bool follow, struct error *why)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW));

    if (fd >= 0)
        return fd;
    int code = failed(why, "open the folder", path);
    if (!follow && lstat(path, &status) == 0 && S_ISLNK(status.st_mode))
        error_set(why, code, "%s is a symbolic link, which is not followed", path);
    return code;
}

/* What is open; `path` is its name. */
static int own(int fd, const char *path, mode_t mode, const struct owner *owner, struct error *why)
{
    struct stat now;

    if (fstat(fd, &now) < 0)
        return failed(why, "examine", path);
    bool same = (owner->uid == (uid_t)-1 || owner->uid == now.st_uid) &&
                (owner->gid == (gid_t)-1 || owner->gid == now.st_gid);
    if (!same && fchown(fd, owner->uid, owner->gid) < 0)
        return failed(why, "give away", path);
    if (fchmod(fd, mode) < 0)
        return failed(why, "set the permissions of", path);
    return 0;
}

/* Calls back for each entry, or with NULL only counts; *count is how many there are. */
static int each_entry(int fd, const char *path, int (*visit)(int folder, const char *name),
                      size_t *count, struct error *why)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0); /* closedir(3) closes it */
    DIR *folder = copy < 0 ? NULL : fdopendir(copy);
    size_t n = 0;
    int code = 0;

    if (!folder) {
        code = failed(why, "open the folder", path);
        if (copy >= 0)
            close(copy);
        return code;
    }
    for (struct dirent *entry; code == 0 && (entry = readdir(folder)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        n++;
        if (visit && visit(fd, entry->d_name) < 0)
            code = failed(why, "remove what is in", path);
    }
    closedir(folder);
    *count = n;
    return code;
}

int place_folder(const char *path, bool follow, mode_t mode, const struct owner *owner,
                 struct error *why)
{
    size_t entries;

    int code = file_make_folder(path, mode, why);
    if (code)
        return code;
    int fd = open_folder(path, follow, why);
    if (fd < 0)
        return fd;
    code = each_entry(fd, path, NULL, &entries, why);
    if (code == 0 && entries == 0)
        code = own(fd, path, mode, owner, why);
    close(fd);
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

/* Owner and mode for a file that we made, or an earlier run that may have got as far as to give it
 * away; not for what somebody put in its place. */
static int own_file(int folder, const char *name, const char *path, uid_t maker, mode_t mode,
                    const struct owner *owner, struct error *why)
{
    struct stat status;
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int code = fd < 0 || fstat(fd, &status) < 0 ? failed(why, "open", path) : 0;

    bool ours = code == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1 &&
                (status.st_uid == maker || status.st_uid == owner->uid);
    if (code == 0 && !ours)
        code = error_set(why, -EPERM, "%s: %s is not the file that was made there", path, name);
    if (code == 0)
        code = own(fd, path, mode, owner, why);
    if (fd >= 0)
        close(fd);
    return code;
}

static int rename_new(int folder, const char *name, const char *from, const char *to,
                      struct error *why)
{
    struct stat status;

    if (lstat(to, &status) == 0)
        return error_set(why, ERR_EXISTS, "%s is there already and is left untouched", to);
    if (errno != ENOENT)
        return failed(why, "examine", to);
    return renameat(folder, name, AT_FDCWD, to) < 0 ? failed(why, "move to its place", from) : 0;
}

int place_file(const char *from, const char *to, const char *name, mode_t mode,
               const struct owner *owner, struct error *why)
{
    char *source = file_join(from, name), *target = file_join(to, name);
    int folder = -1;
    int code = -ENOMEM;

    if (!source || !target)
        goto out;
    code = folder = open_folder(from, false, why);
    if (code >= 0)
        code = own_file(folder, name, source, geteuid(), mode, owner, why);
    if (code == 0)
        code = rename_new(folder, name, source, target, why);
out:
    if (folder >= 0)
        close(folder);
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
    int fd = open_folder(path, false, why);
    if (fd < 0)
        return fd;
    int code = each_entry(fd, path, remove_file, &entries, why);
    close(fd);
    return code;
}

int place_remove(const char *path, struct error *why)
{
    struct stat status;

    if (lstat(path, &status) < 0)
        return errno == ENOENT ? 0 : failed(why, "examine", path);
    if (!S_ISDIR(status.st_mode))
        return unlink(path) < 0 ? failed(why, "remove", path) : 0;
    int code = place_empty(path, why);
    if (code == 0 && rmdir(path) < 0)
        code = failed(why, "remove the folder", path);
    return code;
}

int place_check_store(const char *path, struct error *why)
{
    DIR *folder = opendir(path);
    int code = 0;

    if (!folder)
        return errno == ENOENT ? 0 : failed(why, "open the folder", path);
    for (struct dirent *entry; code == 0 && (entry = readdir(folder)) != NULL;) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, ENV_DATA_FILE) != 0 &&
            strcmp(name, ENV_LOCK_FILE) != 0)
            code = error_set(why, -EEXIST,
                             "%s/%s does not belong to the store and would be removed with it: "
                             "move it elsewhere first",
                             path, name);
    }
    closedir(folder);
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

int place_give(const char *folder, uid_t maker, mode_t mode, mode_t data_mode,
               const struct owner *owner, struct error *why)
{
    int fd = open_folder(folder, false, why);
    if (fd < 0)
        return fd;
    int code = own_file(fd, ENV_DATA_FILE, folder, maker, data_mode, owner, why);
    if (code == 0)
        code = own_file(fd, ENV_LOCK_FILE, folder, maker, 0660, owner, why);
    if (code == 0)
        code = own(fd, folder, mode, owner, why);
    if (code == 0 && fsync(fd) < 0)
        code = failed(why, "write to disk the folder", folder);
    close(fd);
    return code;
}
