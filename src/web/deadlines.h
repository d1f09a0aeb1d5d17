/* Deadlines: each connection has so many seconds for a request and its answer as a whole, however
 * busily it says a byte now and then. One whose time is over is shut down; the server then finds
 * that it has ended. Time that is spent on work of our own does not count. */
#ifndef WEB_DEADLINES_H
#define WEB_DEADLINES_H

#include <stdint.h>

struct deadlines;
struct deadline; /* of one connection */

/* Begins to watch, on a thread of its own. -errno. */
int deadlines_start(struct deadlines **deadlines);
/* No connection may be left. NULL is allowed. */
void deadlines_stop(struct deadlines *deadlines);

/* Whoever exceeds the deadline has `fd` shut down, until it is taken out: before it is closed. Its
 * time does not count yet. NULL: no memory. */
struct deadline *deadlines_enter(struct deadlines *deadlines, int fd, unsigned seconds);
/* NULL is allowed. */
void deadlines_leave(struct deadlines *deadlines, struct deadline *deadline);

/* The time begins anew, now; or it does not count until then. From any thread, NULL is allowed. */
void deadline_begin(struct deadline *deadline);
void deadline_hold(struct deadline *deadline);

#endif
