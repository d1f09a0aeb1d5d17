/* Who runs the tool, for the words of an event. */
#ifndef TOOL_STAFF_H
#define TOOL_STAFF_H

#include <stddef.h>

/* The login name of the person: who logged in (the kernel's login uid, which su and sudo keep),
 * else who called sudo, else the real user; its number where it has no name. To be asked before
 * privileges are given up. */
void staff_name(char *name, size_t size);

#endif
