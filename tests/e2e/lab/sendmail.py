"""A private Sendmail 8.17, whose package cannot be installed beside Postfix's."""

import re
import shlex
import shutil
import subprocess

from lab.ports import free_port, is_open
from lab.proc import Process
from lab.smtp import Client
from lab.unpacked import unpack
from lab.waiting import until

CONFIGURATION = """\
divert(0)dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `sm.test')dnl
define(`QUEUE_DIR', `{root}/queue')dnl
define(`confPID_FILE', `{root}/sendmail.pid')dnl
define(`STATUS_FILE', `{root}/statistics')dnl
define(`ALIAS_FILE', `')dnl
define(`HELP_FILE', `')dnl
define(`confCW_FILE', `-o {root}/local-host-names')dnl
define(`confDONT_BLAME_SENDMAIL', `GroupWritableDirPathSafe,TrustStickyBit')dnl
define(`confTO_IDENT', `0')dnl
define(`confSERVICE_SWITCH_FILE', `{root}/service.switch')dnl
define(`SMART_HOST', `relay:[127.0.0.1]')dnl
define(`RELAY_MAILER_ARGS', `TCP $h {relay_port}')dnl
define(`confREFUSE_LA', `100000')dnl
define(`confQUEUE_LA', `100000')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`nocanonify')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`promiscuous_relay')dnl
{daemons}{filters}MAILER(`smtp')dnl
{more}"""


class Sendmail:
    """listeners: names of ports (the DaemonPortOptions' Name, which milters see as daemon_name).
    filters: (name, socket, flags) for INPUT_MAIL_FILTER, flags as in "F=T" or ""; the socket as
    Sendmail writes it (unix:/path, inet:port@host). more: lines behind the mailers."""

    def __init__(self, directory, relay_port, filters=(), listeners=("MTA",), more=""):
        self.root = directory.sub("sendmail")
        directory.sub("sendmail/queue", 0o700)
        self.relay_port = relay_port
        self.ports = {name: free_port() for name in listeners}
        self.filters = list(filters)
        self.more = more
        self._process = None

    def port(self, name="MTA"):
        return self.ports[name]

    def _mc(self):
        daemons = "".join(
            f"DAEMON_OPTIONS(`Port={port}, Addr=127.0.0.1, Name={name}')dnl\n"
            for name, port in self.ports.items()
        )
        filters = ""
        for name, socket, flags in self.filters:
            equates = ", ".join(part for part in (f"S={socket}", flags, "T=S:10s;R:10s;E:30s") if part)
            filters += f"INPUT_MAIL_FILTER(`{name}', `{equates}')dnl\n"
        return CONFIGURATION.format(
            root=self.root, relay_port=self.relay_port, daemons=daemons, filters=filters,
            more=self.more,
        )

    def _write(self, packages):
        (self.root / "service.switch").write_text("hosts files\n")
        (self.root / "hosts").write_text("127.0.0.1 sm.test sm localhost\n")
        (self.root / "sendmail.mc").write_text(self._mc())
        macros = packages / "usr/share/sendmail/cf"
        made = subprocess.run(
            ["m4", f"-D_CF_DIR_={macros}/", macros / "m4/cf.m4", self.root / "sendmail.mc"],
            check=True, capture_output=True,
        )  # fmt: skip
        (self.root / "sendmail.cf").write_bytes(made.stdout)
        # A copy, without the package's setgid bit: its group need not exist here.
        shutil.copyfile(packages / "usr/libexec/sendmail/sendmail", self.root / "program")
        (self.root / "program").chmod(0o755)

    def start(self):
        """Starts it with a host name and a hosts file of its own: on a host without a qualified
        name Sendmail would sleep for a minute first."""
        self._write(unpack("sendmail", ["sendmail-bin", "sendmail-cf"]))
        root = shlex.quote(str(self.root))
        script = (
            f"mount --bind {root}/hosts /etc/hosts && hostname sm.test && exec {root}/program"
            f" -C {root}/sendmail.cf -bD -X {root}/traffic.log"
        )
        self._process = Process(
            ["unshare", "--uts", "--mount", "sh", "-c", script], self.root / "output"
        )
        self._process.wait_ready(lambda: all(is_open(port) for port in self.ports.values()), 30)
        return self

    def stop(self):
        if self._process:
            self._process.stop()
            self._process.kill_group()

    def log(self):
        """All its SMTP conversations, as -X writes them."""
        log = self.root / "traffic.log"
        return log.read_text(errors="replace") if log.exists() else ""

    def client(self, listener="MTA", **more):
        return Client(self.port(listener), **more)

    def send(self, letter, listener="MTA", settle=True, **more):
        """Hands a letter in by SMTP, waits until it has left the queue, returns the Outcome."""
        with self.client(listener) as client:
            outcome = client.send(letter, **more)
        if settle and outcome.accepted:
            queue_id = re.search(r"(\S+) Message accepted", outcome.end.text).group(1)
            until(lambda: queue_id not in self.queue(), f"{queue_id} left Sendmail's queue")
        return outcome

    def queue(self):
        """The ids of the messages in the queue."""
        return [path.name[2:] for path in (self.root / "queue").glob("qf*")]
