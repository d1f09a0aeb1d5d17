"""optout-web over HTTP: started for a site, asked with plain connections."""

import base64
import contextlib
import dataclasses
import http.client
import os
import re
import shutil
import signal
import socket
import time
import urllib.parse

import lmdb
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from lab.ports import free_port
from lab.product import CHECKOUT, Daemon, program
from lab.waiting import until

ONE_CLICK = "List-Unsubscribe=One-Click"
URLENCODED = "application/x-www-form-urlencoded"


@dataclasses.dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: str

    @property
    def undo(self):
        """What the page offers for undoing; None: nothing."""
        found = re.search(r'name="undo" value="([^"]+)"', self.body)
        return found and found[1]


class Connection:
    """One connection that is kept, to an address or a Unix socket."""

    def __init__(self, place, timeout=30):
        if isinstance(place, int):
            self._http = http.client.HTTPConnection("127.0.0.1", place, timeout=timeout)
        else:
            self._http = http.client.HTTPConnection("localhost", timeout=timeout)
            self._http.sock = socket.socket(socket.AF_UNIX)
            self._http.sock.settimeout(timeout)
            self._http.sock.connect(str(place))

    def ask(self, method, path, body=None, headers=None):
        if isinstance(body, dict):
            body = urllib.parse.urlencode(body)
        headers = {**({"Content-Type": URLENCODED} if body else {}), **(headers or {})}
        self._http.request(method, path, body, headers)
        answer = self._http.getresponse()
        return Answer(answer.status, answer.headers, answer.read().decode())

    def close(self):
        self._http.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def templates(directory):
    """A folder with the templates that were built, as an installation has them."""
    folder = directory / "templates"
    if not folder.exists():
        folder.mkdir()
        for name in ("page.xsl", "page.css", "paper.css", "person.xsl", "report.xsl"):
            shutil.copy(CHECKOUT / "share/templates" / name, folder)
        shutil.copy(program("share/templates/texts.xml"), folder)
    return folder


@contextlib.contextmanager
def held_lock(site):
    """The list's write lock is somebody else's for the time of the block."""
    env = lmdb.open(str(site.data / "list"), map_size=1 << 26, max_dbs=16, create=False)
    transaction = env.begin(write=True)
    try:
        yield
    finally:
        transaction.abort()
        env.close()


class Web(Daemon):
    """site: a product.Site; settings of its own are written into the site's configuration."""

    def __init__(self, site, settings=None, socket_path=None):
        self.site = site
        self.port = free_port()
        self.place = socket_path or self.port
        listen = f"unix:{socket_path}" if socket_path else f"127.0.0.1:{self.port}"
        site.configure(settings={"web_listen": listen, "templates": str(templates(site.root)),
                                 **(settings or {})})  # fmt: skip
        super().__init__("optout-web", site.conf, site.root / "web.log", 40)

    # -- the daemon

    def answers(self):
        try:
            return self.get("/robots.txt").status == 200
        except OSError:
            return False

    def signal(self, number):
        os.kill(self.pid, number)

    def reload(self):
        """USR1, and waits until the log tells what became of it."""
        before = len(self.log_lines("configuration"))
        self.signal(signal.SIGUSR1)
        until(lambda: len(self.log_lines("configuration")) > before,
              lambda: f"a line about the configuration\n{self.log()}")  # fmt: skip
        return self.log_lines("configuration")[-1]

    # -- requests

    def connect(self, **more):
        return Connection(self.place, **more)

    def ask(self, *words, **more):
        with self.connect() as connection:
            return connection.ask(*words, **more)

    def get(self, path, **headers):
        return self.ask("GET", path, headers=headers)

    def post(self, path, body=ONE_CLICK, **headers):
        return self.ask("POST", path, body=body, headers=headers)

    def tokens(self, addresses, scope="acme/newsletter"):
        """(address, token) of many, made here: a second opinion on how they are made."""
        line = [line for line in (self.site.keys / "lookup").read_text().splitlines()
                if line.startswith("token ")][-1]  # fmt: skip
        _, number, _, key = line.split()
        head, sealer = bytes([1, int(number)]), AESSIV(bytes.fromhex(key))
        front = (int(time.time()) // 86400).to_bytes(2, "big") + bytes([len(scope)]) + scope.encode()
        return [
            (to, base64.urlsafe_b64encode(head + sealer.encrypt(front + to.encode(), [head + b"U"]))
             .rstrip(b"=").decode())
            for to in addresses
        ]  # fmt: skip

    def token(self, address, scope="acme/newsletter"):
        return self.site.tool("token", "make", address, "--scope", scope).strip().split("/")[-1]

    def click(self, address, scope="acme/newsletter"):
        return self.post("/" + self.token(address, scope))

    def metrics(self):
        """name{labels} -> value."""
        lines = [line for line in self.get("/metrics").body.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    # -- what came of it

    def sources(self, address):
        return sorted(entry["source"] for entry in self.entries(address, "choice"))

    def entries(self, address, kind=None):
        """What the log tells of a person."""
        told = self.site.json("log", address, code=None)
        return [entry for entry in told if kind in (None, entry["type"])]
