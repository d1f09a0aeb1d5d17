/* Sections `brand`. */
#include "core/color.h"
#include "reading.h"

static void a_brand_is_data(void **state)
{
    (void)state;
    struct config *config = read_text(
        "language = de\n" BRAND("color = '#7A1FA2'\npostal_address = {\"A Ltd\", \"1 B Street\"}\n"
                                "reasons = {other, 'moved: I moved', 'moved[de]: Umzug'}\n"
                                "privacy_url = 'https://a.example/p'\n"));
    assert_int_equal(config->brand_count, 1);
    const struct brand *brand = config->brands;
    assert_string_equal(brand->section, "b");
    assert_string_equal(brand->scope, "a");
    assert_string_equal(brand->name, "A");
    assert_string_equal(brand->language, "de");
    assert_int_equal(brand->color, 0x7a1fa2);
    assert_int_equal(brand->color_dark, color_for_dark(0x7a1fa2));
    assert_string_equal(brand->privacy_url, "https://a.example/p");
    assert_null(brand->imprint_url);
    assert_int_equal(brand->postal_address_count, 2);
    assert_string_equal(brand->postal_address[1], "1 B Street");
    assert_int_equal(brand->reason_count, 3);
    assert_string_equal(brand->reasons[2].language, "de");
    config_release(config);

    config = read_text(BRAND(""));
    assert_int_equal(config->brands[0].reason_count, REASONS_KNOWN);
    assert_string_equal(config->brands[0].language, "en");
    assert_null(config->templates);
    config_release(config);
}

static void a_brand_that_cannot_speak_is_refused(void **state)
{
    (void)state;
    refuses("# x\nbrand b {\n name = A\n}\n", 2, "brand \"b\" needs a scope");
    refuses("brand b {\n scope = a\n}\n", 1, "brand \"b\" needs a name");
    refuses(BRAND("") "brand c {\n scope = a\n name = C\n}\n", 5,
            "brand \"c\" has the scope of brand \"b\"");
    refuses(STREAM("") "brand s {\n scope = a\n name = C\n}\n", 5,
            "brand \"s\" has the name of another section, in line 1");
    refuses(BRAND("logo_dark = /a.svg\n"), 1, "has a logo_dark and no logo");
    refuses(BRAND("reasons = {'a: b', 'a: c'}\n"), 1, "has the reason a twice");
    refuses(BRAND("reasons = {'a: b', 'a[de]: c', 'a[de]: d'}\n"), 1,
            "has the reason a twice in de");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_brand_is_data),
        cmocka_unit_test(a_brand_that_cannot_speak_is_refused),
    };
    return cmocka_run_group_tests(tests, make_reading_folder, remove_reading_folder);
}
