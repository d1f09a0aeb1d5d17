#include "web/limits.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define SETS 4096
#define CROWDS 65536  /* counters of connections */
#define WAYS 4        /* buckets that a client may be in */
#define IPV6_PREFIX 8 /* octets: a site has its /64 */
#define MINUTE 60000  /* ms; a bucket of `rate` drops fills in it */

struct bucket {
    uint8_t client[16];
    uint8_t limit;
    int64_t used; /* ms; when it was asked for last, 0: free */
    double drops; /* left at that time */
};

struct limits {
    pthread_mutex_t lock;
    uint64_t seed; /* so that nobody can choose whom to push out */
    atomic_uint crowds[CROWDS];
    struct bucket buckets[SETS][WAYS];
};

struct limits *limits_new(void)
{
    struct limits *limits = calloc(1, sizeof *limits);
    if (!limits)
        return NULL;
    if (getrandom(&limits->seed, sizeof limits->seed, 0) != sizeof limits->seed) {
        free(limits);
        return NULL;
    }
    pthread_mutex_init(&limits->lock, NULL);
    return limits;
}

void limits_free(struct limits *limits)
{
    if (!limits)
        return;
    pthread_mutex_destroy(&limits->lock);
    free(limits);
}

static void name_client(const struct ip *ip, uint8_t client[16])
{
    static const uint8_t ipv4[12] = {[10] = 0xff, [11] = 0xff};

    memcpy(client, ip->bytes, 16);
    if (memcmp(client, ipv4, sizeof ipv4) != 0)
        memset(client + IPV6_PREFIX, 0, 16 - IPV6_PREFIX);
}

/* The finalizer of MurmurHash3 (in the public domain): each bit of the input moves all others. */
static uint64_t stir(uint64_t x)
{
    x = (x ^ x >> 33) * UINT64_C(0xff51afd7ed558ccd);
    x = (x ^ x >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ x >> 33;
}

static uint64_t mix(const struct limits *limits, const uint8_t client[16], unsigned more)
{
    uint64_t halves[2];
    memcpy(halves, client, sizeof halves);
    return stir(stir(stir(limits->seed ^ halves[0]) ^ halves[1]) + more);
}

/* The client's bucket, or the one that it takes over, then full. Under the lock. */
static struct bucket *find(struct limits *limits, const uint8_t client[16], enum limit limit,
                           unsigned rate)
{
    struct bucket *set = limits->buckets[mix(limits, client, limit) % SETS], *oldest = set;

    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].used && set[i].limit == limit && memcmp(set[i].client, client, 16) == 0)
            return &set[i];
        if (set[i].used < oldest->used)
            oldest = &set[i];
    }
    *oldest = (struct bucket){.limit = (uint8_t)limit, .drops = rate};
    memcpy(oldest->client, client, 16);
    return oldest;
}

bool limits_allow(struct limits *limits, enum limit limit, const struct ip *ip, unsigned rate,
                  int64_t now_ms)
{
    uint8_t client[16];

    if (rate == 0)
        return true;
    name_client(ip, client);
    pthread_mutex_lock(&limits->lock);
    struct bucket *bucket = find(limits, client, limit, rate);
    if (bucket->used)
        bucket->drops += (double)(now_ms - bucket->used) * rate / MINUTE;
    if (bucket->drops > rate)
        bucket->drops = rate;
    bucket->used = now_ms > 0 ? now_ms : 1;
    bool allowed = bucket->drops >= 1;
    if (allowed)
        bucket->drops -= 1;
    pthread_mutex_unlock(&limits->lock);
    return allowed;
}

/* --- connections --- */

static size_t crowd_of(const struct limits *limits, const struct ip *peer)
{
    uint8_t client[16];
    name_client(peer, client);
    return mix(limits, client, LIMIT_COUNT) % CROWDS;
}

unsigned limits_connections(const struct limits *limits, const struct ip *peer)
{
    return atomic_load(&limits->crowds[crowd_of(limits, peer)]);
}

void limits_enter(struct limits *limits, const struct ip *peer)
{
    atomic_fetch_add(&limits->crowds[crowd_of(limits, peer)], 1);
}

void limits_leave(struct limits *limits, const struct ip *peer)
{
    atomic_fetch_sub(&limits->crowds[crowd_of(limits, peer)], 1);
}
