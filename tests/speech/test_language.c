#include "speech/language.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char *const languages[] = {"en", "de", "fr", "pt-br"};
#define COUNT 4

static void gives(const char *accept, const char *language)
{
    size_t i = language_choose(accept, languages, COUNT, 0);
    if (strcmp(languages[i], language) != 0)
        fail_msg("\"%s\" gives %s instead of %s", accept ? accept : "NULL", languages[i], language);
}

static void the_highest_weight_wins(void **state)
{
    (void)state;
    gives("de", "de");
    gives("fr;q=0.5, de;q=0.7", "de");
    gives("de;q=0.5,fr", "fr");
    gives("fr,de", "fr");
    gives("de;q=0.123, fr;q=0.124", "fr");
    gives("de ; q=0.1 , fr ;q=0.2", "fr");
    gives("it, nl;q=0.9, fr;q=0.1", "fr");
}

static void a_region_falls_back_to_its_language_and_case_does_not_matter(void **state)
{
    (void)state;
    gives("de-AT", "de");
    gives("DE-at-1996, en;q=0.5", "de");
    gives("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "fr");
    gives("pt-BR", "pt-br");
    gives("pt", "en");
}

static void what_is_not_there_or_not_understood_gives_the_fallback(void **state)
{
    (void)state;
    gives(NULL, "en");
    gives("", "en");
    gives("it", "en");
    gives("*", "en");
    gives("*, de;q=0.5", "en");
    gives("de;q=0", "en");
    gives("de;q=0.0", "en");
    gives("de;q=", "en");
    gives("de;q=2", "en");
    gives("de;x=1", "en");
    gives("-", "en");
    gives(";;;,,, ,", "en");
    gives("dededededededededededededededededede", "en");
    assert_int_equal(language_choose("it", languages, COUNT, 2), 2);
    assert_int_equal(language_choose("*", languages, COUNT, 2), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_highest_weight_wins),
        cmocka_unit_test(a_region_falls_back_to_its_language_and_case_does_not_matter),
        cmocka_unit_test(what_is_not_there_or_not_understood_gives_the_fallback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
