"""The notice after an opt-out, handed to a real Postfix."""

import email
import email.policy
import re
import subprocess
import time

import pytest

from lab.hole import Hole
from lab.letter import Letter
from lab.product import PUBLIC_URL, program
from lab.ports import free_port
from lab.waiting import until
from lab.web import templates
from lab.world import World, person

POLICY = """\
stream newsletter {
    scope          = "acme/newsletter"
    title          = "Neues von Müller"
    match_listener = {"MARKETING"}
}
stream offers {
    scope          = "acme/offers"
    match_listener = {"OFFERS"}
}
stream other {
    scope          = "other/news"
    match_listener = {"OTHER"}
}
stream silent {
    scope          = "silent/news"
    match_listener = {"SILENT"}
}
brand acme {
    scope       = "acme"
    name        = "Müller GmbH"
    language    = de
    imprint_url = "https://acme.example/impressum"
    notice_from = "nicht-antworten@acme.example"
}
brand quiet {
    scope  = "silent"
    name   = "Silent"
    notice = off
}
"""
SETTINGS = {"notice": "on", "notice_from": "no-reply@site.example"}


@pytest.fixture(scope="module")
def world(lab):
    made = World(lab, policy=POLICY, settings=SETTINGS)
    made.site.configure(settings={"smtp_server": f"127.0.0.1:{made.postfix.port('shop')}"})
    made.web = lab.web(made.site)
    return made


@pytest.fixture
def known(world):
    """Somebody of whom the list has a choice from before."""
    anna = person()
    world.opt_out(anna, scope="other/news")
    return anna


def notices(world, to):
    return [mail for mail in world.sink.all() if mail.recipients == [to]]


def by_mail(world, address, scope="acme/newsletter"):
    token = world.web.token(address, scope)
    return world.site.tool("receive", stdin=f"From: x@y.example\nSubject: {token}\n\n")


def stands(world, address, scope="acme/newsletter"):
    world.site.tool("check", address, "--scope", scope, code=None)
    return world.site.last.returncode == 1


def settled(world):
    """After this, notices of opt-outs by the web were sent, as they are sent in their sequence."""
    last = person()
    world.opt_out(last, scope="other/news")
    assert world.web.click(last).status == 200
    until(lambda: notices(world, last), "the notice of the last opt-out")


def parsed(arrived):
    return email.message_from_bytes(arrived.raw, policy=email.policy.default)


def test_a_notice_is_an_automatic_mail_with_the_null_sender_and_in_the_brands_language(world, known):
    by_mail(world, known)
    until(lambda: notices(world, known), "the notice")
    (arrived,) = notices(world, known)
    assert arrived.sender == ""
    mail = parsed(arrived)
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["From"] == "nicht-antworten@acme.example" and mail["To"] == known
    assert mail["Subject"] == "Sie sind abgemeldet"
    assert mail["Date"] and mail["Message-ID"].endswith("@acme.example>")
    text = mail.get_content()
    assert "Neues von Müller" in text and "Müller GmbH" in text and "impressum" in text
    assert "List-Unsubscribe" not in mail


def test_its_link_withdraws_the_opt_out_and_nothing_else(world, known):
    assert world.web.click(known).status == 200
    until(lambda: notices(world, known), "the notice")
    text = parsed(notices(world, known)[0]).get_content()
    path = re.search(rf"{re.escape(PUBLIC_URL)}(u/\S+)", text)[1]
    page = world.web.get("/" + path)
    assert page.status == 200 and page.undo and stands(world, known)
    # The link alone says what is undone, whatever stands beside it.
    answer = world.web.ask("POST", "/" + path, body={"action": "undo", "undo": "something else"})
    assert answer.status == 200
    assert not stands(world, known) and stands(world, known, "other/news")


def test_a_verdict_from_before_makes_somebody_known_too(world):
    anna = person()
    world.site.tool("add", "@" + anna.partition("@")[2].replace("home", anna.partition("@")[0]),
                    "--scope", "acme")  # fmt: skip
    domain = anna.partition("@")[0] + ".example"
    ben = f"ben@{domain}"


    assert world.mail(Letter(to=ben)).refusal.code == 550
    by_mail(world, ben)
    until(lambda: notices(world, ben), "the notice")


def test_a_stranger_and_a_silent_brand_get_none(world, known):
    stranger, other = person(), person()
    assert world.web.click(stranger).status == 200
    by_mail(world, other)
    assert world.web.click(known, "silent/news").status == 200
    settled(world)
    assert stands(world, stranger) and stands(world, other)
    assert not notices(world, stranger) and not notices(world, other) and not notices(world, known)


def test_what_anybody_can_say_of_anybody_makes_nobody_known(world):
    victim = person()
    for scope in ("acme/offers", "acme/newsletter", "other/news"):
        assert world.web.post(f"/s/{scope}", {"address": victim}).status == 200
    settled(world)
    assert stands(world, victim) and not notices(world, victim)


def test_there_is_one_in_thirty_days_and_none_for_what_stood_before(world, known):
    by_mail(world, known)
    until(lambda: notices(world, known), "the notice")
    by_mail(world, known)
    by_mail(world, known, "acme/offers")
    assert world.web.click(known, "acme/offers").status == 200
    settled(world)
    assert len(notices(world, known)) == 1


def test_who_belongs_to_no_brand_hears_from_the_site(world):
    anna = person()
    world.opt_out(anna, scope="acme/offers")
    by_mail(world, anna, "other/news")
    until(lambda: notices(world, anna), "the notice")
    mail = parsed(notices(world, anna)[0])
    assert mail["From"] == "no-reply@site.example" and mail["Subject"] == "You are unsubscribed"


def test_a_mail_server_that_is_away_loses_the_notice_and_no_opt_out(own_lab):
    settings = {**SETTINGS, "smtp_server": f"127.0.0.1:{free_port()}"}
    site = own_lab.site(policy=POLICY, settings=settings)
    web = own_lab.web(site)
    anna, ben = person(), person()
    site.opt_out(anna, ben, scope="other/news")
    token = web.token(anna)
    assert "its notice is lost" in site.tool("receive", stdin=f"Subject: {token}\n\n")
    assert web.click(ben).status == 200
    until(lambda: web.log_lines("notice", "is lost"), "the loss in the log")
    for address in (anna, ben):
        site.tool("check", address, "--scope", "acme/newsletter", code=1)


def test_a_mail_server_that_says_nothing_holds_up_no_one_click(own_lab):
    """It takes the connection and never greets."""


    hole = Hole()
    own_lab.keep_ending(hole.close)
    site = own_lab.site(policy=POLICY, settings={**SETTINGS, "smtp_server": f"127.0.0.1:{hole.port}"})
    web = own_lab.web(site)
    people = [person() for _ in range(5)]
    site.opt_out(*people, scope="other/news")
    with web.connect(timeout=10) as connection:
        for one in people:
            path = "/" + web.token(one)
            assert connection.ask("POST", path, "List-Unsubscribe=One-Click").status == 200
    until(lambda: hole.taken, "a notice on its way")
    begun = time.monotonic()
    web.stop()
    assert time.monotonic() - begun < 10 and web.log_lines("notices that waited are lost")


def test_a_list_that_is_replaced_opens_while_a_notice_waits_for_the_mail_server(own_lab):
    hole = Hole(greets=True)
    own_lab.keep_ending(hole.close)
    site = own_lab.site(policy=POLICY, settings={**SETTINGS, "smtp_server": f"127.0.0.1:{hole.port}"})
    web = own_lab.web(site)
    anna = person()
    site.opt_out(anna, scope="other/news")
    assert web.click(anna).status == 200
    until(lambda: hole.taken, "a notice on its way")
    site.tool("compact")
    until(lambda: web.click(person()).status == 200, "the list that took its place")
    assert not web.log_lines("notice", "is lost")  # the mail server is waited for 30 seconds


def test_a_crash_on_the_way_loses_the_notice_and_never_sends_two(own_lab):
    hole = Hole()
    own_lab.keep_ending(hole.close)
    site = own_lab.site(policy=POLICY, settings={**SETTINGS, "smtp_server": f"127.0.0.1:{hole.port}"})
    site.configure(settings={"templates": str(templates(site.root))})
    anna = person()
    site.opt_out(anna, scope="other/news")
    tokens = [site.tool("token", "make", anna, "--scope", scope).strip()
              for scope in ("acme/newsletter", "acme/offers")]  # fmt: skip
    killed = subprocess.Popen([program("optout"), "-c", site.conf, "receive"],
                              stdin=subprocess.PIPE, text=True)  # fmt: skip
    killed.stdin.write(f"Subject: {tokens[0]}\n\n")
    killed.stdin.close()
    until(lambda: hole.taken, "the notice on its way")
    killed.kill()
    killed.wait()
    site.tool("check", anna, "--scope", "acme/newsletter", code=1)
    assert "known already" in site.tool("receive", stdin=f"Subject: {tokens[0]}\n\n")
    assert "lost" not in site.tool("receive", stdin=f"Subject: {tokens[1]}\n\n")
    assert len(hole.taken) == 1


@pytest.mark.parametrize("settings, words", [
    ({"notice": "on"}, "notice_from"),
    ({"notice": "perhaps"}, "not one of"),
    ({"smtp_server": "localhost"}, "HOST:PORT"),
    ({"smtp_server": "smtp://localhost:25"}, "HOST:PORT"),
    ({"smtp_server": "localhost:0"}, "HOST:PORT"),
    ({"notice_from": "Acme <news@acme.example>"}, "plain address"),
])  # fmt: skip
def test_a_configuration_that_cannot_send_is_refused(own_lab, settings, words):
    site = own_lab.site(init=False, settings=settings)
    site.tool("config", "check", code=None)
    assert site.last.returncode != 0 and words in site.last.stdout + site.last.stderr
