"""Four eyes: what could bring people back takes effect once another person approves it."""

import os
import subprocess

import pytest

from lab.persons import as_person
from lab.product import manual_members, program
from lab.waiting import stopped_when, until
from lab.web import templates
from lab.world import MARKETING

SCOPE = ("--scope", "acme/newsletter")
NOTE = ("--note", "wrong address")
ALL = ("--all-opted-out", "--max-new", "none")
ONE, OTHER = "games", "news"  # persons: any two accounts that are there
NAMELESS = 3123456789
PROPOSED = 5


@pytest.fixture
def site(own_lab):
    return own_lab.site(policy=MARKETING, settings={"approval": "on", "approval_rows": 3})


def person(number):
    return f"person{number}@home.example"


def people(count):
    return [person(number) for number in range(1, count + 1)]


def by(site, name, *words, code=0, **more):
    return site.tool(*words, code=code, **as_person(name), **more)


def json_by(site, name, *words, **more):
    return site.json(*words, **as_person(name), **more)


def propose(site, name, *words, **more):
    """The number of the proposal."""
    (told,) = json_by(site, name, *words, code=PROPOSED, **more)
    assert told["proposed"].endswith(f"-{told['number']}")
    return told["number"]


def kept_back(site, who):
    site.tool("check", who, *SCOPE, code=None)
    assert site.last.returncode in (0, 1)
    return site.last.returncode == 1


def pending(site, *words):
    return site.json("pending", *words)


def bring(site, to, source="shop"):
    path = site.root / "list.txt"
    path.write_text("\n".join(to) + "\n")
    site.json("import", path, *SCOPE, *ALL, "--source", source)
    return site.json("batches")[-1]["number"]


def events(site, kind):
    return [row for row in site.json("log") if row["type"] == kind]


# -- removals


def test_a_removal_is_done_when_another_person_approves_it(site):
    who = person(1)
    site.opt_out(who)
    line = by(site, ONE, "remove", who, *SCOPE, *NOTE, code=PROPOSED)
    (waiting,) = pending(site)
    number = str(waiting["number"])
    assert f"proposal {number}: removal of 1 choice; nothing is done" in line
    assert waiting["words"] == {"staff": ONE, "note": "wrong address"}
    assert waiting["operation"] == "remove" and waiting["rows"] == 1 and kept_back(site, who)
    for name, code, sentence in ((ONE, 1, "games's own"), (None, 2, "nobody's own name")):
        by(site, name, "approve", number, code=code)
        assert sentence in site.last.stderr and kept_back(site, who)
    assert f"{who}: opt-out of acme/newsletter" in site.tool("pending", number)
    shown = [row["command"] for row in site.json("log", who, "--readings") if row["type"] == "reading"]
    assert shown.count("pending") == 1  # not the ones that show no people
    by(site, OTHER, "approve", number, "--note", "seen")
    assert not kept_back(site, who) and pending(site) == []
    assert "Nothing waits" in (site.tool("pending") + site.last.stderr)
    for name in (OTHER, ONE):
        by(site, name, "approve", number, code=1)
        assert "approved already" in site.last.stderr and f"by {OTHER}" in site.last.stderr
    (decision,), (withdrawal,) = events(site, "decision"), events(site, "withdrawal")
    kinds = [row["type"] for row in site.json("log", who)]
    assert kinds == ["choice", "proposal", "decision", "withdrawal"]
    assert [row["type"] for row in site.json("log", person(2))] == []
    assert decision["decision"] == "approved"
    assert decision["words"] == {"staff": OTHER, "note": "seen"}
    assert withdrawal["proposal"] == decision["proposal"] == waiting["event"]
    assert withdrawal["words"] == {"staff": ONE, "note": "wrong address", "approver": OTHER}
    (decided,) = pending(site, number)
    assert decided["state"] == "approved" and decided["decided_by"] == decision["event"]
    site.tool("verify")


def test_the_person_s_record_tells_who_asked_and_who_decided_and_the_page_no_names(site):
    site.configure(settings={"templates": str(templates(site.root))})
    who = person(1)
    site.opt_out(who)
    by(site, ONE, "remove", who, *SCOPE, *NOTE, code=PROPOSED)
    (waiting,) = pending(site)
    by(site, OTHER, "approve", str(waiting["number"]), "--note", "seen")
    told = {entry["type"]: entry for entry in site.json("person", who)}
    assert list(told) == ["person", "choice", "proposal", "decision", "withdrawal"]
    proposal, decision = told["proposal"], told["decision"]
    assert (proposal["operation"], proposal["rows"], proposal["event"]) == ("remove", 1, waiting["event"])
    assert (decision["decision"], decision["proposal"]) == ("approved", waiting["event"])
    members = {*proposal, *decision}
    assert members <= manual_members(), members - manual_members()
    text = site.tool("person", who)
    assert f"event {waiting['number']}: proposed: removal of 1 choice; by cli, staff: {ONE}" in text
    assert f"proposal {waiting['number']}: approved; by cli, staff: {OTHER}" in text
    page = site.tool("person", who, "--html", "-")
    assert "Proposed: removal of 1 choice" in page and "Decision on a proposal: approved" in page
    assert "wrong address" in page and f">{ONE}<" not in page and f">{OTHER}<" not in page


def test_who_is_nobody_proposes_nothing(site):
    who = person(1)
    site.opt_out(who)
    site.configure(settings={"user": "bin"})
    subprocess.run(["chown", "-R", "bin:", site.data, site.keys], check=True)
    os.chmod(site.root, 0o755)
    for name in (None, "bin"):
        by(site, name, "remove", who, *SCOPE, *NOTE, code=2)
        assert "nobody's own name" in site.last.stderr
        by(site, name, "add", who, *SCOPE, "--opt-in", "--evidence", "mail", code=2)
        assert "nobody's own name" in site.last.stderr
    assert pending(site) == [] and events(site, "proposal") == []


def test_who_has_no_name_could_have_two(site):
    site.opt_out(person(1))
    nameless = as_person(None, login=NAMELESS)
    site.tool("remove", person(1), *SCOPE, *NOTE, code=2, **nameless)
    assert f'"uid {NAMELESS}" is not the name of one person' in site.last.stderr
    number = propose(site, ONE, "remove", person(1), *SCOPE, *NOTE)
    site.tool("approve", number, code=2, **nameless)
    assert "not the name of one person" in site.last.stderr and kept_back(site, person(1))


def test_who_proposed_may_take_it_back_and_nobody_approves_it_then(site):
    site.opt_out(person(1), person(2))
    first = propose(site, ONE, "remove", person(1), *SCOPE, *NOTE)
    second = propose(site, ONE, "remove", person(2), *SCOPE, *NOTE)
    by(site, ONE, "reject", first, "--note", "my mistake")
    by(site, None, "reject", second, "--note", "no ticket")
    assert pending(site) == []
    for number in (first, second):
        by(site, OTHER, "approve", number, code=1)
        assert "rejected already" in site.last.stderr
        by(site, OTHER, "reject", number, *NOTE, code=1)
    assert kept_back(site, person(1)) and kept_back(site, person(2))
    by(site, OTHER, "approve", 1, code=1)
    assert "no proposal 1" in site.last.stderr
    assert [row["decision"] for row in events(site, "decision")] == ["rejected", "rejected"]
    site.tool("verify")


def test_what_vanished_meanwhile_is_told_and_the_rest_is_done(site):
    site.opt_out(*people(2))
    (event,) = {row["event"] for row in events(site, "choice")}
    number = propose(site, ONE, "remove", event, *NOTE)
    again = propose(site, ONE, "remove", event, *NOTE)
    site.configure(settings={"approval": "off"})
    site.tool("remove", people(2)[0], *SCOPE, *NOTE)
    assert [row["stands"] for row in pending(site, number)[0]["choices"]].count(True) == 1
    said = by(site, OTHER, "approve", number)
    assert f"{people(2)[1]}: opt-out" in said
    assert "1 choice did not stand any more" in site.last.stderr
    assert by(site, OTHER, "approve", again) == ""
    assert "2 choices did not stand any more" in site.last.stderr
    assert pending(site) == [] and not any(kept_back(site, who) for who in people(2))
    site.tool("verify")


# -- opt-ins


def test_an_objection_between_proposal_and_approval_holds(site):
    who, other = people(2)
    site.opt_out(who, other)
    opt_in = ("add", who, *SCOPE, "--opt-in", "--evidence", "double opt-in", "--source", "crm")
    number = propose(site, ONE, *opt_in)
    assert kept_back(site, who)
    site.opt_out(who, "--source", "hotline", "--asked", "2020-01-01")
    (row,) = json_by(site, OTHER, "approve", number)
    assert row["address"] == who and row["lifts"] == 1 == row["came_later"]
    assert kept_back(site, who)
    choice = [row for row in events(site, "choice") if row["kind"] == "opt-in"][0]
    assert choice["source"] == "crm" and len(choice["lifts"]) == 1
    assert choice["words"] == {"staff": ONE, "approver": OTHER, "evidence": "double opt-in"}
    propose(site, ONE, "add", other, *opt_in[2:])
    (waiting,) = pending(site)
    by(site, OTHER, "approve", waiting["number"])
    assert not kept_back(site, other)
    assert set(row) | set(waiting) | set(choice) <= manual_members()
    site.tool("verify")


def test_opt_ins_of_many_people_are_proposed_together_and_asserted_ones_are_not(site):
    to = people(3)
    lines = "\n".join([to[0], "no address", *to[1:]])
    confirmed = ("--opt-in", "--evidence", "form 7")
    by(site, ONE, "add", "-", *SCOPE, *confirmed, code=1, stdin=lines)
    assert "3 proposed, 1 line left out" in site.last.stderr
    (waiting,) = pending(site)
    (shown,) = pending(site, waiting["number"])
    assert waiting["rows"] == 3 and {row["address"] for row in shown["choices"]} == set(to)
    by(site, OTHER, "approve", waiting["number"])
    site.tool("add", to[0], *SCOPE, "--opt-in")
    kinds = [row["confirmed"] for row in events(site, "choice")]
    assert kinds.count(True) == 3 and set(shown) <= manual_members()


# -- undos


def test_few_rows_are_undone_by_one_person_and_many_by_two(site):
    few = bring(site, people(3))
    site.tool("undo", few, *NOTE)
    many = bring(site, people(4))
    assert json_by(site, ONE, "undo", many, *NOTE, "--dry-run")[-1]["withdrawn"] == 4
    number = propose(site, ONE, "undo", many, *NOTE)
    (waiting,) = pending(site)
    assert waiting["rows"] == 4 and waiting["batch"].endswith(f"-{many}")
    site.opt_out(people(4)[0])
    *_, summary = json_by(site, OTHER, "approve", number)
    assert summary["withdrawn"] == 4 and summary["kept_back"] == 1
    assert [kept_back(site, who) for who in people(4)] == [True, False, False, False]
    assert [row["decision"] for row in events(site, "decision")] == ["begun", "done"]
    assert site.json("batches")[-1]["words"]["approver"] == OTHER
    by(site, OTHER, "approve", number, code=1)
    site.tool("verify")


def test_a_flood_is_undone_by_two(site):
    site.opt_out(*people(4), "--source", "general-page")
    window = ("--source", "general-page", "--since", "2020-01-01", "--until", "2100-01-01")
    number = propose(site, ONE, "undo", *window, *NOTE)
    assert "undo of source general-page from 2020" in site.tool("pending")
    assert all(kept_back(site, who) for who in people(4))
    site.opt_out(person(5), "--source", "general-page")
    (summary,) = json_by(site, OTHER, "approve", number)
    assert summary["withdrawn"] == 4 and pending(site) == []
    assert [kept_back(site, who) for who in people(5)] == [False] * 4 + [True]
    site.tool("verify")


def test_an_undo_by_source_is_no_removal_by_one(site):
    site.opt_out(person(1), "--source", "general-page")
    window = ("--source", "general-page", "--since", "2020-01-01", "--until", "2100-01-01")
    assert json_by(site, ONE, "undo", *window, *NOTE, "--dry-run")[-1]["withdrawn"] == 1
    number = propose(site, ONE, "undo", *window, *NOTE)
    by(site, ONE, "approve", number, code=1)
    assert kept_back(site, person(1))
    by(site, OTHER, "approve", number)
    assert not kept_back(site, person(1))
    assert json_by(site, ONE, "undo", *window, *NOTE)[-1]["withdrawn"] == 0


MANY = 200000  # that keep an import busy for a while


def test_an_import_that_went_on_since_is_not_undone_by_an_older_proposal(site):
    path = site.root / "large.txt"
    path.write_text("\n".join(f"shop{number}@home.example" for number in range(MANY)))
    command = [program("optout"), "-c", site.conf, "import", path, *SCOPE, *ALL]
    ran = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    stopped_when(ran, lambda: site.json("stats")[0]["choices"] > 3, "the import writes")
    ran.kill()
    ran.wait()
    (batch,) = [row["number"] for row in site.json("batches")]
    number = propose(site, ONE, "undo", batch, *NOTE)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    by(site, OTHER, "approve", number, code=4)
    assert "went on since" in site.last.stderr and len(pending(site)) == 1
    assert site.json("stats")[0]["choices"] == MANY


ROWS = 20000


def test_a_killed_approval_is_completed_and_nothing_is_undone_without_its_decision(site):
    batch = bring(site, [f"shop{n}@home.example" for n in range(ROWS)])
    number = propose(site, ONE, "undo", batch, *NOTE)
    # It comes to a halt in the middle, as nobody reads what it says.
    command = [program("optout"), "-c", site.conf, "approve", str(number), "--json"]
    ran = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           **as_person(OTHER))  # fmt: skip
    until(lambda: site.json("stats")[0]["choices"] < ROWS, "rows are withdrawn")
    ran.kill()
    ran.communicate()
    site.tool("verify")
    left = site.json("stats")[0]["choices"]
    (waiting,) = pending(site)
    assert 0 < left < ROWS and waiting["state"] == "begun"
    assert [row["decision"] for row in events(site, "decision")] == ["begun"]
    by(site, OTHER, "reject", number, *NOTE, code=1)
    by(site, OTHER, "undo", batch, *NOTE, code=1)
    assert f"optout approve {number}" in site.last.stderr
    *_, summary = json_by(site, ONE, "approve", number)
    assert summary["withdrawn"] == ROWS and site.json("stats")[0]["choices"] == 0
    assert pending(site, number)[0]["state"] == "done" and pending(site) == []
    assert site.json("batches")[-1]["withdrawn"] == ROWS
    site.tool("verify")


# -- erasures


def test_an_erasure_takes_two_and_is_what_was_proposed(site):
    site.opt_out(*people(3))
    path = site.root / "people.txt"
    path.write_text("\n".join(people(2)) + "\nno address\n")
    by(site, ONE, "erase", "--from", path, "--note", "Art. 17", code=1)
    (waiting,) = pending(site)
    assert waiting["operation"] == "erase" and waiting["rows"] == 2
    assert people(2)[0] in site.tool("pending", waiting["number"])
    assert site.json("check", people(2)[0], *SCOPE, code=1)[0]["address"]
    rows = json_by(site, OTHER, "approve", waiting["number"])
    assert sorted(row["address"] for row in rows) == people(2)
    assert "optout compact" in site.last.stderr and pending(site) == []
    erasures = events(site, "erasure")
    told = {entry["type"]: entry for entry in site.json("person", people(2)[0])}
    assert "other" not in told and told["erasure"]["words_erased"] == 1  # who checked
    assert "something that this version" not in site.tool("person", people(2)[0])
    assert len(erasures) == 4 and {row["words"]["approver"] for row in erasures} == {OTHER}
    assert {row["proposal"] for row in erasures} == {waiting["event"]}
    assert all(kept_back(site, who) for who in people(3))
    by(site, ONE, "erase", person(3), "--note", "for person3@home.example", code=2)
    site.tool("verify")


def test_who_was_erased_is_in_no_proposal_any_more(site):
    site.opt_out(*people(2))
    number = propose(site, ONE, "remove", person(1), *SCOPE, *NOTE)
    erasure = propose(site, ONE, "erase", person(1), "--note", "Art. 17")
    by(site, OTHER, "approve", erasure)
    (shown,) = pending(site, number)
    assert shown["words"] == {} and shown["choices"][0]["address"] is None
    by(site, OTHER, "approve", number, code=1)
    assert "cannot be told any more" in site.last.stderr
    by(site, OTHER, "reject", number, *NOTE)
    site.tool("verify")


# -- beside


def test_proposals_outlive_a_rebuild_and_a_restore_and_leave_exports_alone(site):
    who = person(1)
    site.opt_out(who, person(2))
    exported = site.tool("export")
    number = propose(site, ONE, "remove", who, *SCOPE, *NOTE)
    second = propose(site, ONE, "remove", person(2), *SCOPE, *NOTE)
    by(site, OTHER, "reject", second, *NOTE)
    assert site.tool("export") == exported
    before = pending(site)
    site.tool("migrate", "--rebuild")
    assert pending(site) == before
    site.tool("backup", site.root / "copy")
    site.tool("restore", site.root / "copy")
    assert pending(site) == before
    by(site, OTHER, "approve", before[0]["event"])
    assert not kept_back(site, who) and number
    site.tool("verify")


def test_without_approval_all_is_done_at_once(site):
    site.configure(settings={"approval": None, "approval_rows": None})
    site.opt_out(person(1))
    site.tool("remove", person(1), *SCOPE, *NOTE)
    site.tool("undo", bring(site, people(4)), *NOTE)
    site.opt_out(person(1))
    site.tool("add", person(1), *SCOPE, "--opt-in", "--evidence", "mail")
    assert not kept_back(site, person(1)) and events(site, "proposal") == []
