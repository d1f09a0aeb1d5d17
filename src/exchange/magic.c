#include "exchange/magic.h"

#include "base/text.h"

#include <string.h>

#define ZIP_ADVICE "; unpack it and import the files inside one by one"

static const struct {
    const char *bytes;
    size_t length;
    const char *advice;
} magics[] = {
    {"\x1f\x8b", 2,
     "compressed by gzip; import what `zcat FILE` writes: zcat FILE | optout import -"},
    {"BZh", 3,
     "compressed by bzip2; import what `bzcat FILE` writes: bzcat FILE | optout import -"},
    {"\xfd"
     "7zXZ",
     5, "compressed by xz; import what `xzcat FILE` writes: xzcat FILE | optout import -"},
    {"\x28\xb5\x2f\xfd", 4,
     "compressed by zstd; import what `zstdcat FILE` writes: zstdcat FILE | optout import -"},
    {"7z\xbc\xaf\x27\x1c", 6, "a 7z archive" ZIP_ADVICE},
    {"Rar!", 4, "a RAR archive" ZIP_ADVICE},
    {"\xd0\xcf\x11\xe0", 4,
     "an old Excel workbook or another Office file; save it there as `CSV UTF-8`"},
    {"%PDF", 4, "a PDF; a list as CSV, JSON or plain text is needed"},
    {"-----BEGIN PGP", 14, "encrypted by PGP; decrypt it first"},
    {"SQLite format 3", 15, "an SQLite database; export its table as CSV"},
};

/* The name of a zip archive's first member stands at byte 30, the length of it at 26. */
static const char *zip_refusal(const char *bytes, size_t length)
{
    static const char workbook[] =
        "an Excel workbook (.xlsx); open it there and save the sheet as `CSV UTF-8`";
    static const char *const members[] = {"[Content_Types].xml", "xl/", "_rels/", "docProps/"};

    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        size_t size = strlen(members[i]);
        if (length >= 30 + size && memcmp(bytes + 30, members[i], size) == 0)
            return workbook;
    }
    if (length >= 38 && memcmp(bytes + 30, "mimetype", 8) == 0)
        return "an OpenDocument file (.ods); open it there and save the sheet as CSV in UTF-8";
    return "a ZIP archive" ZIP_ADVICE;
}

static const char *markup_refusal(const char *bytes, size_t length)
{
    static const char *const starts[] = {"<!doctype", "<html", "<head", "<?xml"};
    char start[16] = "";

    while (length > 0 && text_is_space(*bytes)) {
        bytes++;
        length--;
    }
    memcpy(start, bytes, length < sizeof start - 1 ? length : sizeof start - 1);
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (text_starts(start, starts[i]))
            return "HTML or XML, perhaps a login page that was saved instead of the list; a list "
                   "as CSV, JSON or plain text is needed";
    return NULL;
}

const char *magic_refusal(const char *bytes, size_t length)
{
    if (length >= 4 && memcmp(bytes, "PK\3\4", 4) == 0)
        return zip_refusal(bytes, length);
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (length >= magics[i].length && memcmp(bytes, magics[i].bytes, magics[i].length) == 0)
            return magics[i].advice;
    return markup_refusal(bytes, length);
}
