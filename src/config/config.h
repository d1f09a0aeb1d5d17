/* The configuration, read and checked as a whole; once read it does not change, and is shared by
 * counting references. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/error.h"
#include "core/brand.h"
#include "core/effect.h"
#include "core/retention.h"
#include "core/stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CONFIG_DIGEST_SIZE 32
#define CONFIG_FILE_MAX (1 << 20) /* bytes */

/* What optout-web asks. */
struct web_config {
    const char *listen; /* as base/socket.h reads it */
    const struct network *proxies;
    size_t proxy_count;
    unsigned connections, client_connections;
    unsigned request_seconds;                               /* for one request as a whole */
    unsigned limit_links, limit_bad_links, limit_addresses; /* in a minute; 0: no limit */
    bool access_log;
};

/* Where lists of others come from, and how they are read. Its name is what choices have as their
 * source. */
struct source {
    const char *name;
    const char *format, *dates, *tz, *encoding, *scope; /* NULL: not set */
    const char *const *map;                             /* TAG=SCOPE */
    size_t map_count;
    bool all_opted_out;
    const char *max_new; /* a number or "none"; NULL: not set */
    int64_t max_age;     /* seconds; 0: no limit */
    unsigned format_line, tz_line, encoding_line,
        map_line; /* what only who reads the files can check */
};

/* How long what is kept, until `optout prune` takes it away. */
struct retentions {
    struct retention verdicts, network, text, reads, addresses;
};

struct config {
    const char *path;                   /* of the file, as given */
    const char *text;                   /* as it was read */
    uint8_t digest[CONFIG_DIGEST_SIZE]; /* SHA-256 of its text */
    const char *data_dir;               /* stores lie in data_dir/list and data_dir/ledger */
    const char *key_dir;
    const char *listen; /* "unix:/path", "inet:port@host", "inet6:port@host" */
    /* Owner of the list: whom web and tool become as root; NULL: no change. */
    const char *user;
    /* Owner of the ledger: whom the milter becomes as root; NULL: no change. */
    const char *milter_user;
    const char *group;            /* that may read the list; NULL: the user's own */
    const char *ops_group;        /* who may change something; NULL: everybody who may run it */
    const char *compliance_group; /* who may see what is held about people; likewise */
    bool approval;                /* what could bring people back takes two persons */
    unsigned approval_rows;       /* that one person alone may withdraw by an undo */
    uint64_t list_size;           /* bytes reserved for each store's map, a multiple of 64 KiB */
    uint64_t ledger_size;
    unsigned connections; /* beyond this many at once, the milter says 451 to new ones */
    struct policy policy;
    struct web_config web;
    const char *templates;   /* folder with files that replace installed ones; NULL: none */
    const char *language;    /* of pages without a brand */
    bool notice;             /* for who belongs to no brand */
    const char *notice_from; /* NULL: not set */
    const char *smtp_server; /* HOST:PORT */
    struct retentions retain;
    /* How long an opt-out may take; EFFECT_LIMITS_MAX at most. */
    const struct effect_limit *effect_limits;
    size_t effect_limit_count;
    const char *const *checkpoint_to; /* "syslog", "mail:ADDRESS", "command:/PATH" */
    size_t checkpoint_to_count;
    const struct brand *brands;
    size_t brand_count;
    const struct source *sources;
    size_t source_count;
    struct config_share *share; /* who uses it, and the memory behind it */
};

/* Reads and checks the file. On failure `why` names the file, the line where there is one, and what
 * is wrong; *config is untouched. -errno where the file cannot be read, ERR_CONFIG. One reference
 * is the caller's. */
int config_read(const char *path, struct config **config, struct error *why);

/* Counts one more user, from any thread; returns its argument. */
const struct config *config_hold(const struct config *config);
/* How many use it, at this moment. */
unsigned config_users(const struct config *config);
/* Counts one less; the last one frees it. NULL is allowed. */
void config_release(const struct config *config);

/* The stream of that name; NULL: none. */
const struct stream *config_stream(const struct config *config, const char *name);

/* The source of that name; NULL: none. */
const struct source *config_source(const struct config *config, const char *name);

/* Writes every option with the value that counts, the file's, a stream's own or the default, as a
 * configuration that config_read reads as the same again; what is not set is a comment. An error of
 * the file is left to ferror. */
void config_print(const struct config *config, FILE *file);

/* An option where it may stand, with the values that count. */
struct config_value {
    const char *place;   /* "file", "exempt", "stream", "source" or "brand" */
    const char *section; /* its name; NULL for the file itself */
    const char *name;
    bool list; /* may have several values */
    const char *const *values;
    size_t count; /* 0: not set, or an empty list */
    bool given;   /* in the file */
};

typedef void (*config_visitor)(const struct config_value *value, void *argument);

/* All options, in the sequence of config_print. */
void config_each(const struct config *config, config_visitor visit, void *argument);

#endif
