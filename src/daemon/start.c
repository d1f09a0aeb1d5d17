#include "daemon/start.h"

#include "base/daemon.h"
#include "base/file.h"
#include "base/log.h"
#include "base/privilege.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define WHO_SIZE 128

static const char usage[] =
    "Usage: %s [-c FILE] [-f] [-n]\n"
    "%s\n"
    "\n"
    "  -c, --config FILE   the configuration (" OPTOUT_CONFIG_FILE ")\n"
    "  -f, --foreground    stay in the foreground and log to standard error\n"
    "  -n, --check         check the configuration and leave\n"
    "  -h, --help          this text\n"
    "  -V, --version       the version\n"
    "\n"
    "Signals: USR1 or HUP reads the configuration again, TERM stops after what is under way.\n"
    "See %s(8) and optout.conf(5).\n";

struct daemon_arguments daemon_arguments(const struct daemon_program *program, int argc,
                                         char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"foreground", no_argument, NULL, 'f'},
        {"check", no_argument, NULL, 'n'},        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},      {NULL, 0, NULL, 0}};
    struct daemon_arguments arguments = {.config = OPTOUT_CONFIG_FILE};
    int option;

    while ((option = getopt_long(argc, argv, "c:fnhV", options, NULL)) != -1)
        switch (option) {
        case 'c':
            arguments.config = optarg;
            break;
        case 'f':
            arguments.foreground = true;
            break;
        case 'n':
            arguments.check = true;
            break;
        case 'h':
            printf(usage, program->name, program->does, program->name);
            exit(EX_OK);
        case 'V':
            printf("%s %s\n", program->name, PACKAGE_VERSION);
            exit(EX_OK);
        default:
            exit(EX_USAGE);
        }
    if (optind < argc) {
        fprintf(stderr, "%s: %s: no argument is expected\n", program->name, argv[optind]);
        exit(EX_USAGE);
    }
    return arguments;
}

/* Root, who looks into it, may read everything: so tells whom that holds for. */
static const char *who_may_not(int code, char text[WHO_SIZE])
{
    struct passwd *user = code == -EACCES ? getpwuid(geteuid()) : NULL;
    text[0] = '\0';
    if (user)
        snprintf(text, WHO_SIZE, "; this daemon runs as %.64s, who has to be able to",
                 user->pw_name);
    return text;
}

int daemon_fail(const struct daemon_program *program, int code, const struct error *why)
{
    char who[WHO_SIZE];
    fprintf(stderr, "%s: %s%s\n", program->name, why->text, who_may_not(code, who));
    return EX_CONFIG;
}

void daemon_warn(const char *consequence, int code, const struct error *why)
{
    char who[WHO_SIZE];
    log_error("%s: %s%s", consequence, why->text, who_may_not(code, who));
}

int daemon_check(const struct daemon_program *program, const char *path)
{
    struct config *config;
    struct error why;
    int code = config_read(path, &config, &why);
    if (code)
        return daemon_fail(program, code, &why);
    if (program->check) {
        code = privilege_become(program->user(config), config->group, &why);
        if (code == 0)
            code = program->check(config, &why);
    }
    config_release(config);
    if (code)
        return daemon_fail(program, code, &why);
    printf("%s: the configuration is %s\n", path, program->check ? "fine" : "well-formed");
    return EX_OK;
}

/* Whose configuration it is, before anything is opened. */
static int become_user(const struct daemon_program *program, const char *path, struct error *why)
{
    struct config *config;
    int code = config_read(path, &config, why);
    if (code)
        return code;
    code = privilege_become(program->user(config), config->group, why);
    config_release(config);
    return code;
}

/* daemon_detach leaves the folder. Symbolic links stay: where one leads may have changed when the
 * configuration is read again. */
static char *absolute_path(const char *path)
{
    if (*path == '/')
        return strdup(path);
    char *folder = getcwd(NULL, 0);
    char *absolute = folder ? file_join(folder, path) : NULL;
    free(folder);
    return absolute;
}

int daemon_begin(const struct daemon_program *program, const struct daemon_arguments *arguments,
                 char **config, struct error *why)
{
    char *path = absolute_path(arguments->config);
    if (!path)
        return error_set(why, -errno, "%s: %s", arguments->config, strerror(errno));
    int code = become_user(program, path, why);
    if (code == 0 && !arguments->foreground)
        code = daemon_detach(why);
    if (code)
        free(path);
    else
        *config = path;
    return code;
}

void daemon_block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR2, SIG_IGN);
    /* A process that was stopped would hold locks of the stores. */
    signal(SIGTSTP, SIG_IGN);
}

void daemon_wait(const sigset_t *set, int (*reload)(void *argument, struct error *why),
                 void *argument)
{
    struct error why;

    for (;;) {
        int number = sigwaitinfo(set, NULL);
        if (number == SIGTERM || number == SIGINT)
            return;
        if (number <= 0)
            continue;
        if (reload(argument, &why))
            log_error("the configuration stays as it was: %s", why.text);
        else
            log_info("the configuration was read again");
    }
}

void daemon_need_files(unsigned long needed, const char *option)
{
    unsigned long files = daemon_raise_files();
    if (files < needed)
        log_warning("%lu open files are allowed, too few for %s: raise the limit (LimitNOFILE)",
                    files, option);
}
