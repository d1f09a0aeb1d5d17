/* Taking a list of others into ours: the engine behind `optout import`.
 *
 * All of the input is read, hashed, sealed and sorted before the first row is written, so that
 * whatever is wrong with it is known by then. What is new then goes into the list in short
 * transactions, as one batch. The same input from the same source again changes nothing, or goes on
 * where it was broken off. */
#ifndef BULK_IMPORT_H
#define BULK_IMPORT_H

#include "base/error.h"
#include "core/stream.h"
#include "exchange/excerpt.h"
#include "exchange/input.h"
#include "exchange/mapping.h"
#include "exchange/reader.h"
#include "store/keys.h"
#include "store/list.h"

#include <stdbool.h>
#include <stdint.h>

enum import_phase {
    IMPORT_READING,  /* done and of are octets of the input; of is 0 where that is not known */
    IMPORT_COUNTING, /* choices */
    IMPORT_WRITING,  /* choices */
};

struct import_progress {
    enum import_phase phase;
    uint64_t done, of;
    uint64_t rows; /* read, or looked at */
};

/* How many new opt-outs and blocks may come. */
#define IMPORT_NEW_DEFAULT UINT64_MAX   /* a twentieth of the list, 1,000 at least */
#define IMPORT_NEW_ANY (UINT64_MAX - 1) /* as many as there are */

struct import_request {
    struct list *list;       /* open to write; to read is enough for a dry run */
    const char *list_folder; /* that it lies in */
    const struct lookup_key *lookup;
    const struct policy *policy; /* whose companions and exempt recipients a dry run looks for */
    struct input *input;         /* at its beginning */
    struct reader *reader;       /* of the input */
    struct excerpt *rejects;     /* for rows that cannot be read; NULL: nowhere */
    const char *scope;           /* of rows that name none; NULL: they stop it */
    const struct mapping *mapping;
    const char *source; /* NULL: the format's name */
    const char *actor;
    const char *note, *evidence, *staff; /* private words; NULL: none */
    bool dry_run;
    bool recorded;      /* as a batch, also where this very input was imported before */
    bool strict;        /* a row that cannot be read stops it */
    bool all_opted_out; /* whoever is in a file that does not say so */
    bool opt_in;        /* rows that say "subscribed" become opt-ins that lift nothing */
    uint64_t max_new;
    /* Told of each row that is rejected. NULL: nobody is. */
    void (*reject)(const struct row *row, const char *reason, void *argument);
    /* Called now and then, where nothing is held that others wait for; anything but 0 ends the
     * import, before the first row is written or between two transactions, and is returned. */
    int (*progress)(const struct import_progress *progress, void *argument);
    void *argument; /* of both */
};

/* Why nothing was written: bits. */
enum import_stop {
    IMPORT_STOP_SAYS_NOTHING = 1, /* nothing in the file tells who has opted out */
    IMPORT_STOP_SCOPE = 2,        /* rows without a scope */
    IMPORT_STOP_NEW = 4,          /* more that is new than may come */
    IMPORT_STOP_STRICT = 8,       /* rows that cannot be read */
};

#define IMPORT_WORDS 24 /* of a kind that are told apart; more count as others */
#define IMPORT_WORD_SIZE 64
#define IMPORT_SAMPLES 10
#define IMPORT_SAMPLE_SIZE 128

/* Words and how often they were met. */
struct import_tally {
    struct import_tally_word {
        char text[IMPORT_WORD_SIZE];
        uint64_t count;
    } words[IMPORT_WORDS];
    size_t count;
    uint64_t others;
};

struct import_report {
    const char *format; /* its name */
    const char *source;
    unsigned stops;   /* bits of import_stop; where any is set nothing was written */
    bool has_more;    /* the file says of itself that it is one page of several */
    bool nothing_new; /* and no choice was written */
    bool finished;    /* everything that was to be written is */
    uint64_t size;    /* of the input, octets */
    uint8_t digest[INPUT_DIGEST_SIZE];
    /* read = added + known + blocked + left alone + rejected. A row that is about several scopes
     * counts for each. */
    uint64_t counts[BATCH_COUNTS];
    /* What was left alone, and why. */
    uint64_t subscribed, over, withdrawals, silent, unscoped;
    uint64_t stopped; /* nothing was written of anything */
    uint64_t fresh;   /* opt-outs and blocks that are new, where that was counted */
    bool fresh_counted;
    uint64_t limit;              /* that they were held against; IMPORT_NEW_ANY: none */
    struct import_tally faults;  /* why rows were rejected */
    struct import_tally missing; /* tags without a scope */
    struct event_name batch;     /* number 0: none */
    bool resumed;                /* the batch was begun by a run that was broken off */
    uint64_t written;            /* choices written by this run */
    uint64_t undated, future;    /* choices without a date, and with one that is not over yet */
    /* Of a dry run alone. */
    struct import_tally statuses, scopes, companions, exempt;
    int64_t first_asked, last_asked; /* 0: no date at all */
    char samples[IMPORT_SAMPLES][IMPORT_SAMPLE_SIZE];
    size_t sample_count;
};

/* Runs an import. What the report points to lives as long as request and reader. 0 also where it
 * was stopped, or nothing was new; an error: `why` says what, and the report what was done.
 * ERR_SCOPE: a scope is not registered. ERR_BUSY: the list, or this very input, is in use: try
 * again. */
int import_run(const struct import_request *request, struct import_report *report,
               struct error *why);

#endif
