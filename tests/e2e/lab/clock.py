"""Another time for programs that are started here, by libfaketime: reports and retention take weeks."""

import os
import pathlib

LIBRARY = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


def _faked(**settings):
    assert LIBRARY, "the package libfaketime is missing"
    return {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # or who waits for two seconds gives up at once
        "NO_FAKE_STAT": "1",
        **settings,
    }


def later(days):
    """The environment in which a program believes that so many days have passed."""
    # A sanitizer wants to be loaded first; the tool, which waits for nobody, can do without.
    sanitizer = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"]))
    return {**os.environ, **_faked(FAKETIME=f"+{days}d", ASAN_OPTIONS=sanitizer)}


class Clock:
    """Its environment is given to programs, daemons too; they follow when it is set, also while they
    run. Not with a sanitizer."""

    def __init__(self, folder):
        self._file = pathlib.Path(folder) / "clock"
        self.set(0)
        self.env = _faked(FAKETIME_TIMESTAMP_FILE=str(self._file), FAKETIME_NO_CACHE="1")

    def set(self, days_ago, seconds=0):
        """So many days and seconds behind the real time. At once: who looks meanwhile must not find
        half a file."""
        new = self._file.with_suffix(".new")
        new.write_text(f"-{int(days_ago * 86400) + seconds}\n")
        new.replace(self._file)
