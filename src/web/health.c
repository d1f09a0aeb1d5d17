#include "web/health.h"

#include "web/answer.h"
#include "web/writing.h"

#include <stdatomic.h>

static _Atomic int64_t last_good; /* second of web_clock in which something was stored */

static void answer(struct request *request)
{
    answer_text(request, 200, "ok\n");
}

static bool stored(struct writing *w)
{
    atomic_store(&last_good, web_clock() / 1000000);
    answer(w->request);
    return false;
}

void health_get(struct visit *visit)
{
    const struct setup *setup = visit->setup;

    if (setup->key_code) {
        answer_failed(visit->request, setup, setup->key_why.text);
        return;
    }
    if (atomic_load(&last_good) == web_clock() / 1000000) {
        answer(visit->request);
        return;
    }
    struct writing *w = writing_begin(visit, NULL, stored);
    if (w)
        writing_probe(w);
}
