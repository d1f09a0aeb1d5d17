"""The same job in a real Sendmail 8.17."""

import pytest

from lab.letter import Letter
from lab.links import has_link_fields, links, one_click, token_of
from lab.world import people, person

POLICY = """\
stream newsletter {
    scope          = "acme/newsletter"
    match_listener = {"MARKETING"}
}
stream early {
    scope          = "acme/newsletter"
    match_listener = {"EARLY"}
    suppressed     = refuse
    recipients     = defer
}
"""
PORTS = ("MTA", "MARKETING", "EARLY")


class SendmailWorld:
    def __init__(self, lab, flags="F=T", start=True):
        self.sink = lab.sink()
        self.site = lab.site(policy=POLICY)
        if start:
            self.site.start()
        filters = [("optout", self.site.settings["listen"], flags)]
        self.mta = lab.sendmail(self.sink.port, filters=filters, listeners=PORTS)

    def mail(self, letter, listener="MARKETING", **more):
        outcome = self.mta.send(letter, listener, **more)
        return outcome, self.sink.find(letter)

    def opt_out(self, *to):
        self.site.opt_out(*to)

    def recipients(self, letter):
        return self.sink.recipients(letter)


@pytest.fixture(scope="module")
def world(lab):
    return SendmailWorld(lab)


def test_a_newsletter_reaches_who_may_have_it_with_one_click(world):
    gone, here = people(2)
    world.opt_out(gone)
    outcome, arrived = world.mail(Letter(to=here))
    assert outcome.accepted and one_click(arrived[0])
    assert here in world.site.tool("token", "open", token_of(arrived[0]))
    outcome, arrived = world.mail(Letter(to=gone))
    assert not arrived and outcome.end.code == 550
    assert outcome.end.text.startswith("5.7.1 opted out of acme/newsletter, ref ")


def test_of_many_recipients_the_opted_out_are_stripped(world):
    to = people(4)
    world.opt_out(to[1], to[2])
    letter = Letter(to=to)
    _, arrived = world.mail(letter)
    assert world.recipients(letter) == [to[0], to[3]]
    assert all(links(message) == ["https://optout.example/s/acme/newsletter"] for message in arrived)


def test_a_receipt_passes_untouched(world):
    gone = person()
    world.opt_out(gone)
    letter = Letter(to=gone)
    _, arrived = world.mail(letter, "MTA")
    assert world.recipients(letter) == [gone] and not has_link_fields(arrived[0])


@pytest.mark.parametrize(
    "pattern", ["{}", "{upper}", "@relay.example:{}", '"{local}"@{domain}', "{}."]
)
def test_however_a_recipient_is_spelled_who_opted_out_gets_nothing(world, pattern):
    gone, here = people(2)
    world.opt_out(gone)
    local, domain = gone.split("@")
    spelled = pattern.format(gone, upper=gone.upper(), local=local, domain=domain)
    letter = Letter(to=(spelled, here))
    world.mail(letter)
    assert world.recipients(letter) in ([here], [])
    alone = Letter(to=spelled)
    outcome, arrived = world.mail(alone)
    assert not arrived and outcome.refusal.code in (550, 553)


def test_former_fields_are_all_replaced(world):
    headers = [("List-Unsubscribe", f"<https://old.example/{n}>") for n in range(3)]
    headers += [("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")] * 2
    _, arrived = world.mail(Letter(to=person(), headers=headers))
    assert one_click(arrived[0]) and token_of(arrived[0])
    assert b"old.example" not in arrived[0].raw


def test_refuse_and_defer_answer_single_recipients(world):
    gone, first, second = people(3)
    world.opt_out(gone)
    letter = Letter(to=(gone, first, second))
    outcome, _ = world.mail(letter, "EARLY")
    assert [reply.code for reply in outcome.rcpts] == [550, 250, 452]
    assert world.recipients(letter) == [first]


def test_the_verdict_is_logged_with_sendmail_s_queue_id(world):
    outcome, _ = world.mail(Letter(to=person()))
    queue_id = outcome.end.text.split()[1]
    assert "newsletter" in world.site.wait_log(queue_id)


def test_many_messages_go_over_one_connection(world):
    to = people(10)
    world.opt_out(*to[::2])
    with world.mta.client("MARKETING") as client:
        codes = [client.send(Letter(to=who)).end.code for who in to]
    assert codes == [550, 250] * 5


def test_with_f_t_a_dead_milter_makes_the_sender_wait(own_lab):
    world = SendmailWorld(own_lab)
    world.site.kill()
    gone = person()
    outcome, arrived = world.mail(Letter(to=gone))
    assert outcome.refusal.code == 451 and not arrived
    world.site.start()
    assert world.mail(Letter(to=gone))[0].accepted


def test_without_f_t_a_dead_milter_lets_everything_pass(own_lab):
    """The trap that the guide for Sendmail warns of."""
    world = SendmailWorld(own_lab, flags="")
    gone = person()
    world.opt_out(gone)
    world.site.kill()
    letter = Letter(to=gone)
    assert world.mail(letter)[0].accepted
    assert world.recipients(letter) == [gone]
