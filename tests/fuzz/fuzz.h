/* What the fuzz targets share. Each feeds foreign bytes to one reader and aborts where a promise of
 * the reader's header does not hold; the sanitizers see to the rest. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROMISE(holds)                                                                             \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #holds);             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* The bytes as a string, which ends at the first NUL; the caller frees it. */
static inline char *fuzz_string(const uint8_t *data, size_t size)
{
    char *string = malloc(size + 1);
    PROMISE(string);
    if (size)
        memcpy(string, data, size);
    string[size] = '\0';
    return string;
}

#endif
