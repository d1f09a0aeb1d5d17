/* What a session asks of the MTA, without knowing libmilter. */
#ifndef MILTER_MTA_H
#define MILTER_MTA_H

/* What the MTA is answered. */
enum answer {
    ANSWER_CONTINUE,
    ANSWER_ACCEPT,
    ANSWER_REFUSE,  /* 5xx */
    ANSWER_DISCARD, /* 250, and nobody gets it */
    ANSWER_DEFER,   /* 4xx */
};

/* Each call returns 0 or a negative error; after an error the message must not be accepted. */
struct mta {
    void *context;
    int (*add_field)(void *context, const char *name, const char *value);
    /* The position counts among the fields of that name, from 1. */
    int (*remove_field)(void *context, const char *name, unsigned position);
    /* An MTA reports success whether or not a recipient matched. */
    int (*delete_recipient)(void *context, const char *name);
    /* The reply for the answer that follows: "550", "5.7.1", one line of text. */
    int (*set_reply)(void *context, const char *code, const char *status, const char *text);
};

#endif
