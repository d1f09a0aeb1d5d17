#include "store/keys.h"

#include "site.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static char path[128];

static const char *key_path(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", site_keys, name);
    return path;
}

static void write_key(const char *name, const char *bytes, size_t size)
{
    unlink(key_path(name));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static char *read_key(const char *name)
{
    static char bytes[100000];
    FILE *file = fopen(key_path(name), "r");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes - 1, file);
    fclose(file);
    bytes[size] = '\0';
    return bytes;
}

static void assert_mode(const char *name, mode_t mode)
{
    struct stat status;
    assert_int_equal(stat(key_path(name), &status), 0);
    assert_int_equal(status.st_mode & 07777, mode);
}

static void created(void)
{
    assert_ok(keys_create(site_keys, 1700000000, &why));
}

static void three_files_are_made_that_their_readers_alone_may_read(void **state)
{
    static const mode_t umasks[] = {0, 022, 077, 0777};
    (void)state;
    for (size_t i = 0; i < sizeof umasks / sizeof *umasks; i++) {
        mode_t before = umask(umasks[i]);
        int code = keys_create(site_keys, 1700000000, NULL);
        umask(before);
        assert_int_equal(code, 0);
        assert_mode("lookup", 0440);
        assert_mode("address", 0400);
        assert_mode("signing", 0400);
        unlink(key_path("lookup"));
        unlink(key_path("address"));
        unlink(key_path("signing"));
    }
}

static void what_was_made_can_be_read_and_no_two_are_alike(void **state)
{
    struct lookup_key one, other;
    struct address_key address;
    (void)state;
    created();
    assert_ok(keys_read_lookup(site_keys, &one, &why));
    assert_ok(keys_read_address(site_keys, &address, &why));
    assert_int_equal(one.token_count, 1);
    assert_int_equal(one.tokens[0].id, 1);
    assert_true(one.token_made[0] == 1700000000);
    assert_ptr_equal(keys_current_token(&one), &one.tokens[0]);
    assert_memory_not_equal(one.subject, address.key, SEAL_KEY_SIZE);
    assert_memory_not_equal(one.fingerprint, address.fingerprint, KEYS_FINGERPRINT_SIZE);
    assert_memory_not_equal(one.fingerprint, one.subject, KEYS_FINGERPRINT_SIZE);
    unlink(key_path("lookup"));
    unlink(key_path("address"));
    unlink(key_path("signing"));
    created();
    assert_ok(keys_read_lookup(site_keys, &other, &why));
    assert_memory_not_equal(one.subject, other.subject, SUBJECT_KEY_SIZE);
    assert_memory_not_equal(one.tokens[0].key, other.tokens[0].key, TOKEN_KEY_SIZE);
}

static void the_signing_key_is_ed25519_as_openssl_reads_it(void **state)
{
    (void)state;
    created();
    FILE *file = fopen(key_path("signing"), "r");
    assert_non_null(file);
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    assert_non_null(key);
    assert_int_equal(EVP_PKEY_is_a(key, "ED25519"), 1);
    EVP_PKEY_free(key);
}

static void keys_that_are_there_are_never_overwritten(void **state)
{
    static const char *const names[] = {"lookup", "address", "signing"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        write_key(names[i], "mine", 4);
        assert_refused(keys_create(site_keys, 1, &why), ERR_EXISTS, names[i]);
        assert_string_equal(read_key(names[i]), "mine");
        for (size_t j = 0; j < 3; j++)
            assert_int_equal(access(key_path(names[j]), F_OK), i == j ? 0 : -1);
        unlink(key_path(names[i]));
    }
    assert_int_equal(symlink("/nowhere/at/all", key_path("signing")), 0);
    assert_refused(keys_create(site_keys, 1, &why), ERR_EXISTS, "signing");
}

/* They would stand in the way of the next try. */
static void half_a_set_is_not_left_behind(void **state)
{
    (void)state;
    assert_refused(keys_create("/nowhere/at/all", 1, &why), -ENOENT, "/nowhere/at/all/address");
    pid_t child = fork();
    if (child == 0) {
        struct rlimit little = {200, 200}; /* the lookup file, made last, is longer */
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &little);
        struct error why = {""};
        int code = keys_create(site_keys, 1, &why);
        _exit(code == -EFBIG ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(access(key_path("address"), F_OK), -1);
    assert_int_equal(access(key_path("signing"), F_OK), -1);
    assert_int_equal(access(key_path("lookup"), F_OK), -1);
    created();
}

/* A file that was written by version 1 is read by every later one. */
#define SUBJECT_HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define TOKEN_HEX SUBJECT_HEX "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
#define HEAD "optout lookup keys 1\n"
#define SUBJECT_LINE "subject " SUBJECT_HEX "\n"
#define TOKEN_LINE(id) "token " id " 2023-11-14T22:13:20Z " TOKEN_HEX "\n"

static void the_form_of_the_files_never_changes(void **state)
{
    struct lookup_key key;
    struct address_key address;
    char hex[2 * KEYS_FINGERPRINT_SIZE + 1];
    uint8_t expected[64], id;
    (void)state;
    for (size_t i = 0; i < sizeof expected; i++)
        expected[i] = (uint8_t)i;
    write_key("lookup", HEAD SUBJECT_LINE TOKEN_LINE("3") TOKEN_LINE("7"),
              strlen(HEAD SUBJECT_LINE TOKEN_LINE("3") TOKEN_LINE("7")));
    assert_ok(keys_read_lookup(site_keys, &key, &why));
    assert_memory_equal(key.subject, expected, 32);
    assert_int_equal(key.token_count, 2);
    assert_int_equal(key.tokens[0].id, 3);
    assert_memory_equal(key.tokens[0].key, expected, 64);
    assert_true(key.token_made[1] == 1700000000);
    assert_int_equal(keys_current_token(&key)->id, 7);
    text_to_hex(key.fingerprint, sizeof key.fingerprint, hex);
    assert_string_equal(hex, "dd630a267d515202");

    write_key("address", "optout address key 1\naddress " SUBJECT_HEX "\n",
              strlen("optout address key 1\naddress " SUBJECT_HEX "\n"));
    assert_ok(keys_read_address(site_keys, &address, &why));
    assert_memory_equal(address.key, expected, 32);
    text_to_hex(address.fingerprint, sizeof address.fingerprint, hex);
    assert_string_equal(hex, "dd630a267d515202");

    assert_ok(keys_rotate(site_keys, 1800000000, &id, &why));
    assert_int_equal(id, 8);
    const char *text = read_key("lookup");
    assert_int_equal(strncmp(text, HEAD SUBJECT_LINE TOKEN_LINE("3") TOKEN_LINE("7"),
                             strlen(HEAD SUBJECT_LINE TOKEN_LINE("3") TOKEN_LINE("7"))),
                     0);
    assert_non_null(strstr(text, "\ntoken 8 2027-01-15T08:00:00Z "));
}

static void rotating_adds_a_key_and_keeps_all_others(void **state)
{
    struct lookup_key before, after;
    uint8_t id = 0;
    (void)state;
    created();
    assert_ok(keys_read_lookup(site_keys, &before, &why));
    for (unsigned i = 2; i <= 255; i++) {
        assert_ok(keys_rotate(site_keys, 1700000000 + i, &id, &why));
        assert_int_equal(id, i);
    }
    assert_ok(keys_read_lookup(site_keys, &after, &why));
    assert_memory_equal(before.subject, after.subject, SUBJECT_KEY_SIZE);
    assert_memory_equal(before.fingerprint, after.fingerprint, KEYS_FINGERPRINT_SIZE);
    assert_memory_equal(before.tokens[0].key, after.tokens[0].key, TOKEN_KEY_SIZE);
    assert_int_equal(after.token_count, 255);
    assert_int_equal(keys_current_token(&after)->id, 255);
    assert_memory_not_equal(after.tokens[253].key, after.tokens[254].key, TOKEN_KEY_SIZE);
    assert_mode("lookup", 0440);
    id = 77;
    assert_refused(keys_rotate(site_keys, 1, &id, &why), ERR_EXISTS, "255 token keys");
    assert_int_equal(id, 77);
    assert_ok(keys_read_lookup(site_keys, &after, &why));
    assert_int_equal(after.token_count, 255);
}

/* One of two keys with one id would be lost, with all links that it sealed. */
static void rotations_at_the_same_time_lose_none(void **state)
{
    struct lookup_key key;
    pid_t child[8];
    int barrier[2];
    (void)state;
    created();
    assert_int_equal(pipe(barrier), 0);
    for (size_t i = 0; i < 8; i++) {
        child[i] = fork();
        if (child[i] == 0) {
            uint8_t id;
            close(barrier[1]);
            if (read(barrier[0], &id, 1) != 0) /* until all are there */
                _exit(2);
            for (int j = 0; j < 30; j++)
                if (keys_rotate(site_keys, 1700000000, &id, NULL))
                    _exit(1);
            _exit(0);
        }
    }
    close(barrier[0]);
    close(barrier[1]);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(outcome_of(child[i]), 0);
    assert_ok(keys_read_lookup(site_keys, &key, &why));
    assert_int_equal(key.token_count, 241);
}

static void rotating_what_cannot_be_read_changes_nothing(void **state)
{
    uint8_t id = 77;
    (void)state;
    assert_refused(keys_rotate(site_keys, 1, &id, &why), ERR_KEY, "lookup is missing");
    assert_refused(keys_rotate("/nowhere", 1, &id, &why), -ENOENT, "/nowhere");
    write_key("lookup", HEAD "rubbish\n", strlen(HEAD "rubbish\n"));
    assert_refused(keys_rotate(site_keys, 1, &id, &why), ERR_KEY, "lookup:2");
    assert_string_equal(read_key("lookup"), HEAD "rubbish\n");
    assert_int_equal(id, 77);
}

static void a_bad_lookup_file_is_named_with_its_line(void **state)
{
#define CASE(text, sentence)                                                                       \
    {                                                                                              \
        text, sizeof(text) - 1, sentence                                                           \
    }
    static const struct {
        const char *text;
        size_t size;
        const char *sentence;
    } cases[] = {
        CASE("", "lookup:1: not a key file of this version"),
        CASE("optout lookup keys 2\n", "lookup:1: not a key file of this version"),
        CASE("optout lookup keys 1", "lookup:1: not a key file of this version"),
        CASE(HEAD, "lookup: cut short, a key is missing"),
        CASE(HEAD SUBJECT_LINE, "lookup: cut short, a key is missing"),
        CASE(HEAD TOKEN_LINE("1"), "lookup: cut short, a key is missing"),
        CASE(HEAD SUBJECT_LINE SUBJECT_LINE TOKEN_LINE("1"), "lookup:3"),
        CASE(HEAD SUBJECT_LINE TOKEN_LINE("1") "\n", "lookup:4"),
        CASE(HEAD SUBJECT_LINE TOKEN_LINE("0"), "lookup:3"),
        CASE(HEAD SUBJECT_LINE TOKEN_LINE("256"), "lookup:3"),
        CASE(HEAD SUBJECT_LINE TOKEN_LINE("-1"), "lookup:3"),
        CASE(HEAD SUBJECT_LINE TOKEN_LINE("2") TOKEN_LINE("2"), "lookup:4"),
        CASE(HEAD SUBJECT_LINE TOKEN_LINE("2") TOKEN_LINE("1"), "lookup:4"),
        CASE(HEAD SUBJECT_LINE "token 1\n", "lookup:3"),
        CASE(HEAD SUBJECT_LINE "token 1 2023-11-14T22:13:20Z\n", "lookup:3"),
        CASE(HEAD SUBJECT_LINE "token 1 yesterday " TOKEN_HEX "\n", "lookup:3"),
        CASE(HEAD SUBJECT_LINE "token 1 2023-11-14T22:13:20Z " SUBJECT_HEX "\n", "lookup:3"),
        CASE(HEAD SUBJECT_LINE "token 1 2023-11-14T22:13:20Z " TOKEN_HEX "00\n", "lookup:3"),
        CASE(HEAD "subject " TOKEN_HEX "\n" TOKEN_LINE("1"), "lookup:2"),
        CASE(HEAD "subject 0g0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
             "lookup:2"),
        CASE(HEAD SUBJECT_LINE TOKEN_LINE("1") "\0more\n", "lookup:4: cut short"),
        CASE(HEAD "subject " SUBJECT_HEX, "lookup:2: cut short"),
        CASE(HEAD SUBJECT_LINE "token 1 2023-11-14T22:13:20Z " TOKEN_HEX, "lookup:3: cut short"),
    };
    struct lookup_key key = {.token_count = 4711};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_key("lookup", cases[i].text, cases[i].size);
        assert_refused(keys_read_lookup(site_keys, &key, &why), ERR_KEY, cases[i].sentence);
        assert_refused(keys_read_lookup(site_keys, &key, &why), ERR_KEY,
                       ": restore it from a backup");
        assert_int_equal(key.token_count, 4711);
    }
}

static void a_bad_address_file_is_named_with_its_line(void **state)
{
    static const struct {
        const char *text;
        size_t size;
        const char *sentence;
    } cases[] = {
        CASE("optout lookup keys 1\n", "address:1: not a key file of this version"),
        CASE("optout address key 1\n", "address: cut short, a key is missing"),
        CASE("optout address key 1\nsubject " SUBJECT_HEX "\n", "address:2"),
        CASE("optout address key 1\naddress " TOKEN_HEX "\n", "address:2"),
        CASE("optout address key 1\naddress 00\n", "address:2"),
        CASE("optout address key 1\naddress " SUBJECT_HEX, "address:2: cut short"),
        CASE("optout address key 1\naddress " SUBJECT_HEX "\nmore\n", "address:3"),
        CASE("optout address key 1\naddress " SUBJECT_HEX "\n\0", "address:3: cut short"),
    };
    struct address_key key;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_key("address", cases[i].text, cases[i].size);
        assert_refused(keys_read_address(site_keys, &key, &why), ERR_KEY, cases[i].sentence);
        assert_refused(keys_read_address(site_keys, &key, &why), ERR_KEY,
                       ": restore it from a backup");
    }
}

static void a_file_that_is_missing_or_no_file_says_so(void **state)
{
    struct lookup_key lookup;
    struct address_key address;
    (void)state;
    assert_refused(keys_read_lookup(site_keys, &lookup, &why), ERR_KEY,
                   "lookup is missing: `optout init`");
    assert_refused(keys_read_address(site_keys, &address, &why), ERR_KEY, "address is missing");
    assert_int_equal(mkdir(key_path("lookup"), 0700), 0);
    assert_refused(keys_read_lookup(site_keys, &lookup, &why), -EISDIR, "lookup");
    assert_int_equal(truncate(key_path("address"), 0), -1);
    write_key("address", "", 0);
    assert_int_equal(truncate(key_path("address"), 1 << 20), 0);
    assert_refused(keys_read_address(site_keys, &address, &why), ERR_TOO_LONG, "address");
}

static void a_file_that_may_not_be_read_says_so(void **state)
{
    (void)state;
    created();
    assert_int_equal(chmod(site_folder, 0755), 0);
    assert_int_equal(chmod(site_keys, 0755), 0);
    pid_t child = fork();
    if (child == 0) {
        struct address_key key;
        struct error why = {""};
        if (geteuid() == 0 && setuid(65534) < 0)
            _exit(2);
        if (geteuid() != 65534)
            chmod(key_path("address"), 0);
        int code = keys_read_address(site_keys, &key, &why);
        _exit(code == -EACCES && strstr(why.text, "address: Permission denied") ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void forgetting_overwrites(void **state)
{
    char secret[] = "0123456789";
    (void)state;
    keys_forget(secret, sizeof secret);
    for (size_t i = 0; i < sizeof secret; i++)
        assert_int_equal(secret[i], 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folders, remove_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(three_files_are_made_that_their_readers_alone_may_read),
        TEST(what_was_made_can_be_read_and_no_two_are_alike),
        TEST(the_signing_key_is_ed25519_as_openssl_reads_it),
        TEST(keys_that_are_there_are_never_overwritten),
        TEST(half_a_set_is_not_left_behind),
        TEST(the_form_of_the_files_never_changes),
        TEST(rotating_adds_a_key_and_keeps_all_others),
        TEST(rotations_at_the_same_time_lose_none),
        TEST(rotating_what_cannot_be_read_changes_nothing),
        TEST(a_bad_lookup_file_is_named_with_its_line),
        TEST(a_bad_address_file_is_named_with_its_line),
        TEST(a_file_that_is_missing_or_no_file_says_so),
        TEST(a_file_that_may_not_be_read_says_so),
        TEST(forgetting_overwrites),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
