#include "web/access.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define IPV6_PREFIX 6 /* octets */

static const char *const method_names[] = {"GET", "HEAD", "POST", "other"};

const char *access_client(const struct ip *client, char text[ACCESS_CLIENT_SIZE])
{
    static const uint8_t ipv4[12] = {[10] = 0xff, [11] = 0xff};
    struct ip cut = *client;

    if (memcmp(client->bytes, ipv4, sizeof ipv4) == 0) {
        snprintf(text, ACCESS_CLIENT_SIZE, "%u.%u.%u.x", cut.bytes[12], cut.bytes[13],
                 cut.bytes[14]);
        return text;
    }
    memset(cut.bytes + IPV6_PREFIX, 0, sizeof cut.bytes - IPV6_PREFIX);
    if (!inet_ntop(AF_INET6, cut.bytes, text, ACCESS_CLIENT_SIZE))
        strcpy(text, "unknown");
    return text;
}

void access_log(const struct request *request, int64_t microseconds)
{
    char client[ACCESS_CLIENT_SIZE], event[40] = "";

    if (request->event)
        snprintf(event, sizeof event, " event=%llu", (unsigned long long)request->event);
    log_info("%s %s client=%s status=%u ms=%lld%s%s%s", method_names[request->method],
             request_asked_name(request->asked), access_client(&request->client, client),
             request->response.status, (long long)(microseconds / 1000),
             *request->scope ? " scope=" : "", request->scope, event);
}
