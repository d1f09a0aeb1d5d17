#include "web/client.h"

#include "base/text.h"

#include <netinet/in.h>
#include <string.h>

static const uint8_t ipv4_prefix[12] = {[10] = 0xff, [11] = 0xff};

struct ip client_peer(const struct sockaddr *address)
{
    struct ip ip = {{0}};

    if (address && address->sa_family == AF_INET) {
        struct sockaddr_in ipv4;
        memcpy(&ipv4, address, sizeof ipv4);
        memcpy(ip.bytes, ipv4_prefix, sizeof ipv4_prefix);
        memcpy(ip.bytes + sizeof ipv4_prefix, &ipv4.sin_addr, 4);
    } else if (address && address->sa_family == AF_INET6) {
        struct sockaddr_in6 ipv6;
        memcpy(&ipv6, address, sizeof ipv6);
        memcpy(ip.bytes, &ipv6.sin6_addr, 16);
    }
    return ip;
}

static bool is_unix(const struct ip *peer)
{
    static const struct ip none;
    return memcmp(peer, &none, sizeof none) == 0;
}

bool client_is_proxy(const struct web_config *web, const struct ip *peer)
{
    for (size_t i = 0; i < web->proxy_count; i++)
        if (network_contains(&web->proxies[i], peer))
            return true;
    return is_unix(peer);
}

/* One address of the list, `length` bytes, with blanks around it. Some proxies write a port. */
static bool read_one(const char *text, size_t length, struct ip *ip)
{
    char one[64];

    while (length > 0 && text_is_space(*text)) {
        text++;
        length--;
    }
    while (length > 0 && text_is_space(text[length - 1]))
        length--;
    if (length == 0 || length >= sizeof one)
        return false;
    memcpy(one, text, length);
    one[length] = '\0';
    if (ip_parse(one, ip) == 0)
        return true;
    char *colon = strrchr(one, ':');
    if (!colon)
        return false;
    *colon = '\0';
    return ip_parse(one, ip) == 0;
}

/* Each proxy adds at the end whom it saw, so what is read from there on was written by ours as long
 * as it names ours. */
struct ip client_of(const struct web_config *web, const struct ip *peer, const char *forwarded)
{
    struct ip client = *peer, named;
    const char *end = forwarded ? forwarded + strlen(forwarded) : NULL;

    while (end && client_is_proxy(web, &client)) {
        const char *begin = end;
        while (begin > forwarded && begin[-1] != ',')
            begin--;
        if (!read_one(begin, (size_t)(end - begin), &named))
            break;
        client = named;
        end = begin > forwarded ? begin - 1 : NULL;
    }
    return client;
}

bool client_is_local(const struct ip *peer, const char *forwarded)
{
    static const struct ip ipv6 = {{[15] = 1}};
    bool ipv4 = memcmp(peer->bytes, ipv4_prefix, sizeof ipv4_prefix) == 0 && peer->bytes[12] == 127;

    return !forwarded && (is_unix(peer) || ipv4 || memcmp(peer, &ipv6, sizeof ipv6) == 0);
}
