"""A destination that keeps all mail it is given, and can pass it on (as a filter would)."""

import dataclasses
import email
import email.policy
import socketserver
import threading

from lab.ports import free_port
from lab.smtp import Client
from lab.waiting import until


@dataclasses.dataclass
class Arrived:
    """One message as it came over the wire; addresses as they stood between < and >."""

    sender: str
    recipients: list
    raw: bytes
    mail_parameters: str = ""

    @property
    def parsed(self):
        return email.message_from_bytes(self.raw, policy=email.policy.compat32)

    def fields(self, name):
        """All values of a header field, in their order, as they stood (folds included)."""
        return self.parsed.get_all(name) or []

    def field(self, name):
        """The value of a field that is there exactly once."""
        values = self.fields(name)
        assert len(values) == 1, f"{name} is there {len(values)} times:\n{self.raw!r}"
        return values[0]

    @property
    def body(self):
        return self.raw.split(b"\r\n\r\n", 1)[1]


class _Session(socketserver.StreamRequestHandler):
    """The server's side of one connection."""

    timeout = 60

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        self.say("220 sink.test ESMTP")
        self.forget()
        while True:
            try:
                line = self.rfile.readline()
            except OSError:
                return
            if not line or not self.obey(line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")):
                return

    def forget(self):
        self.sender, self.parameters, self.recipients = None, "", []

    def obey(self, line):
        """Carries one command out; false when the connection ends."""
        verb = line.split(" ")[0].split(":")[0].upper()
        if verb == "EHLO":
            for word in ("sink.test", "PIPELINING", "8BITMIME", "SMTPUTF8", "XFORWARD NAME ADDR"):
                self.say(f"250-{word}")
            self.say("250 SIZE 50000000")
        elif verb == "MAIL":
            self.forget()
            self.sender, self.parameters = self.path_of(line)
            self.say("250 ok")
        elif verb == "RCPT":
            self.recipients.append(self.path_of(line)[0])
            self.say("250 ok")
        elif verb == "DATA":
            self.say("354 go on")
            self.say(self.server.owner.take(self.arrived()))
            self.forget()
        elif verb == "RSET":
            self.forget()
            self.say("250 ok")
        elif verb == "QUIT":
            self.say("221 bye")
            return False
        else:
            self.say("250 ok")
        return True

    @staticmethod
    def path_of(line):
        path, _, rest = line.split(":", 1)[1].strip().rpartition(">")
        return path.removeprefix("<"), rest.strip()

    def arrived(self):
        return Arrived(self.sender, list(self.recipients), self.content(), self.parameters)

    def content(self):
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 100


class Sink:
    """A recording SMTP server on loopback.

    answer(Arrived) -> reply line is called for each message before it is answered; unset, all is
    accepted. A filter is a sink whose answer hands the message on.
    """

    def __init__(self, answer=None):
        self.port = free_port()
        self.answer = answer
        self._all = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", self.port), _Session)
        self._server.owner = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def take(self, arrived):
        reply = self.answer(arrived) if self.answer else "250 2.0.0 taken"
        if reply.startswith("2"):
            with self._lock:
                self._all.append(arrived)
        return reply

    def all(self):
        with self._lock:
            return list(self._all)

    def find(self, letter):
        """What has arrived of a letter, by its mark."""
        mark = letter.mark.encode()
        return [arrived for arrived in self.all() if mark in arrived.raw]

    def recipients(self, letter):
        """Whom a letter has reached, sorted; somebody reached twice stands there twice."""
        return sorted(to for arrived in self.find(letter) for to in arrived.recipients)

    def wait_for(self, letter, count=1, timeout=15.0):
        """Waits until a letter has come count times, returns them."""
        until(
            lambda: len(self.find(letter)) >= count,
            lambda: f"{letter.mark} {count} times at the sink (there: {len(self.find(letter))})",
            timeout,
        )
        return self.find(letter)

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def forwarder(port):
    """An answer for a Sink that makes it a filter: hands every message on to a port."""
    def hand_on(arrived):
        with Client(port, helo="filter.test") as client:
            replies = [client.mail(arrived.sender, *arrived.mail_parameters.split())]
            replies += [client.rcpt(to) for to in arrived.recipients]
            bad = next((reply for reply in replies if not reply.ok), None)
            last = bad or client.data(arrived.raw)
        return f"{last.code} {last.text.splitlines()[0]}"

    return hand_on
