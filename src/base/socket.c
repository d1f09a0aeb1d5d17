#include "base/socket.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNIX "unix:"
#define BACKLOG 1024

/* --- reading -------------------------------------------------------------------------------- */

static int parse_path(const char *path, struct socket_place *place)
{
    struct sockaddr_un *address = &place->address.path;

    if (path[0] != '/')
        return ERR_SYNTAX;
    if (strlen(path) >= sizeof address->sun_path)
        return ERR_TOO_LONG;
    address->sun_family = AF_UNIX;
    strcpy(address->sun_path, path);
    place->length = sizeof *address;
    return 0;
}

/* The host of `length` characters, without its brackets. */
static int parse_host(const char *host, size_t length, uint16_t port, struct socket_place *place)
{
    char text[INET6_ADDRSTRLEN];
    bool ipv6 = length >= 2 && host[0] == '[' && host[length - 1] == ']';

    if (ipv6) {
        host++;
        length -= 2;
    }
    if (length >= sizeof text)
        return ERR_SYNTAX;
    memcpy(text, host, length);
    text[length] = '\0';
    if (ipv6) {
        struct sockaddr_in6 *address = &place->address.ipv6;
        address->sin6_family = AF_INET6;
        address->sin6_port = htons(port);
        place->length = sizeof *address;
        return inet_pton(AF_INET6, text, &address->sin6_addr) == 1 ? 0 : ERR_SYNTAX;
    }
    struct sockaddr_in *address = &place->address.ipv4;
    address->sin_family = AF_INET;
    address->sin_port = htons(port);
    place->length = sizeof *address;
    return inet_pton(AF_INET, text, &address->sin_addr) == 1 ? 0 : ERR_SYNTAX;
}

int socket_parse(const char *text, struct socket_place *place)
{
    struct socket_place p = {.length = 0};
    const char *colon = strrchr(text, ':');
    uint64_t port;
    int code;

    if (strncmp(text, UNIX, sizeof UNIX - 1) == 0)
        code = parse_path(text + sizeof UNIX - 1, &p);
    else if (!colon || text_to_u64(colon + 1, 65535, &port) < 0 || port == 0)
        code = ERR_SYNTAX;
    else
        code = parse_host(text, (size_t)(colon - text), (uint16_t)port, &p);
    if (code == 0)
        *place = p;
    return code;
}

/* --- Unix sockets --------------------------------------------------------------------------- */

static bool is_something_else(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 && !S_ISSOCK(status.st_mode);
}

static bool folder_is_missing(const char *path)
{
    char folder[sizeof((struct sockaddr_un *)NULL)->sun_path];
    struct stat status;
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;

    memcpy(folder, path, length);
    folder[length] = '\0';
    return length > 0 && stat(folder, &status) < 0 && errno == ENOENT;
}

int socket_check_unused(const char *path, const char *folder, struct error *why)
{
    struct socket_place place = {.length = 0};

    if (parse_path(path, &place) == ERR_TOO_LONG)
        return error_set(why, ERR_CONFIG, "%s: a socket's path has %zu octets at most", path,
                         sizeof place.address.path.sun_path - 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_set(why, -errno, "%s: %s", path, strerror(errno));
    int answered = connect(fd, &place.address.any, place.length) == 0;
    close(fd);
    if (answered)
        return error_set(why, -EADDRINUSE,
                         "%s: another process answers there, perhaps one that still runs", path);
    if (is_something_else(path))
        return error_set(why, ERR_CONFIG,
                         "%s is there and no socket: take it away, or name another path", path);
    if (folder_is_missing(path))
        return error_set(why, ERR_CONFIG, "%s: its folder is missing%s", path, folder);
    return 0;
}

/* --- */

/* The file gets its permissions before anybody can connect. */
static int bind_path(int fd, const struct socket_place *place, mode_t mode)
{
    const char *path = place->address.path.sun_path;

    unlink(path);
    mode_t before = umask(0777 & ~mode);
    int bound = bind(fd, &place->address.any, place->length);
    umask(before);
    return bound;
}

static int bind_address(int fd, const struct socket_place *place)
{
    int on = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return bind(fd, &place->address.any, place->length);
}

int socket_listen(const struct socket_place *place, mode_t mode, int *fd, struct error *why)
{
    bool is_path = place->address.any.sa_family == AF_UNIX;

    if (is_path) {
        int code = socket_check_unused(place->address.path.sun_path, "", why);
        if (code)
            return code;
    }
    int opened =
        socket(place->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (opened < 0)
        return error_set(why, -errno, "a socket: %s", strerror(errno));
    int bound = is_path ? bind_path(opened, place, mode) : bind_address(opened, place);
    if (bound < 0 || listen(opened, BACKLOG) < 0) {
        int code = error_set(why, -errno, "the socket cannot be opened: %s", strerror(errno));
        close(opened);
        return code;
    }
    *fd = opened;
    return 0;
}
