"""What a test asks for its servers: makes them, shows their logs, ends them in reverse order."""

import contextlib

from lab.dirs import PrivateDir
from lab.postfix import Postfix
from lab.sink import Sink


class Lab:
    """One private directory and what runs in it. Several of one kind get directories of their own
    by a name."""

    def __init__(self, name):
        self._ends = contextlib.ExitStack()
        self._name = name
        self._logs = []

    def directory(self, name=None):
        made = PrivateDir(f"{self._name}-{name}" if name else self._name)
        self._ends.callback(made.close)
        return made

    def keep_ending(self, end):
        """end() is called when the lab is closed, the last one first."""
        self._ends.callback(end)

    def sink(self, answer=None):
        sink = Sink(answer)
        self._ends.callback(sink.close)
        return sink

    def postfix(self, relay_port, **more):
        """A started Postfix, see there."""
        postfix = Postfix(self.directory("mta"), relay_port, **more)
        self._ends.callback(postfix.stop)
        self._logs.append(("maillog", postfix.log))
        return postfix.start()

    def logs(self):
        """(name, text) of what the servers have logged so far."""
        return [(name, read()) for name, read in self._logs]

    def close(self):
        self._ends.close()
