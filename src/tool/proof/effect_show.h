/* Time to effect, as lines and as JSON. */
#ifndef TOOL_EFFECT_SHOW_H
#define TOOL_EFFECT_SHOW_H

#include "store/effects.h"
#include "tool/site.h"

#include <jansson.h>
#include <stdbool.h>

/* What came from each source, and what the limits say of it all. */
void effect_show_sums(const struct effects *effects, const struct effects_question *question,
                      bool json);

/* What came from one source, as an object. NULL without memory. */
json_t *effect_show_source(const struct effects_source *source,
                           const struct effects_question *question);

/* One opt-out. Needs a view. */
void effect_show_row(struct site *site, const struct effects_row *row,
                     const struct effects_question *question, bool json);

#endif
