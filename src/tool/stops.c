#include "tool/stops.h"

#include <signal.h>
#include <stddef.h>

static bool held;

static void change(int how)
{
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTSTP);
    sigaddset(&stops, SIGTTIN);
    sigaddset(&stops, SIGTTOU);
    sigprocmask(how, &stops, NULL);
}

void stops_hold(void)
{
    if (!held)
        change(SIG_BLOCK);
    held = true;
}

bool stops_release(void)
{
    bool before = held;
    if (held)
        change(SIG_UNBLOCK);
    held = false;
    return before;
}
