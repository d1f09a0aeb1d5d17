#include "web/request.h"

#include <string.h>

static const char *const field_names[FIELD_COUNT] = {
    [FIELD_ONE_CLICK] = "List-Unsubscribe",
    [FIELD_ACTION] = "action",
    [FIELD_UNDO] = "undo",
    [FIELD_REASON] = "reason",
    [FIELD_TEXT] = "text",
    [FIELD_ADDRESS] = "address",
};

static const char *const asked_names[ASKED_COUNT] = {
    [ASKED_OTHER] = "other",
    [ASKED_PAGE] = "page",
    [ASKED_ONE_CLICK] = "one-click",
    [ASKED_OPT_OUT] = "opt-out",
    [ASKED_UNDO] = "undo",
    [ASKED_REASON] = "reason",
    [ASKED_GENERAL_PAGE] = "general-page",
    [ASKED_GENERAL_OPT_OUT] = "general-opt-out",
    [ASKED_ASSET] = "asset",
    [ASKED_MACHINE] = "machine",
};

const char *request_field(const struct request *request, enum field field)
{
    return request->fields[field].data ? request->fields[field].data : "";
}

bool request_field_is(const struct request *request, enum field field, const char *value)
{
    return strcmp(request_field(request, field), value) == 0;
}

bool request_take(struct request *request, enum field field, const char *data, uint64_t offset,
                  size_t size)
{
    struct text *value = &request->fields[field];

    request->given[field] = true;
    if (offset == 0)
        request->taking = value->length == 0 ? field : FIELD_COUNT;
    if (request->taking == field && offset == value->length && size > 0)
        text_append_bytes(value, data, size);
    return !value->failed;
}

enum field request_field_named(const char *name)
{
    enum field field = 0;
    while (field < FIELD_COUNT && strcmp(field_names[field], name) != 0)
        field++;
    return field;
}

const char *request_asked_name(enum asked asked)
{
    return asked_names[asked];
}

void request_release(struct request *request)
{
    for (enum field field = 0; field < FIELD_COUNT; field++)
        text_release(&request->fields[field]);
    text_release(&request->response.body);
}
