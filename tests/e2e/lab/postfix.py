"""A private Postfix: own configuration, queue, log and ports; the system's is not touched."""

import contextlib
import json
import os
import pwd
import re
import shlex
import signal
import subprocess
import time

from lab.letter import Letter
from lab.ports import free_port, is_open
from lab.postfix_files import Listener, main_cf, master_cf
from lab.proc import Process
from lab.smtp import Client
from lab.waiting import NeverHappened, until

MASTER = "/usr/lib/postfix/sbin/master"

# What `postfix check` would make, which takes a second or two.
QUEUES = "active bounce corrupt defer deferred flush hold incoming private saved trace".split()


class Postfix:
    """directory: a dirs.PrivateDir. relay_port: where all mail goes. listeners: name -> options of
    the smtpd of that name (`listener()` adds more of them). settings: lines of main.cf. services:
    further lines of master.cf."""

    def __init__(self, directory, relay_port, listeners=None, settings=None, services=()):
        self.root = directory.sub("postfix")
        self.etc = directory.sub("postfix/etc")
        self.spool = directory.sub("postfix/spool")
        directory.sub("postfix/log")
        directory.sub("postfix/data", 0o700, "postfix")
        directory.sub("postfix/spool/pid")
        directory.sub("postfix/spool/maildrop", 0o730, "postfix", "postdrop")
        directory.sub("postfix/spool/public", 0o710, "postfix", "postdrop")
        for name in QUEUES:
            directory.sub(f"postfix/spool/{name}", 0o700, "postfix", "root")
        self.log_file = self.root / "log/maillog"
        self.relay_port = relay_port
        self.settings = dict(settings or {})
        self.services = list(services)
        self.listeners = {}
        for name, options in (listeners or {"smtp": {}}).items():
            self._add(name, options)
        self._process = None

    def _add(self, name, options, chroot=False):
        self.listeners[name] = Listener(free_port(), dict(options), chroot)

    def port(self, name):
        return self.listeners[name].port

    # -- start, reload, stop

    def _write(self):
        files = {
            "main.cf": main_cf(self.root, self.relay_port, self.settings),
            "master.cf": master_cf(self.listeners.values(), self.services),
        }
        for name, text in files.items():
            new = self.etc / f"{name}.new"
            new.write_text(text)
            # Postfix reads a file that has just been written again and again, until it is older.
            os.utime(new, (time.time() - 60,) * 2)
            # At once: a process that starts meanwhile would take half a file and the defaults, and
            # wait for ever for services of the system's Postfix.
            new.replace(self.etc / name)

    def _all_open(self):
        return all(is_open(listener.port) for listener in self.listeners.values())

    def start(self):
        self._write()
        self._process = Process([MASTER, "-d", "-c", self.etc], self.root / "log/master.out")
        self._process.wait_ready(self._all_open)
        for name in self.listeners:
            self._check_greeting(name)
        return self

    def _check_greeting(self, name):
        """An smtpd that finds fault with its options ends; its port stays open and silent."""
        try:
            self.client(name, timeout=15).drop()
        except OSError as error:
            raise RuntimeError(f"the smtpd of {name} does not greet\n{self.log()}") from error

    def stop(self):
        """Ends master, which ends its children: they are one process group."""
        if self._process:
            self._process.stop()
            self._process.kill_group()

    def reload(self, settings=None):
        """Takes further settings, reloads, and waits until the new ones hold."""
        self.settings.update(settings or {})
        self._write()
        before, old = self.log().count("reload -- version"), self._children()
        self._process.signal(signal.SIGHUP)
        until(lambda: self.log().count("reload -- version") > before, "postfix reloaded")
        # An idle smtpd may take one more client with the old settings before it hears of it.
        with contextlib.suppress(NeverHappened):  # it has a client, and stays until that has left
            until(lambda: not old & self._children(), "the old processes have left", 1)
        until(self._all_open, "all ports open after the reload")

    def _children(self):
        """The process ids of master's children."""
        pid = self._process.pid
        with open(f"/proc/{pid}/task/{pid}/children") as children:
            return set(children.read().split())

    def listener(self, name, options, chroot=False):
        """Opens one more port, returns it."""
        self._add(name, options, chroot)
        self.reload()
        return self.port(name)

    # -- its commands

    def _command(self, *words, check=True, **more):
        program, *rest = words
        return subprocess.run(
            [f"/usr/sbin/{program}", "-c", str(self.etc), *rest],
            check=check, capture_output=True, text=True, timeout=60, **more,
        )  # fmt: skip

    def queue(self):
        """What lies in the queue: postqueue -j, one dict for each message."""
        lines = self._command("postqueue", "-j").stdout.splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def flush(self):
        """Tries all deferred mail again."""
        self._command("postqueue", "-f")

    def super(self, *words):
        """postsuper, e.g. super("-r", queue_id)."""
        return self._command("postsuper", *words)

    def stored(self, queue_id):
        """The stored message, with its envelope, as postcat shows it."""
        return self._command("postcat", "-q", queue_id).stdout

    # -- the log

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def log_lines(self, *words):
        """The lines of the log that hold all these words."""
        return [line for line in self.log().splitlines() if all(word in line for word in words)]

    def wait_log(self, *words, timeout=15.0):
        """Waits for such a line, returns the first."""
        return until(
            lambda: self.log_lines(*words), lambda: f"{words} in the log\n{self.log()}", timeout
        )[0]

    # -- mail

    def client(self, listener="smtp", **more):
        return Client(self.port(listener), **more)

    def send(self, letter, listener="smtp", login=None, settle=True, **more):
        """Hands a letter in by SMTP, waits until Postfix is done with it, returns the Outcome."""
        with self.client(listener, login=login) as client:
            outcome = client.send(letter, **more)
        if settle and outcome.queue_id:
            self.settle(outcome.queue_id)
        return outcome

    def settle(self, queue_id, timeout=15.0):
        """Waits until a message has left the queue: delivered, bounced or deleted."""
        self.wait_log(f" {queue_id}: removed", timeout=timeout)

    def sendmail(self, letter, words=(), user="www-data", to_in_header=False):
        """Hands a letter to sendmail(1), as an unprivileged user; returns the CompletedProcess.

        postdrop is set-gid and reads /etc/postfix alone, unless the caller is root. So the command
        runs in a mount name space of its own where our configuration lies there.
        """
        who = pwd.getpwnam(user)
        recipients = ["-t"] if to_in_header else ["--", *letter.to]
        command = ["/usr/sbin/sendmail", "-i", *words, *recipients]
        script = (
            f"mount --bind {shlex.quote(str(self.etc))} /etc/postfix && exec setpriv"
            f" --reuid={who.pw_uid} --regid={who.pw_gid} --clear-groups {shlex.join(command)}"
        )
        return subprocess.run(
            ["unshare", "--mount", "sh", "-c", script],
            input=letter.content().replace(b"\r\n", b"\n"), capture_output=True, timeout=60,
            env={**os.environ, "LC_ALL": "C.UTF-8"}, cwd="/",
        )  # fmt: skip

    def picked_up(self, letter: Letter, timeout=15.0):
        """The queue id under which a letter (by its mark) came into the queue."""
        line = self.wait_log("cleanup", f"message-id=<{letter.mark}>", timeout=timeout)
        return re.search(r"\]: ([A-Za-z0-9]+): message-id", line).group(1)

    def maildrop(self):
        """Names of the files that sendmail(1) left and pickup has not taken."""
        return sorted(os.listdir(self.spool / "maildrop"))
