#include "core/scope.h"

#include "base/error.h"

#include <string.h>

static bool is_segment_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

int scope_check(const char *path)
{
    if (strcmp(path, "/") == 0)
        return 0;
    size_t length = strlen(path);
    if (length > SCOPE_MAX)
        return ERR_TOO_LONG;
    if (length == 0 || path[0] == '/' || path[length - 1] == '/')
        return ERR_SYNTAX;
    for (size_t i = 0; i < length; i++)
        if (!is_segment_char(path[i]) && !(path[i] == '/' && path[i - 1] != '/'))
            return ERR_SYNTAX;
    return 0;
}

bool scope_covers(const char *wide, const char *narrow)
{
    if (strcmp(wide, "/") == 0)
        return true;
    size_t length = strlen(wide);
    return strncmp(wide, narrow, length) == 0 && (narrow[length] == '\0' || narrow[length] == '/');
}
