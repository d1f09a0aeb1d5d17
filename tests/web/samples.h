/* Pages as the daemon would ask for them: every kind, and what a kind can look like besides. */
#ifndef TESTS_WEB_SAMPLES_H
#define TESTS_WEB_SAMPLES_H

#include "web/page.h"

#define SAMPLE_WHEN INT64_C(1795639563) /* 2026-11-25T22:06:03Z */
#define SAMPLE_ADDRESS "a\xe2\x80\xa6@e\xe2\x80\xa6"
#define SAMPLE_UNDO "Vw8t-2xkQnB7cYb0eQe1pJ5mYH4s9n3r6w"

/* Of the configuration that the samples are for: a brand with two streams. */
#define SAMPLE_NEWS "acme/newsletter"
#define SAMPLE_BRAND "acme"
#define SAMPLE_OTHER "globex/offers" /* without a brand and a title */

struct sample {
    const char *name;
    struct page page;
};

#define SAMPLE(label, page_kind, page_scope, ...)                                                  \
    {                                                                                              \
        label,                                                                                     \
        {                                                                                          \
            .kind = (page_kind), .scope = (page_scope), .when = SAMPLE_WHEN,                       \
            .masked_address = SAMPLE_ADDRESS, __VA_ARGS__                                          \
        }                                                                                          \
    }

static const struct sample samples[] = {
    SAMPLE("ask", PAGE_ASK, SAMPLE_NEWS, .wider_scope = SAMPLE_BRAND),
    SAMPLE("ask-brand", PAGE_ASK, SAMPLE_BRAND, .undo = NULL),
    SAMPLE("ask-plain", PAGE_ASK, SAMPLE_OTHER, .wider_scope = "globex"),
    SAMPLE("done", PAGE_DONE, SAMPLE_NEWS, .undo = SAMPLE_UNDO),
    SAMPLE("done-brand", PAGE_DONE, SAMPLE_BRAND, .undo = SAMPLE_UNDO),
    SAMPLE("done-known", PAGE_DONE, SAMPLE_NEWS, .undo = NULL),
    SAMPLE("thanks", PAGE_THANKS, SAMPLE_NEWS, .undo = SAMPLE_UNDO),
    SAMPLE("ask-undo", PAGE_ASK_UNDO, SAMPLE_NEWS, .undo = SAMPLE_UNDO),
    SAMPLE("ask-undo-brand", PAGE_ASK_UNDO, SAMPLE_BRAND, .undo = SAMPLE_UNDO),
    SAMPLE("undone", PAGE_UNDONE, SAMPLE_NEWS, .undo = NULL),
    SAMPLE("undo-late", PAGE_UNDO_LATE, SAMPLE_NEWS, .undo = NULL),
    SAMPLE("general", PAGE_GENERAL, SAMPLE_NEWS, .undo = NULL),
    SAMPLE("general-brand", PAGE_GENERAL, SAMPLE_BRAND, .undo = NULL),
    SAMPLE("general-error", PAGE_GENERAL, SAMPLE_NEWS, .typed = "anna@"),
    SAMPLE("general-done", PAGE_GENERAL_DONE, SAMPLE_NEWS, .undo = NULL),
    {"not-found", {.kind = PAGE_NOT_FOUND}},
    {"bad-request", {.kind = PAGE_BAD_REQUEST}},
    {"limited", {.kind = PAGE_LIMITED}},
    SAMPLE("failed", PAGE_FAILED, SAMPLE_NEWS, .undo = NULL),
};
#define SAMPLE_COUNT (sizeof samples / sizeof *samples)

#endif
