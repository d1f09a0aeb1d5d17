"""The milter protocol's bytes (version 6, as libmilter's mfdef.h has them)."""

import socket
import struct

VERSION = 6

# What the MTA lets a milter do (SMFIF_).
ADD_HEADERS = 0x01
CHANGE_BODY = 0x02
ADD_RECIPIENTS = 0x04
DELETE_RECIPIENTS = 0x08
CHANGE_HEADERS = 0x10
QUARANTINE = 0x20
CHANGE_SENDER = 0x40
ADD_RECIPIENTS_WITH_PARAMETERS = 0x80
SET_MACRO_LIST = 0x100
ALL_ACTIONS = 0x1FF

# What the MTA can leave out, and which replies it can do without (SMFIP_).
NO_CONNECT = 0x01
NO_HELO = 0x02
NO_MAIL = 0x04
NO_RCPT = 0x08
NO_BODY = 0x10
NO_HEADERS = 0x20
NO_END_OF_HEADERS = 0x40
NO_REPLY_HEADER = 0x80
NO_UNKNOWN = 0x100
NO_DATA = 0x200
SKIP = 0x400
REJECTED_RECIPIENTS = 0x800
NO_REPLY_CONNECT = 0x1000
NO_REPLY_HELO = 0x2000
NO_REPLY_MAIL = 0x4000
NO_REPLY_RCPT = 0x8000
NO_REPLY_DATA = 0x10000
NO_REPLY_UNKNOWN = 0x20000
NO_REPLY_END_OF_HEADERS = 0x40000
NO_REPLY_BODY = 0x80000
LEADING_SPACE = 0x100000
ALL_STEPS = 0x1FFFFF

# The milter's answers that end a step, by their letter.
ANSWERS = {
    b"c": "continue",
    b"a": "accept",
    b"r": "reject",
    b"t": "tempfail",
    b"d": "discard",
    b"s": "skip",
    b"f": "connection failed",
    b"4": "shutdown",
}

# Stages for which a milter may ask for macros, by their number in the negotiation's answer.
MACRO_STAGES = ("connect", "helo", "mail", "rcpt", "data", "eom", "eoh")


def open_socket(address, timeout):
    """address as a milter's configuration has it: unix:/path or inet:port@host."""
    kind, _, rest = address.partition(":")
    if kind in ("unix", "local"):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(timeout)
        connection.connect(rest)
        return connection
    port, _, host = rest.partition("@")
    return socket.create_connection((host or "127.0.0.1", int(port)), timeout)


def packet(command, payload=b""):
    return struct.pack(">I", len(payload) + 1) + command + payload


def receive(connection):
    """(letter, payload) of the next packet; EOFError where the milter has closed."""
    (length,) = struct.unpack(">I", _exactly(connection, 4))
    body = _exactly(connection, length)
    return body[:1], body[1:]


def _exactly(connection, count):
    got = b""
    while len(got) < count:
        part = connection.recv(count - len(got))
        if not part:
            raise EOFError("the milter has closed the connection")
        got += part
    return got


def encode(text):
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


def strings(*texts):
    """Texts as the protocol sends them: each with a NUL behind it."""
    return b"".join(encode(text) + b"\0" for text in texts)


def split_strings(payload):
    return [part.decode("utf-8", "surrogateescape") for part in payload.split(b"\0")[:-1]]


def asked_macros(payload):
    """stage -> names of the macros asked for, from behind the numbers of the negotiation's answer
    (each: number of the stage in four bytes, names with blanks between them, a NUL)."""
    lists = {}
    while payload:
        (stage,) = struct.unpack(">I", payload[:4])
        names, _, payload = payload[4:].partition(b"\0")
        lists[MACRO_STAGES[stage]] = names.decode().split()
    return lists
