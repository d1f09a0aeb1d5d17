#include "exchange/entries.h"

#include "base/text.h"
#include "core/unicode.h"
#include "exchange/encoding.h"
#include "exchange/word.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum place {
    PLACE_TOP,    /* between documents, or lines */
    PLACE_LIST,   /* in the array with the entries */
    PLACE_OBJECT, /* in the object around it, between members */
};

struct entries {
    struct window *window;
    bool guessed;
    enum place place;
    bool has_more;
    bool in_object; /* the array is a member of an object */
    size_t used;    /* of the window, by the entry handed out last */
    uint64_t line;  /* at the window's begin */
    json_t *value;
    char head[WORD_SIZE + 16];
};

/* Members that hold the entries in the answers of providers, as word_of makes them. */
static bool is_list_name(const char *key, size_t length)
{
    static const char *const names[] = {"suppresseddestinationsummaries",
                                        "suppressions",
                                        "items",
                                        "results",
                                        "entries",
                                        "data",
                                        "recipients",
                                        "unsubscribes",
                                        "bounces",
                                        "complaints",
                                        "contacts",
                                        "subscribers",
                                        "members"};
    char word[WORD_SIZE];

    word_of(key, length, word);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(word, names[i]) == 0)
            return true;
    return false;
}

int entries_open(struct window *window, bool guessed, struct entries **entries)
{
    struct entries *made = calloc(1, sizeof *made);
    if (!made)
        return -ENOMEM;
    made->window = window;
    made->guessed = guessed;
    made->line = 1;
    *entries = made;
    return 0;
}

void entries_close(struct entries *entries)
{
    if (!entries)
        return;
    json_decref(entries->value);
    free(entries);
}

/* --- looking, from the window's begin on --- */

/* The octet at a place: 1; 0 at the end; ERR_TOO_LONG, -errno. */
static int look(struct entries *entries, size_t at, char *c, struct error *why)
{
    while (at >= window_length(entries->window)) {
        int rc = window_more(entries->window, why);
        if (rc <= 0)
            return rc;
    }
    *c = window_text(entries->window)[at];
    return 1;
}

/* Moves *at to what is neither blank nor a comma; *c is that. As look. */
static int skip_blanks(struct entries *entries, size_t *at, char *c, struct error *why)
{
    int rc;
    while ((rc = look(entries, *at, c, why)) == 1 && (text_is_space(*c) || *c == ','))
        (*at)++;
    return rc;
}

/* Moves *at from an opening quote behind the closing one. As look; ERR_SYNTAX for a line that ends
 * in it. */
static int skip_string(struct entries *entries, size_t *at, struct error *why)
{
    char c;
    int rc;

    for ((*at)++; (rc = look(entries, *at, &c, why)) == 1; (*at)++) {
        if (c == '\\')
            (*at)++;
        else if (c == '\n')
            return ERR_SYNTAX;
        else if (c == '"')
            break;
    }
    (*at)++;
    return rc;
}

/* Moves *at behind a value. As look; ERR_SYNTAX for what cannot be one. */
static int skip_value(struct entries *entries, size_t *at, struct error *why)
{
    unsigned depth = 0;
    size_t start = *at;
    char c;
    int rc;

    while ((rc = look(entries, *at, &c, why)) == 1) {
        if (c == '"') {
            rc = skip_string(entries, at, why);
            if (rc != 1)
                return rc;
        } else if (c == '{' || c == '[') {
            if (++depth > ENTRIES_DEPTH_MAX)
                return ERR_SYNTAX;
            (*at)++;
        } else if (depth > 0 && (c == '}' || c == ']')) {
            depth--;
            (*at)++;
        } else if (depth == 0 && (c == ',' || c == '}' || c == ']' || text_is_space(c))) {
            return *at > start ? 1 : ERR_SYNTAX;
        } else {
            (*at)++;
            continue;
        }
        if (depth == 0)
            return 1;
    }
    /* A number or word may be the last of all. */
    return rc == 0 && depth == 0 && *at > start ? 1 : rc;
}

/* Moves *at from the quote of a member's name to its value; *key and *length are the name, as
 * written. As look; ERR_SYNTAX. */
static int skip_name(struct entries *entries, size_t *at, size_t *key, size_t *length,
                     struct error *why)
{
    char c;
    size_t start = *at + 1;

    int rc = skip_string(entries, at, why);
    size_t end = *at - 1;
    if (rc == 1)
        rc = skip_blanks(entries, at, &c, why);
    if (rc != 1)
        return rc;
    if (c != ':')
        return ERR_SYNTAX;
    (*at)++;
    rc = skip_blanks(entries, at, &c, why);
    *key = start;
    *length = end - start;
    return rc;
}

/* --- taking --- */

/* Lets go of what lies before `used`. */
static void let_go(struct entries *entries, size_t used)
{
    const char *text = window_text(entries->window);
    const char *end = text + used;

    while (text < end && (text = memchr(text, '\n', (size_t)(end - text)))) {
        entries->line++;
        text++;
    }
    entries->window->begin += used;
}

static void enter_list(struct entries *entries, const char *key, size_t length)
{
    entries->place = PLACE_LIST;
    entries->in_object = key != NULL;
    if (!key)
        strcpy(entries->head, "[");
    else
        snprintf(entries->head, sizeof entries->head, "{\"%.*s\":[",
                 (int)(length < WORD_SIZE ? length : WORD_SIZE), key);
}

/* Notes what a member says about the document; its value goes from `at` to `end`. */
static void note_member(struct entries *entries, size_t key, size_t key_length, size_t at,
                        size_t end)
{
    const char *text = window_text(entries->window);
    char word[WORD_SIZE];

    word_of(text + key, key_length, word);
    if (strcmp(word, "nexttoken") == 0 && text[at] == '"' && end - at > 2)
        entries->has_more = true;
}

/* Walks through the members of an object from *at on, to its end or to a list of entries, of which
 * *at is then the first octet behind the bracket. 1 with *is_list; as look, ERR_SYNTAX. */
static int walk_object(struct entries *entries, size_t *at, bool *is_list, struct error *why)
{
    size_t key, length;
    char c;
    int rc;

    while ((rc = skip_blanks(entries, at, &c, why)) == 1) {
        if (c == '}') {
            (*at)++;
            *is_list = false;
            return 1;
        }
        if (c != '"')
            return ERR_SYNTAX;
        rc = skip_name(entries, at, &key, &length, why);
        if (rc == 1)
            rc = look(entries, *at, &c, why);
        if (rc != 1)
            return rc;
        if (c == '[' && is_list_name(window_text(entries->window) + key, length)) {
            enter_list(entries, window_text(entries->window) + key, length);
            (*at)++;
            *is_list = true;
            return 1;
        }
        size_t value = *at;
        rc = skip_value(entries, at, why);
        if (rc != 1)
            return rc;
        note_member(entries, key, length, value, *at);
        /* Around a list no member has to be kept. */
        if (entries->place == PLACE_OBJECT) {
            let_go(entries, *at);
            *at = 0;
        }
    }
    return rc;
}

/* Hands out a value that jansson reads. 0, -ENOMEM. */
static int decode(struct entries *entries, size_t length, struct entry *entry)
{
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
    const char *text = window_text(entries->window);
    struct text utf8 = TEXT_EMPTY;

    json_decref(entries->value);
    entries->value = json_loadb(text, length, flags, NULL);
    if (!entries->value && entries->guessed && !unicode_is_valid(text, length)) {
        encoding_append_cp1252(text, length, &utf8);
        if (utf8.failed)
            return -ENOMEM;
        entries->value = json_loadb(utf8.data, utf8.length, flags, NULL);
        text_release(&utf8);
    }
    bool good = json_is_object(entries->value) || json_is_string(entries->value);
    entries->used = length;
    *entry = (struct entry){
        .value = good ? entries->value : NULL,
        .line = entries->line,
        .text = text,
        .length = length,
        .fault = good             ? FAULT_NONE
                 : entries->value ? FAULT_OBJECT
                                  : FAULT_JSON,
    };
    return 0;
}

/* Reports what begins here and cannot be read, and passes over it up to the next `stop`. 0, -errno.
 */
static int give_up(struct entries *entries, char stop, enum row_fault fault, struct entry *entry,
                   struct error *why)
{
    size_t at = 1;
    char c = 0;

    *entry = (struct entry){.line = entries->line, .fault = fault};
    while (c != stop) {
        int rc = look(entries, at, &c, why);
        if (rc == 0)
            break;
        if (rc == ERR_TOO_LONG) {
            /* It is larger than the window, and is not kept. */
            let_go(entries, at);
            at = 0;
            entry->fault = FAULT_SIZE;
        } else if (rc < 0) {
            return rc;
        } else if (c != stop) {
            at++;
        }
    }
    /* The end may have come before the first octet. */
    entries->used = at < window_length(entries->window) ? at : window_length(entries->window);
    entry->text = window_text(entries->window);
    if (entry->fault != FAULT_SIZE)
        entry->length = entries->used;
    while (entry->length > 0 && text_is_space(entry->text[entry->length - 1]))
        entry->length--;
    return 0;
}

/* Hands out something that went wrong: `rc` is what looking gave. 1, -errno. */
static int report(struct entries *entries, int rc, struct entry *entry, struct error *why)
{
    bool list = entries->place == PLACE_LIST, around = entries->place == PLACE_OBJECT;

    if (rc < 0 && rc != ERR_TOO_LONG && rc != ERR_SYNTAX)
        return rc;
    enum row_fault fault = rc == ERR_TOO_LONG ? FAULT_SIZE : FAULT_JSON;
    int given_up = give_up(entries, list ? '{' : '\n', fault, entry, why);
    if (given_up < 0)
        return given_up;
    bool at_end = entries->window->ended && entries->used == window_length(entries->window);
    if (rc == 0 && at_end)
        entry->fault = FAULT_CUT;
    /* What stands behind the list is no entry that could be mended. */
    if (around)
        entry->length = 0;
    if (!list || at_end)
        entries->place = PLACE_TOP;
    return 1;
}

/* --- the places --- */

/* 1 with an entry; 0 where there is none here and one has to look again; negative. */
static int next_at_top(struct entries *entries, char c, struct entry *entry, struct error *why)
{
    bool is_list = false;
    size_t at = 1;
    int rc;

    *entries->head = '\0';
    if (c == '[') {
        let_go(entries, 1);
        enter_list(entries, NULL, 0);
        return 0;
    }
    if (c == '{') {
        rc = walk_object(entries, &at, &is_list, why);
    } else {
        at = 0;
        rc = skip_value(entries, &at, why);
    }
    if (rc != 1)
        return report(entries, rc, entry, why);
    if (is_list) {
        let_go(entries, at);
        return 0;
    }
    rc = decode(entries, at, entry);
    return rc < 0 ? rc : 1;
}

static int next_in_list(struct entries *entries, char c, struct entry *entry, struct error *why)
{
    size_t at = 0;

    if (c == ']') {
        let_go(entries, 1);
        entries->place = entries->in_object ? PLACE_OBJECT : PLACE_TOP;
        return 0;
    }
    int rc = skip_value(entries, &at, why);
    if (rc != 1)
        return report(entries, rc, entry, why);
    rc = decode(entries, at, entry);
    return rc < 0 ? rc : 1;
}

static int next_in_object(struct entries *entries, struct entry *entry, struct error *why)
{
    bool is_list;
    size_t at = 0;

    int rc = walk_object(entries, &at, &is_list, why);
    if (rc != 1)
        return report(entries, rc, entry, why);
    let_go(entries, at);
    if (!is_list)
        entries->place = PLACE_TOP;
    return 0;
}

int entries_next(struct entries *entries, struct entry *entry, struct error *why)
{
    int rc;
    char c;

    let_go(entries, entries->used);
    entries->used = 0;
    do {
        size_t at = 0;
        rc = skip_blanks(entries, &at, &c, why);
        /* Nothing but blanks: they need not be kept. */
        if (rc == ERR_TOO_LONG) {
            let_go(entries, at);
            rc = 0;
            continue;
        }
        let_go(entries, at);
        if (rc == 0 && entries->place == PLACE_TOP)
            return 0;
        if (rc == 0) {
            entries->place = PLACE_TOP;
            *entry = (struct entry){.line = entries->line, .text = "", .fault = FAULT_CUT};
            return 1;
        }
        if (rc < 0)
            return rc;
        if (entries->place == PLACE_TOP)
            rc = next_at_top(entries, c, entry, why);
        else if (entries->place == PLACE_LIST)
            rc = next_in_list(entries, c, entry, why);
        else
            rc = next_in_object(entries, entry, why);
    } while (rc == 0);
    return rc;
}

bool entries_has_more(const struct entries *entries)
{
    return entries->has_more;
}

const char *entries_head(const struct entries *entries)
{
    return entries->head;
}

const char *entries_tail(const struct entries *entries)
{
    return !*entries->head ? "" : *entries->head == '[' ? "]" : "]}";
}
