/* optout-milter: from start to end. */
#include "base/daemon.h"
#include "base/file.h"
#include "base/log.h"
#include "base/privilege.h"
#include "milter/callbacks.h"
#include "milter/service.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define NAME "optout-milter"
#define DRAIN_SECONDS 20  /* for messages that are under way when the end is asked for */
#define DRAIN_MOMENTS 15  /* of 20 ms that it takes at least */
#define FILES_A_SESSION 2 /* descriptors: the connection, and a spare one */
#define FILES_BESIDE 64
#define WHO_SIZE 128

struct arguments {
    const char *config;
    bool foreground;
    bool check;
};

static const char usage[] =
    "Usage: " NAME " [-c FILE] [-f] [-n]\n"
    "Keeps marketing mail from people who opted out, beside Postfix or Sendmail.\n"
    "\n"
    "  -c, --config FILE   the configuration (" OPTOUT_CONFIG_FILE ")\n"
    "  -f, --foreground    stay in the foreground and log to standard error\n"
    "  -n, --check         check the configuration and leave\n"
    "  -h, --help          this text\n"
    "  -V, --version       the version\n"
    "\n"
    "Signals: USR1 or HUP reads the configuration again, TERM stops after what is under way.\n"
    "See optout-milter(8) and optout.conf(5).\n";

static struct arguments read_arguments(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"foreground", no_argument, NULL, 'f'},
        {"check", no_argument, NULL, 'n'},        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},      {NULL, 0, NULL, 0}};
    struct arguments arguments = {.config = OPTOUT_CONFIG_FILE};
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
            fputs(usage, stdout);
            exit(EX_OK);
        case 'V':
            puts(NAME " " PACKAGE_VERSION);
            exit(EX_OK);
        default:
            exit(EX_USAGE);
        }
    if (optind < argc) {
        fprintf(stderr, NAME ": %s: no argument is expected\n", argv[optind]);
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
        snprintf(text, WHO_SIZE, "; the milter runs as %.64s, who has to be able to",
                 user->pw_name);
    return text;
}

static int fail(int code, const struct error *why)
{
    char who[WHO_SIZE];
    fprintf(stderr, NAME ": %s%s\n", why->text, who_may_not(code, who));
    return EX_CONFIG;
}

static int check_configuration(const char *path)
{
    struct config *config;
    struct error why;
    int code = config_read(path, &config, &why);
    if (code)
        return fail(code, &why);
    config_release(config);
    printf("%s: the configuration is well-formed\n", path);
    return EX_OK;
}

/* --- start
 * -------------------------------------------------------------------------------------------------------
 */

static void warn_of_store(const char *consequence, int code, const struct error *why)
{
    char who[WHO_SIZE];
    log_error("%s: %s%s", consequence, why->text, who_may_not(code, who));
}

static void warn_of_stores(struct service *service, const struct setup *setup)
{
    struct list *list;
    struct ledger *ledger;
    struct error why;

    if (setup->key_code) {
        warn_of_store("marketing mail is put off", setup->key_code, &setup->key_why);
        return;
    }
    int code = stores_take_list(service->stores, &setup->key, &list, &why);
    if (code) {
        warn_of_store("marketing mail is put off", code, &why);
    } else {
        stores_give_list(service->stores);
        if (service_check_list(service, setup, &why))
            log_error("mail of this stream is put off: %s", why.text);
    }
    code = stores_take_ledger(service->stores, &setup->key, &ledger, &why);
    if (code)
        warn_of_store("marketing mail for people who opted out is put off", code, &why);
    else
        stores_give_ledger(service->stores);
}

/* What is wrong with the stores is told at the start and again with each message; it does not keep
 * other mail waiting. */
static void warn_of_setup(struct service *service)
{
    struct setup *setup = service_take_setup(service);

    warn_of_stores(service, setup);
    if (setup->config->policy.stream_count == 0)
        log_warning("no stream is configured: nothing counts as marketing");
    if (!setup->config->policy.public_url)
        log_warning("public_url is not set: no List-Unsubscribe is written");
    service_give_setup(setup);
}

static void raise_files(unsigned connections)
{
    unsigned long files = daemon_raise_files();
    if (files < (unsigned long)connections * FILES_A_SESSION + FILES_BESIDE)
        log_warning("%lu open files are allowed, too few for connections = %u: raise the limit "
                    "(LimitNOFILE)",
                    files, connections);
}

/* Whose configuration it is, before anything is opened. */
static int become_service(const char *path, struct error *why)
{
    struct config *config;
    int code = config_read(path, &config, why);
    if (code)
        return code;
    code = privilege_become(config->milter_user, config->group, why);
    config_release(config);
    return code;
}

/* Blocked on all threads; the main thread waits for them, and callbacks_serve takes none. */
static void block_signals(sigset_t *set)
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

static void *serve(void *argument)
{
    (void)argument;
    callbacks_serve();
    log_error("libmilter gave up");
    _exit(EX_UNAVAILABLE);
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

static int start(const struct arguments *arguments, struct service **service, struct error *why)
{
    char *config = absolute_path(arguments->config);
    if (!config)
        return error_set(why, -errno, "%s: %s", arguments->config, strerror(errno));
    int code = become_service(config, why);
    if (code == 0 && !arguments->foreground)
        code = daemon_detach(why);
    if (code == 0)
        code = service_start(config, service, why);
    free(config);
    if (code)
        return code;
    struct setup *setup = service_take_setup(*service);
    code = callbacks_listen(setup->config->listen, *service, why);
    if (code == 0 && !arguments->foreground)
        log_to_syslog(NAME);
    if (code == 0)
        raise_files(setup->config->connections);
    service_give_setup(setup);
    return code;
}

/* --- running
 * -----------------------------------------------------------------------------------------------------
 */

static void reload(struct service *service)
{
    struct error why;
    if (service_reload(service, &why))
        log_error("the configuration stays as it was: %s", why.text);
    else
        log_info("the configuration was read again");
}

static void wait_for_signals(struct service *service, const sigset_t *set)
{
    for (;;) {
        int number = sigwaitinfo(set, NULL);
        if (number == SIGTERM || number == SIGINT)
            return;
        if (number > 0)
            reload(service);
    }
}

/* Lets what is under way come to its end. A message may still lie unread in the socket, and
 * libmilter sends the last answer after us: so not at once. Connections stay open as long as the
 * MTA likes, they are not waited for. */
static unsigned wait_for_messages(const struct service *service)
{
    const struct timespec moment = {.tv_nsec = 20 * 1000 * 1000};
    time_t end = time(NULL) + DRAIN_SECONDS;

    for (unsigned i = 0; i < DRAIN_MOMENTS; i++)
        nanosleep(&moment, NULL);
    while (atomic_load(&service->messages) > 0 && time(NULL) < end)
        nanosleep(&moment, NULL);
    nanosleep(&moment, NULL);
    return atomic_load(&service->messages);
}

static void drain(struct service *service)
{
    struct setup *setup = service_take_setup(service);

    log_info("stopping");
    daemon_stopping();
    callbacks_drain(setup->config->listen);
    service_give_setup(setup);
    unsigned left = wait_for_messages(service);
    if (left)
        log_warning("%u messages were under way for more than %d s and are cut off", left,
                    DRAIN_SECONDS);
    service_write_tally(service);
}

int main(int argc, char **argv)
{
    file_hold_standard_streams();
    privilege_forbid_core_dump();
    struct arguments arguments = read_arguments(argc, argv);
    struct service *service;
    struct error why = {"out of memory"};
    pthread_t server;
    sigset_t signals;

    if (arguments.check)
        return check_configuration(arguments.config);
    block_signals(&signals);
    int code = start(&arguments, &service, &why);
    if (code)
        return fail(code, &why);
    warn_of_setup(service);
    if (pthread_create(&server, NULL, serve, NULL)) {
        fprintf(stderr, NAME ": no thread to serve on\n");
        return EX_OSERR;
    }
    log_info("ready");
    daemon_ready();
    wait_for_signals(service, &signals);
    drain(service);
    /* Idle connections and libmilter's threads are still there; what they hold ends with the
     * process, and the stores need no closing. */
    _exit(EX_OK);
}
