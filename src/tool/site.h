/* The site that a subcommand works on: configuration, keys and stores, opened as the user who owns
 * them. */
#ifndef TOOL_SITE_H
#define TOOL_SITE_H

#include "base/error.h"
#include "base/pool.h"
#include "config/config.h"
#include "core/address.h"
#include "core/subject.h"
#include "store/keys.h"
#include "store/ledger.h"
#include "store/list.h"
#include "store/list_people.h"

#include <stdbool.h>
#include <stddef.h>

/* What a subcommand needs; the configuration is always read. */
enum site_need {
    SITE_USER = 1,    /* become the user of the configuration; all below imply it */
    SITE_KEYS = 2,    /* the lookup key, and a hasher */
    SITE_WORDS = 4,   /* the address key, so that addresses and words can be shown; who may not read
                         it is told, and goes on without */
    SITE_LIST = 8,    /* to read */
    SITE_WRITE = 16,  /* the list to write, with the address key */
    SITE_LEDGER = 32, /* to read */
    SITE_LEDGER_WRITE = 64, /* the ledger to read and write */
    SITE_LEDGER_NOTE = 128, /* the same where that can be, else to read */
};

#define STAFF_SIZE 64

struct site {
    struct config *config;
    struct lookup_key lookup;
    struct address_key address;
    bool has_address; /* the address key was read */
    struct subject_hasher *hasher;
    char *list_folder; /* NULL where the list was not asked for */
    struct list *list;
    struct list_view *list_view; /* begun by site_view */
    struct ledger *ledger;
    struct ledger_view *ledger_view;
    struct pool pool;       /* for what is shown; lives as long as the site */
    char staff[STAFF_SIZE]; /* login name of who runs this */
};

/* `site` need not be initialised, and is to be closed whatever this returns. -errno, ERR_CONFIG,
 * ERR_KEY, or as list_open and ledger_open. */
int site_open(const char *config_file, unsigned needs, struct site *site, struct error *why);

/* The same in two steps, with what a stranger wrote read in between: reads the configuration and
 * becomes the user who owns the list; root's rights are gone for good. Then keys and stores. */
int site_enter(const char *config_file, struct site *site, struct error *why);
int site_open_stores(struct site *site, unsigned needs, struct error *why);
void site_close(struct site *site);

/* Opens the ledger, which site_open did not. As ledger_open. */
int site_open_ledger(struct site *site, enum env_access access, struct error *why);

/* Adds whom to be to a sentence about what this user may not. Returns code. */
int site_advise(const struct site *site, int code, struct error *why);

/* Begins a view of each store that is open, or ends it. */
int site_view(struct site *site, struct error *why);
void site_end_view(struct site *site);

/* The sentence for an error while the list was read. Returns code. */
int site_explain(const struct site *site, int code, struct error *why);

/* The subject of an address or "@domain". ERR_CRYPTO. */
int site_subject(struct site *site, const struct address *address, struct subject *subject,
                 struct error *why);

/* ERR_SCOPE, and what to do, where the list does not know the scope. Needs a view. */
int site_check_scope(struct site *site, const char *scope, struct error *why);

/* What the list knows of a subject; what cannot be read counts as sealed. The address lies in the
 * site's pool. Needs a view. */
void site_identity(struct site *site, const struct subject *subject,
                   struct list_identity *identity);
/* The address, or a text in brackets that says why it cannot be shown; as long as the identity. */
const char *site_identity_text(const struct list_identity *identity);
/* Both at once, for lines of text; in the site's pool. Needs a view. */
const char *site_address(struct site *site, const struct subject *subject);

#endif
