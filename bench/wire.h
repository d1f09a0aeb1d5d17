/*
 * wire: the MTA's end of one milter connection, for milter-drive. Packets of libmilter's protocol,
 * version 6: a length (4 bytes, network order), a letter and the data; letters and flags are those
 * of libmilter/mfdef.h. All functions end the program when the connection breaks.
 */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_STAGES 7 /* SMFIM_CONNECT to SMFIM_EOH */
#define WIRE_MACROS_MAX 256

/* What a milter asked to be changed in a message. */
struct wire_changes {
    unsigned all;     /* of any kind */
    unsigned deleted; /* of them recipients taken away */
};

struct wire {
    int fd;
    uint32_t steps;                            /* negotiated, SMFIP_* */
    char macros[WIRE_STAGES][WIRE_MACROS_MAX]; /* names to send at each stage */
    const char *queue_id, *sender, *rcpt;      /* values of macros, kept up to date by the user */
    char *out;                                 /* packets that wait to be sent */
    size_t out_length, out_size;
    char in[8192]; /* bytes received that wait to be read */
    size_t in_start, in_end;
};

/* Says why, and ends the program. */
_Noreturn void wire_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Connects to unix:PATH or inet:PORT@HOST and negotiates as a Postfix 3.7 does. *wire is filled. */
void wire_open(struct wire *wire, const char *where);

/* Says QUIT, closes and frees what wire_open() took. */
void wire_close(struct wire *wire);

/* Whether the milter asked for one of these SMFIP_ steps to be left out, or to be left unanswered.
 */
bool wire_has(const struct wire *wire, uint32_t step);

/* A packet: begin, any number of bytes and texts (with their NUL), end with what begin returned. */
size_t wire_begin(struct wire *wire, char command);
void wire_bytes(struct wire *wire, const void *bytes, size_t length);
void wire_text(struct wire *wire, const char *text);
void wire_end(struct wire *wire, size_t start);

/* A packet without data. */
void wire_plain(struct wire *wire, char command);

/* The packet of macros that goes before a command; none where the milter wants none. */
void wire_macros(struct wire *wire, int stage, char command);

/*
 * Sends what waits and reads up to the packet that ends a step, which is returned: SMFIR_CONTINUE,
 * _ACCEPT, _REJECT, _TEMPFAIL or _DISCARD; a reply with a code counts as one of these. Changes on
 * the way are added to *changes.
 */
char wire_await(struct wire *wire, struct wire_changes *changes);

/* The reply to a step that is not the end of message, SMFIR_CONTINUE where `no_reply` was agreed.
 */
char wire_reply(struct wire *wire, uint32_t no_reply);

#endif
