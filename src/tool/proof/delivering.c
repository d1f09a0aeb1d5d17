#include "tool/proof/delivering.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "speech/handover.h"
#include "speech/mail.h"
#include "store/seal.h"
#include "tool/output.h"
#include "tool/stops.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define SYSLOG_PATH "/dev/log"
#define HOST_MAX 253
#define ID_SIZE 16 /* random octets of a Message-ID */

/* --- syslog --- */

/* As RFC 3164 section 4.1.2 has the time, in C's own words for months. */
static void append_time(struct text *message)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t now = (time_t)clock_now();
    struct tm t;

    if (localtime_r(&now, &t))
        text_format(message, "%.3s %2d %02d:%02d:%02d ", months + 3 * (size_t)t.tm_mon, t.tm_mday,
                    t.tm_hour, t.tm_min, t.tm_sec);
}

int deliver_to_syslog(const char *path, const char *line, struct error *why)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct text message = TEXT_EMPTY;
    int code = 0, fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    text_format(&message, "<%d>", LOG_MAIL | LOG_NOTICE);
    append_time(&message);
    text_format(&message, "optout[%ld]: %s", (long)getpid(), line);
    if (strlen(path) >= sizeof address.sun_path)
        code = -ENAMETOOLONG;
    else
        strcpy(address.sun_path, path);
    if (code == 0 && message.failed)
        code = -ENOMEM;
    if (code == 0 && (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
                      send(fd, message.data, message.length, MSG_NOSIGNAL) < 0))
        code = -errno;
    if (fd >= 0)
        close(fd);
    text_release(&message);
    return code ? error_set(why, code, "syslog at %s: %s", path, error_name(code)) : 0;
}

/* --- mail --- */

static const char *find_sender(const struct config *config, struct text *sender)
{
    char host[HOST_MAX + 1] = "";

    if (config->notice_from)
        return config->notice_from;
    if (gethostname(host, sizeof host - 1) < 0 || *host == '\0')
        strcpy(host, "localhost");
    text_format(sender, "optout@%s", host);
    return sender->data;
}

static int write_mail(const struct config *config, const char *to, const char *line,
                      struct text *message)
{
    uint8_t octets[ID_SIZE];
    char id[2 * ID_SIZE + 1];
    struct text sender = TEXT_EMPTY, body = TEXT_EMPTY;

    int code = seal_random(octets, sizeof octets);
    if (code)
        return code;
    text_to_hex(octets, sizeof octets, id);
    text_format(&body, "%s\n", line);
    const struct mail mail = {.from = find_sender(config, &sender),
                              .to = to,
                              .subject = "Checkpoint of the opt-out list",
                              .body = body.data,
                              .id = id,
                              .at = clock_now(),
                              .bare = true};
    code = mail.from && mail.body ? mail_write(&mail, message) : -ENOMEM;
    text_release(&sender);
    text_release(&body);
    return code;
}

static int deliver_to_mail(const struct config *config, const char *to, const char *line,
                           struct error *why)
{
    struct text message = TEXT_EMPTY;
    struct error said = {""};

    int code = write_mail(config, to, line, &message);
    if (code == 0)
        code = handover_send(config->smtp_server, to, &message, NULL, &said);
    text_release(&message);
    return code ? error_set(why, code, "mail to %.80s by %.80s: %.250s", to, config->smtp_server,
                            *said.text ? said.text : error_name(code))
                : 0;
}

/* --- command --- */

static void be_command(const char *path, int input)
{
    stops_release();
    if (dup2(input, STDIN_FILENO) < 0)
        _exit(127);
    execl(path, path, (char *)NULL);
    complain("%s: %s", path, strerror(errno));
    _exit(127);
}

static int await(pid_t child)
{
    int status;

    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

/* The line waits in a file, so that nobody has to wait for a program that does not read. */
static int open_input(const char *line)
{
    int fd = file_open_nameless("/tmp");
    if (fd < 0)
        return fd;
    int code = file_write(fd, line, strlen(line));
    if (code == 0)
        code = file_write(fd, "\n", 1);
    if (code == 0 && lseek(fd, 0, SEEK_SET) < 0)
        code = -errno;
    if (code)
        close(fd);
    return code ? code : fd;
}

int deliver_to_command(const char *path, const char *line, struct error *why)
{
    int input = open_input(line);
    if (input < 0)
        return error_set(why, input, "no file for %s to read from: %s", path, error_name(input));
    pid_t child = fork();
    if (child == 0)
        be_command(path, input);
    int code = child < 0 ? -errno : await(child);
    close(input);
    if (code == -EIO)
        return error_set(why, code, "%s did not take it (it has to end with status 0)", path);
    return code ? error_set(why, code, "%s: %s", path, error_name(code)) : 0;
}

/* --- */

static int deliver_to(const struct config *config, const char *place, const char *line,
                      struct error *why)
{
    if (strcmp(place, "syslog") == 0)
        return deliver_to_syslog(SYSLOG_PATH, line, why);
    const char *rest = strchr(place, ':') + 1;
    return strncmp(place, "mail:", 5) == 0 ? deliver_to_mail(config, rest, line, why)
                                           : deliver_to_command(rest, line, why);
}

int deliver_line(const struct config *config, const char *line, struct error *why)
{
    int first = 0;

    if (config->checkpoint_to_count == 0)
        return error_set(why, ERR_CONFIG, "%s names no place in checkpoint_to", config->path);
    for (size_t i = 0; i < config->checkpoint_to_count; i++) {
        struct error said = {""};
        int code = deliver_to(config, config->checkpoint_to[i], line, &said);
        if (code && first == 0)
            first = error_set(why, code, "not handed over: %.400s", said.text);
        else if (code)
            complain("not handed over: %s", said.text);
    }
    return first;
}
