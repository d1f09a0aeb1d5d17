"""The programs under test, in a site of their own: a configuration, stores and keys, a daemon."""

import json
import os
import pathlib
import re
import signal
import subprocess

from lab.milterclient import MilterClient
from lab.proc import Process
from lab.waiting import until

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]

# What a sanitizer prints; looked for in all that the programs say.
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|: runtime error: ")

PUBLIC_URL = "https://optout.example/"

NEWSLETTER = """\
stream newsletter {
    scope       = "acme/newsletter"
    title       = "Acme Newsletter"
    match_login = {"mautic"}
}
"""


def program(name):
    """A built program: below OPTOUT_BUILD, or build in the checkout."""
    path = pathlib.Path(os.environ.get("OPTOUT_BUILD") or CHECKOUT / "build").resolve() / name
    if not path.exists():
        raise RuntimeError(f"{path} is not built (OPTOUT_BUILD names the folder of the programs)")
    return path


def check_sanitizer(text):
    assert not SANITIZER.search(text), f"a sanitizer complains:\n{text}"
    return text


def manual_members():
    """The names of JSON members that optout(1) mentions."""
    text = (CHECKOUT / "doc/man/optout.1").read_text().partition(".Ss JSON")[2].partition(".Sh ")[0]
    lines = [line for line in text.splitlines() if "Va " in line]
    return {word for line in lines for word in re.findall(r"[a-z0-9_]+", line.partition("Va ")[2])}


class Daemon:
    """One of our daemons, as a process in the foreground with a log file."""

    def __init__(self, name, conf, log_file, patience):
        """patience: seconds for which it may take its leave."""
        self._name, self._conf, self._patience = name, conf, patience
        self.log_file = log_file
        self._process = None

    def start(self, env=None, limits=None):
        """Starts it and waits until it answers."""
        command = [program(self._name), "-c", self._conf, "-f"]
        self._process = Process(command, self.log_file, env=env, limits=limits)
        self._process.wait_ready(self.answers)
        return self

    @property
    def pid(self):
        return self._process.pid

    @property
    def running(self):
        return self._process is not None and self._process.running

    def stop(self):
        """TERM; it has to leave with 0 and without a word from a sanitizer. A daemon that was
        killed is left alone."""
        process, self._process = self._process, None
        if process and process.exit_code != -signal.SIGKILL:
            code = process.stop(self._patience)
            check_sanitizer(self.log())
            assert code == 0, f"{self._name} left with {code}:\n{self.log()}"

    def kill(self):
        """kill -9."""
        self._process.kill()

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def log_lines(self, *words):
        return [line for line in self.log().splitlines() if all(word in line for word in words)]


class Site(Daemon):
    """directory: a dirs.PrivateDir. policy: the part of optout.conf that says what marketing is.
    settings: name -> value for its global part; None leaves an option out."""

    def __init__(self, directory, policy=NEWSLETTER, settings=None):
        self.root = directory.sub("site")
        self.conf = self.root / "optout.conf"
        self.data = self.root / "data"
        self.keys = self.root / "keys"
        # As on a real host: the socket's folder gives it Postfix's group.
        folder = directory.sub("site/socket", 0o2750, "root", "postfix")
        self.socket = f"unix:{folder}/milter.sock"
        self.policy = policy
        self.settings = {
            "data_dir": str(self.data),
            "key_dir": str(self.keys),
            "listen": self.socket,
            "public_url": PUBLIC_URL,
            **(settings or {}),
        }
        super().__init__("optout-milter", self.conf, self.root / "milter.log", 30)
        self.configure()

    # -- configuration

    def configure(self, policy=None, settings=None):
        """Writes optout.conf, with another policy and further settings where given."""
        self.policy = self.policy if policy is None else policy
        self.settings.update(settings or {})
        lines = [f"{name} = {_value(text)}" for name, text in self.settings.items()
                 if text is not None]  # fmt: skip
        self.conf.write_text("\n".join(lines) + "\n\n" + self.policy)

    # -- the tool

    def tool(self, *words, code=0, stdin=None, **more):
        """Runs `optout -c FILE words`, wants this exit code (None: any), returns what it printed to
        standard output. The whole result is in .last."""
        command = [program("optout"), "-c", self.conf, *map(str, words)]
        self.last = subprocess.run(
            command, input=stdin, capture_output=True, text=True, timeout=60, **more
        )
        check_sanitizer(self.last.stderr)
        if code is not None and self.last.returncode != code:
            said = f"{self.last.stdout}{self.last.stderr}"
            raise AssertionError(f"optout {words} left with {self.last.returncode}:\n{said}")
        return self.last.stdout

    def json(self, *words, **more):
        """The objects that a reading command prints with --json, one a line."""
        return [json.loads(line) for line in self.tool(*words, "--json", **more).splitlines()]

    def init(self):
        self.tool("init")
        return self

    def opt_out(self, *addresses, scope="acme/newsletter", **more):
        return self.tool("add", *addresses, "--scope", scope, **more)

    # -- the daemon

    def answers(self):
        """Whether the daemon negotiates on its socket."""
        try:
            MilterClient(self.settings["listen"], timeout=5).close()
        except (OSError, EOFError):
            return False
        return True

    def restart(self):
        self.stop()
        return self.start()

    def reload(self):
        """USR1 without waiting for anything."""
        self._process.signal(signal.SIGUSR1)

    def milter(self, **more):
        """A connection that speaks the milter protocol by hand."""
        return MilterClient(self.settings["listen"], **more)

    # -- its log

    def wait_log(self, *words, count=1, timeout=10.0):
        """Waits until that many lines hold all these words, returns the last."""
        until(
            lambda: len(self.log_lines(*words)) >= count,
            lambda: f"{words} in the milter's log\n{self.log()}",
            timeout,
        )
        return self.log_lines(*words)[-1]


def _value(text):
    """A setting as libconfuse reads it: a text in quotes, a list of them in braces."""
    if isinstance(text, (list, tuple)):
        return "{" + ", ".join(_value(part) for part in text) + "}"
    escaped = str(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
