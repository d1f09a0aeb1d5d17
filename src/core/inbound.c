#include "core/inbound.h"

#include "base/error.h"
#include "core/encoded.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- who sent it ----------------------------------------------------------------------------- */

static bool is_null_sender(const char *sender)
{
    static const char name[] = "MAILER-DAEMON";
    size_t length = sizeof name - 1;

    if (!sender)
        return false;
    return *sender == '\0' || strcmp(sender, "<>") == 0 ||
           (text_starts(sender, name) && (sender[length] == '\0' || sender[length] == '@'));
}

/* RFC 3834 section 5: anything but "no". */
static bool is_auto_submitted(const struct message *message)
{
    return message_field_says(message, "Auto-Submitted", NULL) &&
           !message_field_says(message, "Auto-Submitted", "no");
}

const char *inbound_automatic(const struct message *message)
{
    if (is_null_sender(message->sender))
        return "a bounce: its sender is empty";
    if (message_field_says(message, "Content-Type", "multipart/report"))
        return "a report: its type is multipart/report";
    if (is_auto_submitted(message) && !message_field_says(message, "X-Apple-Unsubscribe", "true"))
        return "an automatic answer: it has an Auto-Submitted";
    if (message_field_says(message, "List-Post", NULL) || message_has_bulk_sign(message) ||
        message_field_says(message, "Precedence", "list") ||
        message_field_says(message, "Precedence", "junk"))
        return "mail of a list: it has a Precedence, a List-* field or a Feedback-ID";
    return NULL;
}

/* --- what it says ---------------------------------------------------------------------------- */

/* The token behind the last + of `<optout+TOKEN@domain>`, in a copy to be freed. */
static int visit_recipient(const char *given, inbound_visitor visit, void *argument)
{
    const char *at = strrchr(given, '@');
    const char *plus = at ? memrchr(given, '+', (size_t)(at - given)) : NULL;

    if (!plus)
        return ERR_NOT_FOUND;
    char *word = strndup(plus + 1, (size_t)(at - plus - 1));
    if (!word)
        return -ENOMEM;
    int code = visit(word, argument);
    free(word);
    return code;
}

/* An unfolded and decoded value, in a copy to be freed; NULL without memory. */
static char *decoded(const char *value)
{
    size_t size = strlen(value) + 1;
    char *line = malloc(size);

    if (line) {
        message_unfold(value, line, size);
        encoded_decode(line);
    }
    return line;
}

static void remove_blanks(const char *from, char *to)
{
    for (; *from; from++)
        if (!text_is_space(*from))
            *to++ = *from;
    *to = '\0';
}

static int visit_words(char *line, inbound_visitor visit, void *argument)
{
    int code = ERR_NOT_FOUND;
    char *rest = NULL;

    for (char *word = strtok_r(line, " \t\r\n", &rest); word && code == ERR_NOT_FOUND;
         word = strtok_r(NULL, " \t\r\n", &rest))
        code = visit(word, argument);
    return code;
}

static int visit_subject(const char *value, inbound_visitor visit, void *argument)
{
    char *line = decoded(value);
    char *joined = line ? malloc(strlen(line) + 1) : NULL;
    int code = -ENOMEM;

    if (joined) {
        remove_blanks(line, joined);
        code = visit(joined, argument);
        if (code == ERR_NOT_FOUND)
            code = visit_words(line, visit, argument);
    }
    free(joined);
    free(line);
    return code;
}

static int visit_recipients(const struct message *message, inbound_visitor visit, void *argument)
{
    int found = ERR_NOT_FOUND;

    for (size_t i = 0; i < message->recipient_count; i++) {
        int code = visit_recipient(message->recipients[i].given, visit, argument);
        if (code == 0)
            found = 0;
        else if (code != ERR_NOT_FOUND)
            return code;
    }
    return found;
}

int inbound_each_word(const struct message *message, inbound_visitor visit, void *argument)
{
    const struct header_field *field;
    int code = visit_recipients(message, visit, argument);

    for (size_t at = 0;
         code == ERR_NOT_FOUND && (field = message_field(message, "Subject", &at)) != NULL;)
        code = visit_subject(field->value, visit, argument);
    return code;
}

int inbound_subject(const struct message *message, struct text *subject)
{
    size_t at = 0;
    const struct header_field *field = message_field(message, "Subject", &at);
    char *line = decoded(field ? field->value : "");

    if (line)
        text_append(subject, line);
    bool failed = !line || subject->failed;
    free(line);
    return failed ? -ENOMEM : 0;
}

int inbound_author(const struct message *message, struct address *address)
{
    char given[ADDRESS_GIVEN_MAX + 1], second[ADDRESS_GIVEN_MAX + 1];
    size_t at = 0;
    const struct header_field *from = message_field(message, "From", &at);

    if (!from || message_field(message, "From", &at))
        return ERR_NOT_FOUND;
    const char *rest = from->value;
    if (!message_next_mailbox(&rest, given, sizeof given) ||
        message_next_mailbox(&rest, second, sizeof second))
        return ERR_NOT_FOUND;
    int code = address_parse(given, address);
    return code == 0 || code == -ENOMEM ? code : ERR_NOT_FOUND;
}
