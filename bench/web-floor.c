/* What optout-web is measured against: libmicrohttpd with the same threads, answering 200 to every
 * POST with nothing done; or with one durable commit for each request, as a server does that keeps
 * the connection's thread until its own transaction is on disk.
 *
 *     web-floor nothing PORT
 *     web-floor commit PORT FOLDER     FOLDER: empty, for an LMDB environment */
#include "store/env.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 2u
#define CONNECTIONS 4000u
#define MAP (UINT64_C(1) << 30)

static const char *const tables[] = {"rows"};
static struct env *env; /* NULL: nothing is done */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

/* A row as long as an opt-out's event and its entry are together. */
static int commit_one(void)
{
    static uint64_t number;
    uint8_t row[250] = {0};
    struct txn *txn;

    pthread_mutex_lock(&turn);
    int code = txn_begin_write(env, &txn);
    if (code == 0) {
        number++;
        code = txn_put(txn, 0, SLICE(&number, sizeof number), SLICE(row, sizeof row));
        if (code == 0)
            code = txn_commit(txn);
        else
            txn_abort(txn);
    }
    pthread_mutex_unlock(&turn);
    return code;
}

static enum MHD_Result answer(void *argument, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **state)
{
    static char text[] = "You are unsubscribed.\n", seen;
    (void)argument, (void)url, (void)method, (void)version, (void)data;

    if (!*state) {
        *state = &seen;
        return MHD_YES;
    }
    if (*size > 0) {
        *size = 0;
        return MHD_YES;
    }
    unsigned status = !env || commit_one() == 0 ? 200 : 503;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(sizeof text - 1, text, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result queued = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

int main(int argc, char **argv)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct error why;
    sigset_t end;
    int number;

    if (argc < 3 || (strcmp(argv[1], "commit") == 0) != (argc == 4)) {
        fprintf(stderr, "usage: web-floor nothing PORT | commit PORT FOLDER\n");
        return 64;
    }
    if (argc == 4 && env_open(argv[3], ENV_CREATE, MAP, tables, 1, &env, &why)) {
        fprintf(stderr, "web-floor: %s\n", why.text);
        return 78;
    }
    place.sin_port = htons((uint16_t)atoi(argv[2]));
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &end, NULL);
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, NULL,
                         MHD_OPTION_SOCK_ADDR, &place, MHD_OPTION_THREAD_POOL_SIZE, THREADS,
                         MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS, MHD_OPTION_END);
    if (!daemon) {
        fprintf(stderr, "web-floor: port %s cannot be had\n", argv[2]);
        return 78;
    }
    sigwait(&end, &number);
    MHD_stop_daemon(daemon);
    return 0;
}
