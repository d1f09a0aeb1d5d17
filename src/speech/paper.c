#include "speech/paper.h"

#include "base/file.h"
#include "speech/template.h"

#include <errno.h>
#include <stdlib.h>

#define CSS_MAX (256 << 10) /* octets */

static int out_of_memory(struct error *why)
{
    return error_set(why, -ENOMEM, "out of memory");
}

static int add_css(const char *own, struct document *document, struct error *why)
{
    char *path = template_find(own, "paper.css"), *css = NULL;
    size_t length = 0;

    int code = path ? file_read(path, CSS_MAX, &css, &length, why) : out_of_memory(why);
    if (code == 0)
        document_add_foreign(document, document->root, "css", css);
    free(css);
    free(path);
    return code;
}

int paper_make(const char *own, const char *sheet, struct document *document, struct text *html,
               struct error *why)
{
    struct template *template = NULL;
    char *path = template_find(own, sheet);

    int code = path ? template_load(path, OPTOUT_TEMPLATES, &template, why) : out_of_memory(why);
    if (code == 0)
        code = add_css(own, document, why);
    if (code == 0 && document->failed)
        code = out_of_memory(why);
    if (code == 0)
        code = template_apply(template, document->tree, html, why);
    template_free(template);
    free(path);
    return code;
}
