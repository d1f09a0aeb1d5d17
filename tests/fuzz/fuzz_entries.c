/* JSON that anybody may have written. */
#include "list.h"

#include "exchange/entries.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct window window;
    struct entries *entries;
    struct entry entry;
    uint64_t line = 1;
    size_t count = 0;
    int rc;

    struct input *input = fuzz_input(data, size, NULL);
    if (!input)
        return 0;
    PROMISE(window_open(&window, input) == 0);
    PROMISE(entries_open(&window, true, &entries) == 0);
    while ((rc = entries_next(entries, &entry, NULL)) == 1) {
        PROMISE(entry.line >= line);
        PROMISE(!entry.value == (entry.fault != FAULT_NONE));
        PROMISE(!entry.value || json_is_object(entry.value) || json_is_string(entry.value));
        PROMISE(!entry.value || entry.length > 0);
        line = entry.line;
        /* Each takes at least an octet, but for the one that tells that the rest is missing. */
        PROMISE(++count <= size + 1);
    }
    PROMISE(rc == 0 && entries_next(entries, &entry, NULL) == 0);
    entries_close(entries);
    window_close(&window);
    input_close(input);
    return 0;
}
