#include "tool/lists/subject_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct subject subject_of(uint64_t number)
{
    struct subject subject = {{0}};
    uint64_t mixed = number * UINT64_C(0x9e3779b97f4a7c15);
    memcpy(subject.bytes, &mixed, sizeof mixed);
    memcpy(subject.bytes + 8, &number, sizeof number);
    return subject;
}

static void an_empty_set_has_nobody(void **state)
{
    struct subject_set set = {0};
    struct subject one = subject_of(1), zero = {{0}};
    (void)state;
    assert_false(subject_set_has(&set, &one));
    assert_false(subject_set_has(&set, &zero));
    subject_set_release(&set);
}

static void everybody_is_in_it_once(void **state)
{
    struct subject_set set = {0};
    (void)state;
    for (unsigned round = 0; round < 2; round++)
        for (uint64_t i = 1; i <= 10000; i++) {
            struct subject subject = subject_of(i);
            assert_int_equal(subject_set_add(&set, &subject), round == 0);
        }
    assert_int_equal(set.count, 10000);
    for (uint64_t i = 1; i <= 20000; i++) {
        struct subject subject = subject_of(i);
        assert_int_equal(subject_set_has(&set, &subject), i <= 10000);
    }
    assert_true(set.count <= set.room / 4 * 3);
    subject_set_release(&set);
    assert_int_equal(set.count, 0);
}

/* Somebody may write a list of subjects that were not made by hashing. */
static void subjects_that_are_alike_are_told_apart(void **state)
{
    struct subject_set set = {0};
    struct subject subject = {{0}};
    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        subject.bytes[15] = (uint8_t)i;
        assert_false(subject_set_has(&set, &subject));
        assert_int_equal(subject_set_add(&set, &subject), 1);
        assert_int_equal(subject_set_add(&set, &subject), 0);
    }
    for (unsigned i = 0; i < 256; i++) {
        subject.bytes[15] = (uint8_t)i;
        assert_true(subject_set_has(&set, &subject));
    }
    assert_int_equal(set.count, 256);
    subject_set_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_set_has_nobody),
        cmocka_unit_test(everybody_is_in_it_once),
        cmocka_unit_test(subjects_that_are_alike_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
