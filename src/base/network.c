#include "base/network.h"

#include "base/error.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <string.h>

#define IPV4_BITS 96 /* of the prefix ::ffff:0:0/96, RFC 4291 section 2.5.5.2 */

/* An address and nothing else, `length` bytes. */
static int parse_plain(const char *text, size_t length, struct ip *ip, bool *is_ipv4)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    char address[INET6_ADDRSTRLEN];
    struct ip result;

    if (length >= sizeof address)
        return ERR_SYNTAX;
    memcpy(address, text, length);
    address[length] = '\0';

    bool ipv4 = !memchr(address, ':', length);
    if (inet_pton(ipv4 ? AF_INET : AF_INET6, address, result.bytes + (ipv4 ? 12 : 0)) != 1)
        return ERR_SYNTAX;
    if (ipv4)
        memcpy(result.bytes, mapped, sizeof mapped);
    *ip = result;
    *is_ipv4 = ipv4;
    return 0;
}

/* The same with what MTAs put around it: [192.0.2.1], [IPv6:::1], IPv6:::1, [::1]. */
static int parse_dressed(const char *text, size_t length, struct ip *ip, bool *is_ipv4)
{
    static const char tag[] = "IPv6:";
    struct ip result;
    bool ipv4;

    if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
        text++;
        length -= 2;
    }
    bool tagged = length >= sizeof tag - 1 && text_starts(text, tag);
    if (tagged) {
        text += sizeof tag - 1;
        length -= sizeof tag - 1;
    }
    int rc = parse_plain(text, length, &result, &ipv4);
    if (rc < 0)
        return rc;
    if (tagged && ipv4)
        return ERR_SYNTAX;
    *ip = result;
    *is_ipv4 = ipv4;
    return 0;
}

int ip_parse(const char *text, struct ip *ip)
{
    bool is_ipv4;
    return parse_dressed(text, strlen(text), ip, &is_ipv4);
}

static bool bit_is_set(const struct ip *ip, unsigned bit)
{
    return ip->bytes[bit / 8] >> (7 - bit % 8) & 1;
}

int network_parse(const char *text, struct network *network)
{
    const char *slash = strchr(text, '/');
    struct network result = {.bits = 128};
    bool is_ipv4;

    int rc =
        parse_dressed(text, slash ? (size_t)(slash - text) : strlen(text), &result.base, &is_ipv4);
    if (rc < 0)
        return rc;
    if (slash) {
        uint64_t bits;
        rc = text_to_u64(slash + 1, is_ipv4 ? 32 : 128, &bits);
        if (rc < 0)
            return rc;
        result.bits = (unsigned)bits + (is_ipv4 ? IPV4_BITS : 0);
    }
    for (unsigned bit = result.bits; bit < 128; bit++)
        if (bit_is_set(&result.base, bit))
            return ERR_SYNTAX;
    *network = result;
    return 0;
}

bool network_contains(const struct network *network, const struct ip *ip)
{
    unsigned whole = network->bits / 8;
    unsigned rest = network->bits % 8;

    if (memcmp(network->base.bytes, ip->bytes, whole) != 0)
        return false;
    return rest == 0 || (network->base.bytes[whole] ^ ip->bytes[whole]) >> (8 - rest) == 0;
}
