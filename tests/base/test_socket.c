#include "base/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void places_are_read(void **state)
{
    struct socket_place place;
    (void)state;
    assert_int_equal(socket_parse("127.0.0.1:8480", &place), 0);
    assert_int_equal(place.address.any.sa_family, AF_INET);
    assert_int_equal(ntohs(place.address.ipv4.sin_port), 8480);
    assert_int_equal(socket_parse("[::1]:1", &place), 0);
    assert_int_equal(place.address.any.sa_family, AF_INET6);
    assert_int_equal(socket_parse("unix:/run/x.sock", &place), 0);
    assert_string_equal(place.address.path.sun_path, "/run/x.sock");
}

static void what_is_no_place_is_refused(void **state)
{
    static const char *const texts[] = {
        "",       "127.0.0.1", "127.0.0.1:",  "127.0.0.1:0",   "127.0.0.1:65536", "localhost:80",
        "::1:80", "[::1]",     "[::1:80",     "unix:relative", "unix:",           ":80",
        "*:80",   "1.2.3:80",  "[1.2.3.4]:80"};
    struct socket_place place;
    char path[200] = "unix:/";
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (socket_parse(texts[i], &place) != ERR_SYNTAX)
            fail_msg("\"%s\" was taken", texts[i]);
    memset(path + 6, 'x', sizeof path - 7);
    assert_int_equal(socket_parse(path, &place), ERR_TOO_LONG);
}

static void a_path_is_taken_over_only_where_nobody_answers(void **state)
{
    char folder[] = "/tmp/optout-socket-XXXXXX", text[64];
    struct socket_place place;
    struct stat status;
    struct error why;
    int first, second;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(text, sizeof text, "unix:%s/s", folder);
    assert_int_equal(socket_parse(text, &place), 0);
    assert_int_equal(socket_listen(&place, 0660, &first, &why), 0);
    assert_int_equal(stat(text + 5, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0660);
    assert_int_equal(socket_listen(&place, 0660, &second, &why), -EADDRINUSE);
    close(first);
    assert_int_equal(socket_listen(&place, 0666, &second, &why), 0);
    close(second);
    unlink(text + 5);
    close(open(text + 5, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    assert_int_equal(socket_listen(&place, 0660, &first, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "no socket"));
    unlink(text + 5);
    rmdir(folder);
    assert_int_equal(socket_listen(&place, 0660, &first, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "folder is missing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_read),
        cmocka_unit_test(what_is_no_place_is_refused),
        cmocka_unit_test(a_path_is_taken_over_only_where_nobody_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
