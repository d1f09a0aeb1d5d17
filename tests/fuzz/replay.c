/* Gives a fuzz target what its corpus holds, without a fuzzer: files in corpus/TARGET/ that were
 * found to matter once. Speaks TAP. */
#include "fuzz.h"

#include "base/file.h"

#include <dirent.h>

#define FILE_MAX (1 << 20)

static int is_visible(const struct dirent *entry)
{
    return *entry->d_name != '.';
}

/* The folder of a target's corpus: replay_list has that of fuzz_list. */
static char *find_folder(const char *program)
{
    const char *source = getenv("srcdir"), *name = strstr(program, "replay_");
    char *folder = NULL;

    PROMISE(name);
    PROMISE(asprintf(&folder, "%s/tests/fuzz/corpus/fuzz_%s", source ? source : ".",
                     name + strlen("replay_")) > 0);
    return folder;
}

int main(int argc, char **argv)
{
    char *folder = find_folder(argc > 0 ? argv[0] : "");
    struct dirent **entries = NULL;
    struct error why;

    int count = scandir(folder, &entries, is_visible, alphasort);
    PROMISE(count > 0);
    printf("1..1\n");
    for (int i = 0; i < count; i++) {
        char *path = file_join(folder, entries[i]->d_name), *data;
        size_t length;
        PROMISE(path && file_read(path, FILE_MAX, &data, &length, &why) == 0);
        /* The last of these is the one to look at where there is no "ok" behind them. */
        printf("# %s\n", entries[i]->d_name);
        fflush(stdout);
        LLVMFuzzerTestOneInput((const uint8_t *)data, length);
        free(data);
        free(path);
        free(entries[i]);
    }
    printf("ok 1 %d inputs\n", count);
    free(entries);
    free(folder);
    return 0;
}
