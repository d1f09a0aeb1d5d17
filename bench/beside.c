/* Opt-outs, one after the other, as those who click: how long each takes until it is on disk, while
 * something else writes into the list.
 *
 *     beside CONFIGURATION SCOPE
 *
 * goes on until its standard input ends, and prints, as words and numbers, how many there were, and
 * the median, the 99th of a hundred and the longest time in milliseconds. */
#include "site.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#define MOST 1000000
#define PAUSE_MS 2 /* between two: somebody else clicks */

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
    double begun = now_us();
    if (subject_of_address(hasher, address, strlen(address), &entry.subject) ||
        list_add(list, &entry, 1, &act, &why))
        give_up(why.text);
    return (now_us() - begun) / 1e3;
}

int main(int argc, char **argv)
{
    static double took[MOST];
    struct subject_hasher *hasher;
    struct list *list;
    unsigned count = 0;

    if (argc != 3)
        give_up("usage: beside CONFIGURATION SCOPE");
    char *folder = open_site(argv[1], ENV_WRITE, &list, &hasher);
    while (!is_over() && count < MOST) {
        took[count] = opt_out(list, hasher, argv[2], count);
        count++;
    }
    list_close(list);
    free(folder);
    subject_hasher_free(hasher);
    sort_times(took, count);
    printf("opt_outs %u p50_ms %.2f p99_ms %.2f longest_ms %.2f\n", count, took[count / 2],
           slowest_of_hundred(took, count), took[count - 1]);
    return 0;
}
