"""optout queue: mail that was in Postfix's queue when the opt-out came."""

import shutil
import subprocess

import pytest

from lab.letter import Letter
from lab.persons import as_person
from lab.product import manual_members, program
from lab.waiting import until
from lab.world import World, person, people

POLICY = """\
stream newsletter {
    scope          = "acme/newsletter"
    ledger         = all
    match_listener = {"MARKETING"}
}
stream watched {
    scope          = "acme/watched"
    ledger         = all
    mode           = monitor
    match_listener = {"WATCHED"}
}
stream some {
    scope          = "acme/some"
    match_listener = {"SOME"}
}
"""
ALIAS, BEHIND = "alias@home.example", "behind@else.example"


class Waiting(World):
    """Its mail stays in the queue. `filtered` is a port whose mail passes the queue twice, as with
    a filter behind it: the second time by `back`, where no milter is, under another id."""

    def __init__(self, lab):
        names = {name: {"milter_macro_daemon_name": name.upper()} for name in ("watched", "some")}
        back = {"smtpd_milters": "", "non_smtpd_milters": ""}
        filtered = {"milter_macro_daemon_name": "MARKETING"}
        # The tool, started by root, is somebody else by the time when it asks for anything.
        folder = lab.directory("users").sub("socket", 0o2770, "daemon", "postfix")
        users = {"user": "bin", "milter_user": "daemon", "group": "bin",
                 "listen": f"unix:{folder}/milter.sock"}  # fmt: skip
        super().__init__(
            lab, policy=POLICY, settings=users, listeners={**names, "back": back, "filtered": filtered},
            postfix={"defer_transports": "smtp",
                     "virtual_alias_maps": f"inline:{{ {ALIAS}={BEHIND} }}"},
        )  # fmt: skip
        filtered = self.postfix.listeners["filtered"].options
        filtered["content_filter"] = f"relay:[127.0.0.1]:{self.postfix.port('back')}"
        self.postfix.reload()

    def waits(self, letter, listener="marketing"):
        """Hands a letter in, waits until it lies in the deferred queue; returns its queue id."""
        queue_id = self.postfix.send(letter, listener, settle=False).queue_id
        self.wait_in("deferred", queue_id)
        return queue_id

    def place(self, queue_id):
        """The queue that a message lies in; None: in none."""
        names = [one["queue_name"] for one in self.postfix.queue() if one["queue_id"] == queue_id]
        return names[0] if names else None

    def wait_in(self, name, queue_id):
        until(lambda: self.place(queue_id) == name,
              lambda: f"{queue_id} {name}: {self.postfix.queue()}")  # fmt: skip

    def successor(self, queue_id):
        """The id of the only message in the queue, once it is another one than this."""
        def others():
            there = {one["queue_id"] for one in self.postfix.queue()}
            return len(there) == 1 and there - {queue_id}

        (after,) = until(others, lambda: f"{queue_id} is gone: {self.postfix.queue()}")
        self.wait_in("deferred", after)
        return after

    def words(self, *words, log=True):
        log = ("--log", self.postfix.log_file) if log else ()
        return ("queue", "--config-dir", self.postfix.etc, *log, *words)

    def look(self, *words, code, log=True):
        """What optout queue tells, by queue id."""
        rows = self.site.json(*self.words(*words, log=log), code=code)
        return {row["queue_id"]: row for row in rows}

    def verdicts(self, one, queue_id):
        """The actions on a person's message, oldest first."""
        return [(row["action"], row["actor"]) for row in self.site.json("log", one)
                if row.get("queue_id") == queue_id]  # fmt: skip


@pytest.fixture(scope="module")
def waiting(lab):
    return Waiting(lab)


@pytest.fixture(autouse=True)
def empty(waiting):
    """Each test begins and ends with an empty queue."""
    yield
    waiting.postfix.super("-d", "ALL")


def test_mail_to_who_opted_out_since_is_found_and_left_alone(waiting):
    one = person()
    queue_id = waiting.waits(Letter(to=one))
    assert waiting.look(code=0) == {}
    waiting.opt_out(one)
    row = waiting.look(code=1)[queue_id]
    assert (row["result"], row["known_by"], row["queue"]) == ("found", "queue-id", "deferred")
    assert (row["stream"], row["scope"]) == ("newsletter", "acme/newsletter")
    assert row["mail_from"] == "news@acme.example" and row["queue_ids_before"] == []
    (recipient,) = row["recipients"]
    assert recipient["address"] == one and recipient["state"] == "opted-out"
    assert recipient["events"] == [waiting.site.json("log", one)[-1]["event"]]
    members = {*row, *recipient}
    assert members <= manual_members(), members - manual_members()
    said = waiting.site.tool(*waiting.words(), code=1)
    assert f"{queue_id} deferred" in said and f"{one}: opted-out by event" in said
    assert waiting.place(queue_id) == "deferred"
    assert waiting.verdicts(one, queue_id) == [("pass", "milter")]
    shown = [row for row in waiting.site.json("log", "--readings") if row.get("command") == "queue"]
    assert [row["people"] for row in shown] == [1, 1]  # an empty list of people is none


def test_it_is_held_and_the_ledger_says_so(waiting):
    one = person()
    queue_id = waiting.waits(Letter(to=one))
    waiting.opt_out(one)
    row = waiting.look("--hold", code=0)[queue_id]
    assert row["result"] == "held" and row["ref"]
    assert waiting.place(queue_id) == "hold"
    assert waiting.verdicts(one, queue_id) == [("pass", "milter"), ("hold", "cli")]
    (message, *_) = waiting.site.json("prove", one, "--scope", "acme", "--since", "2026-01-01", code=1)
    assert (message["queue_id"], message["taken_out"]) == (queue_id, "hold")
    assert "put on hold in the queue" in waiting.site.tool("person", one)
    # Once more: it lies there, and nothing is written again.
    assert waiting.look("--hold", code=0)[queue_id]["result"] == "held"
    assert len(waiting.verdicts(one, queue_id)) == 2
    assert waiting.look("--delete", code=0)[queue_id]["result"] == "deleted"
    assert waiting.place(queue_id) is None
    assert waiting.verdicts(one, queue_id)[-1] == ("delete", "cli")
    waiting.site.tool("verify")


def test_a_message_with_other_recipients_is_left_alone(waiting):
    first, second = people(2)
    queue_id = waiting.waits(Letter(to=(first, second)))
    waiting.opt_out(first)
    row = waiting.look("--delete", code=1)[queue_id]
    assert row["result"] == "shared" and row["ref"] is None
    assert {one["address"]: one["state"] for one in row["recipients"]} == {
        first: "opted-out", second: "free"}  # fmt: skip
    assert waiting.place(queue_id) == "deferred"
    waiting.opt_out(second)
    assert waiting.look("--delete", code=0)[queue_id]["result"] == "deleted"
    assert waiting.place(queue_id) is None


def test_what_is_not_known_to_be_marketing_is_never_touched(waiting):
    one, other = people(2)
    waiting.opt_out(one)
    receipt = waiting.waits(Letter(to=one), "shop")
    waiting.waits(Letter(to=other), "shop")
    rows = waiting.look("--delete", code=0)
    assert {queue_id: row["result"] for queue_id, row in rows.items()} == {receipt: "unknown"}
    assert rows[receipt]["stream"] is None and rows[receipt]["known_by"] == "unknown"
    assert "No verdict is known on 2 of 2 messages" in waiting.site.last.stderr
    assert waiting.place(receipt) == "deferred"


def test_without_rows_of_all_only_messages_that_lost_somebody_are_known(waiting):
    gone, one, other = people(3)
    waiting.opt_out(gone, scope="acme/some")
    known = waiting.waits(Letter(to=(gone, one)), "some")
    unknown = waiting.waits(Letter(to=other), "some")
    waiting.opt_out(one, other, scope="acme")
    rows = waiting.look("--hold", code=0)
    assert {queue_id: row["result"] for queue_id, row in rows.items()} == {
        known: "held", unknown: "unknown"}  # fmt: skip


def test_where_a_stream_only_monitors_nothing_is_taken_out(waiting):
    one = person()
    queue_id = waiting.waits(Letter(to=one), "watched")
    waiting.opt_out(one, scope="acme/watched")
    assert waiting.look("--hold", code=0)[queue_id]["result"] == "monitored"
    assert waiting.place(queue_id) == "deferred"


# -- ids that changed


def test_behind_a_filter_a_message_is_known_by_the_log(waiting):
    one = person()
    letter = Letter(to=one)
    before = waiting.postfix.send(letter, "filtered", settle=False).queue_id
    after = waiting.successor(before)
    waiting.postfix.wait_log(f"{before}: to=", f"queued as {after}")
    waiting.opt_out(one)
    assert waiting.look("--hold", code=0, log=False)[after]["result"] == "unknown"
    row = waiting.look("--hold", code=0)[after]
    assert (row["result"], row["known_by"]) == ("held", "log")
    assert row["queue_ids_before"] == [before] != [after]
    assert waiting.place(after) == "hold"
    assert waiting.verdicts(one, after) == [("hold", "cli")]


def test_put_into_the_queue_again_a_message_is_known_by_the_log(waiting):
    one = person()
    before = waiting.waits(Letter(to=one))
    waiting.postfix.super("-r", before)
    after = waiting.successor(before)
    waiting.postfix.wait_log(f"{after}: uid=", f"orig_id={before}")
    waiting.opt_out(one)
    row = waiting.look(code=1)[after]
    assert row["known_by"] == "log" and row["queue_ids_before"] == [before]


def test_made_anew_a_message_is_known_by_its_message_id_and_sender(waiting):
    one, other = people(2)
    letter = Letter(to=one)
    waiting.waits(letter)
    again = waiting.waits(letter, "back")
    answer = waiting.waits(Letter(to=one, mark=letter.mark, sender="shop@acme.example"), "back")
    waiting.postfix.wait_log(f"{again}: message-id=")
    waiting.opt_out(one)
    rows = waiting.look(code=1)
    assert (rows[again]["known_by"], rows[again]["result"]) == ("message-id", "found")
    assert rows[answer]["result"] == "unknown"
    assert waiting.look("--delete", code=1)[again]["result"] == "found"
    assert waiting.place(again) == "deferred"
    said = waiting.site.tool(*waiting.words("--hold"), code=0)
    assert "known by its Message-ID alone" in said and waiting.place(again) == "hold"


def test_who_was_made_of_who_opted_out_gets_it_neither(waiting):
    queue_id = waiting.waits(Letter(to=ALIAS))
    waiting.opt_out(ALIAS)
    row = waiting.look("--hold", code=0)[queue_id]
    (recipient,) = row["recipients"]
    assert (recipient["address"], recipient["replaces"]) == (BEHIND, True)
    assert row["result"] == "held"


# -- what fails


def test_only_root_takes_anything_out(waiting):
    tool = shutil.copy(program("optout"), waiting.site.root)
    words = [tool, "-c", waiting.site.conf, "queue", "--hold"]
    ran = subprocess.run(words, capture_output=True, text=True, user="daemon", group="daemon",
                         extra_groups=[])  # fmt: skip
    assert ran.returncode == 2 and "run it as root" in ran.stderr and not ran.stdout


def test_who_came_by_sudo_does_not_choose_what_root_runs(waiting):
    """Root's postqueue runs the showq of a Postfix that is not running."""
    evil = waiting.site.root / "evil"
    shutil.copytree(waiting.postfix.etc, evil)
    showq = evil / "showq"
    showq.write_text(f"#!/bin/sh\n: >{evil}/ran\n")
    showq.chmod(0o755)
    with open(evil / "main.cf", "a", encoding="utf-8") as main:
        main.write(f"queue_directory = {evil}\ndaemon_directory = {evil}\n")
    shutil.chown(evil / "main.cf", "games")
    words = ("queue", "--config-dir", evil)
    waiting.site.tool(*words, code=2, **as_person("games"))
    assert "main.cf: others than root can write it" in waiting.site.last.stderr
    assert not (evil / "ran").exists()


def test_a_log_or_a_postfix_that_is_missing_is_named(waiting):
    waiting.site.tool("queue", "--log", "/nonexistent.log", code=2)
    assert "/nonexistent.log" in waiting.site.last.stderr
    waiting.site.tool("queue", "--config-dir", "/nonexistent", code=2)
    assert "/nonexistent" in waiting.site.last.stderr
    waiting.site.tool("queue", "--hold", "--delete", code=2)
