#include "exchange/row.h"

static const char *const fault_texts[FAULT_COUNT] = {
    [FAULT_NONE] = "nothing",
    [FAULT_NO_ADDRESS] = "no address",
    [FAULT_ADDRESS] = "not an address",
    [FAULT_TWO_ADDRESSES] = "several addresses in one cell",
    [FAULT_DOMAIN] = "a whole domain; `optout add @DOMAIN` takes one",
    [FAULT_HASH] = "a hash other than SHA-256",
    [FAULT_TWICE] = "two columns of one name say different things",
    [FAULT_STATUS] = "a status that is not known",
    [FAULT_DATE] = "not a date",
    [FAULT_AMBIGUOUS_DATE] = "a date with day or month first; --dates says which",
    [FAULT_TAGS] = "too many tags",
    [FAULT_SHORT] = "fewer cells than it needs",
    [FAULT_LONG] = "more cells than the header has",
    [FAULT_QUOTE] = "a quote that is not closed",
    [FAULT_CUT] = "cut in the middle: the file ends here",
    [FAULT_SIZE] = "too large",
    [FAULT_ZERO] = "a NUL",
    [FAULT_ENCODING] = "not in the file's encoding",
    [FAULT_JSON] = "not well-formed JSON",
    [FAULT_OBJECT] = "neither an entry nor an address",
    [FAULT_SCOPE] = "no scope, or none that is well-formed",
    [FAULT_REASON] = "a reason that is not known",
    [FAULT_SOURCE] = "a source that is too long",
    [FAULT_EVENT] = "an event's name that cannot be read",
    [FAULT_SUBJECT] = "a subject that cannot be read",
    [FAULT_ROUTE] = "an address with a route to another one in it",
};

const char *row_fault_text(enum row_fault fault)
{
    return fault_texts[fault];
}
