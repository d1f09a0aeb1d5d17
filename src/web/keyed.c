#include "web/keyed.h"

#include <pthread.h>
#include <stdlib.h>

struct keyed {
    pthread_mutex_t lock; /* guards all below; each use takes two microseconds */
    struct setup *setup;  /* whose keys these are; held, so that no other has its place */
    struct token_opener *opener;
    struct subject_hasher *hasher;
};

struct keyed *keyed_new(void)
{
    struct keyed *keyed = calloc(1, sizeof *keyed);
    if (keyed)
        pthread_mutex_init(&keyed->lock, NULL);
    return keyed;
}

static void forget(struct keyed *keyed)
{
    subject_hasher_free(keyed->hasher);
    token_opener_free(keyed->opener);
    setup_give(keyed->setup);
    keyed->hasher = NULL;
    keyed->opener = NULL;
    keyed->setup = NULL;
}

void keyed_free(struct keyed *keyed)
{
    if (!keyed)
        return;
    forget(keyed);
    pthread_mutex_destroy(&keyed->lock);
    free(keyed);
}

/* Under the lock. */
static int take_keys(struct keyed *keyed, struct setup *setup)
{
    const struct lookup_key *key = &setup->key;

    if (keyed->setup == setup)
        return 0;
    forget(keyed);
    int code = token_opener_new(key->tokens, key->token_count, &keyed->opener);
    if (code == 0)
        code = subject_hasher_new(key->subject, &keyed->hasher);
    if (code == 0)
        keyed->setup = setup_hold(setup);
    else
        forget(keyed);
    return code;
}

int keyed_open(struct keyed *keyed, struct setup *setup, const char *text, struct token *token)
{
    pthread_mutex_lock(&keyed->lock);
    int code = take_keys(keyed, setup);
    if (code == 0)
        code = token_opener_open(keyed->opener, TOKEN_UNSUBSCRIBE, text, token);
    pthread_mutex_unlock(&keyed->lock);
    return code;
}

int keyed_subject(struct keyed *keyed, struct setup *setup, const struct address *address,
                  struct subject *subject)
{
    pthread_mutex_lock(&keyed->lock);
    int code = take_keys(keyed, setup);
    if (code == 0)
        code = subject_of_address(keyed->hasher, address->text, address->length, subject);
    pthread_mutex_unlock(&keyed->lock);
    return code;
}
