"""What the options of a stream do: suppressed, none_left, mode, consent, recipients, companions."""

import pytest

from lab.letter import Letter
from lab.links import has_link_fields, links, one_click
from lab.world import World, people, person


def stream(name, port, *lines):
    return "\n".join(
        [f"stream {name} {{", '    scope = "acme/news"', f'    match_listener = {{"{port}"}}',
         *[f"    {line}" for line in lines], "}", ""]  # fmt: skip
    )


# One listener for each stream, all of one scope.
STREAMS = {
    "PLAIN": [],
    "REFUSE": ["suppressed = refuse"],
    "DISCARD": ["none_left = discard"],
    "MONITOR": ["mode = monitor"],
    "CONSENT": ["consent = opt-in"],
    "DEFER": ["recipients = defer"],
    "BOTH": ["recipients = defer", "suppressed = refuse"],
    "WATCHED": ["mode = monitor", "suppressed = refuse", "recipients = defer"],
}
POLICY = "".join(stream(name.lower(), name, *lines) for name, lines in STREAMS.items())
LISTENERS = {name: {"milter_macro_daemon_name": name} for name in STREAMS}
COMPANION = "archive@acme.example"


@pytest.fixture(scope="module")
def world(lab):
    return World(lab, policy=POLICY, listeners=LISTENERS, settings={"companions": [COMPANION]})


def opted_out(world, count=1):
    to = people(count)
    world.opt_out(*to, scope="acme/news")
    return to if count > 1 else to[0]


# -- suppressed = refuse


def test_refuse_answers_550_at_rcpt_and_the_others_get_the_mail(world):
    gone, here = opted_out(world), person()
    delivery = world.mail(Letter(to=(gone, here)), "REFUSE")
    assert [reply.code for reply in delivery.outcome.rcpts] == [550, 250]
    assert delivery.outcome.rcpts[0].text.startswith("5.7.1 ")
    assert delivery.recipients == [here] and one_click(delivery.message)


def test_refuse_is_logged_and_in_the_ledger_before_the_answer(world):
    gone = opted_out(world)
    with world.postfix.client("REFUSE") as client:
        client.mail("news@acme.example")
        reply = client.rcpt(gone)
        assert reply.code == 550
        reference = reply.text.rpartition("ref ")[2]
        assert "refuse" in world.site.tool("log", gone)
        # Postfix has no queue id before the first accepted recipient.
        assert world.site.log_lines("NOQUEUE: ", "verdict=refuse", f"ref={reference} ")
        client.rset()


def test_where_refuse_has_refused_all_no_data_is_taken(world):
    gone = opted_out(world)
    with world.postfix.client("REFUSE") as client:
        client.mail("news@acme.example")
        assert client.rcpt(gone).code == 550
        assert client.data(b"hello\r\n").code == 554
        # The milter had an abort; the connection goes on as if nothing had been.
        client.rset()
        assert client.send(Letter(to=person())).accepted


def test_strip_answers_nothing_before_the_end_of_the_message(world):
    gone, here = opted_out(world), person()
    delivery = world.mail(Letter(to=(gone, here)), "PLAIN")
    assert [reply.code for reply in delivery.outcome.rcpts] == [250, 250]
    assert delivery.recipients == [here]


def test_mail_of_no_stream_on_an_answering_connection_passes_whole(world):
    gone = opted_out(world)
    assert world.mail(Letter(to=gone), "shop").recipients == [gone]


# -- none_left


def test_discard_answers_250_delivers_nothing_and_tells_log_and_ledger(world):
    gone = opted_out(world)
    letter = Letter(to=gone)
    delivery = world.mail(letter, "DISCARD", settle=False)
    assert delivery.accepted and delivery.queue_id
    assert "discard" in world.site.wait_log(delivery.queue_id)
    assert "discard" in world.site.tool("log", gone)
    world.postfix.wait_log(delivery.queue_id, "milter-discard")
    assert world.mail(Letter(to=person()), "DISCARD").accepted
    assert not world.postfix.queue() and not world.sink.find(letter)


def test_discard_with_somebody_left_delivers_to_them(world):
    gone, here = opted_out(world), person()
    assert world.mail(Letter(to=(gone, here)), "DISCARD").recipients == [here]


# -- mode = monitor


def test_monitor_decides_and_logs_but_changes_nothing(world):
    gone, here = opted_out(world), person()
    letter = Letter(to=(gone, here))
    delivery = world.mail(letter, "MONITOR")
    assert delivery.recipients == sorted([gone, here])
    assert delivery.message.raw.endswith(letter.content())
    line = world.site.wait_log(delivery.queue_id)
    assert "monitor" in line and "strip" in line


def test_monitor_lets_a_message_pass_that_would_be_refused(world):
    gone = opted_out(world)
    delivery = world.mail(Letter(to=gone), "MONITOR")
    assert delivery.recipients == [gone] and not has_link_fields(delivery.message)
    assert "refuse" in world.site.wait_log(delivery.queue_id)


def test_a_monitored_stream_answers_nothing_at_rcpt(world):
    gone, first, second = opted_out(world), *people(2)
    delivery = world.mail(Letter(to=(gone, first, second)), "WATCHED")
    assert [reply.code for reply in delivery.outcome.rcpts] == [250, 250, 250]
    assert delivery.recipients == sorted([gone, first, second])


def test_monitor_for_all_holds_for_every_stream_that_does_not_say_otherwise(own_lab):
    policy = stream("one", "ONE") + stream("two", "TWO", "mode = enforce")
    listeners = {name: {"milter_macro_daemon_name": name} for name in ("ONE", "TWO")}
    world = World(own_lab, policy=policy, listeners=listeners, settings={"mode": "monitor"})
    gone = opted_out(world)
    assert world.mail(Letter(to=gone), "ONE").recipients == [gone]
    assert world.mail(Letter(to=gone), "TWO").refusal.code == 550


# -- consent


def test_a_stream_that_asks_for_consent_keeps_mail_from_strangers(world):
    delivery = world.mail(Letter(to=person()), "CONSENT")
    assert delivery.refusal.code == 550 and delivery.recipients == []


@pytest.mark.parametrize("evidence", [(), ("--evidence", "form of 2025-01-01")])
def test_a_recorded_consent_lets_mail_go(world, evidence):
    anna = person()
    world.site.tool("add", "--opt-in", anna, "--scope", "acme/news", *evidence)
    assert world.mail(Letter(to=anna), "CONSENT").recipients == [anna]


def test_consent_to_something_else_is_none(world):
    anna = person()
    world.site.tool("scope", "add", "acme/other", code=None)
    world.site.tool("add", "--opt-in", anna, "--scope", "acme/other", "--evidence", "form")
    assert world.mail(Letter(to=anna), "CONSENT").refusal.code == 550


def test_an_opt_out_after_a_consent_keeps_the_mail_back(world):
    anna = person()
    world.site.tool("add", "--opt-in", anna, "--scope", "acme/news", "--evidence", "form")
    world.opt_out(anna, scope="acme/news")
    assert world.mail(Letter(to=anna), "CONSENT").refusal.code == 550


# -- several recipients


def test_plain_never_gives_somebody_else_s_token(world):
    to = people(3)
    message = world.mail(Letter(to=to), "PLAIN").message
    assert links(message) == ["https://optout.example/s/acme/news"] and not one_click(message)


def test_one_person_given_twice_is_one_person(world):
    anna = person()
    spelled = anna.replace("person", "PERSON").replace("home", "Home")
    delivery = world.mail(Letter(to=(anna, spelled)), "PLAIN")
    assert all(one_click(message) for message in delivery.arrived)
    assert {to.lower() for to in delivery.recipients} == {anna}


def test_defer_puts_off_the_second_live_recipient(world):
    first, second, third = people(3)
    delivery = world.mail(Letter(to=(first, second, third)), "DEFER")
    assert [reply.code for reply in delivery.outcome.rcpts] == [250, 452, 452]
    assert delivery.outcome.rcpts[1].text.startswith("4.5.3 ")
    assert delivery.recipients == [first] and one_click(delivery.message)


def test_who_was_put_off_gets_the_mail_with_the_next_try(world):
    first, second = people(2)
    letter = Letter(to=(first, second))
    world.mail(letter, "DEFER")
    letter.to = (second,)
    delivery = world.mail(letter, "DEFER")
    assert delivery.recipients == [first, second]
    assert all(one_click(message) for message in delivery.arrived)


def test_defer_does_not_count_those_who_have_opted_out(world):
    gone, here = opted_out(world), person()
    delivery = world.mail(Letter(to=(gone, here)), "DEFER")
    assert [reply.code for reply in delivery.outcome.rcpts] == [250, 250]
    assert delivery.recipients == [here] and one_click(delivery.message)


def test_defer_after_an_opted_out_second_still_takes_only_one(world):
    first, gone, third = person(), opted_out(world), person()
    delivery = world.mail(Letter(to=(first, gone, third)), "BOTH")
    assert [reply.code for reply in delivery.outcome.rcpts] == [250, 550, 452]
    assert delivery.recipients == [first]


def test_after_a_reset_the_first_recipient_is_the_first_again(world):
    first, second = people(2)
    with world.postfix.client("DEFER") as client:
        client.mail("news@acme.example")
        assert client.rcpt(first).code == 250
        client.rset()
        assert client.send(Letter(to=second)).accepted


# -- companions


def test_a_companion_gets_the_mail_with_the_one_who_may_have_it(world):
    anna = person()
    delivery = world.mail(Letter(to=(anna, COMPANION)), "PLAIN")
    assert delivery.recipients == sorted([anna, COMPANION])
    assert one_click(delivery.message)


def test_a_companion_is_nobody_where_all_others_have_opted_out(world):
    gone = opted_out(world)
    delivery = world.mail(Letter(to=(gone, COMPANION)), "PLAIN")
    assert delivery.refusal.code == 550 and delivery.recipients == []


def test_a_companion_is_not_looked_up(world):
    world.opt_out(COMPANION, scope="acme/news")
    anna = person()
    assert COMPANION in world.mail(Letter(to=(anna, COMPANION)), "PLAIN").recipients


def test_a_companion_does_not_count_as_the_first_live_recipient(world):
    first, second = people(2)
    delivery = world.mail(Letter(to=(COMPANION, first, second)), "DEFER")
    assert [reply.code for reply in delivery.outcome.rcpts] == [250, 250, 452]
    assert one_click(delivery.message)


def test_split_is_refused_by_the_configuration_check(own_lab):
    site = own_lab.site()
    site.configure(policy=stream("one", "ONE", "recipients = split"))
    site.tool("config", "check", code=None)
    assert site.last.returncode != 0 and "split" in site.last.stderr
