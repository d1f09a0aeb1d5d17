/* One import as the tool runs it: told of as it goes on, and what it came to. For `optout import`
 * and `optout sync`. */
#ifndef TOOL_IMPORTING_H
#define TOOL_IMPORTING_H

#include "bulk/import.h"
#include "tool/lists/reading.h"
#include "tool/progress.h"
#include "tool/site.h"

#include <stdbool.h>
#include <stdint.h>

struct importing {
    struct import_request request; /* what the caller wants */
    struct import_report report;
    struct excerpt *rejects;  /* for rows that cannot be read, taken over; NULL: nowhere */
    struct progress progress; /* .quiet is the caller's */
    const char *label;        /* of the file, where it is one of several; else NULL */
    /* The rest is importing.c's. */
    enum import_phase phase;
    bool begun;
    uint64_t told; /* rejects */
};

/* Runs it on a site whose list is open; signals are awaited. What it wrote before an error is told
 * in `why`. As import_run, and -EINTR: a signal came. */
int importing_run(struct importing *importing, struct site *site, struct reading *reading,
                  struct error *why);

/* What is left of one that was not run, or was. */
void importing_release(struct importing *importing);

/* The exit status that the report stands for. */
int importing_status(const struct import_report *report);

/* "5" or "none", for --max-new and max_new; NULL: the default. ERR_SYNTAX. */
int importing_max_new(const char *given, uint64_t *max_new);

#endif
