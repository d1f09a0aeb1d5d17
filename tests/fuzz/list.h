/* An input out of the fuzzer's bytes, for the targets that read lists. */
#ifndef FUZZ_LIST_H
#define FUZZ_LIST_H

#include "fuzz.h"

#include "exchange/input.h"

#include <sys/mman.h>
#include <unistd.h>

/* NULL where the bytes are refused as no list. */
static inline struct input *fuzz_input(const uint8_t *data, size_t size, const char *encoding)
{
    struct input *input = NULL;
    int fd = memfd_create("list", MFD_CLOEXEC);

    PROMISE(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
    return input_open_fd(fd, "list.csv", encoding, &input, NULL) == 0 ? input : NULL;
}

#endif
