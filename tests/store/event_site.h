/* For the tests of what events are as octets. */
#ifndef TESTS_STORE_EVENT_SITE_H
#define TESTS_STORE_EVENT_SITE_H

#include "store/event.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t own_node[EVENT_NODE_SIZE] = {0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17};
static const uint8_t other_node[EVENT_NODE_SIZE] = {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7};

static inline struct event event_of(enum event_type type, uint64_t number)
{
    struct event event = {.type = type, .at_ms = 1700000000123, .actor = "cli"};
    memcpy(event.name.node, own_node, sizeof own_node);
    event.name.number = number;
    memset(event.previous, 0x5a, sizeof event.previous);
    return event;
}

static inline struct subject subject_of(uint8_t octet)
{
    struct subject subject;
    memset(subject.bytes, octet, sizeof subject.bytes);
    return subject;
}

static inline struct event_name name_of(const uint8_t *node, uint64_t number)
{
    struct event_name name = {.number = number};
    memcpy(name.node, node, EVENT_NODE_SIZE);
    return name;
}

/* Keys 0 to 5, behind the head of the map. */
#define HEAD(number, type)                                                                         \
    "005820"                                                                                       \
    "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"                             \
    "01481011121314151617"                                                                         \
    "02" number "031b0000018bcfe5687b"                                                             \
    "04" type "0563636c69"

static inline void assert_golden(const struct event *event, const char *hex)
{
    struct text bytes = TEXT_EMPTY, again = TEXT_EMPTY;
    struct pool pool = {0};
    struct event read;
    char *found;

    assert_int_equal(event_encode(event, &bytes), 0);
    found = malloc(2 * bytes.length + 1);
    assert_non_null(found);
    text_to_hex((const uint8_t *)bytes.data, bytes.length, found);
    assert_string_equal(found, hex);
    free(found);
    assert_int_equal(event_decode(SLICE(bytes.data, bytes.length), &pool, &read), 0);
    assert_int_equal(event_encode(&read, &again), 0);
    assert_int_equal(again.length, bytes.length);
    assert_memory_equal(again.data, bytes.data, bytes.length);
    text_release(&bytes);
    text_release(&again);
    pool_release(&pool);
}

/* In memory of exactly that size, so that ASan and valgrind see an octet too many. */
static inline int decode_exactly(const char *bytes, size_t size)
{
    struct pool memory = {0};
    struct event event = {.actor = "untouched"};
    char *exact = malloc(size ? size : 1);

    assert_non_null(exact);
    memcpy(exact, bytes, size);
    int code = event_decode(SLICE(exact, size), &memory, &event);
    assert_true(code == 0 || code == ERR_CORRUPT);
    if (code)
        assert_string_equal(event.actor, "untouched");
    free(exact);
    pool_release(&memory);
    return code;
}

#endif
