#include "store/signing.h"

#include "site.h"

#include <fcntl.h>

static char path[128];
static struct signing_key *key;
static struct signing_ring ring;

static const char *file(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", site_keys, name);
    return path;
}

static void write_file(const char *name, const void *bytes, size_t size)
{
    unlink(file(name));
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static void read_key(void)
{
    signing_free(key);
    assert_ok(signing_read(site_keys, &key, &ring, &why));
}

static int begin(void **state)
{
    key = NULL;
    return make_folders(state) || signing_make(site_keys, false, NULL);
}

static int end(void **state)
{
    signing_free(key);
    return remove_site(state);
}

static void what_was_signed_is_known_by_the_public_key_alone(void **state)
{
    static const char text[] = "optout-checkpoint 1 and so on";
    uint8_t signature[SIGNING_SIGNATURE_SIZE], id[SIGNING_ID_SIZE];
    struct signing_ring public;
    struct text pem = TEXT_EMPTY;
    (void)state;
    read_key();
    assert_int_equal(ring.count, 1);
    assert_ok(signing_id(key, id));
    assert_memory_equal(id, ring.keys[0].id, sizeof id);
    assert_ok(signing_sign(key, SLICE(text, sizeof text), signature));
    assert_ok(signing_append_pem(&ring, &pem));
    write_file("public.pem", pem.data, pem.length);
    assert_null(strstr(pem.data, "PRIVATE"));
    text_release(&pem);
    assert_ok(signing_read_ring(file("public.pem"), &public, &why));
    assert_memory_equal(&public.keys, &ring.keys, sizeof *ring.keys);
    assert_ok(signing_verify(&public, id, SLICE(text, sizeof text), signature));
    for (size_t bit = 0; bit < 8 * sizeof text; bit++) {
        char other[sizeof text];
        memcpy(other, text, sizeof text);
        other[bit / 8] = (char)(other[bit / 8] ^ 1 << bit % 8);
        assert_int_equal(signing_verify(&public, id, SLICE(other, sizeof other), signature),
                         ERR_KEY);
    }
    for (size_t bit = 0; bit < 8 * sizeof signature; bit++) {
        signature[bit / 8] = (uint8_t)(signature[bit / 8] ^ 1 << bit % 8);
        assert_int_equal(signing_verify(&public, id, SLICE(text, sizeof text), signature), ERR_KEY);
        signature[bit / 8] = (uint8_t)(signature[bit / 8] ^ 1 << bit % 8);
    }
    id[0] ^= 1;
    assert_int_equal(signing_verify(&public, id, SLICE(text, sizeof text), signature),
                     ERR_NOT_FOUND);
}

static void a_new_key_leaves_what_the_old_one_signed_valid(void **state)
{
    uint8_t signature[SIGNING_SIGNATURE_SIZE], id[SIGNING_ID_SIZE];
    struct stat status;
    (void)state;
    read_key();
    memcpy(id, ring.keys[0].id, sizeof id);
    assert_ok(signing_sign(key, SLICE("x", 1), signature));
    assert_refused(signing_make(site_keys, false, &why), ERR_EXISTS, "signing");
    for (size_t i = 2; i <= 3; i++) {
        assert_ok(signing_make(site_keys, true, &why));
        read_key();
        assert_int_equal(ring.count, i);
        assert_int_equal(stat(file("signing"), &status), 0);
        assert_int_equal(status.st_mode & 07777, 0400);
    }
    assert_ok(signing_verify(&ring, id, SLICE("x", 1), signature));
    assert_memory_equal(ring.keys[2].id, id, sizeof id);
    assert_ok(signing_sign(key, SLICE("x", 1), signature));
    assert_ok(signing_verify(&ring, ring.keys[0].id, SLICE("x", 1), signature));
}

static void a_file_that_holds_no_such_key_is_named(void **state)
{
    static const char *const texts[] = {
        "",
        "optout lookup keys 1\n",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAAAAA\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA",
        /* of Ed448, which is no Ed25519 */
        "-----BEGIN PUBLIC KEY-----\n"
        "MEMwBQYDK2VxAzoAX9dEm1m0Yf0s54fsYWrUah3hNCSFpwAIDm5xi/YgvJp7/SP5KMyQjVIqX2l6wXmBgVkO9G"
        "+BiA==\n-----END PUBLIC KEY-----\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        write_file("signing", texts[i], strlen(texts[i]));
        assert_refused(signing_read(site_keys, &key, &ring, &why), ERR_KEY, "signing");
        assert_refused(signing_read_ring(file("signing"), &ring, &why), ERR_KEY, "signing");
        assert_refused(signing_make(site_keys, true, &why), ERR_KEY, "signing");
    }
    unlink(file("signing"));
    assert_refused(signing_read(site_keys, &key, &ring, &why), ERR_KEY, "missing");
}

static void a_public_key_alone_signs_nothing(void **state)
{
    struct text pem = TEXT_EMPTY;
    (void)state;
    read_key();
    assert_ok(signing_append_pem(&ring, &pem));
    write_file("signing", pem.data, pem.length);
    text_release(&pem);
    signing_free(key);
    key = NULL;
    assert_refused(signing_read(site_keys, &key, &ring, &why), ERR_KEY, "private");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_signed_is_known_by_the_public_key_alone, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_new_key_leaves_what_the_old_one_signed_valid, begin, end),
        cmocka_unit_test_setup_teardown(a_file_that_holds_no_such_key_is_named, begin, end),
        cmocka_unit_test_setup_teardown(a_public_key_alone_signs_nothing, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
