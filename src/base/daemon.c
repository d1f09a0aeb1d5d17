#include "base/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-daemon.h>
#else
static int sd_notify(int unset, const char *state)
{
    (void)unset;
    (void)state;
    return 0;
}
#endif

static int parent_pipe = -1;

static void await_child(pid_t child, int readiness) __attribute__((noreturn));

static void await_child(pid_t child, int readiness)
{
    char byte;
    ssize_t got;
    int status;
    do
        got = read(readiness, &byte, 1);
    while (got < 0 && errno == EINTR);
    if (got == 1)
        _exit(0);
    _exit(waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

int daemon_detach(struct error *why)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set(why, -errno, "going into the background: %s", strerror(errno));
    pid_t child = fork();
    if (child < 0)
        return error_set(why, -errno, "going into the background: %s", strerror(errno));
    if (child > 0) {
        close(ends[1]);
        await_child(child, ends[0]);
    }
    close(ends[0]);
    parent_pipe = ends[1];
    setsid();
    if (chdir("/") < 0)
        return error_set(why, -errno, "/: %s", strerror(errno));
    return 0;
}

static void leave_streams(void)
{
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nowhere < 0)
        return;
    dup2(nowhere, STDIN_FILENO);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    close(nowhere);
}

void daemon_ready(void)
{
    sd_notify(0, "READY=1");
    if (parent_pipe < 0)
        return;
    leave_streams();
    ssize_t told = write(parent_pipe, "r", 1); /* a parent that has gone needs no word */
    (void)told;
    close(parent_pipe);
    parent_pipe = -1;
}

void daemon_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}

unsigned long daemon_raise_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 0;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}
