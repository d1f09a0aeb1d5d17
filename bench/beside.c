/* Opt-outs, one after the other, as those who click: how long each takes until it is on disk, while
 * something else writes into the list.
 *
 *     beside CONFIGURATION SCOPE
 *
 * goes on until its standard input ends, and prints, as words and numbers, how many there were, and
 * the median, the 99th of a hundred and the longest time in milliseconds. */
#include "base/file.h"
#include "config/config.h"
#include "store/keys.h"
#include "store/list.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MOST 1000000
#define PAUSE_MS 2 /* between two: somebody else clicks */

static void give_up(const char *what)
{
    fprintf(stderr, "beside: %s\n", what);
    exit(2);
}

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Waits a little; true where standard input has ended meanwhile. */
static bool is_over(void)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    char byte;
    return poll(&in, 1, PAUSE_MS) > 0 && read(STDIN_FILENO, &byte, 1) <= 0;
}

static double opt_out(struct list *list, struct subject_hasher *hasher, const char *scope,
                      unsigned number)
{
    const struct act act = {.actor = "beside"};
    struct error why = {""};
    char address[64];
    struct list_entry entry = {
        .address = address, .kind = CHOICE_OPT_OUT, .reason = REASON_UNSUBSCRIBE, .scope = scope};

    snprintf(address, sizeof address, "beside%u-%d@click.example", number, (int)getpid());
    double begun = now_ms();
    if (subject_of_address(hasher, address, strlen(address), &entry.subject) ||
        list_add(list, &entry, 1, &act, &why))
        give_up(why.text);
    return now_ms() - begun;
}

static int compare(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return a < b ? -1 : a > b;
}

int main(int argc, char **argv)
{
    static double took[MOST];
    struct config *config;
    struct lookup_key lookup;
    struct address_key address;
    struct subject_hasher *hasher;
    struct list *list;
    struct error why = {""};
    unsigned count = 0;

    if (argc != 3)
        give_up("usage: beside CONFIGURATION SCOPE");
    if (config_read(argv[1], &config, &why) || keys_read_lookup(config->key_dir, &lookup, &why) ||
        keys_read_address(config->key_dir, &address, &why) ||
        subject_hasher_new(lookup.subject, &hasher))
        give_up(why.text);
    char *folder = file_join(config->data_dir, "list");
    if (!folder || list_open(folder, ENV_WRITE, config->list_size, &lookup, &address, &list, &why))
        give_up(why.text);
    while (!is_over() && count < MOST) {
        took[count] = opt_out(list, hasher, argv[2], count);
        count++;
    }
    list_close(list);
    free(folder);
    if (count == 0)
        give_up("there was no time for any");
    qsort(took, count, sizeof *took, compare);
    printf("opt_outs %u p50_ms %.2f p99_ms %.2f longest_ms %.2f\n", count, took[count / 2],
           took[count - count / 100 - 1], took[count - 1]);
    return 0;
}
