#include "speech/mail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct mail sample(const char *body)
{
    return (struct mail){.from = "no-reply@acme.example",
                         .to = "anna@example.com",
                         .subject = "You are unsubscribed",
                         .body = body,
                         .id = "optout-1",
                         .at = 1774000000};
}

static void assert_body(const char *body, const char *written)
{
    const struct mail mail = sample(body);
    struct text message = TEXT_EMPTY;
    assert_int_equal(mail_write(&mail, &message), 0);
    assert_string_equal(strstr(message.data, "\r\n\r\n") + 4, written);
    text_release(&message);
}

static void the_header_is_that_of_an_automatic_answer(void **state)
{
    const struct mail mail = sample("");
    struct text message = TEXT_EMPTY;
    (void)state;
    assert_int_equal(mail_write(&mail, &message), 0);
    assert_string_equal(message.data, "Date: Fri, 20 Mar 2026 09:46:40 +0000\r\n"
                                      "From: <no-reply@acme.example>\r\n"
                                      "To: <anna@example.com>\r\n"
                                      "Subject: You are unsubscribed\r\n"
                                      "Message-ID: <optout-1@acme.example>\r\n"
                                      "Auto-Submitted: auto-replied\r\n"
                                      "MIME-Version: 1.0\r\n"
                                      "Content-Type: text/plain; charset=utf-8\r\n"
                                      "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
    text_release(&message);
}

static void the_body_is_quoted_printable(void **state)
{
    (void)state;
    assert_body("a\nb\n", "a\r\nb\r\n");
    assert_body("M\xc3\xbcller = 1", "M=C3=BCller =3D 1");
    assert_body("-- \nAcme", "--=20\r\nAcme");
    assert_body("end ", "end=20");
    assert_body(".\n.a b.", "=2E\r\n=2Ea b.");
    assert_body("a\rb\tc", "a=0Db=09c");
}

static void no_line_is_longer_than_76_characters(void **state)
{
    char body[1000];
    (void)state;
    for (size_t i = 0; i < sizeof body - 1; i++)
        body[i] = i % 7 == 3 ? '=' : 'x';
    body[sizeof body - 1] = '\0';
    const struct mail mail = sample(body);
    struct text message = TEXT_EMPTY;
    assert_int_equal(mail_write(&mail, &message), 0);
    for (const char *line = strstr(message.data, "\r\n\r\n") + 4; line;) {
        const char *end = strstr(line, "\r\n");
        assert_true((end ? (size_t)(end - line) : strlen(line)) <= 76);
        line = end ? end + 2 : NULL;
    }
    text_release(&message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_is_that_of_an_automatic_answer),
        cmocka_unit_test(the_body_is_quoted_printable),
        cmocka_unit_test(no_line_is_longer_than_76_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
