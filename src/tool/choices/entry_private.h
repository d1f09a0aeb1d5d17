/* What all entries have in common; for entry*.c only. */
#ifndef TOOL_ENTRY_PRIVATE_H
#define TOOL_ENTRY_PRIVATE_H

#include "base/text.h"
#include "tool/choices/entry.h"

#include <jansson.h>

/* A line with the event's time and name, up to what it says; and its end, which is who and their
 * words, and shows it. */
void entry_begin_line(const struct entry *entry, struct text *line);
void entry_end_line(const struct entry *entry, struct text *line);
/* The same as an object. */
json_t *entry_begin_object(const struct entry *entry, const char *type);
void entry_end_object(const struct entry *entry, json_t *object);

/* Each shows what the event has of that kind. */
void entry_show_cut(const struct entry *entry);
void entry_show_configuration(const struct entry *entry);
void entry_show_reading(const struct entry *entry);
void entry_show_verified(const struct entry *entry);

#endif
