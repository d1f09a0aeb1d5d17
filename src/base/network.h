/* IP addresses and networks of both families in one form: 16 bytes, IPv4 as ::ffff:a.b.c.d. */
#ifndef BASE_NETWORK_H
#define BASE_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

struct ip {
    uint8_t bytes[16];
};

struct network {
    struct ip base;
    unsigned bits; /* 0 to 128 that count, those of the IPv4 prefix included */
};

/* "192.0.2.1", "2001:db8::1", also as MTAs dress them, with brackets, the tag "IPv6:" or both:
 * "[IPv6:2001:db8::1]". 0, ERR_SYNTAX. */
int ip_parse(const char *text, struct ip *ip);

/* An address, or an address and a prefix length: "10.0.0.0/8", "::1", "[2001:db8::]/32". Bits set
 * behind the prefix are an error. "::/0" holds every address, IPv4 too. 0, ERR_SYNTAX. */
int network_parse(const char *text, struct network *network);

bool network_contains(const struct network *network, const struct ip *ip);

#endif
