#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Of the calls that make a replacement safe: F a file's fsync, R rename, D a folder's fsync. The
 * program's own definitions stand before the C library's. */
static char calls[16];
static size_t call_count;
static off_t size_at_fsync;
static size_t die_at = SIZE_MAX; /* the process is killed before this call */
static bool folder_fsync_fails;

static void note_call(char what)
{
    if (call_count == die_at)
        raise(SIGKILL);
    if (call_count < sizeof calls - 1)
        calls[call_count++] = what;
}

int fsync(int fd)
{
    struct stat info;
    if (fstat(fd, &info) < 0)
        return -1;
    note_call(S_ISDIR(info.st_mode) ? 'D' : 'F');
    if (S_ISREG(info.st_mode))
        size_at_fsync = info.st_size;
    if (S_ISDIR(info.st_mode) && folder_fsync_fails) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
    note_call('R');
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

static char folder[64];
static char path[128];

static int make_folder(void **state)
{
    (void)state;
    memset(calls, 0, sizeof calls);
    call_count = 0;
    die_at = SIZE_MAX;
    folder_fsync_fails = false;
    strcpy(folder, "/tmp/test-file.XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/file", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    DIR *dir = opendir(folder);
    if (!dir)
        return -1;
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            if (unlinkat(dirfd(dir), entry->d_name, 0) < 0)
                unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
    closedir(dir);
    return rmdir(folder);
}

static size_t entries(void)
{
    size_t count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

static void holds(const char *expected)
{
    char *data;
    size_t length;
    assert_int_equal(file_read(path, 1 << 20, &data, &length, NULL), 0);
    assert_int_equal(length, strlen(expected));
    assert_string_equal(data, expected);
    free(data);
}

static void replace(const char *data, mode_t mode)
{
    struct error why = {""};
    if (file_replace(path, data, strlen(data), mode, &why) < 0)
        fail_msg("%s", why.text);
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    char *data;
    size_t length;
    replace("first", 0600);
    holds("first");
    replace("", 0600);
    holds("");
    assert_int_equal(file_replace(path, "a\0b", 3, 0600, NULL), 0);
    assert_int_equal(file_read(path, 3, &data, &length, NULL), 0);
    assert_int_equal(length, 3);
    assert_memory_equal(data, "a\0b", 4);
    free(data);
    assert_int_equal(entries(), 1);
}

static void a_file_longer_than_allowed_is_not_read(void **state)
{
    (void)state;
    char *data = (char *)1;
    size_t length = 7;
    struct error why = {""};
    replace("12345", 0600);
    assert_int_equal(file_read(path, 4, &data, &length, &why), ERR_TOO_LONG);
    assert_non_null(strstr(why.text, path));
    assert_ptr_equal(data, (char *)1);
    assert_int_equal(length, 7);
    assert_int_equal(file_read(path, 5, &data, &length, NULL), 0);
    free(data);
}

static void only_regular_files_are_read(void **state)
{
    (void)state;
    char *data;
    size_t length;
    struct error why = {""};
    assert_int_equal(file_read(path, 10, &data, &length, &why), -ENOENT);
    assert_non_null(strstr(why.text, path));
    assert_int_equal(file_read(folder, 10, &data, &length, &why), -EISDIR);
    assert_int_equal(file_read("/dev/zero", 10, &data, &length, &why), -EINVAL);
    /* Nobody writes into this one: reading it must not wait. */
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(file_read(path, 10, &data, &length, &why), -EINVAL);
}

static void a_new_file_has_exactly_the_permissions_asked_for(void **state)
{
    (void)state;
    static const mode_t modes[] = {0440, 0600, 0644, 0666, 0640};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct stat info;
        mode_t old = umask(i % 2 ? 0 : 077);
        replace("x", modes[i]);
        umask(old);
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_mode & 07777, modes[i]);
    }
}

static void the_old_owner_is_kept(void **state)
{
    (void)state;
    struct stat info;
    if (geteuid() != 0)
        skip();
    replace("old", 0640);
    assert_int_equal(chown(path, 12345, 23456), 0);
    replace("new", 0640);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_uid, 12345);
    assert_int_equal(info.st_gid, 23456);
    assert_int_equal(info.st_mode & 07777, 0640);
    holds("new");
}

static void data_is_on_disk_before_the_name_and_the_name_before_success(void **state)
{
    (void)state;
    replace("some data", 0600);
    assert_string_equal(calls, "FRD");
    assert_int_equal(size_at_fsync, strlen("some data"));
}

static void who_is_killed_leaves_the_old_or_the_new_file(void **state)
{
    (void)state;
    for (size_t step = 0; step < 3; step++) {
        int status;
        replace("old", 0600);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            call_count = 0;
            die_at = step;
            file_replace(path, "new", 3, 0600, NULL);
            _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        holds(step < 2 ? "old" : "new");
    }
    /* What lies about from the killed ones hinders nobody. */
    replace("again", 0600);
    holds("again");
}

/* `size` bytes that do not fit; the error. */
static int replace_with_too_much(size_t size)
{
    char *much = malloc(size);
    assert_non_null(much);
    memset(much, 'x', size);
    struct error why = {""};
    int rc = file_replace(path, much, size, 0600, &why);
    assert_true(strstr(why.text, path) != NULL);
    free(much);
    return rc;
}

static void a_write_that_fails_in_the_middle_leaves_the_old_file(void **state)
{
    (void)state;
    struct rlimit before, small;
    replace("old", 0600);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 10000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int rc = replace_with_too_much(20000);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(rc, -EFBIG);
    holds("old");
    assert_int_equal(entries(), 1);
}

/* In a process of its own, on a file system of 64 KiB: 0 right, 1 wrong, 2 the system does not let
 * us make one. */
static int try_a_full_disk(void)
{
    char data[4] = "";
    bool root = geteuid() == 0;
    if (unshare(CLONE_NEWNS | (root ? 0 : CLONE_NEWUSER)) < 0 ||
        mount("none", "/", "none", MS_REC | MS_PRIVATE, "") < 0 ||
        mount("none", folder, "tmpfs", 0, "size=64k") < 0)
        return 2;
    if (file_replace(path, "old", 3, 0600, NULL) < 0)
        return 1;
    static char much[200000];
    if (file_replace(path, much, sizeof much, 0600, NULL) != -ENOSPC)
        return 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool same = fd >= 0 && read(fd, data, sizeof data) == 3 && memcmp(data, "old", 3) == 0;
    /* The part that was written is gone again, so there is room. */
    return same && file_replace(path, much, 50000, 0600, NULL) == 0 ? 0 : 1;
}

static void a_full_disk_leaves_the_old_file(void **state)
{
    (void)state;
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(try_a_full_disk());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 2)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_failed_fsync_of_the_folder_is_told(void **state)
{
    (void)state;
    struct error why = {""};
    folder_fsync_fails = true;
    assert_int_equal(file_replace(path, "new", 3, 0600, &why), -EIO);
    assert_non_null(strstr(why.text, folder));
}

static void a_place_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct error why = {""};
    strcat(path, "/below/name");
    assert_int_equal(file_replace(path, "x", 1, 0600, &why), -ENOENT);
    assert_non_null(strstr(why.text, path));
    assert_int_equal(file_replace(path, "x", 1, 0600, NULL), -ENOENT);
}

static void a_folder_in_its_place_is_not_replaced(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(file_replace(path, "x", 1, 0600, NULL), -EISDIR);
    assert_int_equal(entries(), 1);
}

static void a_path_without_a_folder_lies_in_the_current_one(void **state)
{
    (void)state;
    int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(here >= 0);
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(file_replace("file", "x", 1, 0600, NULL), 0);
    assert_string_equal(calls, "FRD");
    assert_int_equal(fchdir(here), 0);
    close(here);
    holds("x");
}

static void a_folder_is_made_with_exactly_the_permissions_asked_for(void **state)
{
    (void)state;
    struct stat info;
    mode_t old = umask(077);
    assert_int_equal(file_make_folder(path, 02750, NULL), 0);
    umask(old);
    assert_int_equal(stat(path, &info), 0);
    assert_true(S_ISDIR(info.st_mode));
    assert_int_equal(info.st_mode & 07777, 02750);
    assert_string_equal(calls, "D");
}

static void a_folder_that_is_there_is_left_as_it_is(void **state)
{
    (void)state;
    struct stat info;
    assert_int_equal(mkdir(path, 0711), 0);
    assert_int_equal(chmod(path, 0711), 0);
    assert_int_equal(file_make_folder(path, 0700, NULL), 0);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0711);
}

static void a_file_in_the_place_of_a_folder_is_an_error(void **state)
{
    (void)state;
    struct error why = {""};
    replace("x", 0600);
    assert_int_equal(file_make_folder(path, 0700, &why), -ENOTDIR);
    assert_non_null(strstr(why.text, path));
    strcat(path, "/below");
    assert_int_equal(file_make_folder(path, 0700, &why), -ENOTDIR);
}

static void joining_puts_one_slash_between(void **state)
{
    (void)state;
    static const struct {
        const char *folder, *name, *joined;
    } cases[] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"/", "b", "/b"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *joined = file_join(cases[i].folder, cases[i].name);
        assert_string_equal(joined, cases[i].joined);
        free(joined);
    }
}

static void a_nameless_file_leaves_nothing_in_its_folder(void **state)
{
    char back[2] = "";
    (void)state;

    int fd = file_open_nameless(folder);
    assert_true(fd >= 0);
    assert_int_equal(file_write(fd, "x", 1), 0);
    assert_int_equal(pread(fd, back, 1, 0), 1);
    assert_string_equal(back, "x");
    assert_int_equal(rmdir(folder), 0); /* it is empty */
    close(fd);
    assert_int_equal(file_open_nameless(folder), -ENOENT);
    assert_int_equal(mkdir(folder, 0700), 0);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(what_was_written_is_read),
        IN_A_FOLDER(a_file_longer_than_allowed_is_not_read),
        IN_A_FOLDER(only_regular_files_are_read),
        IN_A_FOLDER(a_new_file_has_exactly_the_permissions_asked_for),
        IN_A_FOLDER(the_old_owner_is_kept),
        IN_A_FOLDER(data_is_on_disk_before_the_name_and_the_name_before_success),
        IN_A_FOLDER(who_is_killed_leaves_the_old_or_the_new_file),
        IN_A_FOLDER(a_write_that_fails_in_the_middle_leaves_the_old_file),
        IN_A_FOLDER(a_full_disk_leaves_the_old_file),
        IN_A_FOLDER(a_failed_fsync_of_the_folder_is_told),
        IN_A_FOLDER(a_place_that_is_not_there_is_an_error),
        IN_A_FOLDER(a_folder_in_its_place_is_not_replaced),
        IN_A_FOLDER(a_path_without_a_folder_lies_in_the_current_one),
        IN_A_FOLDER(a_folder_is_made_with_exactly_the_permissions_asked_for),
        IN_A_FOLDER(a_folder_that_is_there_is_left_as_it_is),
        IN_A_FOLDER(a_file_in_the_place_of_a_folder_is_an_error),
        IN_A_FOLDER(a_nameless_file_leaves_nothing_in_its_folder),
        cmocka_unit_test(joining_puts_one_slash_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
