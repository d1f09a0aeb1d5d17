"""Waiting for something to become true, with an end."""

import pathlib
import signal
import time


class NeverHappened(AssertionError):
    """What was waited for did not come."""


def until(condition, what, timeout=15.0, pause=0.02):
    """Calls condition() until it returns something true, and returns that.

    what says what was waited for, as a text or as a function that makes one after the failure.
    """
    deadline = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            text = what() if callable(what) else what
            raise NeverHappened(f"not within {timeout:g} s: {text}")
        time.sleep(pause)


def stopped_when(ran, condition, what, timeout=60.0):
    """Lets a program run for moments only, until condition() is true while it is stopped.

    It is stopped then, with whatever it was at: a busy machine does not let it get ahead of the test.
    A signal that is sent to it now comes first when it goes on.
    """
    deadline = time.monotonic() + timeout
    while True:
        ran.send_signal(signal.SIGSTOP)
        _wait_for_stop(ran, what)
        if condition():
            return
        if time.monotonic() > deadline:
            raise NeverHappened(f"not within {timeout:g} s: {what}")
        ran.send_signal(signal.SIGCONT)
        time.sleep(0.03)


def is_stopped(pid):
    """Whether a stop signal holds it, or the terminal."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def _wait_for_stop(ran, what):
    until(lambda: ran.poll() is not None or is_stopped(ran.pid), f"to stop it: {what}")
    assert ran.poll() is None, f"it was over before this could be seen: {what}"
