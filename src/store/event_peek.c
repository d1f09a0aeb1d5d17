/* What is read of an event without the rest. */
#include "store/event.h"
#include "store/event_keys.h"
#include "store/pack.h"

#include <string.h>

bool configuration_is_kept(enum configuration_occasion occasion)
{
    return occasion == CONFIGURATION_KEPT || occasion == CONFIGURATION_KEPT_STOP;
}

int event_decode_previous(struct slice bytes, uint8_t previous[EVENT_HASH_SIZE])
{
    struct unpacker in = unpack_begin(bytes);

    size_t pairs = unpack_map(&in);
    for (size_t i = 0; i < pairs && !in.failed; i++) {
        if (unpack_uint(&in) == KEY_PREVIOUS) {
            struct slice hash = unpack_bytes(&in);
            if (in.failed || hash.size != EVENT_HASH_SIZE)
                return ERR_CORRUPT;
            memcpy(previous, hash.data, EVENT_HASH_SIZE);
            return 0;
        }
        unpack_skip(&in);
    }
    return ERR_CORRUPT;
}

int event_decode_number(struct slice bytes, unsigned key, uint64_t *number)
{
    struct unpacker in = unpack_begin(bytes);
    uint64_t at = 0;

    for (size_t pairs = unpack_map(&in); pairs > 0 && at <= key && !in.failed; pairs--) {
        at = unpack_uint(&in);
        if (at == key) {
            uint64_t read = unpack_uint(&in);
            if (!in.failed)
                *number = read;
            return in.failed ? ERR_CORRUPT : 0;
        }
        if (at < key)
            unpack_skip(&in);
    }
    return in.failed ? ERR_CORRUPT : ERR_NOT_FOUND;
}
