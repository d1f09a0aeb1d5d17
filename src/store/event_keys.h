/* The numbers of an event's map; event.h says what they stand for. */
#ifndef STORE_EVENT_KEYS_H
#define STORE_EVENT_KEYS_H

enum event_key {
    KEY_PREVIOUS = 0,
    KEY_NODE = 1,
    KEY_NUMBER = 2,
    KEY_TIME = 3,
    KEY_TYPE = 4,
    KEY_ACTOR = 5,
    KEY_SOURCE = 6,
    KEY_BATCH = 7,
    KEY_WORDS = 8,
    KEY_SCOPES = 9,
    KEY_NODES = 10,
    KEY_CHOICES = 11,
    KEY_WITHDRAWALS = 12,
    KEY_GENESIS = 13,
    KEY_VERDICT = 14,
    KEY_BEGIN = 15,
    KEY_COUNTS = 16,
    KEY_CONTINUES = 17,
    KEY_REASON = 18,
    KEY_ERASURES = 19,
    KEY_PROPOSAL = 20,
    KEY_DECISION = 21,
    KEY_CONFIGURATION = 22,
    KEY_READING = 23,
    KEY_CUT = 24,
    KEY_VERIFIED = 25,
    KEY_LAST = KEY_VERIFIED,
};

#define FLAG_CONFIRMED 4
#define FLAG_DOMAIN 8
#define KIND_MASK 3

#endif
