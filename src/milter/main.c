/* optout-milter: from start to end. */
#include "base/daemon.h"
#include "base/file.h"
#include "base/log.h"
#include "base/privilege.h"
#include "daemon/start.h"
#include "milter/callbacks.h"
#include "milter/service.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define NAME "optout-milter"
#define DRAIN_SECONDS 20  /* for messages that are under way when the end is asked for */
#define DRAIN_MOMENTS 15  /* of 20 ms that it takes at least */
#define FILES_A_SESSION 2 /* descriptors: the connection, and a spare one */
#define FILES_BESIDE 64

static const char *user_of(const struct config *config)
{
    return config->milter_user;
}

static const struct daemon_program program = {
    .name = NAME,
    .does = "Keeps marketing mail from people who opted out, beside Postfix or Sendmail.",
    .user = user_of,
};

/* --- start ---------------------------------------------------------------------------------- */

static void warn_of_stores(struct service *service, const struct setup *setup)
{
    struct list *list;
    struct ledger *ledger;
    struct error why;

    if (setup->key_code) {
        daemon_warn("marketing mail is put off", setup->key_code, &setup->key_why);
        return;
    }
    int code = stores_take_list(service->stores, &setup->key, NULL, &list, &why);
    if (code) {
        daemon_warn("marketing mail is put off", code, &why);
    } else {
        stores_give_list(service->stores);
        if (service_check_list(service, setup, &why))
            log_error("mail of this stream is put off: %s", why.text);
    }
    code = stores_take_ledger(service->stores, &setup->key, &ledger, &why);
    if (code)
        daemon_warn("marketing mail for people who opted out is put off", code, &why);
    else
        stores_give_ledger(service->stores);
}

/* What is wrong with the stores is told at the start and again with each message; it does not keep
 * other mail waiting. */
static void warn_of_setup(struct service *service)
{
    struct setup *setup = setups_take(service->setups);

    warn_of_stores(service, setup);
    if (setup->config->policy.stream_count == 0)
        log_warning("no stream is configured: nothing counts as marketing");
    if (!setup->config->policy.public_url)
        log_warning("public_url is not set: no List-Unsubscribe is written");
    setup_give(setup);
}

static void raise_files(unsigned connections)
{
    char option[32];
    snprintf(option, sizeof option, "connections = %u", connections);
    daemon_need_files((unsigned long)connections * FILES_A_SESSION + FILES_BESIDE, option);
}

static void *serve(void *argument)
{
    (void)argument;
    callbacks_serve();
    log_error("libmilter gave up");
    _exit(EX_UNAVAILABLE);
}

static int start(const struct daemon_arguments *arguments, struct service **service,
                 struct error *why)
{
    char *config;
    int code = daemon_begin(&program, arguments, &config, why);
    if (code)
        return code;
    code = service_start(config, service, why);
    free(config);
    if (code)
        return code;
    struct setup *setup = setups_take((*service)->setups);
    code = callbacks_listen(setup->config->listen, *service, why);
    if (code == 0 && !arguments->foreground)
        log_to_syslog(NAME);
    if (code == 0)
        raise_files(setup->config->connections);
    setup_give(setup);
    return code;
}

/* --- running -------------------------------------------------------------------------------- */

static int reload(void *argument, struct error *why)
{
    return service_reload(argument, why);
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
    struct setup *setup = setups_take(service->setups);

    log_info("stopping");
    daemon_stopping();
    callbacks_drain(setup->config->listen);
    setup_give(setup);
    unsigned left = wait_for_messages(service);
    if (left)
        log_warning("%u messages were under way for more than %d s and are cut off", left,
                    DRAIN_SECONDS);
    else
        service_end(service);
    service_write_tally(service);
}

int main(int argc, char **argv)
{
    file_hold_standard_streams();
    privilege_forbid_core_dump();
    struct daemon_arguments arguments = daemon_arguments(&program, argc, argv);
    struct service *service;
    struct error why = {"out of memory"};
    pthread_t server;
    sigset_t signals;

    if (arguments.check)
        return daemon_check(&program, arguments.config);
    daemon_block_signals(&signals);
    int code = start(&arguments, &service, &why);
    if (code)
        return daemon_fail(&program, code, &why);
    warn_of_setup(service);
    service_write_tally(service);
    if (pthread_create(&server, NULL, serve, NULL)) {
        fprintf(stderr, NAME ": no thread to serve on\n");
        return EX_OSERR;
    }
    log_info("ready");
    daemon_ready();
    daemon_wait(&signals, reload, service);
    drain(service);
    /* Idle connections and libmilter's threads are still there; what they hold ends with the
     * process, and the stores need no closing. */
    _exit(EX_OK);
}
