#include "core/scope.h"

#include "base/error.h"

#include <string.h>

static bool is_segment_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

static bool is_segment(const char *segment, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!is_segment_char(segment[i]))
            return false;
    bool is_dots = segment[0] == '.' && (length == 1 || (length == 2 && segment[1] == '.'));
    return length > 0 && !is_dots;
}

int scope_check(const char *path)
{
    if (strcmp(path, "/") == 0)
        return 0;
    if (strlen(path) > SCOPE_MAX)
        return ERR_TOO_LONG;
    for (;;) {
        size_t length = strcspn(path, "/");
        if (!is_segment(path, length))
            return ERR_SYNTAX;
        if (path[length] == '\0')
            return 0;
        path += length + 1;
    }
}

bool scope_covers(const char *wide, const char *narrow)
{
    if (strcmp(wide, "/") == 0)
        return true;
    size_t length = strlen(wide);
    return strncmp(wide, narrow, length) == 0 && (narrow[length] == '\0' || narrow[length] == '/');
}

bool scope_parent(const char *path, char *parent)
{
    const char *end = strrchr(path, '/');

    if (strcmp(path, "/") == 0)
        return false;
    size_t length = end ? (size_t)(end - path) : 1;
    memcpy(parent, end ? path : "/", length);
    parent[length] = '\0';
    return true;
}
