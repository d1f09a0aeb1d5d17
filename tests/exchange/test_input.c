#include "exchange/input.h"

#include "base/text.h"
#include "exchange/encoding.h"
#include "feeding.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

/* All that an input gives, read in pieces of `size`; the caller releases it. */
static struct text read_all(struct input *input, size_t size)
{
    char buffer[8192];
    struct text all = TEXT_EMPTY;
    size_t length;

    do {
        assert_int_equal(input_read(input, buffer, size, &length, NULL), 0);
        text_append_bytes(&all, buffer, length);
    } while (length > 0);
    text_append(&all, "");
    return all;
}

static void gives(const char *bytes, size_t length, const char *encoding, const char *expected)
{
    struct input *input = open_bytes(bytes, length, encoding);
    struct text all = read_all(input, 64);
    assert_string_equal(all.data, expected);
    assert_int_equal(input_done(input), length);
    text_release(&all);
    input_close(input);
}

static void refuses_bytes(const void *bytes, size_t length, const char *part)
{
    struct input *untouched = (struct input *)(void *)&length, *input = untouched;
    struct error why = {""};

    int rc = input_open_fd(memory_file(bytes, length), "list", NULL, &input, &why);
    if (rc != ERR_FORMAT || !strstr(why.text, part) || strncmp(why.text, "list is ", 8) != 0)
        fail_msg("gave %d \"%s\" instead of \"%s\"", rc, why.text, part);
    assert_ptr_equal(input, untouched);
}

#define BYTES(literal) literal, sizeof literal - 1

static void octets_pass_as_they_are(void **state)
{
    (void)state;
    gives(BYTES("a,b\r\nM\xfcller\n"), NULL, "a,b\r\nM\xfcller\n");
    gives(BYTES("M\xc3\xbcller\n"), NULL, "M\xc3\xbcller\n");
    gives(BYTES("M\xfcller\n"), "UTF-8", "M\xfcller\n");
}

static void a_byte_order_mark_is_taken_off_and_tells_the_encoding(void **state)
{
    (void)state;
    gives(BYTES("\xef\xbb\xbf"
                "a\n"),
          NULL, "a\n");
    gives(BYTES("\xff\xfe"
                "a\0\xfc\0\n\0"),
          NULL, "a\xc3\xbc\n");
    gives(BYTES("\xfe\xff\0a\0\xfc\0\n"), NULL, "a\xc3\xbc\n");
    gives(BYTES("\xff\xfe\0\0a\0\0\0\n\0\0\0"), NULL, "a\n");
    gives(BYTES("\0\0\xfe\xff\0\0\0a"), NULL, "a");
    /* It goes before what somebody says. */
    gives(BYTES("\xef\xbb\xbf"
                "M\xc3\xbcller"),
          "CP1252", "M\xc3\xbcller");
}

static void utf_16_without_a_mark_is_told_by_its_zeros(void **state)
{
    (void)state;
    gives(BYTES("a\0@\0b\0\n\0"), NULL, "a@b\n");
    gives(BYTES("\0a\0@\0b\0\n"), NULL, "a@b\n");
}

static void an_encoding_that_was_named_is_translated(void **state)
{
    (void)state;
    gives(BYTES("M\xfcller \x80 \x8a"), "CP1252", "M\xc3\xbcller \xe2\x82\xac \xc5\xa0");
    gives(BYTES("\xa4"), "ISO-8859-15", "\xe2\x82\xac");
    gives(BYTES("\x8a\xbf\x8e\x9a@"), "SHIFT_JIS", "\xe6\xbc\xa2\xe5\xad\x97@");
}

static void what_means_nothing_becomes_a_replacement_character(void **state)
{
    (void)state;
    /* Half of a surrogate pair; a character cut in two by the end. */
    gives(BYTES("\xff\xfe\x00\xd8"
                "a\0"),
          NULL,
          "\xef\xbf\xbd"
          "a");
    gives(BYTES("\xff\xfe"
                "a\0b"),
          NULL, "a\xef\xbf\xbd");
    gives(BYTES("a\x81"), "CP1252", "a\xef\xbf\xbd");
}

static void an_unknown_encoding_is_an_error(void **state)
{
    (void)state;
    static const char *const wrong[] = {"KLINGON", "UTF-16//IGNORE", "/", ""};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct input *input = NULL;
        struct error why = {""};
        assert_int_equal(input_open_fd(memory_file("a", 1), "list", wrong[i], &input, &why),
                         ERR_NOT_FOUND);
        assert_non_null(strstr(why.text, "iconv -l"));
        assert_null(input);
    }
}

static void what_is_no_list_is_refused_with_advice(void **state)
{
    (void)state;
    char zip[64] = "PK\3\4";
    refuses_bytes(BYTES("\x1f\x8b\x08\x00"), "zcat");
    refuses_bytes(BYTES("BZh91AY"), "bzcat");
    refuses_bytes(BYTES("\xfd"
                        "7zXZ\0"),
                  "xzcat");
    refuses_bytes(BYTES("\x28\xb5\x2f\xfd\x04"), "zstdcat");
    refuses_bytes(zip, sizeof zip, "ZIP");
    strcpy(zip + 30, "[Content_Types].xml");
    refuses_bytes(zip, sizeof zip, "CSV UTF-8");
    memset(zip + 30, 0, 34);
    strcpy(zip + 30, "xl/workbook.xml");
    refuses_bytes(zip, sizeof zip, "CSV UTF-8");
    strcpy(zip + 30, "mimetypeapplication/vnd.oasis");
    refuses_bytes(zip, sizeof zip, "OpenDocument");
    refuses_bytes(BYTES("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "Excel");
    refuses_bytes(BYTES("%PDF-1.7\n"), "PDF");
    refuses_bytes(BYTES("\n <!DOCTYPE html><html>"), "login page");
    refuses_bytes(BYTES("<?xml version='1.0'?>"), "XML");
    refuses_bytes(BYTES("-----BEGIN PGP MESSAGE-----\n"), "decrypt");
    refuses_bytes(BYTES(""), "empty");
}

static void an_address_in_brackets_is_no_html(void **state)
{
    (void)state;
    gives(BYTES("<ann@example.com>\n"), NULL, "<ann@example.com>\n");
}

static void the_digest_is_that_of_the_file(void **state)
{
    (void)state;
    uint8_t digest[INPUT_DIGEST_SIZE];
    char hex[2 * INPUT_DIGEST_SIZE + 1];
    struct input *input = open_bytes(BYTES("\xff\xfe"
                                           "a\0"),
                                     NULL);
    struct text all = read_all(input, 64);
    assert_int_equal(input_digest(input, digest), 0);
    text_to_hex(digest, sizeof digest, hex);
    assert_string_equal(hex, "ee499f138af4e8a0fb3117115b4536c32a3bef4d0ad15b9922a71eb90d3e7493");
    text_release(&all);
    input_close(input);
}

static void the_rest_can_be_digested_without_being_read(void **state)
{
    (void)state;
    uint8_t digest[2][INPUT_DIGEST_SIZE];
    size_t size = 300000, length;
    char *bytes = calloc(1, size), buffer[64];
    memset(bytes, 'x', size);

    for (int drained = 0; drained < 2; drained++) {
        struct input *input = open_bytes(bytes, size, NULL);
        if (drained) {
            assert_int_equal(input_read(input, buffer, sizeof buffer, &length, NULL), 0);
            assert_int_equal(input_drain(input, NULL), 0);
        } else {
            struct text all = read_all(input, 8192);
            assert_int_equal(all.length, size);
            text_release(&all);
        }
        assert_int_equal(input_done(input), size);
        assert_int_equal(input_size(input), size);
        assert_int_equal(input_digest(input, digest[drained]), 0);
        input_close(input);
    }
    assert_memory_equal(digest[0], digest[1], INPUT_DIGEST_SIZE);
    free(bytes);
}

/* What a thread sends, a few octets at a time; a read(2) never gets more than one piece. */
struct sending {
    int fd;
    const char *bytes;
    size_t length, piece;
};

static void *send_pieces(void *argument)
{
    struct sending *sending = argument;
    for (size_t at = 0; at < sending->length; at += sending->piece) {
        size_t rest = sending->length - at;
        if (send(sending->fd, sending->bytes + at, rest < sending->piece ? rest : sending->piece,
                 MSG_NOSIGNAL) < 0)
            break;
    }
    close(sending->fd);
    return NULL;
}

static void pieces_of_any_size_give_the_same(void **state)
{
    (void)state;
    static const char utf16[] = "\xff\xfe"
                                "a\0,\0\x3d\xd8\x00\xde\n\0\xfc\0\n\0";
    for (size_t piece = 1; piece < sizeof utf16; piece++) {
        int ends[2];
        pthread_t thread;
        struct input *input = NULL;
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
        struct sending sending = {ends[1], utf16, sizeof utf16 - 1, piece};
        assert_int_equal(pthread_create(&thread, NULL, send_pieces, &sending), 0);
        assert_int_equal(input_open_fd(ends[0], "pipe", NULL, &input, NULL), 0);
        struct text all = read_all(input, ENCODER_ROOM);
        assert_string_equal(all.data, "a,\xf0\x9f\x98\x80\n\xc3\xbc\n");
        assert_int_equal(input_size(input), 0);
        assert_int_equal(input_done(input), sizeof utf16 - 1);
        assert_int_equal(pthread_join(thread, NULL), 0);
        text_release(&all);
        input_close(input);
    }
}

static void files_are_opened_by_their_path(void **state)
{
    (void)state;
    char path[] = "/tmp/optout-test-input-XXXXXX", missing[64];
    struct input *input = NULL;
    struct error why = {""};
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "a@b\n", 4), 4);
    assert_int_equal(input_open(path, NULL, &input, &why), 0);
    assert_string_equal(input_name(input), path + strlen("/tmp/"));
    assert_true(input_is_file(input, fd));
    input_close(input);
    close(fd);
    unlink(path);
    snprintf(missing, sizeof missing, "%s", path);
    assert_int_equal(input_open(missing, NULL, &input, &why), -ENOENT);
    assert_non_null(strstr(why.text, missing));
    assert_int_equal(input_open("/tmp", NULL, &input, &why), -EISDIR);
}

static void standard_input_is_read_from_where_it_stands(void **state)
{
    (void)state;
    int saved = dup(STDIN_FILENO), fd = memory_file("skip\nrest\n", 10);
    struct input *input = NULL;

    assert_int_equal(lseek(fd, 5, SEEK_SET), 5);
    assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    assert_int_equal(input_open("-", NULL, &input, NULL), 0);
    assert_string_equal(input_name(input), "standard input");
    assert_int_equal(input_size(input), 5);
    struct text all = read_all(input, 64);
    assert_string_equal(all.data, "rest\n");
    text_release(&all);
    input_close(input);
    close(fd);
    if (saved >= 0)
        dup2(saved, STDIN_FILENO);
    close(saved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(octets_pass_as_they_are),
        cmocka_unit_test(a_byte_order_mark_is_taken_off_and_tells_the_encoding),
        cmocka_unit_test(utf_16_without_a_mark_is_told_by_its_zeros),
        cmocka_unit_test(an_encoding_that_was_named_is_translated),
        cmocka_unit_test(what_means_nothing_becomes_a_replacement_character),
        cmocka_unit_test(an_unknown_encoding_is_an_error),
        cmocka_unit_test(what_is_no_list_is_refused_with_advice),
        cmocka_unit_test(an_address_in_brackets_is_no_html),
        cmocka_unit_test(the_digest_is_that_of_the_file),
        cmocka_unit_test(the_rest_can_be_digested_without_being_read),
        cmocka_unit_test(pieces_of_any_size_give_the_same),
        cmocka_unit_test(files_are_opened_by_their_path),
        cmocka_unit_test(standard_input_is_read_from_where_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
