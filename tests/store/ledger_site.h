/* A ledger in a site, opened to be written; for tests of it. */
#ifndef TESTS_LEDGER_SITE_H
#define TESTS_LEDGER_SITE_H

#include "store/ledger.h"

#include "site.h"

static struct ledger *ledger;

static int make_ledger_site(void **state)
{
    return make_site(state) ||
                   ledger_open(site_ledger, ENV_WRITE, SITE_MAP, &site_lookup, &ledger, NULL)
               ? -1
               : 0;
}

static int remove_ledger_site(void **state)
{
    if (ledger_close(ledger))
        return -1;
    ledger = NULL;
    return remove_site(state);
}

static inline struct ledger_view *view_of_ledger(void)
{
    struct ledger_view *view = NULL;
    assert_int_equal(ledger_view_begin(ledger, &view), 0);
    return view;
}

#endif
