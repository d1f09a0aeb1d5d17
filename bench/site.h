/* What the programs that measure a list have in common. */
#ifndef BENCH_SITE_H
#define BENCH_SITE_H

#include "base/file.h"
#include "config/config.h"
#include "store/keys.h"
#include "store/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline void give_up(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(2);
}

static inline double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static inline int compare_times(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return a < b ? -1 : a > b;
}

/* Sorts them, so that took[count / 2] is the median. */
static inline void sort_times(double *took, size_t count)
{
    if (count == 0)
        give_up("nothing was measured");
    qsort(took, count, sizeof *took, compare_times);
}

static inline double slowest_of_hundred(const double *took, size_t count)
{
    return took[count - count / 100 - 1];
}

/* Opens the list of a configuration; the folder that it lies in is the caller's. */
static inline char *open_site(const char *path, enum env_access access, struct list **list,
                              struct subject_hasher **hasher)
{
    struct config *config;
    struct lookup_key lookup;
    struct address_key address;
    struct error why = {""};
    char *folder = NULL;

    if (config_read(path, &config, &why) || keys_read_lookup(config->key_dir, &lookup, &why) ||
        keys_read_address(config->key_dir, &address, &why) ||
        subject_hasher_new(lookup.subject, hasher) ||
        !(folder = file_join(config->data_dir, "list")) ||
        list_open(folder, access, config->list_size, &lookup, &address, list, &why))
        give_up(why.text);
    config_release(config);
    return folder;
}

#endif
