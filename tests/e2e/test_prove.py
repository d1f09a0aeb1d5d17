"""Whether mail was handed on to a person: what the ledger proves, and where it cannot."""

import datetime
import math
import random
import threading
import time

import pytest

from lab.letter import Letter
from lab.product import manual_members
from lab.waiting import until
from lab.world import World, people, person

SCOPE = "acme/newsletter"
SECRET = "a-word-of-the-configuration-alone"


def stream(name, scope=SCOPE, ledger="all", more=""):
    return f"""\
stream {name} {{
    scope = "{scope}"
    match_listener = {{"{name.upper()}"}}
    ledger = {ledger}
    {more}
}}
"""


NEWS = stream("news")


def text_of(seconds):
    at = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def next_second():
    """Waits for a second that has not begun yet, since --since knows only whole ones."""
    second = math.floor(time.time()) + 1
    until(lambda: time.time() >= second, "the next second")
    return text_of(second)


def hand_in(site, to, listener="NEWS", mark="1@acme.example", sender="n@acme.example"):
    """One message past the milter alone; its answer at the end."""
    with site.milter() as client:
        client.open_session(listener)
        to = [to] if isinstance(to, str) else to
        headers = [("Message-ID", f"<{mark}>")]
        _, end = client.message(f"<{sender}>", [f"<{one}>" for one in to], headers)
        return end


def prove(site, who, since, code, scope=SCOPE, *more):
    """The messages, the gaps' reasons and the answer."""
    told = site.json("prove", who, "--scope", scope, "--since", since, *more, code=code)
    answer = told.pop()
    assert answer["type"] == "answer"
    assert answer["handed_on"] == {0: "no", 1: "yes", 2: "cannot-tell"}[code]
    messages = [one for one in told if one["type"] == "handed-on"]
    gaps = [one for one in told if one["type"] == "gap"]
    assert answer["messages"] == len(messages) and answer["covered"] == (not gaps)
    return messages, [gap["reason"] for gap in gaps], answer


def reload(site, policy):
    before = len(site.log_lines("the configuration was read again"))
    site.configure(policy=policy)
    site.reload()
    site.wait_log("the configuration was read again", count=before + 1)


@pytest.fixture
def site(own_lab):
    """For what changes the configuration, or needs a ledger of its own."""
    return own_lab.site(policy=NEWS).start()


@pytest.fixture(scope="module")
def shared(lab):
    """A site for everybody: people of one test concern no other. since: it covers all from there."""
    policy = NEWS + stream("wide", "acme") + stream("part", "acme/part", "suppressed")
    policy += stream("watched", "acme/watched", more="mode = monitor")
    settings = {"companions": ["archive@acme.example"]}
    site = lab.site(policy=policy, settings=settings).start()
    site.tool("scope", "add", "acme/nothing")
    site.since = next_second()
    return site


# -- against what the destination got

STREAMS = {"news": SCOPE, "promo": "acme/newsletter/promo", "offers": "acme/offers",
           "watched": "acme/watched"}  # fmt: skip
MANY = "".join(
    stream(name, scope, more="mode = monitor" if name == "watched" else "")
    for name, scope in STREAMS.items()
)
MESSAGES, CONNECTIONS, PEOPLE = 1000, 8, 150


class Run:
    """Many messages at once, while people opt out; what came of it the destination knows."""

    def __init__(self, lab):
        ports = {name: {"milter_macro_daemon_name": name.upper()} for name in STREAMS}
        self.world = World(lab, policy=MANY, listeners=ports)
        self.site, self.random = self.world.site, random.Random(8)
        self.people = [f"who{n}@home.example" for n in range(PEOPLE)]
        self.site.opt_out(*self.people[:10], scope="acme")
        self.accepted, self.stream_of, self.failures = [], {}, []
        self.since = next_second()
        self.plan = [self.letter() for _ in range(MESSAGES)]

    def letter(self):
        """Somebody may stand there in another spelling, or twice."""
        to = self.random.choices(self.people, k=self.random.choice([1, 1, 1, 2, 3, 8]))
        to = [one.replace("who", "WHO") if self.random.random() < 0.2 else one for one in to]
        letter = Letter(to=to)
        self.stream_of[letter.mark] = self.random.choice([*STREAMS, "shop"])
        return letter

    def send(self, letters):
        try:
            clients = {name: self.world.postfix.client(name) for name in [*STREAMS, "shop"]}
            for letter in letters:
                if clients[self.stream_of[letter.mark]].send(letter).accepted:
                    self.accepted.append(letter.mark)
            for client in clients.values():
                client.quit()
        except Exception as error:  # noqa: BLE001: told by the test, not by the thread
            self.failures.append(error)

    def opt_out(self):
        for n in range(10, 70, 6):
            scope = self.random.choice(["acme", SCOPE, "acme/offers", "/"])
            self.site.opt_out(*self.people[n : n + 6], scope=scope)

    def go(self):
        threads = [threading.Thread(target=self.send, args=(self.plan[i::CONNECTIONS],))
                   for i in range(CONNECTIONS)]  # fmt: skip
        for thread in threads:
            thread.start()
        self.opt_out()
        for thread in threads:
            thread.join()
        assert not self.failures
        until(lambda: len(self.world.sink.all()) >= len(self.accepted),
              lambda: f"{len(self.accepted)} at the sink", 60)  # fmt: skip
        self.got = {}
        for arrived in self.world.sink.all():
            mark = arrived.field("Message-ID").strip("<>")
            for to in arrived.recipients:
                self.got.setdefault(to.lower(), set()).add(mark)
        return self

    def expected(self, who, scope):
        """What the destination got for somebody of the streams below a scope."""
        below = {name for name, path in STREAMS.items() if f"{path}/".startswith(f"{scope}/")}
        return {mark for mark in self.got.get(who, ()) if self.stream_of[mark] in below}


def test_the_answer_is_what_the_destination_got(own_lab):
    run = Run(own_lab).go()
    answers = set()
    who = [*run.people[:16], *run.people[16:70:4], *run.people[70::9], "nobody@home.example"]
    for one, scope in zip(who * 2, [SCOPE, "acme", "acme/offers", "acme/watched"] * len(who)):
        expected = run.expected(one, scope)
        messages, gaps, answer = prove(run.site, one, run.since, 1 if expected else 0, scope)
        assert not gaps
        assert {message["message_id"].strip("<>") for message in messages} == expected
        assert all(message["queue_id"] for message in messages)
        answers.add(answer["handed_on"])
    assert answers == {"yes", "no"}
    run.site.tool("verify")


# -- what is recorded


def test_a_message_is_told_with_its_event_and_its_configuration(shared):
    anna, berta = people(2)
    hand_in(shared, [anna, berta.upper()], mark="7@acme.example")
    (message,), gaps, answer = prove(shared, berta, shared.since, 1)
    assert message["message_id"] == "<7@acme.example>" and message["stream"] == "news"
    assert message["state"] == "free" and message["mode"] == "enforce" and not gaps
    begun = shared.json("config", "history")[0]
    assert message["configuration_event"] == begun["event"]
    assert begun["configuration"].startswith(message["configuration"])
    assert answer["streams"] == ["news"]
    shared.tool("prove", berta, "--scope", SCOPE, "--since", shared.since, code=1)
    assert "<7@acme.example>" in shared.last.stdout and "Looked at: " in shared.last.stdout


def test_who_was_kept_back_was_handed_nothing(shared):
    gone, anna = people(2)
    shared.opt_out(gone)
    assert hand_in(shared, gone).code == 550
    hand_in(shared, [gone, anna])
    prove(shared, gone, shared.since, 0)
    assert len(prove(shared, anna, shared.since, 1)[0]) == 1
    assert shared.log_lines("verdict=strip", "in=2", "out=1", "kept_back=1", "events=")
    assert not [line for line in shared.log_lines("kept_back=0") if "events=" in line]


def test_monitor_mode_hands_on_in_spite_of_the_verdict(shared):
    gone = person()
    shared.opt_out(gone, scope="acme")
    assert hand_in(shared, gone, "WATCHED").word == "accept"
    (message,), _, _ = prove(shared, gone, shared.since, 1, "acme/watched")
    assert message["state"] == "opted-out" and message["mode"] == "monitor"


def test_somebody_who_cannot_be_read_and_got_it_may_be_anybody(shared):
    hand_in(shared, ["anna%home.example@relay.example"], "WATCHED")
    assert prove(shared, person(), shared.since, 2, "acme/watched")[1] == ["unreadable"]
    assert hand_in(shared, ["anna%home.example@relay.example"]).code == 550
    prove(shared, person(), shared.since, 0)


def test_a_companion_is_on_record_too(shared):
    hand_in(shared, [person(), "archive@acme.example"])
    (message,), _, _ = prove(shared, "archive@acme.example", shared.since, 1)
    assert message["state"] == "companion"


def test_mail_of_a_wider_scope_is_not_asked_about(shared):
    anna = person()
    hand_in(shared, anna, "WIDE")
    answer = prove(shared, anna, shared.since, 0)[2]
    assert answer["other_scopes"] == 1
    assert len(prove(shared, anna, shared.since, 1, "acme")[0]) == 1


# -- where the ledger cannot tell


def test_a_ledger_that_has_those_kept_back_alone_cannot_tell(shared):
    anna = person()
    hand_in(shared, anna, "PART")
    assert prove(shared, anna, shared.since, 2, "acme/part")[1] == ["suppressed-only"]
    shared.tool("prove", anna, "--scope", "acme", "--since", shared.since, code=2)
    assert "stream part" in shared.last.stdout and "ledger = suppressed" in shared.last.stdout


def test_what_was_before_the_first_start_is_not_known(shared):
    before, anna = text_of(time.time() - 3600), person()
    assert prove(shared, anna, before, 2)[1] == ["not-known-yet"]
    hand_in(shared, anna)
    messages, gaps, _ = prove(shared, anna, before, 1)
    assert len(messages) == 1 and gaps == ["not-known-yet"]


def test_a_scope_without_a_stream_or_one_that_nobody_knows(shared):
    anna, since = person(), ("--since", shared.since)
    assert prove(shared, anna, shared.since, 2, "acme/nothing")[1] == ["no-stream"]
    shared.tool("prove", anna, "--scope", "acme/unknown", *since, code=2)
    assert "not registered" in shared.last.stderr
    shared.tool("prove", anna, "--scope", SCOPE, "--since", "2099-01-01", code=2)
    shared.tool("prove", "@home.example", "--scope", SCOPE, *since, code=2)
    shared.tool("prove", anna, "--scope", SCOPE, *since, "--until", shared.since, code=2)


def test_each_configuration_in_force_counts(site):
    since = next_second()
    reload(site, stream("news", ledger="suppressed"))
    reload(site, NEWS)
    assert prove(site, "anna@home.example", since, 2)[1] == ["suppressed-only"]
    site.tool("scope", "add", "acme/moved")
    again = next_second()
    prove(site, "anna@home.example", again, 0)
    reload(site, stream("news", "acme/moved"))
    assert prove(site, "anna@home.example", again, 2)[1] == ["no-stream"]


def test_a_message_under_way_ends_as_it_began(own_lab):
    """Where some stream refuses at RCPT, its answer tells that it was read."""
    early = stream("early", "acme/early", more="suppressed = refuse")
    site = own_lab.site(policy=stream("news", ledger="suppressed") + early).start()
    with site.milter() as client:
        client.open_session("NEWS")
        client.mail("<n@acme.example>")
        assert client.rcpt("<anna@home.example>").word == "continue"
        reload(site, NEWS + early)
        since = next_second()
        hand_in(site, "berta@home.example")
        assert prove(site, "anna@home.example", since, 2)[1] == ["suppressed-only"]
        client.end_of_headers()
        assert client.end_of_message().word == "accept"
    until(lambda: hand_in(site, "berta@home.example").word == "accept"
          and " alone, " in site.tool("config", "history"), "it is over")  # fmt: skip
    assert prove(site, "anna@home.example", since, 2)[1] == ["suppressed-only"]
    prove(site, "anna@home.example", next_second(), 0)


def test_while_the_milter_did_not_run_it_handed_on_nothing(site):
    since = next_second()
    site.restart()
    (span,) = prove(site, "anna@home.example", since, 0)[2]["not_running"]
    assert since <= span["from"] < span["until"]


def test_what_the_ledger_could_not_be_told_is_told_later(own_lab):
    site = own_lab.site(policy=NEWS)
    ledger, away = site.data / "ledger", site.data / "away"
    ledger.rename(away)
    site.start()
    since = next_second()
    assert hand_in(site, "anna@home.example").code == 451
    away.rename(ledger)
    assert hand_in(site, "anna@home.example").word == "accept"
    (begun,) = site.json("config", "history")
    assert begun["since"] < since <= begun["time"]
    messages, gaps, _ = prove(site, "anna@home.example", since, 1)
    assert len(messages) == 1 and not gaps


@pytest.mark.parametrize("more", ["", "mode = monitor"])
def test_what_cannot_be_recorded_is_put_off(own_lab, more):
    small = {"ledger_size": "1M"}
    site = own_lab.site(policy=stream("news", more=more), settings=small).start()
    since, people = next_second(), [f"a{n}@home.example" for n in range(200)]
    with site.milter() as client:
        client.open_session("NEWS")
        for number in range(1000):
            headers = [("Message-ID", f"<{number}@acme.example>")]
            _, end = client.message("<n@a.example>", [f"<{one}>" for one in people], headers)
            if end.word != "accept":
                break
    assert end.code == 451 and number > 0
    assert site.log_lines("put off", "ledger_size")
    messages, _, _ = prove(site, people[0], since, 1)
    assert len(messages) == number
    assert hand_in(site, people, "SHOP").word == "accept"


def test_a_ledger_that_was_restored_with_a_loss_cannot_tell(site, own_lab):
    backup = own_lab.directory("backup").path / "b"
    since = next_second()
    hand_in(site, "anna@home.example")
    site.tool("backup", backup)
    hand_in(site, "berta@home.example")
    site.stop()
    data = site.data / "ledger/data.mdb"
    data.write_bytes(data.read_bytes()[: 3 * 4096])
    site.tool("restore", backup, code=None)
    site.start()
    assert hand_in(site, "carla@home.example").word == "accept"
    assert prove(site, "berta@home.example", since, 2)[1] == ["events-lost"]
    messages, gaps, _ = prove(site, "anna@home.example", since, 1)
    assert len(messages) == 1 and gaps == ["events-lost"]
    prove(site, "berta@home.example", next_second(), 0)
    assert site.json("config", "history")[-1]["occasion"] == "start"


# -- the configuration

def test_the_history_of_the_configuration_shows_what_changed(site):
    secret = f"# {SECRET}\n"
    reload(site, NEWS + secret)
    reload(site, NEWS + secret)
    site.restart()
    history = site.json("config", "history")
    assert [one["occasion"] for one in history] == ["start", "reload", "stop", "start"]
    assert [bool(one["difference"]) for one in history] == [False, True, False, False]
    assert f"+# {SECRET}" in history[1]["difference"].splitlines()
    assert f"    +# {SECRET}\n" in site.tool("config", "history")
    digest = history[-1]["configuration"]
    assert site.tool("config", "history", "--digest", digest[:12]) == site.conf.read_text()
    site.tool("config", "history", "--digest", "ffffffffffffffff", code=2)
    assert SECRET not in site.tool("log")
    data = (site.data / "ledger/data.mdb").read_bytes()
    assert SECRET.encode() not in data and b"match_listener" not in data
    site.tool("verify")


def test_the_web_tells_its_own_configuration_once(own_lab):
    """As another user than the milter's."""
    users = {"user": "bin", "milter_user": "daemon", "group": "bin"}
    site = own_lab.site(policy=NEWS, settings=users)
    web = own_lab.web(site)
    for _ in range(2):
        until(lambda: site.json("config", "history"), "the web has told")
        web.stop()
        web.start()
    (told,) = site.json("config", "history")
    assert told["actor"] == "web" and told["place"] in site.conf.read_text()


def test_a_web_that_may_only_read_the_ledger_reads_it(own_lab):
    users = {"user": "bin", "milter_user": "daemon", "group": "bin"}
    site = own_lab.site(policy=NEWS, settings=users)
    (site.data / "ledger/data.mdb").chmod(0o640)
    web = own_lab.web(site)
    until(lambda: web.log_lines("the ledger does not have the configuration yet"), "it told why")
    assert web.metrics()['optout_store_events_total{store="ledger"}'] == 1
    assert site.json("config", "history") == []


def test_the_manual_names_what_is_printed(shared):
    anna = person()
    hand_in(shared, anna)
    since = ("--since", "2020-01-01")
    said = [*shared.json("prove", anna, "--scope", "acme", *since, code=1),
            *shared.json("config", "history"), *shared.json("log")]  # fmt: skip
    names = {name for one in said for name in one}
    assert names - manual_members() == set()
