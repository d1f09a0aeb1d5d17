#include "core/edits.h"

#include "base/error.h"
#include "core/fields.h"

#include <errno.h>
#include <string.h>

#define LIST_UNSUBSCRIBE "List-Unsubscribe"
#define LIST_UNSUBSCRIBE_POST "List-Unsubscribe-Post"
#define LIST_ID "List-Id"
#define DKIM_SIGNATURE "DKIM-Signature"
#define DOMAIN_SIZE 256
#define ADDED_MAX 3

static unsigned count_fields(const struct message *message, const char *name)
{
    size_t position = 0;
    unsigned count = 0;
    while (message_field(message, name, &position))
        count++;
    return count;
}

static void add(struct edit *list, size_t *count, const char *name, const char *value)
{
    list[(*count)++] = (struct edit){name, value, 0};
}

static void remove_all(struct edit *list, size_t *count, const char *name, unsigned present)
{
    for (unsigned position = present; position > 0; position--)
        list[(*count)++] = (struct edit){name, NULL, position};
}

static int unsubscribe_value(const struct policy *policy, const struct stream *stream,
                             const struct recipient *recipients, const struct verdict *verdict,
                             const struct token_sealer *sealer, uint16_t day, struct pool *pool,
                             const char **value)
{
    const struct unsubscribe_targets targets = {policy->public_url, stream->mailto,
                                                stream->mailto_local_part};
    char token[TOKEN_SIZE];
    struct text text = TEXT_EMPTY;
    int code;

    if (verdict->link == LINK_PERSONAL) {
        code = token_seal(sealer, TOKEN_UNSUBSCRIBE, stream->scope,
                          &recipients[verdict->only_one].address, day, token);
        if (code == 0)
            code = fields_personal(&targets, token, &text);
    } else {
        code = fields_general(&targets, stream->scope, &text);
    }
    if (code == 0 && !(*value = pool_copy(pool, text.data)))
        code = -ENOMEM;
    text_release(&text);
    return code;
}

static const char *const written[] = {LIST_UNSUBSCRIBE, LIST_UNSUBSCRIBE_POST, LIST_ID};
#define WRITTEN_COUNT (sizeof written / sizeof *written)

static void find_touched(const struct edits *edits, bool touched[WRITTEN_COUNT])
{
    for (size_t i = 0; i < edits->count; i++)
        for (size_t j = 0; j < WRITTEN_COUNT; j++)
            touched[j] = touched[j] || strcmp(edits->list[i].name, written[j]) == 0;
}

static bool is_broken(const char *signature, const bool touched[WRITTEN_COUNT])
{
    for (size_t j = 0; j < WRITTEN_COUNT; j++)
        if (touched[j] && fields_signature_covers(signature, written[j]))
            return true;
    return false;
}

/* The signatures that cover a field which is removed or added. Adding one to a name that is signed
 * as absent breaks the signature too. */
static int find_broken(const struct message *message, struct edits *edits, struct pool *pool)
{
    size_t position = 0, count = 0;
    unsigned signatures = count_fields(message, DKIM_SIGNATURE);
    const char **broken = pool_take(pool, (signatures + 1) * sizeof *broken);
    const struct header_field *field;
    bool touched[WRITTEN_COUNT] = {false};

    if (!broken)
        return -ENOMEM;
    find_touched(edits, touched);
    while ((field = message_field(message, DKIM_SIGNATURE, &position)) != NULL) {
        char domain[DOMAIN_SIZE];
        if (!is_broken(field->value, touched))
            continue;
        fields_signature_domain(field->value, domain, sizeof domain);
        if (!(broken[count++] = pool_copy(pool, domain)))
            return -ENOMEM;
    }
    edits->broken_signatures = broken;
    edits->broken_count = count;
    return 0;
}

int edits_plan(const struct policy *policy, const struct stream *stream,
               const struct message *message, const struct recipient *recipients,
               const struct verdict *verdict, const struct token_sealer *sealer, uint16_t day,
               struct pool *pool, struct edits *edits)
{
    unsigned present = count_fields(message, LIST_UNSUBSCRIBE);
    unsigned posts = count_fields(message, LIST_UNSUBSCRIBE_POST);
    struct edits planned = {0};
    size_t count = 0;
    const char *value;

    *edits = planned;
    if (!policy->public_url || verdict->link == LINK_NONE)
        return 0;
    struct edit *list = pool_take(pool, (present + posts + ADDED_MAX) * sizeof *list);
    if (!list)
        return -ENOMEM;
    if (present == 0 || stream->list_unsubscribe == UNSUBSCRIBE_REPLACE) {
        int code =
            unsubscribe_value(policy, stream, recipients, verdict, sealer, day, pool, &value);
        if (code)
            return code;
        remove_all(list, &count, LIST_UNSUBSCRIBE_POST, posts);
        remove_all(list, &count, LIST_UNSUBSCRIBE, present);
        add(list, &count, LIST_UNSUBSCRIBE, value);
        if (verdict->link == LINK_PERSONAL)
            add(list, &count, LIST_UNSUBSCRIBE_POST, FIELDS_ONE_CLICK);
    }
    if (stream->list_id && count_fields(message, LIST_ID) == 0)
        add(list, &count, LIST_ID, stream->list_id);
    planned.list = list;
    planned.count = count;
    int code = find_broken(message, &planned, pool);
    if (code == 0)
        *edits = planned;
    return code;
}
