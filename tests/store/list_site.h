/* For the tests of the list: one that is open, with some scopes. */
#ifndef TESTS_STORE_LIST_SITE_H
#define TESTS_STORE_LIST_SITE_H

#include "site.h"
#include "store/renew.h"

#define NEWS "acme/news"

static struct list *list;

static inline int set_up(void **state)
{
    static const char *const scopes[] = {NEWS, "acme/offers", "beta"};
    size_t added;
    if (make_site(state) ||
        list_open(site_list, ENV_WRITE, SITE_MAP, &site_lookup, &site_address, &list, NULL))
        return -1;
    return list_add_scopes(list, scopes, 3, &by_cli, &added, NULL);
}

static inline int tear_down(void **state)
{
    if (list_close(list))
        return -1;
    list = NULL;
    return remove_site(state);
}

static inline void reopen_as(enum env_access access)
{
    assert_int_equal(list_close(list), 0);
    list = open_list_as(access);
}

static inline void add_by(const struct act *act, struct list_entry *entries, size_t count)
{
    assert_ok(list_add(list, entries, count, act, &why));
}

static inline struct list_entry entry_of(enum choice_kind kind, const char *scope, unsigned person)
{
    struct list_entry entry = opt_out_of(scope, person);
    entry.kind = kind;
    return entry;
}

static inline struct list_entry confirmed_opt_in(const char *scope, unsigned person)
{
    struct list_entry entry = entry_of(CHOICE_OPT_IN, scope, person);
    entry.confirmed = true;
    entry.reason = REASON_DOUBLE_OPT_IN;
    return entry;
}

static inline struct event_name withdraw(unsigned person, const struct event_name *target)
{
    struct event_withdrawal row = {subject_number(person), *target};
    struct event_name event;
    assert_ok(list_withdraw(list, &row, 1, &by_cli, &event, &why));
    return event;
}

static inline uint64_t count_events(void)
{
    struct list_counts counts;
    struct list_view *view = view_of(list);
    assert_int_equal(list_count(view, &counts), 0);
    list_view_end(view);
    return counts.events;
}

static inline void verified(void)
{
    assert_ok(verify_list(list, &why));
}

static inline void assert_row(const struct choice *row, const struct list_entry *entry,
                              const char *source)
{
    assert_true(event_name_equal(&row->event, &entry->event));
    assert_int_equal(row->kind, entry->kind);
    assert_int_equal(row->confirmed, entry->confirmed);
    assert_int_equal(row->domain, entry->domain);
    assert_int_equal(row->reason, entry->reason);
    assert_string_equal(row->scope, entry->scope);
    assert_string_equal(row->source, source);
    assert_true(row->asked == entry->asked);
    assert_true(row->until == entry->until);
    assert_int_equal(row->name_count, entry->named);
}

/* --- several nodes --- */

static inline void restart(struct list *of)
{
    assert_ok(store_restart(list_store(of), "restore", NULL, 0, &why));
}

static inline struct event_name add_to(struct list *to, const char *scope, unsigned person)
{
    struct list_entry entry = opt_out_of(scope, person);
    add_entry(to, &entry);
    assert_false(entry.known);
    return entry.event;
}

static inline struct event_name withdraw_in(struct list *in, unsigned person,
                                            const struct event_name *target)
{
    struct event_withdrawal row = {subject_number(person), *target};
    struct event_name event;
    assert_ok(list_withdraw(in, &row, 1, &by_cli, &event, &why));
    return event;
}

static inline struct event_name withdrawn_by(struct list *in, unsigned person)
{
    struct subject subject = subject_number(person);
    struct list_view *view = view_of(in);
    struct event_name *by, name;
    struct pool pool = {0};
    struct choice *rows;
    size_t count;
    assert_int_equal(list_read(view, LIST_PAST, &subject, false, &pool, &rows, &count, &by), 0);
    assert_int_equal(count, 1);
    name = by[0];
    list_view_end(view);
    pool_release(&pool);
    return name;
}

static inline void assert_event(struct event_name a, struct event_name b)
{
    assert_true(event_name_equal(&a, &b));
}

static inline int note_event(struct txn *txn, const struct event *event, void *argument)
{
    struct event_name **next = argument;
    (void)txn;
    *(*next)++ = event->name;
    return 0;
}

#endif
