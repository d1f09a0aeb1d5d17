"""The laboratory itself, without the programs under test."""

import pwd

import pytest

from lab.letter import Letter
from lab.opendkim import signed_fields
from lab.sink import forwarder

LOGIN = ("mautic@acme.example", "secret")


@pytest.fixture(scope="module")
def sink(lab):
    return lab.sink()


@pytest.fixture(scope="module")
def postfix(lab, sink):
    dovecot = lab.dovecot(dict([LOGIN]))
    return lab.postfix(sink.port, listeners={"smtp": {}, "login": dovecot.listener_options()})


def test_mail_by_smtp_reaches_the_sink(postfix, sink):
    letter = Letter(to=("anna@home.example", "Ben@home.example"))
    assert postfix.send(letter).accepted
    assert sink.recipients(letter) == ["Ben@home.example", "anna@home.example"]
    assert sink.find(letter)[0].field("Subject") == "A letter"


def test_mail_by_sendmail_1_of_an_unprivileged_user_reaches_the_sink(postfix, sink):
    letter = Letter(to=("anna@home.example",))
    ran = postfix.sendmail(letter, words=("-f", "shop@acme.example"))
    assert ran.returncode == 0, ran.stderr
    assert sink.wait_for(letter)[0].sender == "shop@acme.example"
    assert postfix.log_lines("pickup", f"uid={pwd.getpwnam('www-data').pw_uid} ")


def test_a_login_is_checked_by_dovecot(postfix, sink):
    letter = Letter()
    outcome = postfix.send(letter, "login", login=LOGIN)
    assert outcome.accepted and sink.find(letter)
    assert postfix.log_lines(f"{outcome.queue_id}: client=", "sasl_username=mautic@acme.example")


def test_without_a_login_the_login_port_refuses(postfix):
    assert postfix.send(Letter(), "login").refusal.code == 554


def test_mail_with_umlauts_in_its_addresses_passes(postfix, sink):
    letter = Letter(to=("käthe@bücher.example",))
    assert postfix.send(letter, mail_parameters=["SMTPUTF8"]).accepted
    assert sink.recipients(letter) == ["käthe@bücher.example"]


def test_mail_held_in_the_queue_is_listed_and_released(postfix, sink):
    postfix.reload({"smtpd_sender_restrictions": "static:HOLD"})
    letter = Letter()
    outcome = postfix.send(letter, settle=False)
    assert [mail["queue_id"] for mail in postfix.queue()] == [outcome.queue_id]
    assert letter.mark in postfix.stored(outcome.queue_id)
    assert not sink.find(letter)
    postfix.reload({"smtpd_sender_restrictions": ""})
    postfix.super("-H", outcome.queue_id)
    postfix.flush()
    assert sink.wait_for(letter)


def test_a_content_filter_gets_the_mail_and_hands_it_back(own_lab):
    sink = own_lab.sink()
    postfix = own_lab.postfix(sink.port, listeners={"smtp": {}, "back": {}})
    content_filter = own_lab.sink(forwarder(postfix.port("back")))
    postfix.reload({"content_filter": f"smtp:[127.0.0.1]:{content_filter.port}"})
    postfix.listeners["back"].options["content_filter"] = ""
    postfix.reload()
    letter = Letter()
    assert postfix.send(letter).accepted
    assert sink.wait_for(letter) and len(content_filter.find(letter)) == 1


def test_sendmail_hands_mail_on_to_the_sink(lab, sink):
    sendmail = lab.sendmail(sink.port, listeners=("MTA", "MARKETING"))
    letter = Letter(to=("anna@home.example", "Ben@home.example"))
    assert sendmail.send(letter, "MARKETING").accepted
    assert sink.recipients(letter) == ["Ben@home.example", "anna@home.example"]
    assert not sendmail.queue()


def test_sendmail_with_f_t_refuses_for_now_while_its_filter_is_down(own_lab):
    dead = own_lab.directory().path / "dead.sock"
    sendmail = own_lab.sendmail(25, filters=[("optout", f"unix:{dead}", "F=T")])
    assert sendmail.send(Letter()).refusal.code == 451


def test_opendkim_signs_and_its_verifier_tells_right_from_wrong(own_lab):
    sink, dkim = own_lab.sink(), own_lab.opendkim()
    postfix = own_lab.postfix(sink.port, settings={"smtpd_milters": f"unix:{dkim.socket}"})
    letter = Letter(sender="news@acme.example")
    assert postfix.send(letter).accepted
    arrived = sink.find(letter)[0]
    assert "from" in signed_fields(arrived)
    assert dkim.verify(arrived.raw) == "pass"
    assert dkim.verify(arrived.raw.replace(b"Subject: A", b"Subject: B")) == "fail"
