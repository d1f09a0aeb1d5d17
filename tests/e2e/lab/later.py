"""A program's clock, set to some time from now: by libfaketime."""

import glob
import os

LIBRARY = "/usr/lib/*/faketime/libfaketimeMT.so.1"


def later(days):
    """The environment in which a program believes that so many days have passed."""
    (library,) = glob.glob(LIBRARY)
    sanitizer = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"]))
    return {**os.environ, "LD_PRELOAD": library, "FAKETIME": f"+{days}d",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "ASAN_OPTIONS": sanitizer}  # fmt: skip
