/* A request and what is answered to it: plain data between the server, which alone knows HTTP, and
 * those who handle requests. */
#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include "base/network.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

enum method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_OTHER };

/* The fields of a form that mean something here; others are skipped. */
enum field {
    FIELD_ONE_CLICK, /* List-Unsubscribe, RFC 8058 */
    FIELD_ACTION,
    FIELD_UNDO,
    FIELD_REASON,
    FIELD_TEXT,
    FIELD_ADDRESS,
    FIELD_COUNT
};

/* What was asked for, for the access log and the metrics. */
enum asked {
    ASKED_OTHER,
    ASKED_PAGE,
    ASKED_ONE_CLICK,
    ASKED_OPT_OUT,
    ASKED_UNDO,
    ASKED_REASON,
    ASKED_GENERAL_PAGE,
    ASKED_GENERAL_OPT_OUT,
    ASKED_ASSET,
    ASKED_MACHINE, /* health and metrics */
    ASKED_COUNT
};

enum body_type { BODY_PLAIN, BODY_HTML, BODY_METRICS, BODY_ASSET };

struct response {
    unsigned status;
    enum body_type type;
    struct text body;
    char media_type[64];  /* of BODY_ASSET */
    unsigned retry_after; /* seconds; 0: nothing is said */
    const char *allow;    /* of a 405; NULL */
};

struct request {
    enum method method;
    const char *path;            /* decoded, without a query; begins with / */
    const char *accept_language; /* NULL: none */
    struct ip client;            /* whom the proxy names, or who connected */
    bool local;                  /* from this host itself, not by way of a proxy */
    bool understood;             /* false: a body that is no form */
    struct text fields[FIELD_COUNT];
    bool given[FIELD_COUNT];
    enum field taking; /* whose value goes on with the next piece; FIELD_COUNT: none */

    struct response response;
    enum asked asked;
    char scope[132]; /* that it was about, or "" */
    uint64_t event;  /* that it wrote; 0: none */
    int64_t begun;   /* microseconds of a clock that only goes on */

    /* A handler that cannot answer at once says so first, and has `resume` called when it can;
     * `finish` then makes the answer on a thread of the server. Where the client has gone away
     * meanwhile, `abandon` is called in its place. */
    void (*suspend)(struct request *request);
    void (*resume)(struct request *request);
    void (*finish)(struct request *request);
    void (*abandon)(struct request *request);
    void *work; /* of the handler, between the two */
};

/* The value of a field, "" where it was not given. */
const char *request_field(const struct request *request, enum field field);
bool request_field_is(const struct request *request, enum field field, const char *value);

/* Takes a piece of a field's value, which begins at `offset` of it; the pieces of one come one
 * after the other. Of a field that comes several times the first with a value counts, and nothing
 * of the others. False without memory. */
bool request_take(struct request *request, enum field field, const char *data, uint64_t offset,
                  size_t size);

/* The field of that name; FIELD_COUNT: none that means something. */
enum field request_field_named(const char *name);

/* "one-click", "page", ... */
const char *request_asked_name(enum asked asked);

void request_release(struct request *request);

#endif
