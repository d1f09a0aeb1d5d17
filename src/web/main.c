/* optout-web: from start to end. */
#include "base/daemon.h"
#include "base/file.h"
#include "base/log.h"
#include "base/privilege.h"
#include "daemon/start.h"
#include "web/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#define NAME "optout-web"
#define DRAIN_SECONDS 20 /* for requests that are under way when the end is asked for */
#define FILES_BESIDE 64  /* descriptors that are no connections */

static const char *user_of(const struct config *config)
{
    return config->user;
}

static const struct daemon_program program = {
    .name = NAME,
    .does = "Takes opt-outs by the links in marketing mail, behind the site's TLS proxy.",
    .user = user_of,
};

static int start(const struct daemon_arguments *arguments, struct web **web, struct server **server,
                 struct error *why)
{
    char *config, option[40];
    int code = daemon_begin(&program, arguments, &config, why);
    if (code)
        return code;
    code = web_start(config, web, why);
    free(config);
    if (code)
        return code;
    struct setup *setup = setups_take((*web)->setups);
    unsigned connections = setup->config->web.connections;
    setup_give(setup);
    snprintf(option, sizeof option, "web_connections = %u", connections);
    daemon_need_files(connections + FILES_BESIDE, option);
    code = server_start(*web, server, why);
    if (code == 0 && !arguments->foreground)
        log_to_syslog(NAME);
    return code;
}

static int reload(void *argument, struct error *why)
{
    return web_reload(argument, why);
}

static void stop(struct web *web, struct server *server)
{
    log_info("stopping");
    daemon_stopping();
    unsigned left = server_stop(server, DRAIN_SECONDS);
    if (left) {
        log_warning("%u requests were under way for more than %d s and are cut off", left,
                    DRAIN_SECONDS);
        _exit(EX_OK); /* they still use all of it */
    }
    web_stop(web);
}

int main(int argc, char **argv)
{
    file_hold_standard_streams();
    privilege_forbid_core_dump();
    struct daemon_arguments arguments = daemon_arguments(&program, argc, argv);
    struct web *web;
    struct server *server;
    struct error why = {"out of memory"};
    sigset_t signals;

    if (arguments.check)
        return daemon_check(&program, arguments.config);
    daemon_block_signals(&signals);
    int code = start(&arguments, &web, &server, &why);
    if (code)
        return daemon_fail(&program, code, &why);
    web_warn(web);
    log_info("ready");
    daemon_ready();
    daemon_wait(&signals, reload, web);
    stop(web, server);
    return EX_OK;
}
