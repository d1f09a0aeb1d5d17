#include "tool/queue/queue_mta.h"

#include "base/file.h"
#include "tool/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_SIZE 64
#define SAID_MAX 120 /* octets of last words in a sentence */

static int find(const char *program, char path[PATH_SIZE], struct error *why)
{
    static const char *const folders[] = {"/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/bin"};

    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, PATH_SIZE, "%s/%s", folders[i], program);
        if (access(path, X_OK) == 0)
            return 0;
    }
    return error_set(why, -ENOENT, "%s is not installed: optout queue needs Postfix", program);
}

/* --- whose configuration it is --------------------------------------------------------------- */

/* In a folder like /tmp nobody can move what is root's. */
static bool is_of_root(const struct stat *found)
{
    bool sticky = S_ISDIR(found->st_mode) && (found->st_mode & S_ISVTX);
    return found->st_uid == 0 && (sticky || (found->st_mode & (S_IWGRP | S_IWOTH)) == 0);
}

/* A path without links, and all folders above it. */
static int check_path(char *path, struct error *why)
{
    struct stat found;

    for (;;) {
        const char *name = *path ? path : "/";
        if (lstat(name, &found) < 0)
            return error_set(why, -errno, "%s: %s", name, strerror(errno));
        if (!is_of_root(&found))
            return error_set(why, -EPERM,
                             "%s: others than root can write it, and root is not to run Postfix's "
                             "commands with it",
                             name);
        if (!*path)
            return 0;
        *strrchr(path, '/') = '\0';
    }
}

/* -ENOENT without a word. */
static int check_real_path(const char *path, char **real, struct error *why)
{
    *real = realpath(path, NULL);
    if (!*real)
        return errno == ENOENT ? -ENOENT : error_set(why, -errno, "%s: %s", path, strerror(errno));
    char *copy = strdup(*real);
    int code = copy ? check_path(copy, why) : -ENOMEM;
    free(copy);
    return code;
}

/* One that is not there Postfix tells of, and nobody else can make it meanwhile. */
static int check_file(const char *folder, const char *name, struct error *why)
{
    char *path = file_join(folder, name), *real = NULL;
    int code = path ? check_real_path(path, &real, why) : -ENOMEM;

    free(real);
    free(path);
    return code == -ENOENT ? 0 : code;
}

int mta_find_folder(const char *config_dir, char **real, struct error *why)
{
    char *found;
    int code = check_real_path(config_dir, &found, why);

    if (code == -ENOENT)
        return error_set(why, code, "%s: there is no such folder", config_dir);
    if (code == 0)
        code = check_file(found, "main.cf", why);
    if (code == 0)
        code = check_file(found, "master.cf", why);
    if (code == 0)
        *real = found;
    else
        free(found);
    return code;
}

/* --- starting -------------------------------------------------------------------------------- */

/* Ends of pipes, the child's first. */
struct ends {
    int in[2], out[2]; /* -1: there is none */
};

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_ends(struct ends *ends)
{
    for (int i = 0; i < 2; i++) {
        close_end(&ends->in[i]);
        close_end(&ends->out[i]);
    }
}

static int run(const char *path, const char *const *arguments, const struct ends *ends, int errors,
               pid_t *pid)
{
    char search[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
    char *const environment[] = {search, locale, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, pipe_signal;

    sigemptyset(&none);
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &pipe_signal);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (ends->in[0] >= 0)
        posix_spawn_file_actions_adddup2(&actions, ends->in[0], STDIN_FILENO);
    else
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (ends->out[0] >= 0)
        posix_spawn_file_actions_adddup2(&actions, ends->out[0], STDOUT_FILENO);
    else
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    int code = posix_spawn(pid, path, &actions, &attributes, (char *const *)(uintptr_t)arguments,
                           environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return -code;
}

/* A pipe whose `child` end comes first. */
static int make_pipe(int ends[2], bool child_reads)
{
    int made[2];
    if (pipe2(made, O_CLOEXEC) < 0)
        return -errno;
    ends[0] = made[child_reads ? 0 : 1];
    ends[1] = made[child_reads ? 1 : 0];
    return 0;
}

static int open_stream(int *fd, const char *mode, FILE **file)
{
    *file = fdopen(*fd, mode);
    if (!*file)
        return -errno;
    *fd = -1;
    return 0;
}

static int start(const char *const *arguments, bool reads, struct mta *mta, struct error *why)
{
    struct mta made = {.program = arguments[0], .errors = -1};
    struct ends ends = {{-1, -1}, {-1, -1}};
    char path[PATH_SIZE];

    int code = find(arguments[0], path, why);
    if (code)
        return code;
    code = spool_open(&made.errors, why);
    if (code)
        return code;
    code = reads ? make_pipe(ends.in, true) : make_pipe(ends.out, false);
    if (code == 0)
        code = run(path, arguments, &ends, made.errors, &made.pid);
    if (code == 0)
        code = reads ? open_stream(&ends.in[1], "w", &made.in)
                     : open_stream(&ends.out[1], "r", &made.out);
    close_ends(&ends);
    if (code) {
        mta_drop(&made);
        return error_set(why, code, "%s could not be started: %s", path, strerror(-code));
    }
    *mta = made;
    return 0;
}

int mta_list(const char *config_dir, struct mta *mta, struct error *why)
{
    const char *const plain[] = {"postqueue", "-j", NULL};
    const char *const other[] = {"postqueue", "-c", config_dir, "-j", NULL};
    return start(config_dir ? other : plain, false, mta, why);
}

int mta_super(const char *config_dir, const char *flag, struct mta *mta, struct error *why)
{
    const char *const plain[] = {"postsuper", flag, "-", NULL};
    const char *const other[] = {"postsuper", "-c", config_dir, flag, "-", NULL};
    return start(config_dir ? other : plain, true, mta, why);
}

/* --- the end --------------------------------------------------------------------------------- */

static int read_said(const struct mta *mta, struct text *said)
{
    char buffer[4096];
    ssize_t n;

    if (lseek(mta->errors, 0, SEEK_SET) < 0)
        return -errno;
    while ((n = read(mta->errors, buffer, sizeof buffer)) > 0)
        text_append_bytes(said, buffer, (size_t)n);
    return n < 0 ? -errno : said->failed ? -ENOMEM : 0;
}

/* The last line, without what the program calls itself. */
static const char *last_words(const struct text *said, char words[SAID_MAX + 1])
{
    size_t end = said->length;

    while (end > 0 && said->data[end - 1] == '\n')
        end--;
    size_t begin = end;
    while (begin > 0 && said->data[begin - 1] != '\n')
        begin--;
    size_t length = end - begin < SAID_MAX ? end - begin : SAID_MAX;
    if (length)
        memcpy(words, said->data + begin, length);
    words[length] = '\0';
    return length ? words : "it said nothing";
}

static int await(struct mta *mta, int *status)
{
    while (waitpid(mta->pid, status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    mta->pid = 0;
    return 0;
}

int mta_finish(struct mta *mta, struct text *said, struct error *why)
{
    char words[SAID_MAX + 1];
    int status = 0;
    bool told = !mta->in || (fflush(mta->in) == 0 && !ferror(mta->in));

    if (mta->in)
        fclose(mta->in);
    mta->in = NULL;
    int code = await(mta, &status);
    if (code == 0)
        code = read_said(mta, said);
    if (code)
        return error_set(why, code, "%s: %s", mta->program, error_name(code));
    if (!told || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return error_set(why, -EIO, "%s failed: %s", mta->program, last_words(said, words));
    return 0;
}

void mta_drop(struct mta *mta)
{
    int status;

    if (mta->in)
        fclose(mta->in);
    if (mta->out)
        fclose(mta->out);
    if (mta->pid > 0)
        await(mta, &status);
    if (mta->errors >= 0)
        close(mta->errors);
    *mta = MTA_NOT_STARTED;
}
