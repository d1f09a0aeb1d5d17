#include "files.h"
#include "web/assets.h"

static const char *add(struct assets *assets, const char *bytes)
{
    const char *name = NULL;
    assert_int_equal(assets_add(assets, "page", "css", bytes, strlen(bytes), &name, NULL), 0);
    return name;
}

static void a_name_tells_the_content(void **state)
{
    (void)state;
    struct assets assets = {0};
    const char *first = add(&assets, "a"), *second = add(&assets, "b");
    assert_string_not_equal(first, second);
    assert_ptr_equal(add(&assets, "a"), first);
    assert_int_equal(assets.count, 2);

    const struct page_asset *found = assets_find(&assets, second);
    assert_non_null(found);
    assert_string_equal(found->type, "text/css; charset=utf-8");
    assert_int_equal(found->length, 1);
    assert_memory_equal(found->bytes, "b", 1);
    assert_null(assets_find(&assets, "page.css"));
    assert_null(assets_find(&assets, ""));
    assets_release(&assets);
}

static void a_file_has_the_type_of_its_ending(void **state)
{
    (void)state;
    struct assets assets = {0};
    const char *name = NULL;
    assert_int_equal(assets_add_file(&assets, "logo", put_file("A.SVG", "<svg/>"), &name, NULL), 0);
    assert_string_equal(assets_find(&assets, name)->type, "image/svg+xml");
    assert_string_equal(strrchr(name, '.'), ".svg");
    assets_release(&assets);
}

static void a_file_that_cannot_be_used_is_named(void **state)
{
    (void)state;
    struct assets assets = {0};
    struct error why = {""};
    const char *name = NULL;
    assert_true(assets_add_file(&assets, "logo", path_of("none.png"), &name, &why) < 0);
    assert_non_null(strstr(why.text, "none.png"));
    assert_int_equal(assets_add_file(&assets, "logo", put_file("a.exe", "x"), &name, &why),
                     ERR_CONFIG);
    char *large = calloc(1, ASSET_FILE_MAX + 2);
    memset(large, 'x', ASSET_FILE_MAX + 1);
    assert_int_equal(assets_add_file(&assets, "logo", put_file("a.png", large), &name, &why),
                     ERR_TOO_LONG);
    free(large);
    assert_null(name);
    assert_int_equal(assets.count, 0);
    assets_release(&assets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_tells_the_content),
        cmocka_unit_test(a_file_has_the_type_of_its_ending),
        cmocka_unit_test(a_file_that_cannot_be_used_is_named),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
