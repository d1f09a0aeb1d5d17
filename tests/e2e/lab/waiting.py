"""Waiting for something to become true, with an end."""

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
