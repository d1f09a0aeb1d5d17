/* A bounded queue of pointers between two threads. */
#ifndef BULK_QUEUE_H
#define BULK_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct queue;

/* Holds up to `room` pointers at once. NULL without memory. */
struct queue *queue_new(size_t room);
/* Nobody may use it any more; what is still in it is the caller's. NULL is allowed. */
void queue_free(struct queue *queue);

/* Waits for room. False: it was closed, and the pointer was not taken. */
bool queue_put(struct queue *queue, void *item);
/* Waits for something. NULL: it was closed, and is empty. */
void *queue_take(struct queue *queue);
/* How many are in it just now. */
size_t queue_count(struct queue *queue);
/* Nothing more is put; what is in it is still taken. */
void queue_close(struct queue *queue);

#endif
