/* For the tests of imports: a list that is open, inputs out of memory, and what comes of them. */
#ifndef TESTS_BULK_IMPORTING_H
#define TESTS_BULK_IMPORTING_H

#include "bulk/import.h"

#include "../store/list_site.h"

#include <errno.h>
#include <sys/mman.h>

/* One import; the request may be changed before. */
struct trial {
    struct import_request request;
    struct import_report report;
    struct error why;
    unsigned rejects;
    char last_reject[128];
    /* The progress that ends it: with this phase, behind so many; 0: none does. */
    enum import_phase stop_phase;
    uint64_t stop_behind;
};

static const struct mapping no_mapping;

static inline void note_reject(const struct row *row, const char *reason, void *argument)
{
    struct trial *trial = argument;
    (void)row;
    trial->rejects++;
    snprintf(trial->last_reject, sizeof trial->last_reject, "%s", reason);
}

static inline int note_progress(const struct import_progress *progress, void *argument)
{
    const struct trial *trial = argument;
    return trial->stop_behind && progress->phase == trial->stop_phase &&
                   progress->done >= trial->stop_behind
               ? -EINTR
               : 0;
}

static inline struct trial new_trial(void)
{
    return (struct trial){.request = {.list = list,
                                      .list_folder = site_list,
                                      .lookup = &site_lookup,
                                      .mapping = &no_mapping,
                                      .scope = NEWS,
                                      .actor = "cli",
                                      .all_opted_out = true,
                                      .max_new = IMPORT_NEW_ANY,
                                      .reject = note_reject,
                                      .progress = note_progress}};
}

/* Imports these bytes; returns what import_run does. */
static inline int import_bytes(struct trial *trial, const char *bytes)
{
    static const struct reader_options options;
    struct input *input = NULL;
    struct reader *reader = NULL;
    int fd = memfd_create("list", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, strlen(bytes)), strlen(bytes));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_ok(input_open_fd(fd, "list.csv", NULL, &input, &why));
    assert_ok(reader_open(input, &options, &reader, &why));
    trial->request.input = input;
    trial->request.reader = reader;
    trial->request.argument = trial;
    trial->rejects = 0;
    int code = import_run(&trial->request, &trial->report, &trial->why);
    reader_close(reader);
    input_close(input);
    return code;
}

static inline void assert_adds_up(const struct import_report *report)
{
    const uint64_t *counts = report->counts;
    assert_true(counts[BATCH_READ] == counts[BATCH_ADDED] + counts[BATCH_KNOWN] +
                                          counts[BATCH_BLOCKED] + counts[BATCH_LEFT_ALONE] +
                                          counts[BATCH_REJECTED]);
}

/* Imports, which has to work, and add so many choices and know so many. */
static inline void imports(struct trial *trial, const char *bytes, unsigned added, unsigned known)
{
    if (import_bytes(trial, bytes) != 0)
        fail_msg("%s", trial->why.text);
    assert_adds_up(&trial->report);
    assert_int_equal(trial->report.counts[BATCH_ADDED] + trial->report.counts[BATCH_BLOCKED],
                     added);
    assert_int_equal(trial->report.counts[BATCH_KNOWN], known);
}

static inline struct subject subject_of(const char *address)
{
    struct subject_hasher *hasher = NULL;
    struct subject subject;
    assert_int_equal(subject_hasher_new(site_lookup.subject, &hasher), 0);
    assert_int_equal(subject_of_address(hasher, address, strlen(address), &subject), 0);
    subject_hasher_free(hasher);
    return subject;
}

/* What stands of an address; the rows lie in the pool. */
static inline size_t standing_of(const char *address, struct pool *pool, struct choice **rows)
{
    struct subject subject = subject_of(address);
    struct list_view *view = view_of(list);
    size_t count;
    assert_int_equal(
        list_read(view, LIST_STANDING, &subject, *address == '@', pool, rows, &count, NULL), 0);
    list_view_end(view);
    return count;
}

static inline size_t count_standing(const char *address)
{
    struct pool pool = {0};
    struct choice *rows;
    size_t count = standing_of(address, &pool, &rows);
    pool_release(&pool);
    return count;
}

/* Many addresses, one a line, in no sequence; the caller frees it. */
static inline char *many_lines(unsigned count)
{
    struct text text = TEXT_EMPTY;
    for (unsigned i = 0; i < count; i++)
        text_format(&text, "person%u@home.example\n", (i * 7919u) % count);
    assert_false(text.failed);
    return text.data;
}

#endif
