#include "tool/differing.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Descriptors of the child, beside the three standard ones. */
#define FIRST 3
#define SECOND 4
#define RESERVED 10 /* ours lie above, so that none is closed by being given the other's place */

#define STATUS_TROUBLE 2 /* of diff(1); 1: there are differences */
#define STATUS_NO_PROGRAM 127

/* A file without a name that holds the text. The descriptor, or -errno. */
static int hold(const char *text)
{
    int low = memfd_create("text", MFD_CLOEXEC);
    int fd = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, RESERVED);
    int code = fd < 0 ? -errno : file_write(fd, text, strlen(text));

    if (low >= 0)
        close(low);
    if (code && fd >= 0)
        close(fd);
    return code ? code : fd;
}

static int spawn(int before, int after, int to, pid_t *child)
{
    static const char *const words[] = {"diff",  "-u", "--label",   "before",    "--label",
                                        "after", "--", "/dev/fd/3", "/dev/fd/4", NULL};
    posix_spawn_file_actions_t actions;

    int code = posix_spawn_file_actions_init(&actions);
    if (code)
        return -code;
    code = posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO);
    if (code == 0)
        code = posix_spawn_file_actions_adddup2(&actions, before, FIRST);
    if (code == 0)
        code = posix_spawn_file_actions_adddup2(&actions, after, SECOND);
    if (code == 0)
        code = posix_spawnp(child, words[0], &actions, NULL, (char **)(uintptr_t)words, environ);
    posix_spawn_file_actions_destroy(&actions);
    return -code;
}

static int read_all(int fd, struct text *text)
{
    char bytes[4096];
    ssize_t n;

    while ((n = read(fd, bytes, sizeof bytes)) != 0) {
        if (n > 0)
            text_append_bytes(text, bytes, (size_t)n);
        else if (errno != EINTR)
            return -errno;
    }
    return text->failed ? -ENOMEM : 0;
}

static int await(pid_t child)
{
    int status;

    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_NO_PROGRAM)
        return -ENOENT;
    return WIFEXITED(status) && WEXITSTATUS(status) < STATUS_TROUBLE ? 0 : -EIO;
}

static int run(int before, int after, struct text *output)
{
    int ends[2];
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    int code = spawn(before, after, ends[1], &child);
    close(ends[1]);
    if (code == 0) {
        code = read_all(ends[0], output);
        int ended = await(child);
        code = code ? code : ended;
    }
    close(ends[0]);
    return code;
}

int differing_show(const char *before, const char *after, struct text *difference,
                   struct error *why)
{
    struct text output = TEXT_EMPTY;
    int a = hold(before), b = hold(after);

    int code = a < 0 ? a : b < 0 ? b : run(a, b, &output);
    if (code == 0 && output.length)
        text_append_bytes(difference, output.data, output.length);
    if (code == 0 && difference->failed)
        code = -ENOMEM;
    text_release(&output);
    if (a >= 0)
        close(a);
    if (b >= 0)
        close(b);
    if (code == -ENOENT)
        return error_set(why, ERR_NOT_FOUND, "diff(1) is not installed (package diffutils)");
    return code ? error_set(why, code, "diff(1) could not be run: %s", error_name(code)) : 0;
}
