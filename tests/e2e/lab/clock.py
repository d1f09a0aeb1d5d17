"""Another time for programs that are started here, by libfaketime: what a report tells takes weeks.

Not with a sanitizer, which wants to be loaded first.
"""

import pathlib

LIBRARY = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


class Clock:
    """Its environment is given to programs; they follow when it is set, also while they run."""

    def __init__(self, folder):
        self._file = pathlib.Path(folder) / "clock"
        self.set(0)
        assert LIBRARY, "the package libfaketime is missing"
        self.env = {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # or who waits for two seconds gives up at once
            "NO_FAKE_STAT": "1",
        }

    def set(self, days_ago, seconds=0):
        """So many days and seconds behind the real time. At once: who looks meanwhile must not find
        half a file."""
        new = self._file.with_suffix(".new")
        new.write_text(f"-{int(days_ago * 86400) + seconds}\n")
        new.replace(self._file)
