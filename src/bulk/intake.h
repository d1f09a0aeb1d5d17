/* The rows of an input into sorted records. One thread reads and understands them, another one
 * makes subjects, seals addresses and sorts. */
#ifndef BULK_INTAKE_H
#define BULK_INTAKE_H

#include "bulk/import.h"
#include "bulk/runs.h"
#include "bulk/scopes.h"

/* Reads the input to its end. Counts read, left alone and rejected; notes stops. Errors as
 * import_run. */
int intake_run(const struct import_request *request, struct scopes *scopes, struct runs *runs,
               struct import_report *report, struct error *why);

#endif
