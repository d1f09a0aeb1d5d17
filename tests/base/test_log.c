#include "base/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char written[3 * 4096];
static int saved, reading;

/* What goes to standard error from here on is taken by what_was_logged. */
static void start_catching(void)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    saved = dup(STDERR_FILENO);
    assert_true(saved >= 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    close(ends[1]);
    reading = ends[0];
}

static const char *what_was_logged(void)
{
    size_t length = 0;
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    close(saved);
    for (ssize_t n; (n = read(reading, written + length, sizeof written - 1 - length)) > 0;)
        length += (size_t)n;
    close(reading);
    written[length] = '\0';
    return written;
}

static int plain_stderr(void **state)
{
    (void)state;
    log_to_stderr();
    return unsetenv("JOURNAL_STREAM");
}

static void a_line_goes_to_standard_error(void **state)
{
    (void)state;
    start_catching();
    log_info("queue id %s: %d", "4Zx", 7);
    log_warning("second");
    log_error("third");
    assert_string_equal(what_was_logged(), "queue id 4Zx: 7\nsecond\nthird\n");
}

static void a_mail_cannot_forge_a_second_line(void **state)
{
    (void)state;
    start_catching();
    log_info("subject %s", "a\nb\rc\td\x1b[31m\x7f\xc3\xa4");
    assert_string_equal(what_was_logged(), "subject a?b?c?d?[31m?\xc3\xa4\n");
}

static void a_long_line_is_cut(void **state)
{
    (void)state;
    char big[6000];
    memset(big, 'x', sizeof big);
    big[sizeof big - 1] = '\0';
    start_catching();
    log_info("%s", big);
    log_info("next");
    const char *lines = what_was_logged();
    size_t first = strcspn(lines, "\n");
    assert_int_equal(first, 4095);
    assert_string_equal(lines + first, "\nnext\n");
}

static void under_systemd_a_line_bears_its_level(void **state)
{
    (void)state;
    setenv("JOURNAL_STREAM", "8:1", 1);
    start_catching();
    log_error("e");
    log_warning("w");
    log_info("i");
    assert_string_equal(what_was_logged(), "<3>e\n<4>w\n<6>i\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_line_goes_to_standard_error, plain_stderr),
        cmocka_unit_test_setup(a_mail_cannot_forge_a_second_line, plain_stderr),
        cmocka_unit_test_setup(a_long_line_is_cut, plain_stderr),
        cmocka_unit_test_setup(under_systemd_a_line_bears_its_level, plain_stderr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
