/* Files that an auditor was given: an exported journal, and lines with checkpoints. Whatever is
 * taken for a checkpoint was signed, and nobody here has a key. */
#include "fuzz.h"

#include "store/checkpoint.h"
#include "store/journal_file.h"

static void read_lines(const uint8_t *data, size_t size)
{
    /* One public key, whose owner signed nothing. */
    static const struct signing_ring ring = {.keys = {{.id = {0}, .key = {0x3b, 1, 2, 3}}},
                                             .count = 1};
    char *text = fuzz_string(data, size);
    const char *start;
    size_t length;
    struct checkpoint checkpoint;

    if (checkpoint_find(text, &start, &length)) {
        PROMISE(length <= strlen(start));
        PROMISE(checkpoint_read(start, length, &ring, &checkpoint) != 0);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct journal_witness witnesses[2] = {{.head = {.event = {.number = 1}}},
                                           {.head = {.event = {.number = 2}}}};
    struct journal_file file;

    read_lines(data, size);
    if (journal_file_verify(SLICE(data, size), NULL, witnesses, 2, NULL, NULL, &file, NULL) == 0)
        PROMISE(file.events > 0 && file.nodes > 0 && file.nodes <= file.events);
    return 0;
}
