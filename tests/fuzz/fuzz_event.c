/* Events of a journal that somebody may have changed, or another node sent. What can be read can be
 * written, and reads as the same again. */
#include "fuzz.h"

#include "store/event.h"

static void write_and_read(const struct event *event)
{
    struct text bytes = TEXT_EMPTY, again = TEXT_EMPTY;
    struct pool pool = {0};
    struct event second;

    /* Not everything that can be read can be written: rows that use one node or scope each, read
     * from few octets, may need more than an event holds. */
    if (event_encode(event, &bytes) == 0) {
        PROMISE(event_decode(SLICE(bytes.data, bytes.length), &pool, &second) == 0);
        PROMISE(event_encode(&second, &again) == 0);
        PROMISE(again.length == bytes.length && memcmp(again.data, bytes.data, bytes.length) == 0);
    }
    text_release(&bytes);
    text_release(&again);
    pool_release(&pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pool pool = {0};
    struct event event;

    if (event_decode(SLICE(data, size), &pool, &event) == 0)
        write_and_read(&event);
    pool_release(&pool);
    return 0;
}
