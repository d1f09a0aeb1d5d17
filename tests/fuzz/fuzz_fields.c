/* Header fields of a message that anybody may have written. The input is one value; a line feed at
 * its start makes it the pattern of a glob up to the next one. */
#include "fuzz.h"

#include "core/fields.h"
#include "core/message.h"

static void read_mailboxes(const char *value)
{
    char first[64], address[64];
    const char *rest = value;

    message_from_address(value, first, sizeof first);
    bool found = message_next_mailbox(&rest, address, sizeof address);
    PROMISE(strcmp(first, found ? address : "") == 0);
    while (found) {
        const char *before = rest;
        found = message_next_mailbox(&rest, address, sizeof address);
        PROMISE(found ? rest > before : !*address);
    }
}

static void read_facts(const char *value)
{
    const struct header_field fields[] = {
        {"Auto-Submitted", value}, {"List-Post", value}, {"Precedence", value}};
    const struct message message = {
        .sender = "sender@example.com", .fields = fields, .field_count = 3};
    size_t position = 0;

    message_is_conversation(&message);
    message_has_bulk_sign(&message);
    PROMISE(message_field(&message, "list-post", &position) == &fields[1] && position == 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char line[80], domain[80];
    char *string = fuzz_string(data, size), *value = string, *glob = NULL;

    if (*string == '\n' && (value = strchr(string + 1, '\n'))) {
        *value++ = '\0';
        glob = string + 1;
    } else {
        value = string;
    }
    message_unfold(value, line, sizeof line);
    PROMISE(strlen(line) < sizeof line);
    PROMISE(message_value_fits("*", value));
    if (glob)
        message_value_fits(glob, value);
    read_mailboxes(value);
    read_facts(value);
    fields_signature_covers(value, "List-Unsubscribe-Post");
    fields_signature_domain(value, domain, sizeof domain);
    if (fields_is_safe("List-Unsubscribe", value))
        PROMISE(*value && !strchr(value, '\r'));
    free(string);
    return 0;
}
