/* Adding one choice for many people, for `optout add`. */
#ifndef TOOL_ADDING_H
#define TOOL_ADDING_H

#include "store/list.h"
#include "tool/site.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { ADDING_STAFF, ADDING_NOTE, ADDING_EVIDENCE, ADDING_WORDS };

struct adding {
    struct site site;        /* the list is open to write */
    struct list_entry model; /* what is the same for all */
    struct act act;
    struct word words[ADDING_WORDS];
    bool json;
    bool proposes; /* another person has to approve it first */
    uint64_t added, known, proposed;
};

struct person {
    struct address address;
    bool domain;
};

/* Reads an address that this choice can be given for. As argument_address; ERR_SYNTAX for an opt-in
 * of a domain. */
int adding_read(const struct adding *adding, const char *given, struct person *person,
                struct error *why);

/* Tells what came of one entry that was written. Its address is what is shown of the person. */
void adding_tell(const struct site *site, const struct list_entry *entry, bool json);

/* Writes the choice for at most LIST_ENTRIES_MAX people, all or none, and then tells of each; or
 * proposes it, in proposals of EVENT_ROWS_MAX people. As list_add, approval_propose. */
int adding_write(struct adding *adding, const struct person *people, size_t count,
                 struct error *why);

/* Reads an address from each line and adds in batches. Bad lines are told and left out. STATUS_NO
 * where there were some; as adding_write, and lines before the one that is told then are written.
 */
int adding_from_input(struct adding *adding, FILE *file, struct error *why);

#endif
