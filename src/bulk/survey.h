/* What a report tells of the rows as they pass: how often which word, dates, samples. */
#ifndef BULK_SURVEY_H
#define BULK_SURVEY_H

#include "bulk/import.h"

/* Counts a word; NULL is "-". */
void survey_count(struct import_tally *tally, const char *word);

/* Notes a row of a dry run: its status, samples of whom it is about, and whether they are
 * companions or exempt. */
void survey_row(const struct import_request *request, const struct row *row,
                struct import_report *report);

/* Notes one choice of a dry run: its scope and date. */
void survey_choice(const char *scope, int64_t asked, struct import_report *report);

#endif
