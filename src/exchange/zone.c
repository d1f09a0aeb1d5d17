#include "exchange/zone.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ZONE_FOLDER "/usr/share/zoneinfo"
#define DAY 86400
#define LAST_DAY 47482 /* days from 1970-01-01 to 2100-01-01 */

/* --- in the child --- */

static int64_t offset_at(int64_t moment)
{
    time_t seconds = (time_t)moment;
    struct tm local;
    return localtime_r(&seconds, &local) ? local.tm_gmtoff : 0;
}

/* The first second of the other offset; there is one change between the two. */
static int64_t find_change(int64_t before, int64_t after)
{
    int64_t offset = offset_at(before);
    while (after - before > 1) {
        int64_t middle = before + (after - before) / 2;
        if (offset_at(middle) == offset)
            before = middle;
        else
            after = middle;
    }
    return after;
}

static void collect(struct zone *zone)
{
    int64_t offset = offset_at(0);

    zone->changes[0] = (struct zone_change){0, offset};
    zone->count = 1;
    for (int64_t day = 1; day <= LAST_DAY && zone->count < ZONE_CHANGES_MAX; day++) {
        int64_t next = offset_at(day * DAY);
        if (next == offset)
            continue;
        zone->changes[zone->count++] =
            (struct zone_change){find_change((day - 1) * DAY, day * DAY), next};
        offset = next;
    }
}

static bool write_all(int fd, const void *data, size_t length)
{
    const char *bytes = data;
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        length -= (size_t)n;
    }
    return true;
}

static _Noreturn void tell(const char *name, struct zone *zone, int fd)
{
    if (setenv("TZ", name, 1) < 0)
        _exit(1);
    tzset();
    collect(zone);
    _exit(write_all(fd, zone, sizeof *zone) ? 0 : 1);
}

/* --- in the parent --- */

static bool read_all(int fd, void *data, size_t length)
{
    char *bytes = data;
    while (length > 0) {
        ssize_t n = read(fd, bytes, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        length -= (size_t)n;
    }
    return true;
}

/* Asks a child. `zone` is scratch memory until it is filled. */
static int ask(const char *name, struct zone *zone)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    pid_t child = fork();
    if (child == 0)
        tell(name, zone, ends[1]);
    int rc = child < 0 ? -errno : 0;
    close(ends[1]);
    if (rc == 0 && !read_all(ends[0], zone, sizeof *zone))
        rc = -EIO;
    close(ends[0]);
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    return rc;
}

/* The C library takes a name that it does not know for UTC without a word. */
static bool is_known(const char *name)
{
    char path[256], magic[4];

    if (!*name || *name == '/' || strstr(name, "..") ||
        strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-_/") !=
            strlen(name))
        return false;
    int length = snprintf(path, sizeof path, ZONE_FOLDER "/%s", name);
    if (length < 0 || (size_t)length >= sizeof path)
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool known = read_all(fd, magic, sizeof magic) && memcmp(magic, "TZif", sizeof magic) == 0;
    close(fd);
    return known;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "+01:00". */
static bool read_offset(const char *text, int64_t *offset)
{
    if ((text[0] != '+' && text[0] != '-') || strlen(text) != 6 || text[3] != ':' ||
        !is_digit(text[1]) || !is_digit(text[2]) || !is_digit(text[4]) || !is_digit(text[5]))
        return false;
    int64_t hours = (text[1] - '0') * 10 + text[2] - '0';
    int64_t minutes = (text[4] - '0') * 10 + text[5] - '0';
    if (hours > 14 || minutes > 59)
        return false;
    *offset = (text[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

int zone_load(const char *name, struct zone *zone, struct error *why)
{
    int64_t offset = 0;

    if (text_equal(name, "UTC") || text_equal(name, "Z") || read_offset(name, &offset)) {
        zone->changes[0] = (struct zone_change){0, offset};
        zone->count = 1;
        return 0;
    }
    if (!is_known(name))
        return error_set(why, ERR_NOT_FOUND,
                         "there is no time zone \"%s\"; names are those below " ZONE_FOLDER
                         " (Debian package: tzdata), like Europe/Berlin",
                         name);
    struct zone *asked = malloc(sizeof *asked);
    int rc = asked ? ask(name, asked) : -ENOMEM;
    if (rc == 0)
        memcpy(zone, asked, sizeof *zone);
    else
        error_set(why, rc, "cannot read the time zone %s: %s", name, error_name(rc));
    free(asked);
    return rc;
}

/* Of the last change that is not after the moment, or of the first. */
static int64_t offset_of(const struct zone *zone, int64_t moment)
{
    size_t low = 0, high = zone->count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (zone->changes[middle].from <= moment)
            low = middle;
        else
            high = middle;
    }
    return zone->changes[low].offset;
}

int64_t zone_to_utc(const struct zone *zone, int64_t local)
{
    if (zone->count == 1)
        return local - zone->changes[0].offset;
    int64_t before = offset_of(zone, local - DAY);
    int64_t after = offset_of(zone, local + DAY);
    /* With the clock put back, both fit for an hour; put forward, neither does. */
    if (offset_of(zone, local - before) == before || offset_of(zone, local - after) != after)
        return local - before;
    return local - after;
}
