"""Messages to send, each with a mark by which it is found again."""

import dataclasses
import email.utils
import itertools
import os

_numbers = itertools.count(1)


@dataclasses.dataclass
class Letter:
    """One message. Addresses are given as they shall stand in the envelope, without <>.

    headers: (name, value) pairs in their order, put behind the usual ones; values are written as
    they are, so a folded one brings its own line ends. raw: the whole message, instead of one made
    of the rest (the mark is then the test's own business).
    """

    sender: str = "news@acme.example"
    to: tuple = ("anna@home.example",)
    subject: str = "A letter"
    headers: tuple = ()
    body: str = "Hello,\r\n\r\nthis is a letter.\r\n"
    from_header: str = None
    raw: bytes = None
    mark: str = dataclasses.field(
        default_factory=lambda: f"mark-{os.getpid()}-{next(_numbers)}@letter.test"
    )
    date: str = dataclasses.field(default_factory=email.utils.formatdate)

    def __post_init__(self):
        self.to = (self.to,) if isinstance(self.to, str) else tuple(self.to)
        self.headers = tuple(self.headers)

    def content(self):
        """The message in bytes, with CRLF at the line ends."""
        if self.raw is not None:
            return self.raw
        fields = [
            ("Date", self.date),
            ("From", self.from_header or self.sender or "MAILER-DAEMON@acme.example"),
            ("To", "undisclosed-recipients:;"),
            ("Subject", self.subject),
            ("Message-ID", f"<{self.mark}>"),
            *self.headers,
        ]
        head = "".join(f"{name}: {value}\r\n" for name, value in fields)
        return (head + "\r\n" + self.body).encode("utf-8", "surrogateescape")
