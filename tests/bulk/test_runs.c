/* Sorting in bounded memory: every record comes back, in its place, and nothing else stays. */
#include "bulk/record.h"
#include "bulk/runs.h"

#include "../store/site.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

static const char *folder(void)
{
    return site_folder;
}

static size_t files_in_folder(void)
{
    size_t count = 0;
    DIR *open = opendir(folder());
    assert_non_null(open);
    while (readdir(open))
        count++;
    closedir(open);
    return count;
}

static size_t pack(const struct record *record, uint8_t bytes[RUNS_RECORD_MAX])
{
    size_t head = record_pack_head(record, bytes);
    assert_true(head <= RECORD_HEAD_MAX);
    memcpy(bytes + head, record->sealed.data ? record->sealed.data : "", record->sealed.size);
    return head + record->sealed.size;
}

/* A record of any length whose key is a number, and whose sequence another. */
static size_t make_record(uint64_t number, uint64_t sequence, uint8_t bytes[RUNS_RECORD_MAX])
{
    char address[300] = "", text[8];
    struct record record = {.sequence = sequence, .kind = CHOICE_OPT_OUT};

    for (int i = 0; i < 8; i++)
        record.subject.bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    snprintf(text, sizeof text, "%u", (unsigned)(number % 1000));
    for (uint64_t i = 0; i < number % 90; i++)
        strcat(address, text);
    record.sealed = SLICE(address, strlen(address));
    return pack(&record, bytes);
}

static void put(struct runs *runs, uint64_t number, uint64_t sequence)
{
    uint8_t bytes[RUNS_RECORD_MAX];
    size_t size = make_record(number, sequence, bytes);
    assert_ok(runs_put(runs, SLICE(bytes, size), &why));
}

/* What comes back is all that was put, ascending, whole. */
static void assert_sorted(struct runs *runs, uint64_t count)
{
    struct merge *merge = NULL;
    struct slice bytes;
    uint8_t last[RUNS_KEY_SIZE] = {0}, same[RUNS_RECORD_MAX];
    uint64_t seen = 0;
    struct error told = {""};
    int rc;

    assert_ok(merge_open(runs, &merge, &why));
    while ((rc = merge_next(merge, &bytes, &told)) == 1) {
        struct record record;
        uint64_t number = 0;
        assert_true(seen == 0 || memcmp(last, bytes.data, sizeof last) < 0);
        memcpy(last, bytes.data, sizeof last);
        assert_int_equal(record_unpack(bytes, &record), 0);
        for (int i = 0; i < 8; i++)
            number = number << 8 | record.subject.bytes[i];
        assert_int_equal(make_record(number, record.sequence, same), bytes.size);
        assert_memory_equal(same, bytes.data, bytes.size);
        seen++;
    }
    assert_int_equal(rc, 0);
    assert_int_equal(merge_next(merge, &bytes, &told), 0);
    assert_true(seen == count);
    merge_close(merge);
}

static void sorts(size_t memory, uint64_t count, uint64_t distinct)
{
    struct runs *runs = NULL;

    assert_ok(runs_open(folder(), memory, &runs, &why));
    for (uint64_t i = 0; i < count; i++)
        put(runs, distinct ? random_number() % distinct << 40 : random_number(), i);
    assert_ok(runs_end(runs, &why));
    assert_true(runs_count(runs) == count);
    assert_true((runs_size(runs) > 0) == (memory < count * 60));
    assert_sorted(runs, count);
    assert_sorted(runs, count); /* as often as one likes */
    runs_close(runs);
}

static void records_come_back_sorted_from_memory(void **state)
{
    (void)state;
    sorts(10 << 20, 0, 0);
    sorts(10 << 20, 1, 0);
    sorts(10 << 20, 20000, 0);
}

static void records_come_back_sorted_from_many_runs(void **state)
{
    (void)state;
    sorts(64 << 10, 50000, 0);
    sorts(1, 3000, 0); /* the least memory that there is: a run for every few records */
}

static void what_is_equal_keeps_its_sequence(void **state)
{
    (void)state;
    sorts(32 << 10, 20000, 7);
    sorts(32 << 10, 20000, 1);
    sorts(4 << 20, 20000, 1);
}

static void nothing_has_a_name(void **state)
{
    size_t before = files_in_folder();
    struct runs *runs = NULL;
    (void)state;

    assert_ok(runs_open(folder(), 1, &runs, &why));
    for (uint64_t i = 0; i < 1000; i++)
        put(runs, random_number(), i);
    assert_ok(runs_end(runs, &why));
    assert_true(runs_size(runs) > 0);
    assert_int_equal(files_in_folder(), before);
    runs_close(runs);
}

static void a_folder_that_is_none_is_named(void **state)
{
    struct runs *runs = NULL;
    struct error told = {""};
    uint8_t bytes[RUNS_RECORD_MAX];
    int code = 0;
    (void)state;

    assert_ok(runs_open("/nonexistent/folder", 1, &runs, &why));
    for (uint64_t i = 0; i < 100 && code == 0; i++)
        code = runs_put(runs, SLICE(bytes, make_record(i, i, bytes)), &told);
    assert_int_equal(code, -ENOENT);
    assert_non_null(strstr(told.text, "/nonexistent/folder"));
    assert_non_null(strstr(told.text, "TMPDIR"));
    runs_close(runs);
}

/* As on a full disk: the file may not become longer. */
static int run_out_of_room(void)
{
    const struct rlimit limit = {100000, 100000};
    struct runs *runs = NULL;
    struct error why = {""};
    uint8_t bytes[RUNS_RECORD_MAX];
    int code = 0;

    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0 || runs_open(folder(), 1, &runs, &why) != 0)
        return 1;
    for (uint64_t i = 0; i < 100000 && code == 0; i++)
        code = runs_put(runs, SLICE(bytes, make_record(i, i, bytes)), &why);
    bool told = strstr(why.text, folder()) != NULL;
    runs_close(runs);
    return code == -EFBIG && told ? 0 : 2;
}

static void no_room_is_an_error_that_names_the_folder(void **state)
{
    (void)state;
    assert_int_equal(in_child(run_out_of_room), 0);
}

static void a_record_that_is_too_long_is_refused(void **state)
{
    static uint8_t bytes[RUNS_RECORD_MAX + 1];
    struct runs *runs = NULL;
    struct error told = {""};
    (void)state;

    assert_ok(runs_open(folder(), 1 << 20, &runs, &why));
    assert_int_equal(runs_put(runs, SLICE(bytes, sizeof bytes), &told), ERR_TOO_LONG);
    assert_int_equal(runs_put(runs, SLICE(bytes, RUNS_KEY_SIZE - 1), &told), ERR_TOO_LONG);
    assert_int_equal(runs_put(runs, SLICE(bytes, RUNS_RECORD_MAX), &told), 0);
    runs_close(runs);
}

/* --- records --- */

static void assert_same_record(const struct record *a, const struct record *b)
{
    assert_memory_equal(&a->subject, &b->subject, SUBJECT_SIZE);
    assert_true(a->sequence == b->sequence && a->kind == b->kind && a->domain == b->domain);
    assert_true(a->reason == b->reason && a->scope == b->scope);
    assert_true(a->asked == b->asked && a->until == b->until);
    assert_int_equal(a->sealed.size, b->sealed.size);
    if (a->sealed.size)
        assert_memory_equal(a->sealed.data, b->sealed.data, a->sealed.size);
}

static void a_record_is_read_as_it_was_written(void **state)
{
    static const int64_t times[] = {0, 1, 1700000000, INT64_MAX, -5};
    static const char sealed[] = "sealed";
    uint8_t bytes[RUNS_RECORD_MAX];
    (void)state;

    for (unsigned i = 0; i < 1000; i++) {
        struct record record = {.sequence = random_number() & RECORD_SEQUENCE_MAX,
                                .kind = (enum choice_kind)(1 + random_below(3)),
                                .domain = random_below(2),
                                .reason = (enum choice_reason)random_below(0x10000),
                                .scope = (uint16_t)random_below(0x10000),
                                .asked = times[random_below(5)],
                                .until = times[random_below(5)],
                                .sealed = SLICE(sealed, random_below(7))},
                      again;
        memcpy(record.subject.bytes, &(uint64_t){random_number()}, 8);
        assert_int_equal(record_unpack(SLICE(bytes, pack(&record, bytes)), &again), 0);
        assert_same_record(&record, &again);
    }
}

static void a_record_cut_short_is_damage(void **state)
{
    struct record record = {.kind = CHOICE_BLOCK, .asked = 1, .until = 2}, again;
    uint8_t bytes[RUNS_RECORD_MAX];
    (void)state;

    size_t size = pack(&record, bytes);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(record_unpack(SLICE(bytes, i), &again), ERR_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_back_sorted_from_memory),
        cmocka_unit_test(records_come_back_sorted_from_many_runs),
        cmocka_unit_test(what_is_equal_keeps_its_sequence),
        cmocka_unit_test(nothing_has_a_name),
        cmocka_unit_test(a_folder_that_is_none_is_named),
        cmocka_unit_test(no_room_is_an_error_that_names_the_folder),
        cmocka_unit_test(a_record_that_is_too_long_is_refused),
        cmocka_unit_test(a_record_is_read_as_it_was_written),
        cmocka_unit_test(a_record_cut_short_is_damage),
    };
    return cmocka_run_group_tests(tests, make_folders, remove_site);
}
