"""USR1 takes a new configuration; a bad one is refused; what is under way keeps the old one."""

import pathlib
import re
import signal
import subprocess
import threading
import time

import pytest

from lab.letter import Letter
from lab.links import has_link_fields
from lab.product import program
from lab.waiting import until
from lab.world import MARKETING, World, people, person

SHOP_TOO = """\
stream newsletter {
    scope          = "acme/newsletter"
    match_listener = {"MARKETING", "SHOP"}
}
"""
REFUSING = SHOP_TOO.replace("}\n}", "}\n    suppressed = refuse\n}")
MONITORED = SHOP_TOO.replace("}\n}", "}\n    mode = monitor\n}")
LISTENERS = {"shop": {"milter_macro_daemon_name": "SHOP"}}


@pytest.fixture
def world(own_lab):
    return World(own_lab, policy=MARKETING, listeners=LISTENERS)


def reload(site, policy=None, **settings):
    """Gives a site another configuration and waits until the daemon tells what became of it."""
    site.configure(policy=policy, settings=settings)
    before = len(site.log_lines("configuration"))
    site.reload()
    until(lambda: len(site.log_lines("configuration")) > before,
          lambda: f"a line about the configuration\n{site.log()}")  # fmt: skip
    return site.log_lines("configuration")[-1]


def opted_out(world):
    gone = person()
    world.opt_out(gone)
    return gone


def test_a_reload_takes_the_new_streams(world):
    gone = opted_out(world)
    assert world.mail(Letter(to=gone), "shop").recipients == [gone]
    reload(world.site, SHOP_TOO)
    assert world.mail(Letter(to=gone), "shop").refusal.code == 550
    reload(world.site, MARKETING)
    assert world.mail(Letter(to=gone), "shop").recipients == [gone]


def test_a_reload_follows_a_symbolic_link_that_was_turned(world):
    """As tools do that lay a new version beside the old one."""
    site, gone = world.site, opted_out(world)
    old, new = site.root / "old.conf", site.root / "new.conf"
    site.stop()
    site.conf.rename(old)
    site.conf.symlink_to(old)
    site.start()
    new.write_text(old.read_text().replace(MARKETING, SHOP_TOO))
    site.conf.unlink()
    site.conf.symlink_to(new)
    site.reload()
    site.wait_log("the configuration was read again")
    assert world.mail(Letter(to=gone), "shop").refusal.code == 550


BAD = {
    "an unknown name": ("no_such_option = 1\n", 1),
    "a stream without a scope": ('stream s {\n    match_login = {"x"}\n}\n', 1),
    "a repeated name": (
        'stream s {\n    scope = "a"\n    scope = "b"\n    match_login = {"x"}\n}\n', 3),
    "a bad scope": ('stream s {\n    scope = "Not A Scope"\n    match_login = {"x"}\n}\n', 2),
    "a word that is none": (
        'stream s {\n    scope = "a"\n    match_login = {"x"}\n    suppressed = eat\n}\n', 4),
    "a brace that never closes": ('stream s {\n    scope = "a"\n', None),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_configuration_is_refused_with_file_and_line_and_the_old_one_stays(world, case):
    gone = opted_out(world)
    text, line = BAD[case]
    said = reload(world.site, text)
    first = len(world.site.settings) + 2  # the global part and a blank line stand before it
    where = str(world.site.conf) + (f":{first + line - 1}" if line else ":")
    assert any(where in told for told in world.site.log().splitlines()), said
    assert world.site.running
    assert world.mail(Letter(to=gone)).refusal.code == 550


def test_a_configuration_that_is_gone_is_refused_and_the_old_one_stays(world):
    gone = opted_out(world)
    world.site.conf.rename(world.site.conf.with_suffix(".away"))
    world.site.reload()
    world.site.wait_log(str(world.site.conf))
    world.site.conf.with_suffix(".away").rename(world.site.conf)
    assert world.mail(Letter(to=gone)).refusal.code == 550


def test_a_scope_that_the_list_does_not_know_is_refused(world):
    """A renamed scope must bring nobody back."""
    gone = opted_out(world)
    reload(world.site, MARKETING.replace("acme/newsletter", "acme/renamed"))
    assert world.site.log_lines("acme/renamed")
    assert world.mail(Letter(to=gone)).refusal.code == 550


def test_the_unit_tells_before_a_reload_that_a_scope_is_not_registered(world):
    """Or systemctl would say that all was well while the milter kept its old configuration."""
    unit = program("systemd/optout-milter.service").read_text()
    first = re.search("^ExecReload=(.*)$", unit, re.M).group(1).split()
    command = [program(pathlib.PurePath(first[0]).name), *first[1:]]
    command[command.index("-c") + 1] = world.site.conf
    assert subprocess.run(command).returncode == 0
    world.site.configure(policy=MARKETING.replace("acme/newsletter", "acme/never-registered"))
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode != 0 and "acme/never-registered" in ran.stderr


def test_after_the_scope_was_added_the_reload_is_taken(world):
    world.site.tool("scope", "add", "acme/new")
    reload(world.site, MARKETING.replace("acme/newsletter", "acme/new"))
    gone = person()
    world.opt_out(gone, scope="acme/new")
    assert "acme/new" in world.mail(Letter(to=gone)).refusal.text


def test_a_message_ends_with_the_configuration_it_began_with(world):
    """By hand: where nothing is answered, Postfix keeps MAIL to itself until the end."""
    with world.site.milter() as client:
        client.open_session("SHOP")
        client.mail("<a@acme.example>")
        client.rcpt(f"<{person()}>")
        time.sleep(0.2)  # no answer tells that it was read
        reload(world.site, SHOP_TOO)
        client.end_of_headers()
        assert not client.end_of_message().headers
        _, end = client.message("<a@acme.example>", [f"<{person()}>"])
        assert end.set_headers("List-Unsubscribe")


def test_under_postfix_a_message_ends_with_the_configuration_that_answered_its_rcpt(world):
    reload(world.site, REFUSING)
    here = person()
    with world.postfix.client("shop") as client:
        client.mail("a@acme.example")
        assert client.rcpt(here).code == 250
        reload(world.site, MARKETING)
        letter = Letter(to=here)
        assert client.data(letter.content()).code == 250
        assert has_link_fields(world.sink.wait_for(letter)[0])
        # The next message on the same connection has the new one.
        letter = Letter(to=here)
        assert client.send(letter).accepted
        assert not has_link_fields(world.sink.wait_for(letter)[0])


def test_a_connection_opened_before_stays_silent_to_its_end_and_strips_all_the_same(world):
    """A refusal at RCPT would be dropped without a word there, and the mail delivered."""
    gone, here = opted_out(world), person()
    with world.postfix.client("shop") as client:
        assert client.send(Letter(to=here)).accepted
        reload(world.site, REFUSING)
        letter = Letter(to=(gone, here))
        outcome = client.send(letter)
        assert [reply.code for reply in outcome.rcpts] == [250, 250]
        world.postfix.settle(outcome.queue_id)
        assert world.sink.recipients(letter) == [here]
        alone = Letter(to=gone)
        assert client.send(alone).end.code == 550
    delivery = world.mail(Letter(to=(gone, here)), "shop")
    assert [reply.code for reply in delivery.outcome.rcpts] == [550, 250]


def test_a_connection_opened_under_an_answering_configuration_goes_on_under_a_silent_one(world):
    reload(world.site, REFUSING)
    gone, here = opted_out(world), person()
    with world.postfix.client("shop") as client:
        assert client.send(Letter(to=(gone, here))).rcpts[0].code == 550
        reload(world.site, SHOP_TOO)
        letter = Letter(to=(gone, here))
        outcome = client.send(letter)
        assert [reply.code for reply in outcome.rcpts] == [250, 250]
        world.postfix.settle(outcome.queue_id)
        assert world.sink.recipients(letter) == [here]


def test_monitor_can_be_left_and_taken_by_a_reload(world):
    gone = opted_out(world)
    reload(world.site, MONITORED)
    assert world.mail(Letter(to=gone), "shop").recipients == [gone]
    reload(world.site, SHOP_TOO)
    assert world.mail(Letter(to=gone), "shop").refusal.code == 550


def test_what_needs_a_restart_is_told_and_not_taken(world):
    other = world.site.root / "other"
    reload(world.site, data_dir=str(other))
    assert world.site.log_lines("data_dir")
    gone = opted_out_in_old(world)
    assert world.mail(Letter(to=gone)).refusal.code == 550


def opted_out_in_old(world):
    world.site.configure(settings={"data_dir": str(world.site.data)})
    return opted_out(world)


def test_a_hundred_reloads_under_load_let_nothing_slip(world):
    gone, here = opted_out(world), person()
    stop, codes = threading.Event(), set()

    def sender():
        with world.site.milter() as client:
            client.open_session("MARKETING")
            while not stop.is_set():
                _, end = client.message("<n@a.example>", [f"<{gone}>"])
                codes.add(end.code)

    threads = [threading.Thread(target=sender) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(100):
        world.site.configure(policy=(MARKETING, SHOP_TOO, REFUSING)[number % 3])
        world.site.reload()
        time.sleep(0.005)
    stop.set()
    for thread in threads:
        thread.join()
    assert codes == {550}
    assert world.mail(Letter(to=here)).recipients == [here]


def test_term_drains_what_is_under_way(own_lab):
    site = own_lab.site(policy=MARKETING).start()
    gone = people(1)[0]
    site.opt_out(gone)
    with site.milter() as client:
        client.open_session("MARKETING")
        client.mail("<n@a.example>")
        client.rcpt(f"<{gone}>")
        site._process.signal(signal.SIGTERM)
        time.sleep(0.3)
        client.end_of_headers()
        assert client.end_of_message().code == 550
    assert site._process.wait(30) == 0


def test_term_ends_an_idle_daemon_within_seconds_though_connections_are_open(own_lab):
    site = own_lab.site(policy=MARKETING).start()
    with site.milter() as idle:
        idle.open_session("MARKETING")
        begun = time.monotonic()
        site.stop()
        assert time.monotonic() - begun < 15


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR2, signal.SIGPIPE])
def test_a_stray_signal_does_not_let_mail_pass(own_lab, number):
    site = own_lab.site(policy=MARKETING).start()
    gone = person()
    site.opt_out(gone)
    site._process.signal(number)
    time.sleep(0.2)
    if site.running:
        with site.milter() as client:
            client.open_session("MARKETING")
            assert client.message("<n@a.example>", [f"<{gone}>"])[1].code == 550


def test_signals_close_together_never_stop_the_service(own_lab):
    """libmilter waits for HUP too, would stop at it, and would take up to five seconds to do so."""
    site = own_lab.site(policy=MARKETING).start()
    gone = person()
    site.opt_out(gone)
    for number in (signal.SIGUSR1, signal.SIGHUP) * 20:
        site._process.signal(number)
    time.sleep(6.0)
    with site.milter() as client:
        client.open_session("MARKETING")
        assert client.message("<n@a.example>", [f"<{gone}>"])[1].code == 550


@pytest.mark.parametrize("pause", [0.0, 0.001, 0.005])
def test_a_stop_that_comes_during_a_reload_is_not_lost(own_lab, pause):
    streams = "".join(
        f'stream s{number} {{ scope = "acme/newsletter" match_login = {{"l{number}"}} }}\n'
        for number in range(300)
    )
    site = own_lab.site(policy=streams).start()
    site.reload()
    time.sleep(pause)
    site._process.signal(signal.SIGTERM)
    assert site._process.wait(10) == 0
