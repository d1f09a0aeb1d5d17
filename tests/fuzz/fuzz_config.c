/* Configurations: an error names the file, and what was read and printed reads as the same again.
 */
#include "fuzz.h"

#include "config/config.h"

#include <sys/mman.h>
#include <unistd.h>

/* The text that config_print makes of it; the caller frees it. */
static char *printed(const struct config *config, size_t *length)
{
    char *text = NULL;
    FILE *file = open_memstream(&text, length);

    PROMISE(file);
    config_print(config, file);
    PROMISE(fclose(file) == 0);
    return text;
}

/* -1, or 0 with the configuration. */
static int read_bytes(const void *bytes, size_t size, struct config **config)
{
    char path[64];
    struct error why = {""};
    int fd = memfd_create("optout.conf", MFD_CLOEXEC);

    PROMISE(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int rc = config_read(path, config, &why);
    if (rc < 0)
        PROMISE(strstr(why.text, path));
    close(fd);
    return rc < 0 ? -1 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config *config, *again;
    size_t length, length_again;

    if (read_bytes(data, size, &config) < 0)
        return 0;
    char *text = printed(config, &length);
    PROMISE(read_bytes(text, length, &again) == 0);
    char *text_again = printed(again, &length_again);
    PROMISE(length == length_again && memcmp(text, text_again, length) == 0);
    free(text);
    free(text_again);
    config_release(config);
    config_release(again);
    return 0;
}
