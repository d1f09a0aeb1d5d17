"""What is compared: each variant is a milter, or an access map, or nothing, and a port of Postfix."""

import subprocess
import time

import load
from lab.opendkim import OpenDkim
from lab.proc import Process

SCOPE = "acme/newsletter"

CONFIGURATION = """\
data_dir   = "{data}"
key_dir    = "{root}/keys"
listen     = "unix:{socket}"
public_url = "https://optout.acme.example/"
ledger     = {ledger}

exempt receipts {{
    match_sender = {{"shop@acme.example", "billing@acme.example"}}
}}

stream offers {{
    scope       = "acme/offers"
    title       = "Acme Offers"
    match_login = {{"crm"}}
}}

stream newsletter {{
    scope        = "acme/newsletter"
    title        = "Acme Newsletter"
    match_header = {{"List-Id: *newsletter.acme.example*"}}
}}
"""


class Variant:
    """title: for the table. refuses: a message whose only recipient is listed is not queued.
    settings: what its smtpd needs. socket and process: None where there is no milter."""

    title = "no milter"
    refuses = False
    socket = None
    process = None

    def settings(self):
        return {}

    def start(self):
        """Gets it ready, and waits until it is."""

    def stop(self):
        if self.process:
            self.process.stop()


class Milter(Variant):
    """A program that listens on a unix socket which the group postfix may open."""

    def __init__(self, site, name, title):
        self.title = title
        self.root = site.sub(name)
        self.socket = site.sub(f"{name}/socket", 0o2750, "root", "postfix") / "milter.sock"

    def settings(self):
        return {"smtpd_milters": f"unix:{self.socket}", "milter_default_action": "tempfail"}

    def command(self):
        """The words to start it by."""
        raise NotImplementedError

    def start(self):
        self.process = Process(self.command(), self.root / "output")
        self.process.wait_ready(self.socket.exists)


class Noop(Milter):
    def __init__(self, site, build, steps, title, insert=0):
        super().__init__(site, f"noop-{steps}-{insert}", title)
        self._words = [build / "bench/noop-milter", f"--{steps}", "--insert", str(insert)]

    def command(self):
        return [*self._words, "--listen", f"unix:{self.socket}"]


class Signer(Milter):
    def __init__(self, site):
        super().__init__(site, "signer", "OpenDKIM, RSA-2048")
        self._signer = OpenDkim(site)
        self.socket = self._signer.socket

    def start(self):
        self._signer.start()
        self.process = self._signer._process


class AccessMap(Variant):
    title = "check_recipient_access lmdb:"
    refuses = True

    def __init__(self, site, entries):
        self._table, self._entries = site.sub("map") / "listed", entries

    def settings(self):
        return {"smtpd_recipient_restrictions": f"check_recipient_access lmdb:{self._table}"}

    def start(self):
        with self._table.open("w") as lines:
            lines.writelines(f"{address} REJECT\n" for address in sorted(load.listed(self._entries)))
        (self._table.parent / "main.cf").write_text("compatibility_level = 3.6\n")
        command = ["/usr/sbin/postmap", "-c", self._table.parent, f"lmdb:{self._table}"]
        subprocess.run(command, check=True)


class Product(Milter):
    """optout-milter with a list of its own on disk. ledger: of whom it writes a row."""

    refuses = True

    def __init__(self, site, disk, build, entries, ledger="suppressed"):
        name, title = "optout", "optout-milter"
        if ledger == "all":
            name, title = "optout-all", "optout-milter, ledger = all"
        super().__init__(site, name, title)
        self._build, self._entries, self._ledger = build, entries, ledger
        self._data = disk.sub(f"data-{ledger}")
        self._file = self.root / "optout.conf"
        self.seconds_to_fill = None

    def command(self):
        return [self._build / "optout-milter", "-f", "-c", self._file]

    def _tool(self, *words, **more):
        command = [self._build / "optout", "-c", self._file, *words]
        return subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **more)

    def start(self):
        self._file.write_text(
            CONFIGURATION.format(
                root=self.root, data=self._data, socket=self.socket, ledger=self._ledger)  # fmt: skip
        )
        self._tool("init")
        listed = self.root / "listed"
        with listed.open("w") as lines:
            lines.writelines(f"{address}\n" for address in load.listed(self._entries))
        start = time.monotonic()
        with listed.open() as lines:
            self._tool("add", "--scope", SCOPE, "-", stdin=lines)
        self.seconds_to_fill = time.monotonic() - start
        super().start()
