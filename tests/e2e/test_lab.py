"""The laboratory itself, without the programs under test."""

import pytest

from lab.letter import Letter


@pytest.fixture(scope="module")
def sink(lab):
    return lab.sink()


@pytest.fixture(scope="module")
def postfix(lab, sink):
    return lab.postfix(sink.port, listeners={"smtp": {}, "second": {}})


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
