/* Small values out of configurations, command lines and protocols. */
#include "fuzz.h"

#include "base/clock.h"
#include "base/network.h"
#include "base/text.h"
#include "core/scope.h"

static void clock_and_back(const char *string)
{
    int64_t seconds, again;
    char text[CLOCK_TEXT_SIZE];

    if (clock_parse(string, &seconds) < 0)
        return;
    PROMISE(clock_parse(clock_format(seconds, text), &again) == 0 && again == seconds);
}

static void base64url_and_back(const char *string)
{
    uint8_t bytes[512];
    char text[TEXT_BASE64URL_SIZE(sizeof bytes)];
    size_t length;

    if (text_from_base64url(string, strlen(string), bytes, sizeof bytes, &length) < 0)
        return;
    text_to_base64url(bytes, length, text);
    PROMISE(strcmp(text, string) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ip ip;
    struct network network;
    uint64_t number;
    char *string = fuzz_string(data, size);

    clock_and_back(string);
    base64url_and_back(string);
    if (ip_parse(string, &ip) == 0 && network_parse(string, &network) == 0)
        PROMISE(network_contains(&network, &ip));
    if (text_to_u64(string, UINT32_MAX, &number) == 0)
        PROMISE(number <= UINT32_MAX);
    if (scope_check(string) == 0)
        PROMISE(strlen(string) <= SCOPE_MAX && scope_covers("/", string) &&
                scope_covers(string, string));
    free(string);
    return 0;
}
