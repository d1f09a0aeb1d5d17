/* Files that `optout` is given: the header of a message, and lists of addresses. */
#include "fuzz.h"

#include "tool/file_lines.h"
#include "tool/mail/eml.h"

static FILE *open_bytes(const uint8_t *data, size_t size)
{
    FILE *file = fmemopen((void *)(uintptr_t)data, size, "r");
    PROMISE(file);
    return file;
}

static void read_message(const uint8_t *data, size_t size)
{
    struct pool pool = {0};
    const struct header_field *fields;
    size_t count;
    FILE *file = open_bytes(data, size);

    if (eml_read(file, &pool, &fields, &count, NULL) == 0)
        for (size_t i = 0; i < count; i++) {
            PROMISE(*fields[i].name != '\0' && !strpbrk(fields[i].name, ": \t\n"));
            for (const char *c = fields[i].value; (c = strchr(c, '\n')) != NULL; c++)
                PROMISE(c[1] == ' ' || c[1] == '\t');
        }
    pool_release(&pool);
    fclose(file);
}

static void read_lines(const uint8_t *data, size_t size)
{
    static struct file_lines lines;
    uint64_t number = 0;

    memset(&lines, 0, sizeof lines);
    lines.file = open_bytes(data, size);
    while (file_lines_next(&lines)) {
        PROMISE(lines.number > number);
        number = lines.number;
        PROMISE(lines.bad || *lines.text != '\0');
        PROMISE(!strchr(lines.text, '\n') && strlen(lines.text) < sizeof lines.text);
    }
    fclose(lines.file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) /* fmemopen opens nothing of it */
        return 0;
    read_message(data, size);
    read_lines(data, size);
    return 0;
}
