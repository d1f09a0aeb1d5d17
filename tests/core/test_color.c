#include "core/color.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_colour_is_six_digits_behind_a_hash(void **state)
{
    (void)state;
    uint32_t color = 7;
    assert_int_equal(color_parse("#0B57d0", &color), 0);
    assert_int_equal(color, 0x0b57d0);
    static const char *const others[] = {"",         "#",        "0b57d0",  "#fff",
                                         "#0b57d",   "#0b57d00", "#0b57dg", "red",
                                         " #0b57d0", "#0b57d0 ", "##0b57d0"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(color_parse(others[i], &color), ERR_SYNTAX);
    assert_int_equal(color, 0x0b57d0);
}

/* Values of WCAG's own examples and of the tools that are in use. */
static void contrast_is_that_of_the_guidelines(void **state)
{
    (void)state;
    assert_float_equal((float)color_contrast(0, 0xffffff), 21, 0.001f);
    assert_float_equal((float)color_contrast(0x123456, 0x123456), 1, 0.001f);
    assert_float_equal((float)color_contrast(0x767676, 0xffffff), 4.54f, 0.005f);
    assert_float_equal((float)color_contrast(0xffffff, 0x777777), 4.48f, 0.005f);
    assert_float_equal((float)color_contrast(0xff0000, 0xffffff), 4.00f, 0.005f);
}

static void ink_can_be_read_on_every_colour(void **state)
{
    (void)state;
    assert_int_equal(color_ink(0xffff00), 0);
    assert_int_equal(color_ink(0x0b57d0), 0xffffff);
    for (uint32_t color = 0; color <= 0xffffff; color += 4099)
        assert_true(color_contrast(color, color_ink(color)) >= COLOR_CONTRAST_MIN);
}

static void a_colour_for_dark_paper_can_be_read_there(void **state)
{
    (void)state;
    assert_int_equal(color_for_dark(0xffffff), 0xffffff);
    assert_int_equal(color_for_dark(0x8ab4f8), 0x8ab4f8);
    for (uint32_t color = 0; color <= 0xffffff; color += 4099)
        assert_true(color_contrast(color_for_dark(color), COLOR_PAPER_DARK) >= COLOR_CONTRAST_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_colour_is_six_digits_behind_a_hash),
        cmocka_unit_test(contrast_is_that_of_the_guidelines),
        cmocka_unit_test(ink_can_be_read_on_every_colour),
        cmocka_unit_test(a_colour_for_dark_paper_can_be_read_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
