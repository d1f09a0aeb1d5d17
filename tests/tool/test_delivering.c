/* A line is handed over, or it is said why not. */
#include "tool/proof/delivering.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/optout-test-delivering-XXXXXX";
static char path[128];

static const char *in_folder(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_true(fd >= 0);
    strcpy(address.sun_path, in_folder(name));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void syslog_gets_a_line_of_its_form(void **state)
{
    char got[2000], line[901];
    struct error why = {""};
    (void)state;
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    int fd = listen_at("log");
    assert_int_equal(deliver_to_syslog(in_folder("log"), line, &why), 0);
    ssize_t n = recv(fd, got, sizeof got - 1, 0);
    assert_true(n > 0 && n < 1024);
    got[n] = '\0';
    assert_memory_equal(got, "<21>", 4); /* mail, notice */
    char *text = strstr(got, "]: ");
    assert_non_null(strstr(got, " optout["));
    assert_non_null(text);
    assert_string_equal(text + 3, line);
    close(fd);
}

static void a_syslog_that_is_not_there_is_an_error(void **state)
{
    struct error why = {""};
    char longer[200];
    (void)state;
    assert_int_equal(deliver_to_syslog(in_folder("nobody"), "x", &why), -ENOENT);
    assert_non_null(strstr(why.text, "nobody"));
    close(listen_at("dead"));
    assert_int_equal(deliver_to_syslog(in_folder("dead"), "x", &why), -ECONNREFUSED);
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(deliver_to_syslog(longer, "x", &why), -ENAMETOOLONG);
}

static const char *script(const char *text)
{
    FILE *file = fopen(in_folder("program"), "w");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\n%s\n", text);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0700), 0);
    return path;
}

static void a_program_reads_the_line(void **state)
{
    struct error why = {""};
    (void)state;
    assert_int_equal(
        deliver_to_command(script("read line; [ \"$line\" = 'a line' ] && ! read more"), "a line",
                           &why),
        0);
    assert_int_equal(deliver_to_command(script("exit 0"), "a line", &why), 0); /* unread */
}

static void a_program_that_fails_is_an_error(void **state)
{
    static const char *const texts[] = {"exit 1", "kill -9 $$", "exec /no/such/program"};
    struct error why = {""};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(deliver_to_command(script(texts[i]), "a line", &why), -EIO);
        assert_non_null(strstr(why.text, "did not take it"));
    }
    assert_int_equal(deliver_to_command(in_folder("none"), "a line", &why), -EIO);
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
    static const char *const names[] = {"log", "dead", "program"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(in_folder(names[i]));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(syslog_gets_a_line_of_its_form),
        cmocka_unit_test(a_syslog_that_is_not_there_is_an_error),
        cmocka_unit_test(a_program_reads_the_line),
        cmocka_unit_test(a_program_that_fails_is_an_error),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
