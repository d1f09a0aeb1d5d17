/* The octets in the tables of list and ledger, with keys that never change. A store that was
 * written once is read by every later version: these must not drift. */
#include "site.h"

#include "store/number.h"

#define SUBJECT_HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define TOKEN_HEX SUBJECT_HEX SUBJECT_HEX
#define ADDRESS_HEX "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"

static int write_text(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", site_keys, name);
    FILE *file = fopen(path, "w");
    return !file || fputs(text, file) < 0 || fclose(file) ? -1 : 0;
}

static int make_fixed_site(void **state)
{
    struct error why = {""};
    if (make_folders(state) ||
        write_text("lookup", "optout lookup keys 1\nsubject " SUBJECT_HEX
                             "\ntoken 1 2023-11-14T22:13:20Z " TOKEN_HEX "\n") ||
        write_text("address", "optout address key 1\naddress " ADDRESS_HEX "\n") ||
        keys_read_lookup(site_keys, &site_lookup, &why) ||
        keys_read_address(site_keys, &site_address, &why) ||
        list_create(site_list, &site_lookup, &site_address, SITE_MAP, &why) ||
        ledger_create(site_ledger, &site_lookup, &site_address, SITE_MAP, &why)) {
        fprintf(stderr, "%s\n", why.text);
        return -1;
    }
    return 0;
}

static void append_hex(struct text *text, const MDB_val *val)
{
    char *hex = malloc(2 * val->mv_size + 1);
    assert_non_null(hex);
    text_to_hex(val->mv_data, val->mv_size, hex);
    text_append(text, hex);
    free(hex);
}

/* "key value" in hex, a line for each entry; `most` octets of a value are shown. */
static void assert_table(const char *folder, const char *table, size_t most, const char *expected)
{
    struct text text = TEXT_EMPTY;
    MDB_cursor *cursor;
    MDB_val key, value;
    struct raw raw;

    raw_begin(folder, &raw);
    assert_int_equal(mdb_cursor_open(raw.txn, raw_table(&raw, table), &cursor), 0);
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
        if (value.mv_size > most)
            value.mv_size = most;
        append_hex(&text, &key);
        text_append(&text, " ");
        append_hex(&text, &value);
        text_append(&text, "\n");
    }
    mdb_cursor_close(cursor);
    raw_end(&raw);
    assert_string_equal(text.data ? text.data : "", expected);
    text_release(&text);
}

static struct list_entry entry_about(uint8_t person, enum choice_kind kind, const char *scope)
{
    struct list_entry entry = {.kind = kind, .scope = scope};
    memset(entry.subject.bytes, person, SUBJECT_SIZE);
    return entry;
}

/* Events: 1 genesis, 2 scopes, 3 four choices, 4 a second one of the first person, 5 an opt-in, 6 a
 * withdrawal. */
static void write_list(void)
{
    static const char *const scopes[] = {"acme/news", "beta"};
    struct list_entry entries[] = {
        entry_about(1, CHOICE_OPT_OUT, "acme/news"), entry_about(2, CHOICE_BLOCK, "/"),
        entry_about(3, CHOICE_OPT_IN, "acme"),       entry_about(4, CHOICE_OPT_OUT, "beta"),
        entry_about(1, CHOICE_BLOCK, "acme"),        entry_about(1, CHOICE_OPT_IN, "acme/news"),
    };
    const struct word words[] = {{"note", "x"}};
    const struct act by_crm = {.actor = "cli", .source = "crm"};
    const struct act web = {.actor = "web", .words = words, .word_count = 1};
    struct list *list = NULL;
    struct event_name event;
    size_t added;

    assert_ok(list_open(site_list, ENV_WRITE, SITE_MAP, &site_lookup, &site_address, &list, &why));
    assert_ok(list_add_scopes(list, scopes, 2, &by_cli, &added, &why));
    entries[0].reason = REASON_UNSUBSCRIBE;
    entries[0].address = "anna@example.com";
    entries[1].reason = REASON_BOUNCE;
    entries[1].asked = 1700000000;
    entries[1].until = INT64_C(1) << 40;
    entries[3].domain = true;
    entries[3].reason = REASON_OTHER;
    entries[3].address = "@example.org";
    assert_ok(list_add(list, entries, 5, &by_crm, &why));
    entries[5].confirmed = true;
    entries[5].reason = REASON_DOUBLE_OPT_IN;
    assert_ok(list_add(list, &entries[5], 1, &web, &why));
    struct event_withdrawal row = {entries[3].subject, entries[3].event};
    assert_ok(list_withdraw(list, &row, 1, &web, &event, &why));
    assert_int_equal(event.number, 6);
    assert_ok(verify_list(list, &why));
    list_close(list);
}

#define PERSON(digit)                                                                              \
    "0" digit "0" digit "0" digit "0" digit "0" digit "0" digit "0" digit "0" digit "0" digit      \
    "0" digit "0" digit "0" digit "0" digit "0" digit "0" digit "0" digit

static void the_octets_of_the_list(void **state)
{
    (void)state;
    write_list();
    assert_table(site_list, "journal", 0,
                 "0000000000000001 \n0000000000000002 \n0000000000000003 \n"
                 "0000000000000004 \n0000000000000005 \n0000000000000006 \n");
    /* kind, scope, source, reason, asked, until, names */
    assert_table(
        site_list, "choice", 99,
        PERSON("1") "0000000000000003 850101010200\n" PERSON(
            "1") "0000000000000004 850202010000\n" PERSON("1") "0000000000000005 "
                                                               "870701020a0000840003"
                                                               "0004\n" PERSON("2") "00000000000000"
                                                                                    "03 "
                                                                                    "86020301041a65"
                                                                                    "53f1001b000001"
                                                                                    "0000000000"
                                                                                    "\n" PERSON(
                                                                                        "3") "00000"
                                                                                             "00000"
                                                                                             "00000"
                                                                                             "3 "
                                                                                             "85030"
                                                                                             "20100"
                                                                                             "00"
                                                                                             "\n");
    assert_table(site_list, "domain", 99, "");
    assert_table(site_list, "past", 99, PERSON("4") "0000000000000003 850104010b000006\n");
    assert_table(site_list, "scope", 99,
                 "6900000001 61636d652f6e657773\n"
                 "6900000002 61636d65\n"
                 "6900000003 2f\n"
                 "6900000004 62657461\n"
                 "6e2f 00000003\n"
                 "6e61636d65 00000002\n"
                 "6e61636d652f6e657773 00000001\n"
                 "6e62657461 00000004\n");
    assert_table(site_list, "source", 99,
                 "6900000001 63726d\n"
                 "6900000002 776562\n"
                 "6e63726d 00000001\n"
                 "6e776562 00000002\n");
    assert_table(
        site_list, "address", 99,
        PERSON("1") " 014081ca07c5eea3e29010da3b30a1eba4737dd52303c1a63bd4f007f53d3c570e\n" PERSON(
            "4") " 01a081ed54047e9802d6f781fb391fb3525f550c9f1de6976fb1dfde64\n");
    assert_table(site_list, "private", 0, "000000000000000500 \n000000000000000600 \n");
}

static void the_octets_of_meta_data(void **state)
{
    char expected[1024];
    char node[2 * EVENT_NODE_SIZE + 1], hash[2 * EVENT_HASH_SIZE + 1];
    uint8_t digest[EVENT_HASH_SIZE];
    uint64_t number;
    struct store store;
    struct txn *txn;
    static const char *const tables[] = {"meta", "journal", "private"};
    const struct store_kind kind = {.name = "list", .tables = tables, .table_count = 3};
    (void)state;
    assert_ok(store_open(&store, site_list, &kind, ENV_READ, SITE_MAP, NULL, NULL, &why));
    text_to_hex(store.node, EVENT_NODE_SIZE, node);
    assert_int_equal(txn_begin_read(store.env, &txn), 0);
    assert_int_equal(journal_head(txn, 0, &number, digest), 0);
    text_to_hex(digest, sizeof digest, hash);
    txn_abort(txn);
    store_close(&store);
    snprintf(expected, sizeof expected,
             "666f726d6174 00000001\n"                   /* format */
             "68656164 0000000000000001%s\n"             /* head */
             "696e697469616c69736564 796573\n"           /* initialised: yes */
             "6b65792d61646472657373 027168f54c039880\n" /* key-address */
             "6b65792d6c6f6f6b7570 dd630a267d515202\n"   /* key-lookup */
             "6b696e64 6c697374\n"                       /* kind: list */
             "6e6f6465 %s\n",                            /* node */
             hash, node);
    assert_table(site_list, "meta", 99, expected);
}

static void the_octets_of_the_ledger(void **state)
{
    struct event_verdict_row rows[2] = {
        {.known = true, .state = RECIPIENT_OPTED_OUT},
        {.known = true, .state = RECIPIENT_NO_CONSENT},
    };
    const struct event_verdict verdict = {.stream = "news",
                                          .rule = "match_login",
                                          .scope = "acme/news",
                                          .queue_id = "4Q1",
                                          .action = ACTION_STRIP,
                                          .rows = rows,
                                          .row_count = 2};
    const struct word words[] = {{"sender", "anna@example.com"}};
    const struct stream_count stream = {"news", ACTION_STRIP, MODE_MONITOR, 1, 40, 38, 300};
    const struct unclaimed_count unclaimed = {"mautic", "", "example.com", 1, 2, 3, 4};
    struct ledger *ledger = NULL;
    uint64_t number;
    (void)state;
    memset(rows[0].subject.bytes, 2, SUBJECT_SIZE);
    memset(rows[1].subject.bytes, 1, SUBJECT_SIZE);
    assert_ok(ledger_open(site_ledger, ENV_WRITE, SITE_MAP, &site_lookup, &ledger, &why));
    assert_ok(ledger_write(ledger, &verdict, words, 1, &number, &why));
    assert_int_equal(number, 2);
    assert_ok(ledger_count(ledger, &stream, 1, &unclaimed, 1, &why));
    ledger_close(ledger);
    assert_table(site_ledger, "journal", 0, "0000000000000001 \n0000000000000002 \n");
    assert_table(site_ledger, "history", 99,
                 PERSON("1") "0000000000000002 \n" PERSON("2") "0000000000000002 \n");
    assert_table(site_ledger, "private", 0, "000000000000000200 \n");
    assert_table(site_ledger, "count", 99,
                 "6e6577730002"
                 "01"
                 " 8401182818261901"
                 "2c404f5e490cb3beac\n");
    assert_table(site_ledger, "unclaimed", 0, "a5c15984c76cfbb869e21652dfb2e296 \n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_fixed_site, remove_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_octets_of_the_list),
        TEST(the_octets_of_meta_data),
        TEST(the_octets_of_the_ledger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
