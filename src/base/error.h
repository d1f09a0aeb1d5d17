/* Error codes and explanations.
 *
 * A function that can fail returns 0 or a negative code: a system error as -errno, or one of the
 * codes below. Where a person has to do something about it, the function also takes a `struct error
 * *why` and leaves a sentence there that names the file and the way out. `why` may always be NULL.
 * Nobody logs below the place that handles. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

enum error_code {
    ERR_SYNTAX = -1000,        /* text that does not follow its grammar */
    ERR_TOO_LONG = -1001,      /* longer than the format allows */
    ERR_NO_DOMAIN = -1002,     /* a mail address without a domain */
    ERR_NOT_FOUND = -1003,     /* known not to be there; never "cannot tell" */
    ERR_EXISTS = -1004,        /* is there already and must not be touched */
    ERR_MAP_FULL = -1005,      /* a store has reached its reserved size */
    ERR_CORRUPT = -1006,       /* stored bytes that cannot be right */
    ERR_FORMAT = -1007,        /* a store or file of another version */
    ERR_UNINITIALISED = -1008, /* a store that `optout init` has not finished */
    ERR_KEY = -1009,           /* keys that do not fit the store, or no key at all */
    ERR_BUSY = -1010,          /* somebody else held the write lock for too long */
    ERR_RETIRED = -1011,       /* the store was replaced while it was open */
    ERR_CRYPTO = -1012,        /* OpenSSL refused */
    ERR_SCOPE = -1013,         /* a scope that the list does not know */
    ERR_LOCK_FILE = -1014,     /* the lock file and the data file of a store disagree */
    ERR_CONFIG = -1015,        /* a configuration that cannot be used */
    ERR_FATAL = -1016,         /* the store must be closed and opened again */
    ERR_LOSS = -1017,    /* a restored list that may lack opt-outs, and nobody accepted that */
    ERR_FOREIGN = -1018, /* two stores that have no history in common */
};

/* A sentence for a person, without a full stop or line break at its end. */
struct error {
    char text[512];
};

/* Leaves a formatted sentence in `why` (cut to fit; why may be NULL) and returns `code`. */
int error_set(struct error *why, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A short English name of a code: ours, or strerror's for a -errno. The string is static or
 * thread-local. */
const char *error_name(int code);

#endif
