"""The MTA's side of the milter protocol, driven by hand: for what no MTA sends."""

import dataclasses
import ipaddress
import struct

from lab import milterwire as wire


@dataclasses.dataclass
class Answer:
    """How the milter ended a step: its word (milterwire.ANSWERS, or "reply" with a text of its
    own, or "none" for a step that was negotiated without a reply), and what it changed before."""

    word: str
    text: str = ""
    deleted: list = dataclasses.field(default_factory=list)
    added: list = dataclasses.field(default_factory=list)  # recipients
    headers: list = dataclasses.field(default_factory=list)  # (what, index, name, value)
    other: list = dataclasses.field(default_factory=list)  # letters of all else

    @property
    def code(self):
        return int(self.text[:3]) if self.word == "reply" else None

    def set_headers(self, name):
        """Values that were added, inserted or changed for a field, in their order; "" removes."""
        return [header[3] for header in self.headers if header[2].lower() == name.lower()]


class MilterClient:
    """One connection to a milter; a context manager.

    actions and steps are what we offer; the milter's choice stands in .actions, .steps and
    .macros afterwards. A step that the milter did not want is not sent (Answer.word "none").
    """

    def __init__(self, address, actions=wire.ALL_ACTIONS, steps=wire.ALL_STEPS, version=None,
                 timeout=30, negotiate=True):  # fmt: skip
        self._connection = wire.open_socket(address, timeout)
        self.actions = self.steps = 0
        self.macros = {}
        if negotiate:
            self.negotiate(actions, steps, version or wire.VERSION)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Closes the connection without a word."""
        self._connection.close()

    def raw(self, data):
        """Sends bytes as they are."""
        self._connection.sendall(data)

    def send(self, command, payload=b""):
        self.raw(wire.packet(command, payload))

    def negotiate(self, actions, steps, version):
        self.send(b"O", struct.pack(">III", version, actions, steps))
        letter, payload = wire.receive(self._connection)
        if letter != b"O":
            raise ConnectionError(f"negotiation was answered with {letter!r}")
        self.version, self.actions, self.steps = struct.unpack(">III", payload[:12])
        self.macros = wire.asked_macros(payload[12:])

    # -- answers

    def answer(self):
        """Reads until the answer that ends a step."""
        answer = Answer("none")
        while True:
            letter, payload = wire.receive(self._connection)
            if letter in wire.ANSWERS:
                answer.word = wire.ANSWERS[letter]
                return answer
            if letter == b"y":
                answer.word, answer.text = "reply", wire.split_strings(payload)[0]
                return answer
            self._note(answer, letter, payload)

    @staticmethod
    def _note(answer, letter, payload):
        if letter == b"-":
            answer.deleted += wire.split_strings(payload)
        elif letter in (b"+", b"2"):
            answer.added += wire.split_strings(payload)[:1]
        elif letter == b"h":
            answer.headers.append(("add", None, *wire.split_strings(payload)))
        elif letter in (b"i", b"m"):
            (index,) = struct.unpack(">I", payload[:4])
            what = "insert" if letter == b"i" else "change"
            answer.headers.append((what, index, *wire.split_strings(payload[4:])))
        elif letter != b"p":
            answer.other.append(letter)

    def _step(self, command, payload, no_step, no_reply, macros=None):
        if self.steps & no_step:
            return Answer("none")
        if macros:
            flat = [text for pair in macros.items() for text in pair]
            self.send(b"D", command + wire.strings(*flat))
        self.send(command, payload)
        return Answer("none") if self.steps & no_reply else self.answer()

    # -- steps, in the order of a conversation

    def connect(self, host="localhost", ip="127.0.0.1", port=40000, macros=None):
        """ip None: a client without an address (family U)."""
        payload = wire.strings(host)
        if ip is None:
            payload += b"U"
        else:
            family = b"4" if ipaddress.ip_address(ip).version == 4 else b"6"
            payload += family + struct.pack(">H", port) + wire.strings(ip)
        return self._step(b"C", payload, wire.NO_CONNECT, wire.NO_REPLY_CONNECT, macros)

    def helo(self, name="client.test", macros=None):
        return self._step(b"H", wire.strings(name), wire.NO_HELO, wire.NO_REPLY_HELO, macros)

    def mail(self, sender, *parameters, macros=None):
        """sender with its <>, as MTAs give it."""
        payload = wire.strings(sender, *parameters)
        return self._step(b"M", payload, wire.NO_MAIL, wire.NO_REPLY_MAIL, macros)

    def rcpt(self, recipient, *parameters, macros=None):
        payload = wire.strings(recipient, *parameters)
        return self._step(b"R", payload, wire.NO_RCPT, wire.NO_REPLY_RCPT, macros)

    def data(self, macros=None):
        return self._step(b"T", b"", wire.NO_DATA, wire.NO_REPLY_DATA, macros)

    def header(self, name, value):
        payload = wire.strings(name, value)
        return self._step(b"L", payload, wire.NO_HEADERS, wire.NO_REPLY_HEADER)

    def end_of_headers(self, macros=None):
        return self._step(b"N", b"", wire.NO_END_OF_HEADERS, wire.NO_REPLY_END_OF_HEADERS, macros)

    def body(self, content):
        return self._step(b"B", wire.encode(content), wire.NO_BODY, wire.NO_REPLY_BODY)

    def unknown(self, line):
        payload = wire.strings(line)
        return self._step(b"U", payload, wire.NO_UNKNOWN, wire.NO_REPLY_UNKNOWN)

    def end_of_message(self, macros=None):
        return self._step(b"E", b"", 0, 0, macros)

    def abort(self):
        self.send(b"A")

    def quit(self):
        self.send(b"Q")

    # -- whole messages

    def open_session(self, listener="smtpd", port="25", ip="127.0.0.1"):
        """Connect and HELO with the macros that Postfix sends."""
        self.connect(ip=ip, macros={"j": "mta.test", "{daemon_name}": listener,
                                    "{daemon_port}": port})  # fmt: skip
        self.helo()

    def message(self, sender, recipients, headers=(), body="hello\r\n", login=None, queue_id="4abc"):
        """One message from MAIL to its end; returns (answers to RCPT, answer at the end).

        Recipients that were refused stay in the list, as they do in an MTA that goes on.
        """
        login_macros = {"{auth_authen}": login, "{auth_type}": "PLAIN"} if login else {}
        first = self.mail(sender, macros={"{mail_addr}": sender.strip("<>"), **login_macros})
        if first.word not in ("continue", "none"):
            return [], first
        rcpts = [self.rcpt(to, macros={"i": queue_id}) for to in recipients]
        self.data(macros={"i": queue_id})
        for name, value in headers:
            self.header(name, value)
        self.end_of_headers(macros={"i": queue_id})
        self.body(body)
        return rcpts, self.end_of_message(macros={"i": queue_id})
