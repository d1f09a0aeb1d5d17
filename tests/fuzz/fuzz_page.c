/* What browsers and people send that comes into a page: Accept-Language, an address to mask, and
 * what a site writes into its texts and reasons. */
#include "fuzz.h"

#include "core/brand.h"
#include "speech/language.h"
#include "speech/texts.h"
#include "web/page.h"

#include <unistr.h>

static void fill(const char *pattern)
{
    const struct slot slots[] = {{"a", pattern}, {"b", NULL}};
    struct text filled = TEXT_EMPTY;

    texts_fill(pattern, slots, 2, &filled);
    PROMISE(filled.failed || filled.data);
    text_release(&filled);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const languages[] = {"en", "de", "pt-br"};
    char *string = fuzz_string(data, size), masked[PAGE_MASK_SIZE];
    struct reason reason;

    PROMISE(language_choose(string, languages, 3, 1) < 3);
    page_mask(string, masked);
    PROMISE(strlen(masked) < PAGE_MASK_SIZE);
    PROMISE(!u8_check((const uint8_t *)masked, strlen(masked)));
    if (reason_parse(string, &reason) == 0) {
        PROMISE(*reason.key && strlen(reason.key) <= REASON_KEY_MAX);
        PROMISE(!reason.text || *reason.text);
    }
    fill(string);
    free(string);
    return 0;
}
