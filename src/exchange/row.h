/* One row of a list that comes or goes: who, what they said, about what and when; or why it cannot
 * be read. The same for every format. */
#ifndef EXCHANGE_ROW_H
#define EXCHANGE_ROW_H

#include "core/address.h"
#include "core/choice.h"
#include "core/subject.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROW_DIGEST_SIZE 32 /* SHA-256 of a canonical address */
#define ROW_KEY_SIZE 8     /* fingerprint of the key that subjects were made with */
#define ROW_TAGS_MAX 32
#define ROW_NAMES_MAX                                                                              \
    4096 /* events that one row of our own format names; one event has room for 3072 */
#define ROW_SOURCE_MAX 254 /* octets */

enum row_what {
    ROW_REJECTED,   /* it cannot be read; `fault` says why */
    ROW_NOTHING,    /* it says nothing that a list could take over */
    ROW_OPT_OUT,    /* has no end */
    ROW_BLOCK,      /* may have an end */
    ROW_OPT_IN,     /* "subscribed", or an opt-in of our own format */
    ROW_WITHDRAWAL, /* of what `names` names; our own format alone */
};

enum row_fault {
    FAULT_NONE,
    FAULT_NO_ADDRESS,     /* nothing in the column */
    FAULT_ADDRESS,        /* not an address */
    FAULT_TWO_ADDRESSES,  /* several in one cell */
    FAULT_DOMAIN,         /* "@example.com" where a list of others would block a whole domain */
    FAULT_HASH,           /* an MD5, a SHA-1, ... */
    FAULT_TWICE,          /* a column that is there twice says two things */
    FAULT_STATUS,         /* a word that the format does not have */
    FAULT_DATE,           /* not a date */
    FAULT_AMBIGUOUS_DATE, /* day or month first? */
    FAULT_TAGS,           /* too many */
    FAULT_SHORT,          /* columns that are needed are missing */
    FAULT_LONG,           /* more cells than the header */
    FAULT_QUOTE,          /* a quote is opened and not closed */
    FAULT_CUT,            /* the file ends in the middle of it */
    FAULT_SIZE,           /* larger than what is read at once */
    FAULT_ZERO,           /* a NUL in a cell */
    FAULT_ENCODING,       /* not in the encoding that the file is said to have */
    FAULT_JSON,           /* not well-formed */
    FAULT_OBJECT,         /* JSON, but neither an entry nor an address */
    FAULT_SCOPE,          /* our own format: these cannot be read */
    FAULT_REASON,
    FAULT_SOURCE,
    FAULT_EVENT,
    FAULT_SUBJECT,
    FAULT_ROUTE, /* where a mailing list is judged: it leads on to another address */
    FAULT_COUNT, /* of the values above */
};

/* What is wrong, as the rest of a sentence: "no address". */
const char *row_fault_text(enum row_fault fault);

/* Who it is about. Any of the first three may be there, one at least; they are not compared. */
struct row_who {
    bool has_address, has_digest, has_subject;
    bool domain;                     /* the address is "@example.com" */
    struct address address;          /* canonical */
    uint8_t digest[ROW_DIGEST_SIZE]; /* SHA-256 of the canonical address */
    struct subject subject;
    uint8_t key[ROW_KEY_SIZE]; /* of the subject */
};

struct row {
    enum row_what what;
    enum row_fault fault;
    struct row_who who; /* not of a row that was rejected or says nothing */
    enum choice_reason reason;
    bool confirmed;          /* an opt-in; our own format alone */
    int64_t asked;           /* seconds; 0: not told */
    int64_t until;           /* seconds; 0: no end, and always so of an opt-out */
    const char *status;      /* the file's own word for what this is; NULL: none */
    const char *const *tags; /* what it is about in the file's own words; none: all */
    size_t tag_count;
    /* Our own format alone. */
    const char *scope;              /* NULL elsewhere */
    const char *source;             /* NULL: not told */
    int64_t recorded_ms;            /* when it was written into the list; 0: not told */
    struct event_name event;        /* that holds it; number 0: not told */
    const struct event_name *names; /* what it lifts or withdraws */
    size_t name_count;
    /* Where it stands in the input. */
    uint64_t line;    /* of its first line, from 1 */
    const char *text; /* as it stands there, in UTF-8, without the end of its last line */
    size_t length;
};

#endif
