"""kill -9 at any moment: nobody gets what was kept from them, no acknowledged choice is lost."""

import itertools
import signal
import subprocess
import threading
import time

import pytest

from lab.letter import Letter
from lab.product import program
from lab.world import World, people, person

POLICY = """\
stream newsletter {
    scope          = "acme/newsletter"
    match_listener = {"MARKETING"}
}
"""
ANSWERING = POLICY.replace("}\n}", "}\n    suppressed = refuse\n}")


@pytest.fixture(params=["silent", "answering"])
def world(own_lab, request):
    return World(own_lab, policy=POLICY if request.param == "silent" else ANSWERING)


STEPS = ["connect", "helo", "mail", "first recipient", "second recipient", "data"]


def talk_until(client, step, gone, here):
    """Speaks SMTP up to a step and stops there."""
    talk = [
        ("connect", lambda: None),
        ("helo", lambda: client.command("EHLO client.test")),
        ("mail", lambda: client.mail("news@acme.example")),
        ("first recipient", lambda: client.rcpt(here)),
        ("second recipient", lambda: client.rcpt(gone)),
        ("data", lambda: client.command("DATA")),
    ]
    for name, say in talk:
        say()
        if name == step:
            return


@pytest.mark.parametrize("step", STEPS)
def test_a_milter_killed_after(world, step):
    """The sender sees 451, and a later try delivers to who may have it."""
    gone, here = people(2)
    world.opt_out(gone)
    letter = Letter(to=(here, gone))
    with world.postfix.client("marketing") as client:
        talk_until(client, step, gone, here)
        world.site.kill()
        if step == "data":
            client._smtp.send(letter.content() + b"\r\n.\r\n")
            last = client._smtp.getreply()[0]
        else:
            outcome = client.send(letter) if step in ("connect", "helo") else None
            last = outcome.refusal.code if outcome else finish(client, step, letter, gone)
    assert last in (451, 421), last
    assert not world.sink.find(letter)
    world.site.start()
    delivery = world.mail(letter)
    assert delivery.recipients == [here]


def finish(client, step, letter, gone):
    """What is left of the conversation after a kill; the first reply that is no success."""
    replies = []
    if step == "mail":
        replies += [client.rcpt(to) for to in letter.to]
    elif step == "first recipient":
        replies.append(client.rcpt(gone))
    replies = [reply for reply in replies if reply.code not in (250, 550)]
    return replies[0].code if replies else client.data(letter.content()).code


def test_killed_again_and_again_under_load_the_milter_lets_nothing_through(own_lab):
    world = World(own_lab, policy=ANSWERING)
    gone = people(3)
    world.opt_out(*gone)
    stop, letters = threading.Event(), []

    def sender(to):
        while not stop.is_set():
            letter = Letter(to=(person(), *gone))
            letters.append(letter)
            try:
                with world.postfix.client("marketing") as client:
                    client.send(letter)
            except OSError:
                pass

    threads = [threading.Thread(target=sender, args=(gone,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        time.sleep(0.15)
        world.site.kill()
        world.site.start()
    stop.set()
    for thread in threads:
        thread.join()
    reached = {to for message in world.sink.all() for to in message.recipients}
    assert not reached & set(gone)
    assert letters and reached, "nothing was delivered at all"
    world.site.tool("verify")


def test_what_was_kept_back_before_a_kill_is_in_the_ledger_after_it(own_lab):
    world = World(own_lab, policy=POLICY)
    gone = people(10)
    world.opt_out(*gone)
    for one in gone:
        assert world.mail(Letter(to=one)).refusal.code == 550
        world.site.kill()
        world.site.start()
        assert "refuse" in world.site.tool("log", one)
    world.site.tool("verify")


def adding(site, *who):
    """`optout add` of these people, as a process that was just started."""
    command = [program("optout"), "-c", site.conf, "add", *who, "--scope", "acme/newsletter"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def usual_time(site, count):
    """How long it takes for so many."""
    begun = time.monotonic()
    assert adding(site, *people(count)).wait() == 0
    return time.monotonic() - begun


def moments(usual):
    """Times to wait, from the very start to behind the usual end, so that every moment has its
    turn; again and again."""
    return itertools.cycle(usual * 1.2 * (step * 17 % 50) / 50 for step in range(50))


def test_two_hundred_kills_of_optout_add_lose_no_acknowledged_choice(own_lab):
    site = own_lab.site(policy=POLICY)
    acknowledged, killed = [], 0
    for number, moment in enumerate(moments(usual_time(site, 1))):
        who = f"kill{number}@home.example"
        ran = adding(site, who)
        time.sleep(moment)
        ran.send_signal(signal.SIGKILL)
        if ran.wait() == 0:
            acknowledged.append(who)
        else:
            killed += 1
        if killed == 200:
            break
        assert number < 2000, "the tool is too quick to be killed"
    for who in acknowledged:
        site.tool("check", who, "--scope", "acme/newsletter", code=1)
    site.tool("verify")
    assert acknowledged


def test_a_killed_add_never_leaves_half_of_its_people(own_lab):
    """One call with many addresses is one transaction: all of them or none."""
    site = own_lab.site(policy=POLICY)
    for number, moment in zip(range(40), moments(usual_time(site, 500))):
        who = [f"batch{number}-{n}@home.example" for n in range(500)]
        ran = adding(site, *who)
        time.sleep(moment)
        ran.send_signal(signal.SIGKILL)
        done = ran.wait() == 0
        codes = set()
        for one in (who[0], who[249], who[499]):
            site.tool("check", one, "--scope", "acme/newsletter", code=None)
            codes.add(site.last.returncode)
        assert codes in ({0}, {1}) and not (done and codes == {0})
    site.tool("verify")


def test_a_stopped_writer_makes_others_fail_with_an_error_and_not_wait_for_ever(own_lab):
    """Ctrl-Z in the middle of a write holds LMDB's write lock: the others give up."""
    site = own_lab.site(policy=POLICY)
    given_up = 0
    for _, moment in zip(range(200), moments(usual_time(site, 300))):
        ran = adding(site, *people(300))
        time.sleep(moment)
        ran.send_signal(signal.SIGSTOP)
        try:
            begun = time.monotonic()
            site.tool("add", person(), "--scope", "acme/newsletter", code=None)
            assert time.monotonic() - begun < 10
        finally:
            ran.send_signal(signal.SIGCONT)
            ran.wait()
        assert site.last.returncode in (0, 75), site.last.stderr
        given_up += site.last.returncode == 75
        if given_up == 2:
            break
    assert given_up, "none was stopped while it held the lock"
    site.tool("verify")
