"""A server as a child process: started, waited for, ended by its process id."""

import os
import pathlib
import signal
import subprocess

from lab.waiting import until


class Process:
    """Runs argv with standard output and error in one file; leads a process group of its own."""

    def __init__(self, argv, output, env=None, limits=None):
        """limits: a function called in the child before exec, e.g. to set resource limits."""
        self.argv = [str(word) for word in argv]
        self.output = pathlib.Path(output)
        with self.output.open("ab") as out:
            self._popen = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                start_new_session=True,
                preexec_fn=limits,
            )

    @property
    def pid(self):
        return self._popen.pid

    @property
    def running(self):
        return self._popen.poll() is None

    @property
    def exit_code(self):
        """The exit code, negative for a signal; None while it runs."""
        return self._popen.poll()

    def text(self):
        """What it has printed so far."""
        return self.output.read_text(errors="replace")

    def wait_ready(self, is_ready, timeout=15.0):
        """Waits until is_ready() is true; fails at once if the process ends before."""

        def ready_or_dead():
            return not self.running or is_ready()

        until(ready_or_dead, lambda: f"{self.argv[0]} ready\n{self.text()}", timeout)
        if not self.running:
            raise RuntimeError(f"{self.argv[0]} left with {self.exit_code}:\n{self.text()}")
        return self

    def signal(self, number):
        os.kill(self.pid, number)

    def wait(self, timeout=15.0):
        """Waits for its end, returns the exit code."""
        return self._popen.wait(timeout)

    def stop(self, timeout=15.0):
        """TERM, and KILL if that is not heard. Returns the exit code."""
        if self.running:
            self.signal(signal.SIGTERM)
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill_group()
        return self.exit_code

    def kill(self):
        """kill -9 of the process itself."""
        if self.running:
            self.signal(signal.SIGKILL)
        return self.wait()

    def kill_group(self):
        """kill -9 of the process and of all it has started in its group."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        return self.wait()
