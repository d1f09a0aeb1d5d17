"""Handing mail in by SMTP, with every reply kept and every address sent as it was given."""

import dataclasses
import re
import smtplib


@dataclasses.dataclass
class Reply:
    code: int
    text: str

    @property
    def ok(self):
        return 200 <= self.code < 400

    def __str__(self):
        return f"{self.code} {self.text}"


@dataclasses.dataclass
class Outcome:
    """What became of one message: the reply to MAIL, one for each RCPT, and to the end of DATA.

    What was not reached is None. queue_id is the one that the server told when it accepted.
    """

    mail: Reply = None
    rcpts: list = dataclasses.field(default_factory=list)
    end: Reply = None

    @property
    def accepted(self):
        return self.end is not None and self.end.code == 250

    @property
    def queue_id(self):
        found = self.accepted and re.search(r"queued as ([A-Za-z0-9]+)", self.end.text)
        return found.group(1) if found else None

    @property
    def refusal(self):
        """The first reply that was not a success, or None."""
        replies = [self.mail, *self.rcpts, self.end]
        return next((reply for reply in replies if reply and not reply.ok), None)


class Client:
    """One SMTP connection; a context manager. login: (user, password) for AUTH PLAIN."""

    def __init__(self, port, host="127.0.0.1", login=None, helo="client.test", timeout=30):
        self._smtp = smtplib.SMTP(local_hostname=helo, timeout=timeout)
        self._smtp.command_encoding = "utf-8"
        self.greeting = Reply(*self._text(self._smtp.connect(host, port)))
        self._smtp.ehlo()
        if login:
            self._smtp.login(*login, initial_response_ok=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.quit()
        except (smtplib.SMTPException, OSError):
            self._smtp.close()

    @staticmethod
    def _text(pair):
        return pair[0], pair[1].decode("utf-8", "replace")

    def has(self, extension):
        return self._smtp.has_extn(extension)

    def command(self, line):
        """Sends one line as it is."""
        verb, _, rest = line.partition(" ")
        return Reply(*self._text(self._smtp.docmd(verb, rest)))

    def raw(self, data):
        """Sends text as it is, NULs and all, and reads one reply."""
        self._smtp.send(data.encode("utf-8"))
        return Reply(*self._text(self._smtp.getreply()))

    def mail(self, sender, *parameters):
        return self.command(" ".join([f"MAIL FROM:<{sender}>", *parameters]))

    def rcpt(self, recipient, *parameters):
        return self.command(" ".join([f"RCPT TO:<{recipient}>", *parameters]))

    def data(self, content):
        """DATA and the content; the reply to DATA itself if that was refused."""
        try:
            return Reply(*self._text(self._smtp.data(content)))
        except smtplib.SMTPDataError as error:
            return Reply(error.smtp_code, error.smtp_error.decode("utf-8", "replace"))

    def rset(self):
        return self.command("RSET")

    def quit(self):
        return Reply(*self._text(self._smtp.quit()))

    def drop(self):
        """Closes the connection without a word."""
        self._smtp.close()

    def send(self, letter, mail_parameters=(), rcpt_parameters=()):
        """One whole message; goes on after refused recipients, as RFC 5321 has it."""
        outcome = Outcome(mail=self.mail(letter.sender, *mail_parameters))
        if not outcome.mail.ok:
            self.rset()
            return outcome
        outcome.rcpts = [self.rcpt(to, *rcpt_parameters) for to in letter.to]
        if any(reply.ok for reply in outcome.rcpts):
            outcome.end = self.data(letter.content())
        else:
            self.rset()
        return outcome
