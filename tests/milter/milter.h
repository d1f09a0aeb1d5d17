/* For the tests of this folder: a site with a configuration and a service that runs on it, an MTA
 * that writes down what it is told, and letters to send through it. */
#ifndef TESTS_MILTER_MILTER_H
#define TESTS_MILTER_MILTER_H

#include "../store/site.h"
#include "milter/service.h"
#include "milter/session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define URL "https://out.acme.example/"

static char milter_config[96], milter_log[96];
static const char *milter_ledger_size = "64M";
static struct service *service;

/* --- another process: the list is open in this one, and must not be opened twice ----------------
 *
 * The test program itself, with words: FOLDER WHAT ADDRESS SCOPE. */

static inline int add_times(struct list *list, const struct list_entry *entry, unsigned times,
                            struct error *why)
{
    int code = 0;
    for (unsigned i = 0; i < times && code == 0; i++) {
        char source[16];
        struct list_entry one = *entry;
        snprintf(source, sizeof source, "source%u", i);
        code = list_add(list, &one, 1, &(struct act){.actor = "cli", .source = source}, why);
    }
    return code;
}

static inline int act_as_tool(char **words)
{
    struct address address;
    struct subject_hasher *hasher;
    struct list_entry entry = {.scope = words[4], .kind = CHOICE_OPT_OUT, .address = address.text};
    struct list *list;
    struct error why = {""};

    bool scope = strcmp(words[2], "scope") == 0;
    size_t added;

    snprintf(site_keys, sizeof site_keys, "%s/keys", words[1]);
    snprintf(site_list, sizeof site_list, "%s/list", words[1]);
    entry.domain = words[3][0] == '@';
    if (strcmp(words[2], "opt-in") == 0) {
        entry.kind = CHOICE_OPT_IN;
        entry.confirmed = true;
    }
    int code = keys_read_lookup(site_keys, &site_lookup, &why);
    if (code == 0)
        code = keys_read_address(site_keys, &site_address, &why);
    if (code == 0)
        code = scope          ? address_parse("none@x.example", &address)
               : entry.domain ? address_parse_domain(words[3], &address)
                              : address_parse(words[3], &address);
    if (code == 0)
        code = subject_hasher_new(site_lookup.subject, &hasher);
    if (code == 0)
        code = subject_of_address(hasher, address.text, address.length, &entry.subject);
    if (code == 0)
        code = list_open(site_list, ENV_WRITE, SITE_MAP, &site_lookup, &site_address, &list, &why);
    if (code == 0)
        code = scope ? list_add_scopes(list, &entry.scope, 1, &by_cli, &added, &why)
                     : add_times(list, &entry, strcmp(words[2], "thirty") == 0 ? 30 : 1, &why);
    if (code) {
        fprintf(stderr, "%d %s\n", code, why.text);
        return 1;
    }
    subject_hasher_free(hasher);
    return list_close(list) ? 1 : 0;
}

static inline pid_t start_self(const char *what, const char *address, const char *scope)
{
    char *words[] = {(char *)(uintptr_t) "test", site_folder,
                     (char *)(uintptr_t)what,    (char *)(uintptr_t)address,
                     (char *)(uintptr_t)scope,   NULL};
    pid_t child;
    return posix_spawn(&child, "/proc/self/exe", NULL, NULL, words, environ) == 0 ? child : -1;
}

static inline void by_tool(const char *what, const char *address, const char *scope)
{
    assert_int_equal(outcome_of(start_self(what, address, scope)), 0);
}

static inline void opt_out(const char *address, const char *scope)
{
    by_tool("opt-out", address, scope);
}

static inline void register_scope(const char *scope)
{
    by_tool("scope", "@", scope);
}

/* --- configuration and service ------------------------------------------------------------------
 */

static inline void write_config(const char *policy)
{
    FILE *file = fopen(milter_config, "w");
    assert_non_null(file);
    fprintf(file,
            "data_dir = \"%s\"\nkey_dir = \"%s\"\nlisten = \"unix:%s/socket\"\n"
            "list_size = \"64M\"\nledger_size = \"%s\"\n%s\n",
            site_folder, site_keys, site_folder, milter_ledger_size, policy);
    assert_int_equal(fclose(file), 0);
}

static inline void start_service(const char *policy)
{
    write_config(policy);
    assert_ok(service_start(milter_config, &service, &why));
}

static inline void stop_service(void)
{
    assert_int_equal(atomic_load(&service->messages), 0);
    assert_int_equal(atomic_load(&service->connections), 0);
    service_stop(service);
    service = NULL;
}

/* Standard error is a file meanwhile, so that the log can be asked for; it is shown at the end. */
static int milter_stderr = -1;

static inline int make_milter_site(void **state)
{
    if (make_site(state))
        return -1;
    snprintf(milter_config, sizeof milter_config, "%s/optout.conf", site_folder);
    snprintf(milter_log, sizeof milter_log, "%s/log", site_folder);
    int log = open(milter_log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    milter_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
    if (log < 0 || milter_stderr < 0 || dup2(log, STDERR_FILENO) < 0)
        return -1;
    close(log);
    return 0;
}

static inline const char *read_log(void)
{
    static char text[1 << 20];
    FILE *file = fopen(milter_log, "r");
    text[file ? fread(text, 1, sizeof text - 1, file) : 0] = '\0';
    if (file)
        fclose(file);
    return text;
}

static inline int remove_milter_site(void **state)
{
    dup2(milter_stderr, STDERR_FILENO);
    close(milter_stderr);
    fputs(read_log(), stderr);
    service = NULL;
    return remove_site(state);
}

static inline bool log_says(const char *sentence)
{
    return strstr(read_log(), sentence) != NULL;
}

#define assert_logged(sentence)                                                                    \
    do {                                                                                           \
        if (!log_says(sentence))                                                                   \
            fail_msg("not in the log: %s", sentence);                                              \
    } while (0)

/* --- the ledger, which is open in this process --------------------------------------------------
 */

static inline void walk_ledger(journal_visitor visit, void *argument)
{
    struct ledger *ledger = NULL;
    struct ledger_view *view;
    assert_ok(stores_take_ledger(service->stores, &site_lookup, &ledger, &why));
    assert_int_equal(ledger_view_begin(ledger, &view), 0);
    assert_int_equal(ledger_walk(view, NULL, visit, argument), 0);
    ledger_view_end(view);
    stores_give_ledger(service->stores);
}

/* --- the MTA: what it is told, in words --------------------------------------------------------
 */

struct fake {
    struct mta mta;
    struct text told;
    char reply[512];         /* without the number of an event */
    char whole_reply[512];   /* the last one */
    unsigned calls, fail_at; /* the number of the call that fails; 0: none */
    const struct lookup_key *key;
};

static inline int fake_call(struct fake *fake)
{
    return ++fake->calls == fake->fail_at ? -EIO : 0;
}

/* A personal link is told as whom and what it is for. */
static inline int fake_add_field(void *context, const char *name, const char *value)
{
    struct fake *fake = context;
    char link[1024];
    struct token token;

    if (sscanf(value, "<" URL "%1000[A-Za-z0-9_-]>", link) == 1 &&
        token_open(fake->key->tokens, fake->key->token_count, TOKEN_UNSUBSCRIBE, link, &token) == 0)
        text_format(&fake->told, " +%s(%s, %s)", name, token.address.text, token.scope);
    else
        text_format(&fake->told, " +%s(%s)", name, value);
    return fake_call(fake);
}

static inline int fake_remove_field(void *context, const char *name, unsigned position)
{
    struct fake *fake = context;
    text_format(&fake->told, " -%s:%u", name, position);
    return fake_call(fake);
}

static inline int fake_delete_recipient(void *context, const char *name)
{
    struct fake *fake = context;
    text_format(&fake->told, " -%s", name);
    return fake_call(fake);
}

static inline int fake_set_reply(void *context, const char *code, const char *status,
                                 const char *text)
{
    struct fake *fake = context;
    if (fake_call(fake))
        return -EIO;
    snprintf(fake->whole_reply, sizeof fake->whole_reply, "%s %s %s", code, status, text);
    const char *ref = strstr(text, ", ref ");
    int length = (int)(ref ? (size_t)(ref - text) : strlen(text));
    snprintf(fake->reply, sizeof fake->reply, "%s %s %.*s%s", code, status, length, text,
             ref ? ", ref" : "");
    return 0;
}

static inline void fake_init(struct fake *fake)
{
    *fake = (struct fake){
        .mta = {fake, fake_add_field, fake_remove_field, fake_delete_recipient, fake_set_reply},
        .key = &site_lookup};
}

/* --- letters ------------------------------------------------------------------------------------
 */

struct letter {
    const char *to;       /* with <>, a blank between two */
    const char *listener; /* NULL: "smtp" */
    const char *login;
    const char *sender; /* NULL: <news@acme.example> */
    const char *header; /* "Name: value", or several with " | " between */
    bool by_sendmail;   /* sendmail(1) */
};

static inline void tell_connection(struct session *session, const struct letter *letter)
{
    struct sockaddr_in client = {.sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                 .sin_port = letter->by_sendmail ? 0 : htons(40000)};
    session_connect(session, "localhost", (const struct sockaddr *)&client,
                    letter->listener ? letter->listener : "smtp", "25");
}

static inline void tell_fields(struct session *session, const char *header)
{
    char *copy = strdup(header);
    assert_non_null(copy);
    for (char *field = copy; field;) {
        char *next = strstr(field, " | ");
        char *colon = strstr(field, ": ");
        assert_non_null(colon);
        if (next)
            *next = '\0';
        *colon = '\0';
        session_field(session, field, colon + 2);
        field = next ? next + 3 : NULL;
    }
    free(copy);
}

static inline void tell_answer(struct fake *fake, enum answer answer)
{
    static const char *const words[] = {[ANSWER_CONTINUE] = "continue",
                                        [ANSWER_ACCEPT] = "accept",
                                        [ANSWER_REFUSE] = "refuse",
                                        [ANSWER_DISCARD] = "discard",
                                        [ANSWER_DEFER] = "defer"};
    text_append(&fake->told, words[answer]);
    if (answer == ANSWER_REFUSE || answer == ANSWER_DEFER)
        text_format(&fake->told, "(%s)", fake->reply);
    fake->reply[0] = '\0';
}

/* Up to the header. "" where RCPT said nothing but CONTINUE, else its answers. */
static inline void begin_letter(struct session *session, struct fake *fake,
                                const struct letter *letter)
{
    char *copy = strdup(letter->to), *rest;
    bool spoke = false;

    assert_non_null(copy);
    session_mail(session, letter->sender ? letter->sender : "<news@acme.example>", letter->login);
    for (char *to = strtok_r(copy, " ", &rest); to; to = strtok_r(NULL, " ", &rest)) {
        enum answer answer = session_recipient(session, &fake->mta, to, "Q1");
        if (answer == ANSWER_CONTINUE && !spoke)
            continue;
        text_append(&fake->told, spoke ? " " : "rcpt: ");
        tell_answer(fake, answer);
        spoke = true;
    }
    if (spoke)
        text_append(&fake->told, "; ");
    free(copy);
    if (letter->header)
        tell_fields(session, letter->header);
}

static inline void end_letter(struct session *session, struct fake *fake)
{
    enum answer answer = session_end(session, &fake->mta, "Q1");
    session_reset(session);
    struct text edits = fake->told;
    fake->told = TEXT_EMPTY;
    tell_answer(fake, answer);
    text_append(&fake->told, edits.data ? edits.data : "");
    text_release(&edits);
}

/* One letter on a connection of its own: "accept -<b@x> +List-Unsubscribe(a@x, acme/news)". The
 * caller frees it. */
static inline char *send_letter(const struct letter *letter, bool answers)
{
    struct session *session = session_new(service, answers);
    struct fake fake;

    fake_init(&fake);
    assert_non_null(session);
    tell_connection(session, letter);
    begin_letter(session, &fake, letter);
    struct text rcpt = fake.told;
    fake.told = TEXT_EMPTY;
    end_letter(session, &fake);
    session_free(session);
    text_append(&rcpt, fake.told.data);
    text_release(&fake.told);
    assert_false(rcpt.failed);
    return rcpt.data;
}

static inline void assert_outcome(const char *sentence, const struct letter *letter, bool answers,
                                  const char *expected)
{
    char *outcome = send_letter(letter, answers);
    if (strcmp(outcome, expected) != 0)
        fail_msg("%s\n%s\nexpected\n%s", sentence, outcome, expected);
    free(outcome);
}

#endif
