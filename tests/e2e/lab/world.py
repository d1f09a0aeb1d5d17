"""The usual arrangement: a site of the product between a Postfix and a sink."""

import dataclasses
import itertools

from lab.smtp import Outcome

_numbers = itertools.count(1)

MARKETING = """\
stream newsletter {
    scope          = "acme/newsletter"
    title          = "Acme Newsletter"
    match_listener = {"MARKETING"}
}
"""

LOGIN = ("mautic@acme.example", "secret")


def people(count=1, domain="home.example"):
    """Addresses that no other test uses: what one test does to a shared list concerns no other."""
    return [f"person{next(_numbers)}@{domain}" for _ in range(count)]


def person(domain="home.example"):
    return people(1, domain)[0]


@dataclasses.dataclass
class Delivery:
    """What the sender was told of a letter, and what of it came out at the other end."""

    outcome: Outcome
    arrived: list

    @property
    def accepted(self):
        return self.outcome.accepted

    @property
    def refusal(self):
        return self.outcome.refusal

    @property
    def queue_id(self):
        return self.outcome.queue_id

    @property
    def recipients(self):
        """Whom it has reached, sorted."""
        return sorted(to for message in self.arrived for to in message.recipients)

    @property
    def message(self):
        """The one message that arrived."""
        assert len(self.arrived) == 1, f"{len(self.arrived)} messages arrived: {self.outcome}"
        return self.arrived[0]


class World:
    """Listeners: `shop` takes mail that is not marketing, `marketing` is the port that the usual
    policy goes by, `login` asks for a SASL login that a Dovecot checks (login=True)."""

    def __init__(self, lab, policy=MARKETING, settings=None, listeners=None, postfix=None,
                 login=False, start=True):  # fmt: skip
        self.sink = lab.sink()
        self.site = lab.site(policy=policy, settings=settings)
        self.milter = f"{{ {self.site.settings['listen']}, default_action=tempfail }}"
        ports = {"shop": {}, "marketing": {"milter_macro_daemon_name": "MARKETING"}}
        if login:
            ports["login"] = lab.dovecot(dict([LOGIN])).listener_options()
        milters = {"smtpd_milters": self.milter, "non_smtpd_milters": self.milter}
        if start:
            self.site.start()
        self.postfix = lab.postfix(
            self.sink.port, listeners={**ports, **(listeners or {})},
            settings={**milters, **(postfix or {})},
        )  # fmt: skip

    def mail(self, letter, listener="marketing", **more):
        """Sends a letter, waits until Postfix is done with it, tells what became of it."""
        outcome = self.postfix.send(letter, listener, **more)
        return Delivery(outcome, self.sink.find(letter))

    def opt_out(self, *addresses, **more):
        return self.site.opt_out(*addresses, **more)
