"""optout batches, undo, sources and log: what came in one piece, and how it goes again."""

import hashlib
import json
import os
import re
import signal
import subprocess
import time

import pytest

from lab.product import check_sanitizer, program
from lab.waiting import is_stopped, stopped_when, until
from lab.world import MARKETING, people, person

SCOPE = ("--scope", "acme/newsletter")
ALL = ("--all-opted-out", "--max-new", "none")
NOTE = ("--note", "wrong file")


@pytest.fixture
def site(own_lab):
    return own_lab.site(policy=MARKETING)


def bring(site, to, source, name="list.txt", words=SCOPE):
    """Imports these people, returns the number of the batch."""
    path = site.root / name
    path.write_text("\n".join(to) + "\n")
    site.json("import", path, *words, *ALL, "--source", source)
    return batches(site)[-1]["number"]


def batches(site, *words):
    return site.json("batches", *words)


def kept_back(site, who):
    site.tool("check", who, *SCOPE, code=None)
    assert site.last.returncode in (0, 1)
    return site.last.returncode == 1


def standing(site):
    return site.json("stats")[0]["choices"]


def undo(site, batch, *words, code=0):
    """The objects that --json prints: those of people, and the last one."""
    *rows, summary = site.json("undo", batch, *NOTE, *words, code=code)
    return rows, summary


# -- batches


def test_every_import_and_undo_is_shown(site):
    assert site.tool("batches") == ""
    first = bring(site, people(3), "shop", "may.txt")
    second = bring(site, people(2), "crm", "dump.txt")
    undo(site, first)
    one, two, three = batches(site)
    assert [one["number"], two["number"]] == [first, second]
    assert one["kind"] == "import" and one["source"] == "shop" and one["words"]["file"] == "may.txt"
    assert one["read"] == one["added"] == 3 and one["undone_by"] == three["event"]
    assert re.fullmatch("[0-9a-f]{64}", one["sha256"]) and one["size"] > 0
    assert one["state"] == "ended" and one["words"]["staff"] and two["undone_by"] is None
    assert three["kind"] == "undo" and three["undoes"] == one["event"]
    assert three["source"] == "shop" and three["withdrawn"] == 3
    assert three["words"]["note"] == "wrong file"


def test_batches_of_one_source_and_of_late(site):
    bring(site, people(1), "shop")
    bring(site, people(1), "crm")
    assert [row["source"] for row in batches(site, "--source", "crm")] == ["crm"]
    assert batches(site, "--since", "2000-01-01") == batches(site)
    assert batches(site, "--since", "2999-01-01") == []
    assert batches(site, "--source", "nobody") == []
    site.tool("batches", "--since", "yesterday", code=2)


def test_lines_name_file_source_and_staff_and_nobody_else(site):
    anna = person()
    bring(site, [anna], "shop", "may.txt")
    (line,) = site.tool("batches").splitlines()
    assert all(word in line for word in ("may.txt", "shop", "1 read, 1 added", "by cli, "))
    assert anna not in line


def test_the_log_of_a_person_names_the_batch(site):
    anna = person()
    number = bring(site, [anna], "shop")
    site.tool("add", anna, *SCOPE)
    imported, said = site.json("log", anna)
    assert imported["batch"] == batches(site)[0]["event"] and said["batch"] is None
    assert f", batch {number};" in site.tool("log", anna)
    undo(site, number)
    withdrawal = site.json("log", anna)[-1]
    assert withdrawal["type"] == "withdrawal" and withdrawal["batch"] == batches(site)[-1]["event"]
    ends = [row for row in site.json("log") if row["type"] == "batch-end"]
    assert [row["batch"] for row in ends] == [row["event"] for row in batches(site)]


# -- undo


def test_undo_takes_away_its_own_rows_and_nothing_else(site):
    only_shop, both, only_crm, by_hand = people(4)
    shop = bring(site, [only_shop, both], "shop")
    bring(site, [both, only_crm], "crm")
    site.opt_out(by_hand)
    rows, summary = undo(site, shop)
    assert {row["address"] for row in rows} == {only_shop, both}
    kept = {row["address"]: row["kept_back_by"] for row in rows}
    assert kept[only_shop] == [] and [row["source"] for row in kept[both]] == ["crm"]
    assert summary["rows"] == summary["withdrawn"] == 2 and summary["skipped"] == 0
    assert summary["kept_back"] == 1
    assert summary["by"] == [{"kind": "opt-out", "source": "crm", "people": 1}]
    assert not kept_back(site, only_shop)
    assert all(kept_back(site, who) for who in (both, only_crm, by_hand))
    site.tool("verify")


def test_text_says_who_stays_kept_back(site):
    anna, ben = people(2)
    number = bring(site, [anna, ben], "shop")
    site.tool("add", "@home.example", *SCOPE, "--block", "--source", "ops")
    said = site.tool("undo", number, *NOTE)
    assert "2 of 2 choices withdrawn" in said and f"undone by batch {number + 4}" in said
    assert "2 of them stay kept back by other choices: 2 by block from ops" in said


def test_quiet_says_nothing(site):
    number = bring(site, people(1), "shop")
    assert site.tool("undo", number, *NOTE, "-q") == "" and site.last.stderr == ""


def test_what_somebody_withdrew_is_skipped(site):
    anna, ben = people(2)
    number = bring(site, [anna, ben], "shop")
    site.tool("remove", anna, *SCOPE, "--note", "by telephone")
    rows, summary = undo(site, number)
    assert [row["address"] for row in rows] == [ben]
    assert (summary["rows"], summary["withdrawn"], summary["skipped"]) == (2, 1, 1)
    assert batches(site)[-1]["left_alone"] == 1


def test_a_dry_run_tells_the_same_and_writes_nothing(site):
    anna, ben = people(2)
    number = bring(site, [anna, ben], "shop")
    site.opt_out(ben)
    before = site.tool("log")
    rows, summary = undo(site, number, "--dry-run")
    assert site.tool("log") == before and summary["dry_run"] and summary["undone_by"] is None
    done, real = undo(site, number)
    assert done == rows and real["kept_back"] == summary["kept_back"] == 1


def test_the_newest_of_a_source_comes_first(site):
    to = people(2)
    first = bring(site, to, "shop")
    second = bring(site, [to[0], person()], "shop", "june.txt")
    bring(site, people(1), "crm")
    site.tool("undo", first, *NOTE, code=4)
    assert f"optout undo {second}" in site.last.stderr
    site.tool("undo", first, *NOTE, "--dry-run", code=4)
    assert all(kept_back(site, who) for who in to)
    undo(site, second)
    undo(site, first)
    assert not any(kept_back(site, who) for who in to)


def test_the_same_file_again_stands_in_no_way(site):
    to = people(2)
    first = bring(site, to, "shop")
    bring(site, to, "shop")
    undo(site, first)


def test_who_cannot_be_undone_is_told_so(site):
    number = bring(site, people(1), "shop")
    site.tool("undo", number + 1, *NOTE, code=1)
    assert "there is no batch" in site.last.stderr
    site.tool("undo", "nonsense", *NOTE, code=2)
    site.tool("undo", number, code=2)
    site.tool("undo", number, "--note", " ", code=2)
    undo(site, number)
    undoing = batches(site)[-1]["number"]
    site.tool("undo", number, *NOTE, code=1)
    assert f"undone already, by batch {undoing}" in site.last.stderr
    site.tool("undo", undoing, *NOTE, code=1)
    assert "is an undo itself" in site.last.stderr


def test_a_confirmed_opt_in_that_named_rows_goes_on_standing(site):
    anna = person()
    number = bring(site, [anna], "shop")
    site.tool("add", "--opt-in", anna, *SCOPE, "--evidence", "form")
    assert not kept_back(site, anna)
    rows, _ = undo(site, number)
    assert rows[0]["kept_back_by"] == [] and not kept_back(site, anna)
    assert [row["kind"] for row in site.json("check", anna, code=0)[0]["standing"]] == ["opt-in"]
    # What it named is one statement; a new one it has not seen.
    site.opt_out(anna)
    assert kept_back(site, anna)
    site.tool("verify")


def test_opt_ins_of_a_batch_are_withdrawn_too(site):
    anna = person()
    path = site.root / "members.csv"
    path.write_text(f"email,status\n{anna},subscribed\n")
    words = ("--format", "contacts", "--opt-in", "--evidence", "folder 7")
    site.json("import", path, *SCOPE, "--source", "shop", *words)
    assert [row["kind"] for row in site.json("check", anna)[0]["standing"]] == ["opt-in"]
    rows, _ = undo(site, batches(site)[-1]["number"])
    assert [row["kind"] for row in rows] == ["opt-in"]
    assert site.json("check", anna)[0]["standing"] == []


def test_the_file_may_come_again_after_an_undo(site):
    to = people(3)
    undo(site, bring(site, to, "shop"))
    assert not any(kept_back(site, who) for who in to)
    bring(site, to, "shop")
    assert all(kept_back(site, who) for who in to)
    assert batches(site)[-1]["added"] == 3


def test_who_was_added_by_name_stays_though_the_import_said_it_first(site):
    anna, other = people(2)
    number = bring(site, [anna, other], "helpdesk")
    told = site.opt_out(anna, "--source", "helpdesk")
    assert "added" in told and "known" not in told
    assert "known already" in site.opt_out(anna, "--source", "helpdesk")
    rows, summary = undo(site, number)
    assert summary["withdrawn"] == 2 and summary["kept_back"] == 1
    assert kept_back(site, anna) and not kept_back(site, other)
    site.tool("verify")


# -- broken off

ROWS = 30000
MANY = 10 * ROWS  # that keep the program busy for a while


def many(site, rows=ROWS):
    to = [f"shop{n}@home.example" for n in range(rows)]
    return bring(site, to, "shop", "shop.txt"), to


def start(site, batch, *words, **more):
    """With --json it comes to a halt in the middle, as nobody reads what it says."""
    command = [program("optout"), "-c", site.conf, "undo", str(batch), *NOTE, *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            **more)  # fmt: skip


def test_a_killed_undo_is_completed_by_the_next_one(site):
    number, to = many(site)
    site.opt_out(to[0])
    ran = start(site, number, "--json")
    until(lambda: standing(site) < ROWS, "rows are withdrawn")
    ran.kill()
    ran.communicate()
    site.tool("verify")
    assert standing(site) > 1
    (undoing,) = [row for row in batches(site) if row["kind"] == "undo"]
    assert undoing["state"] == "broken off" and undoing["ended"] is None
    rows, summary = undo(site, number)
    assert len(rows) == ROWS == summary["withdrawn"] and summary["skipped"] == 0
    assert summary["kept_back"] == 1 and standing(site) == 1
    (undoing,) = [row for row in batches(site) if row["kind"] == "undo"]
    assert undoing["state"] == "ended" and undoing["withdrawn"] == ROWS
    site.tool("verify")


def test_an_undo_that_a_restore_cut_off_is_completed_by_another(site):
    """The restored list is written by a new node, which cannot go on in a batch of the old one."""
    older = bring(site, people(2), "shop", "older.txt")
    number, _ = many(site)
    ran = start(site, number, "--json")
    until(lambda: standing(site) < ROWS, "rows are withdrawn")
    ran.kill()
    ran.communicate()
    site.tool("backup", site.root / "copy")
    site.tool("restore", site.root / "copy")
    first, second, cut = batches(site)
    assert [first["number"], second["number"]] == [older, number] and cut["kind"] == "undo"
    site.tool("undo", first["event"], *NOTE, code=4)
    ran = start(site, second["event"], "--json")
    stopped_when(ran, lambda: standing(site) < ROWS - 5000, "it withdraws")
    assert len(batches(site)) == 4
    ran.kill()
    ran.communicate()
    rows, summary = undo(site, second["event"])
    assert summary["withdrawn"] + summary["skipped"] == ROWS == summary["rows"]
    assert len(batches(site)) == 4 and standing(site) == 2
    site.tool("undo", second["event"], *NOTE, code=1)
    assert "undone already" in site.last.stderr
    undo(site, first["event"])
    assert standing(site) == 0
    site.tool("verify")


def test_an_interrupted_undo_says_how_far_it_came(site):
    number, _ = many(site, MANY)
    ran = start(site, number)
    stopped_when(ran, lambda: standing(site) < MANY, "the undo begins")
    ran.send_signal(signal.SIGTERM)
    ran.send_signal(signal.SIGCONT)
    out, said = ran.communicate(timeout=60)
    check_sanitizer(said)
    assert ran.returncode == 75 and out == ""
    assert f"{MANY - standing(site)} choices are withdrawn; run it again" in said
    undo(site, number)
    assert standing(site) == 0


def test_others_go_on_meanwhile_and_a_second_undo_does_not(site):
    number, to = many(site)
    other = bring(site, people(1), "crm")
    ran = start(site, number, "--json")
    until(lambda: standing(site) < ROWS, "the undo begins")
    site.tool("undo", number, *NOTE, code=75)
    assert "just now" in site.last.stderr
    (undoing,) = [row for row in batches(site) if row["kind"] == "undo"]
    assert undoing["state"] == "under way"
    site.tool("import", site.root / "shop.txt", *SCOPE, *ALL, "--source", "shop", code=75)
    undo(site, other)
    site.opt_out(to[5])
    site.tool("remove", to[ROWS - 1], *SCOPE, *NOTE, code=None)
    out, said = ran.communicate(timeout=60)
    assert ran.returncode == 0, said
    assert kept_back(site, to[5]) and standing(site) == 1
    site.tool("verify")


def test_stopped_by_the_terminal_it_keeps_nobody_waiting(site):
    number, _ = many(site, MANY)
    # A process group of its own, with a leader elsewhere in the session: it can be stopped.
    ran = start(site, number, preexec_fn=os.setpgrp)
    stopped_when(ran, lambda: standing(site) < MANY, "the undo begins")
    ran.send_signal(signal.SIGCONT)
    ran.send_signal(signal.SIGTSTP)
    until(lambda: ran.poll() is not None or is_stopped(ran.pid), "it is stopped")
    assert ran.poll() is None, "it was over before it could be stopped"
    for who in people(10):
        site.opt_out(who)
    ran.send_signal(signal.SIGCONT)
    out, said = ran.communicate(timeout=60)
    assert ran.returncode == 0 and f"{MANY} of {MANY} choices withdrawn" in out, said
    assert standing(site) == 10


def test_a_batch_that_was_broken_off_can_be_undone(site):
    path = site.root / "cut.txt"
    path.write_text("\n".join(f"cut{n}@home.example" for n in range(MANY)))
    command = [program("optout"), "-c", site.conf, "import", path, *SCOPE, *ALL, "--source", "shop"]
    ran = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stopped_when(ran, lambda: standing(site) > 0, "the import begins")
    ran.kill()
    ran.wait()
    (cut,) = batches(site)
    assert cut["state"] == "broken off"
    undo(site, cut["number"])
    assert standing(site) == 0
    # It is over: the same file begins another batch.
    site.json("import", path, *SCOPE, *ALL, "--source", "shop")
    assert standing(site) == MANY and batches(site)[-1]["number"] != cut["number"]
    site.tool("verify")


def test_of_a_hash_json_has_the_hash_and_no_address(site):
    anna, ben = people(2)
    digests = {hashlib.sha256(who.encode()).hexdigest() for who in (anna, ben)}
    batch = bring(site, digests, "hashes")
    (first,) = {row["event"] for row in site.json("log") if row["type"] == "choice"}
    (removed,) = site.json("remove", first, anna, *NOTE)
    assert removed["address"] is None and removed["sha256"] in digests
    rows, _ = undo(site, batch)
    assert {row["sha256"] for row in rows} == digests - {removed["sha256"]}
    told = [row for row in site.json("log") if row["type"] in ("choice", "withdrawal")]
    assert len(told) == 4 and {row["sha256"] for row in told} == digests
    assert all(row["address"] is None for row in rows + told)
    assert "(only a hash is known)" in site.tool("log")


# -- sources

LIMITS = MARKETING + """\
source shop {
    max_age = "8d"
}
source "old crm" {
    max_age = "1h"
}
source quiet {
}
"""


def sources(site, code=0):
    return {row["source"]: row for row in site.json("sources", code=code)}


def test_sources_tell_of_the_last_import_and_who_is_late(own_lab):
    site = own_lab.site(policy=LIMITS)
    assert {name: row["late"] for name, row in sources(site, code=1).items()} == {
        "shop": True, "old crm": True, "quiet": False}  # fmt: skip
    bring(site, people(2), "shop")
    bring(site, people(2), "elsewhere")
    number = bring(site, people(1), "old crm")
    found = sources(site)
    assert found["shop"]["max_age"] == 8 * 86400 and found["shop"]["added"] == 2
    assert 0 <= found["shop"]["age"] < 600 and found["quiet"]["batch"] is None
    assert not found["elsewhere"]["configured"] and found["elsewhere"]["max_age"] is None
    undo(site, number)
    assert sources(site, code=1)["old crm"]["time"] is None
    site.tool("sources", code=1)
    assert "LATE" in site.last.stdout


def test_a_file_without_news_counts_as_come(own_lab):
    site = own_lab.site(policy=LIMITS)
    to = people(2)
    bring(site, to, "shop")
    first = sources(site, code=1)["shop"]["batch"]
    bring(site, to[:1], "shop")
    assert sources(site, code=1)["shop"]["batch"] != first
    assert sources(site, code=1)["shop"]["known"] == 1


def test_metrics_are_what_a_textfile_collector_takes(own_lab):
    site = own_lab.site(policy=LIMITS)
    bring(site, people(1), 'a "quoted" one')
    lines = site.tool("sources", "--prometheus").splitlines()
    sample = re.compile(r'([a-z_]+)\{source="((?:[^"\\]|\\.)*)"\} (\d+)')
    found = {sample.fullmatch(line).groups()[:2]: int(sample.fullmatch(line).group(3))
             for line in lines if not line.startswith("#")}  # fmt: skip
    last, limit = "optout_source_last_import_timestamp_seconds", "optout_source_max_age_seconds"
    assert abs(found[last, r"a \"quoted\" one"] - time.time()) < 600
    assert found[last, "shop"] == 0 and found[limit, "shop"] == 8 * 86400
    assert (limit, "quiet") not in found
    assert [line for line in lines if line.startswith("# TYPE")] == [
        f"# TYPE {last} gauge", f"# TYPE {limit} gauge"]  # fmt: skip
    site.tool("sources", "--json", "--prometheus", code=2)


# -- the configuration of sources


@pytest.mark.parametrize(
    "line, said",
    [("format = nonsense", "no such format"), ("tz = 'Nowhere/At-All'", "no time zone"),
     ("encoding = nonsense", "no such encoding"), ("map = {'a=b', 'A=c'}", "is given two scopes"),
     ("dates = DYM", "DMY MDY ISO")],
    ids=str,
)  # fmt: skip
def test_a_bad_profile_is_found_with_file_and_line(own_lab, line, said):
    site = own_lab.site(policy=MARKETING)
    site.configure(policy=MARKETING + "source shop {\n\n    " + line + "\n}\n")
    site.tool("config", "check", code=1)
    number = site.conf.read_text().splitlines().index("    " + line) + 1
    assert f"{site.conf}:{number}: " in site.last.stderr and said in site.last.stderr


def test_scopes_of_a_profile_have_to_be_registered(own_lab):
    site = own_lab.site(policy=MARKETING)
    site.configure(policy=MARKETING + 'source shop {\n    map = {"a=acme", "b=acme/typo"}\n}\n')
    site.tool("config", "check", code=1)
    assert "source shop: scope acme/typo is not registered" in site.last.stderr
    assert "scope acme " not in site.last.stderr


def test_json_has_nothing_but_objects(site):
    bring(site, people(2), "shop")
    for words in (["batches"], ["sources"], ["log"]):
        for line in site.tool(*words, "--json").splitlines():
            assert isinstance(json.loads(line), dict)
