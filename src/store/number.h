/* Whole numbers as big-endian octets, so that keys sort as numbers do. */
#ifndef STORE_NUMBER_H
#define STORE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/* The low `size` octets (8 at most). */
static inline void number_put(uint8_t *octets, size_t size, uint64_t number)
{
    for (size_t i = size; i-- > 0; number >>= 8)
        octets[i] = (uint8_t)number;
}

static inline uint64_t number_get(const void *octets, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size && i < 8; i++)
        number = number << 8 | ((const uint8_t *)octets)[i];
    return number;
}

#endif
