#include "core/token.h"

#include "base/clock.h"
#include "tool/argument.h"
#include "tool/command.h"
#include "tool/noted.h"
#include "tool/output.h"
#include "tool/site.h"

#include <string.h>

#define SECONDS_A_DAY 86400

/* --- make --- */

enum { SCOPE };
static const struct flag make_flags[] = {
    {.name = "scope", .argument = "PATH", .text = "what the link opts out of", .required = true},
    {0},
};

static int make_token(struct site *site, const struct address *address, const char *scope,
                      struct error *why)
{
    struct token_sealer *sealer;
    char token[TOKEN_SIZE];
    /* A link whose scope nobody knows could not be honoured. */
    int code = site_check_scope(site, scope, why);
    if (code)
        return code;
    code = token_sealer_new(keys_current_token(&site->lookup), &sealer);
    if (code == 0) {
        code = token_seal(sealer, TOKEN_UNSUBSCRIBE, scope, address,
                          (uint16_t)(clock_now() / SECONDS_A_DAY), token);
        token_sealer_free(sealer);
    }
    if (code)
        return error_set(why, code, "no token could be made: %s", error_name(code));
    output_line("%s", token);
    return 0;
}

static int run_make(const struct call *call)
{
    struct site site;
    struct address address;
    struct error why = {""};

    int code = argument_person(call->arguments[0], &address, &why);
    if (code == 0)
        code = argument_scope(call->values[SCOPE], &why);
    if (code)
        return output_status(code, &why);
    code = site_open(call->config_file, SITE_KEYS | SITE_LIST, &site, &why);
    if (code == 0)
        code = site_view(&site, &why);
    if (code == 0)
        code = make_token(&site, &address, call->values[SCOPE], &why);
    site_close(&site);
    return output_status(code, &why);
}

const struct command command_token_make = {
    .name = "token",
    .verb = "make",
    .arguments = "ADDRESS",
    .text = "print the token of an unsubscribe link",
    .flags = make_flags,
    .least = 1,
    .most = 1,
    .role = ROLE_OPS,
    .run = run_make,
};

/* --- open --- */

enum { JSON };
static const struct flag open_flags[] = {
    {.name = "json", .text = "a JSON object"},
    {0},
};

static void show_token(const struct token *token, bool json)
{
    char day[CLOCK_TEXT_SIZE];
    clock_format((int64_t)token->day * SECONDS_A_DAY, day);
    day[strlen("2026-03-03")] = '\0';
    if (!json) {
        output_line("%s may opt out of %s by a mail of %s (token key %u)", token->address.text,
                    token->scope, day, token->key_id);
        return;
    }
    json_t *object = json_object();
    output_put_text(object, "address", token->address.text);
    output_put_text(object, "scope", token->scope);
    output_put_text(object, "day", day);
    output_put_number(object, "key", token->key_id);
    output_json(object);
}

static int run_open(const struct call *call)
{
    struct site site;
    struct token token;
    struct error why = {""};
    /* A whole link is taken too: the token is what stands behind its last slash. */
    const char *slash = strrchr(call->arguments[0], '/');
    const char *text = slash ? slash + 1 : call->arguments[0];

    int code = site_open(call->config_file, SITE_KEYS, &site, &why);
    if (code == 0) {
        code = token_open(site.lookup.tokens, site.lookup.token_count, TOKEN_UNSUBSCRIBE, text,
                          &token);
        if (code == 0) {
            const struct noted noted = {.command = "token open",
                                        .people = 1,
                                        .address = &token.address,
                                        .scope = token.scope};
            code = noted_reading(&site, &noted, NULL, &why);
            if (code == 0)
                show_token(&token, call->values[JSON]);
        } else if (code == ERR_NOT_FOUND) {
            complain("not a token that was made with the keys of this site");
            code = STATUS_NO;
        } else {
            error_set(&why, code, "the token could not be opened: %s", error_name(code));
        }
    }
    site_close(&site);
    return output_status(code, &why);
}

const struct command command_token_open = {
    .name = "token",
    .verb = "open",
    .arguments = "TOKEN",
    .text = "say what a token or link is about",
    .flags = open_flags,
    .least = 1,
    .most = 1,
    .role = ROLE_COMPLIANCE,
    .run = run_open,
};
