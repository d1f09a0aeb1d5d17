#include "base/error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int code;
    const char *name;
} names[] = {
    {ERR_SYNTAX, "not well-formed"},
    {ERR_TOO_LONG, "too long"},
    {ERR_NO_DOMAIN, "an address without a domain"},
    {ERR_NOT_FOUND, "not there"},
    {ERR_EXISTS, "exists already"},
    {ERR_MAP_FULL, "the store has reached its reserved size"},
    {ERR_CORRUPT, "the store is damaged"},
    {ERR_FORMAT, "another format version"},
    {ERR_UNINITIALISED, "not initialised"},
    {ERR_KEY, "keys missing or not those of this store"},
    {ERR_BUSY, "the write lock is held by somebody else"},
    {ERR_RETIRED, "the store was replaced"},
    {ERR_CRYPTO, "a cryptographic operation failed"},
    {ERR_SCOPE, "an unknown scope"},
    {ERR_LOCK_FILE, "the lock file does not fit the data file"},
    {ERR_CONFIG, "a configuration error"},
    {ERR_FATAL, "the store has to be opened again"},
    {ERR_LOSS, "restored with a loss that nobody accepted"},
    {ERR_FOREIGN, "not of the same history"},
};

int error_set(struct error *why, int code, const char *format, ...)
{
    if (why) {
        va_list args;
        va_start(args, format);
        vsnprintf(why->text, sizeof why->text, format, args);
        va_end(args);
    }
    return code;
}

const char *error_name(int code)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].code == code)
            return names[i].name;
    return code < 0 && code > ERR_SYNTAX ? strerror(-code) : "no error";
}
