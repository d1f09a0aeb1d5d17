"""optout export: what stands, what changed, and in which words."""

import hashlib
import json
import signal
import subprocess
import time

import pytest

from lab.lists import POLICY, rows, run_tool, summary
from lab.product import program
from lab.world import people, person


@pytest.fixture
def site(own_lab):
    return own_lab.site(policy=POLICY)


def export(site, *words, code=0):
    octets, said = run_tool(site, "export", *words, code=code)
    return octets.decode(), said


def exported(site, *words, **more):
    return rows(export(site, *words, **more)[0].encode())


def last_event(said):
    return said.split("--after ")[-1].strip()


def test_what_stands_is_written_with_all_that_is_known_of_it(site):
    site.tool("add", "anna@home.example", "--scope", "acme", "--reason", "unsubscribe",
              "--source", "shop", "--asked", "2026-01-02T03:04:05Z")  # fmt: skip
    site.tool("add", "ben@home.example", "--scope", "beta", "--block", "--until", "2090-01-01")
    site.tool("add", "@bad.example", "--scope", "/")
    site.tool("add", "ben@home.example", "--scope", "beta", "--opt-in", "--evidence", "mail of today")
    found = {(row["address"], row["kind"]): row for row in exported(site)}
    assert len(found) == 4
    anna = found["anna@home.example", "opt-out"]
    assert (anna["scope"], anna["source"], anna["reason"]) == ("acme", "shop", "unsubscribe")
    assert anna["asked"] == "2026-01-02T03:04:05Z" and anna["event"]
    assert found["ben@home.example", "block"]["until"] == "2090-01-01T00:00:00Z"
    opt_in = found["ben@home.example", "opt-in"]
    assert opt_in["confirmed"] == "yes"
    assert opt_in["names"] == found["ben@home.example", "block"]["event"]
    assert ("'@bad.example", "opt-out") in found


def test_both_of_our_own_formats_say_the_same(site):
    site.tool("add", *people(20), "--scope", "acme")
    table = exported(site)
    objects = [json.loads(line) for line in export(site, "--format", "ndjson")[0].splitlines()]
    assert [row["address"] for row in table] == [o["address"] for o in objects]
    assert [row["event"] for row in table] == [o["event"] for o in objects]


def test_two_exports_of_one_list_are_the_same(site):
    site.tool("add", *people(50), "--scope", "acme")
    assert export(site) == export(site)


def test_an_empty_list_is_a_header(site):
    text, said = export(site)
    assert text.startswith("kind,address,") and text.count("\n") == 1
    assert "0 rows" in said and "personal data" not in said
    assert export(site, "--format", "ndjson")[0] == ""


def test_cells_that_a_spreadsheet_would_run_are_guarded(site):
    site.tool("add", '+1@home.example', "--scope", "acme", "--source", "=HYPERLINK(1)")
    [row] = exported(site)
    assert row["address"] == "'+1@home.example" and row["source"] == "'=HYPERLINK(1)"
    # A provider would take the apostrophe for a part of the address.
    assert export(site, "--format", "sendgrid")[0].splitlines()[1] == "+1@home.example,"


def test_what_is_withdrawn_or_over_does_not_stand(site):
    one, two = people(2)
    site.tool("add", one, "--scope", "acme")
    site.tool("remove", one, "--scope", "acme", "--note", "mistake")
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 4))
    site.tool("add", two, "--scope", "acme", "--block", "--until", soon)
    while time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()) <= soon:
        time.sleep(0.1)
    assert exported(site) == []


# -- scope and reason


def test_a_scope_takes_what_covers_it(site):
    one, two, three, four = people(4)
    site.tool("add", one, "--scope", "acme/newsletter")
    site.tool("add", two, "--scope", "acme")
    site.tool("add", three, "--scope", "/")
    site.tool("add", four, "--scope", "acme/offers")
    assert {row["address"] for row in exported(site, "--scope", "acme/newsletter")} == {one, two, three}
    assert {row["address"] for row in exported(site, "--scope", "acme")} == {two, three}
    _, said = export(site, "--scope", "acme/nowhere", code=2)
    assert "not registered" in said
    export(site, "--scope", "acme//x", code=2)


def test_a_reason_takes_its_own(site):
    one, two = people(2)
    site.tool("add", one, "--scope", "acme", "--reason", "complaint")
    site.tool("add", two, "--scope", "acme", "--reason", "bounce", "--block")
    assert [row["address"] for row in exported(site, "--reason", "bounce")] == [two]
    assert "no such reason" in export(site, "--reason", "none", code=2)[1]
    assert "no such reason" in export(site, "--reason", "whim", code=2)[1]


# -- lists of whom not to mail


def test_a_list_of_others_has_a_row_for_each_person(site):
    one, two, three = people(3)
    for scope in ("acme/newsletter", "acme/offers", "beta"):
        site.tool("add", one, two, "--scope", scope)
    site.tool("add", one, "--scope", "acme", "--block", "--reason", "bounce")
    text, said = export(site, "--format", "plain")
    assert sorted(text.splitlines()) == sorted([one, two])
    assert "2 rows about 2 addresses" in said
    # The strictest that the format has a word for.
    site.tool("add", three, "--scope", "acme", "--block", "--reason", "bounce")
    assert set(export(site, "--format", "ses")[0].splitlines()) == {
        f"{one},COMPLAINT", f"{two},COMPLAINT", f"{three},BOUNCE"}  # fmt: skip
    text, said = export(site, "--format", "mailgun-bounces", code=3)
    assert {line.split(",")[0] for line in text.splitlines()[1:]} == {one, three}
    assert "1 left out: the format has nothing of this kind" in said


def test_whom_an_opt_in_lifts_is_in_no_such_list(site):
    who = person()
    site.tool("add", who, "--scope", "acme")
    site.tool("add", who, "--scope", "acme/newsletter", "--opt-in", "--evidence", "mail of today")
    text, said = export(site, "--format", "plain", "--scope", "acme/newsletter")
    assert text == "" and "an opt-in lifts" in said
    # All other mail of acme remains what the opt-out is about.
    assert export(site, "--format", "plain")[0].split() == [who]
    assert export(site, "--format", "plain", "--scope", "acme/offers")[0].split() == [who]


def test_what_a_format_cannot_carry_is_counted_by_what_is_lacking(site):
    one, two = people(2)
    hashed = hashlib.sha256(b"nobody@home.example").hexdigest()
    run_tool(site, "import", "-", "--scope", "acme", "--all-opted-out", stdin=f"{hashed}\n".encode())
    site.tool("add", one, "--scope", "acme")
    site.tool("add", two, "--scope", "acme", "--block", "--until", "2090-01-01")
    site.tool("add", "@bad.example", "--scope", "acme")
    text, said = export(site, "--format", "plain", "--json", code=3)
    assert text.split() == [one]
    told = summary(said)
    assert told["rows"] == 1 and told["not_carried"] == 3 and told["personal_data"] == "addresses"
    assert told["lacking"] == {"address": 1, "domains": 1, "kind": 0, "end": 1, "withdrawal": 0}
    _, said = export(site, "--format", "plain", code=3)
    for words in ("the address is not known", "a whole domain", "the format has no end"):
        assert f"1 left out: " in said and words in said
    # A list of hashes has place for it.
    text, said = export(site, "--format", "sha256", code=3)
    assert set(text.split()) == {hashed, hashlib.sha256(one.encode()).hexdigest()}
    assert "hashes of addresses" in said


def test_an_unknown_format_is_answered_with_those_there_are(site):
    text, said = export(site, "--format", "xlsx", code=2)
    assert text == "" and "csv, ndjson, sha256" in said


# -- deltas


def test_what_comes_behind_an_event_is_a_delta_with_withdrawals(site):
    one, two, three = people(3)
    site.tool("add", one, two, "--scope", "acme")
    _, said = export(site)
    after = last_event(said)
    assert export(site, "--after", after)[0].count("\n") == 1
    site.tool("remove", one, "--scope", "acme", "--note", "mistake")
    site.tool("add", three, "--scope", "beta")
    delta = exported(site, "--after", after)
    assert [(row["kind"], row["address"]) for row in delta] == [
        ("withdrawal", one), ("opt-out", three)]  # fmt: skip
    assert delta[0]["scope"] == "acme" and delta[0]["names"]
    # The number alone is one of this list.
    assert exported(site, "--after", after.split("-")[1]) == delta
    told = summary(export(site, "--after", after, "--json")[1])
    assert told["rows"] == 2 and exported(site, "--after", told["after"]) == []


def test_a_delta_says_also_what_stood_only_meanwhile(site):
    who = person()
    after = last_event(export(site)[1])
    site.tool("add", who, "--scope", "acme")
    site.tool("remove", who, "--scope", "acme", "--note", "mistake")
    assert [row["kind"] for row in exported(site, "--after", after)] == ["opt-out", "withdrawal"]
    assert exported(site) == []
    assert exported(site, "--after", after, "--scope", "beta") == []


def test_a_withdrawn_domain_is_in_a_delta(site):
    after = last_event(export(site)[1])
    site.tool("add", "@bad.example", "--scope", "acme")
    site.tool("remove", "@bad.example", "--scope", "acme", "--note", "mistake")
    assert [(row["kind"], row["address"]) for row in exported(site, "--after", after)] == [
        ("opt-out", "'@bad.example"), ("withdrawal", "'@bad.example")]  # fmt: skip


def test_since_means_recorded_since(site):
    one, two = people(2)
    site.tool("add", one, "--scope", "acme")
    time.sleep(1.1)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    # Asked long ago, recorded now.
    site.tool("add", two, "--scope", "acme", "--asked", "2011-01-01")
    assert [row["address"] for row in exported(site, "--since", now)] == [two]
    assert len(exported(site, "--since", "2020-01-01")) == 2
    assert exported(site, "--since", "2090-01-01") == []
    assert "exclude" in export(site, "--since", now, "--after", "3", code=2)[1]


def test_a_list_of_whom_not_to_mail_cannot_say_who_may_be_mailed_again(site):
    one, two, three, four = people(4)
    site.tool("add", one, two, three, "--scope", "acme")
    after = last_event(export(site)[1])
    site.tool("remove", one, "--scope", "acme", "--note", "mistake")
    site.tool("add", two, "--scope", "acme", "--opt-in", "--evidence", "mail of today")
    site.tool("add", three, "--scope", "/")
    site.tool("remove", three, "--scope", "acme", "--note", "is in the other")
    site.tool("add", four, "--scope", "acme")
    text, said = export(site, "--format", "plain", "--after", after, code=3)
    assert sorted(text.split()) == sorted([three, four])
    assert "2 may be mailed again, and the format cannot say so" in said


def test_events_that_are_not_this_list_s_are_refused(site):
    _, said = export(site, "--after", "4711", code=2)
    assert "the list ends with event" in said and "export all" in said
    _, said = export(site, "--after", "0123456789abcdef-1", code=2)
    assert "not an event of this list" in said
    export(site, "--after", "x", code=2)


# -- in the hands of others


def test_without_the_address_key_nothing_is_exported(site):
    site.tool("add", person(), "--scope", "acme")
    (site.keys / "address").rename(site.keys / "elsewhere")
    text, said = export(site, code=2)
    assert text == "" and "address key" in said


def test_a_reader_that_goes_away_and_a_full_disk_are_errors(site):
    listed = "".join(f"{who}\n" for who in people(30000))
    site.tool("add", "-", "--scope", "acme", stdin=listed)
    with open("/dev/full", "w") as full:
        ran = subprocess.run([program("optout"), "-c", site.conf, "export"],
                             stdout=full, stderr=subprocess.PIPE, text=True)  # fmt: skip
    assert ran.returncode == 2 and "No space left" in ran.stderr
    process = subprocess.Popen([program("optout"), "-c", site.conf, "export"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read()
    assert process.wait() == 2 and "Broken pipe" in said


def test_a_slow_reader_keeps_no_view_open_and_nobody_waiting(site):
    before = people(30000)
    site.tool("add", "-", "--scope", "acme", stdin="".join(f"{who}\n" for who in before))
    process = subprocess.Popen([program("optout"), "-c", site.conf, "export"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    header = process.stdout.readline()
    process.send_signal(signal.SIGTSTP)  # Ctrl-Z
    late, gone = person(), before[-1]
    data = site.data / "list/data.mdb"
    site.tool("add", late, "--scope", "acme")
    size = data.stat().st_size
    for _ in range(60):
        site.tool("add", person(), "--scope", "beta", "--note", "x" * 8000)
        site.tool("remove", gone, "--scope", "acme", "--note", "mistake")
        site.tool("add", gone, "--scope", "acme")
    # Pages that an old view sees would not have been used again: far more than what was written.
    grown = data.stat().st_size - size
    assert grown < 3 << 20, grown
    process.send_signal(signal.SIGCONT)
    text, said = header + process.stdout.read(), process.stderr.read()
    assert process.wait() == 0
    addresses = {row["address"] for row in rows(text.encode())}
    assert set(before[:-1]) <= addresses and late not in addresses
    # What came meanwhile is behind the event that it names.
    behind = exported(site, "--after", last_event(said))
    assert {late, gone} <= {row["address"] for row in behind}


def test_opt_outs_go_on_beside_it_and_nothing_is_lost(site):
    before = people(6000)
    site.tool("add", "-", "--scope", "acme", stdin="".join(f"{who}\n" for who in before))
    process = subprocess.Popen([program("optout"), "-c", site.conf, "export", "--format", "plain"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    meanwhile = people(20)
    for who in meanwhile:
        site.tool("add", who, "--scope", "acme")
    text, said = process.communicate()
    behind = export(site, "--format", "plain", "--after", last_event(said))[0]
    assert set(text.split()) | set(behind.split()) == set(before) | set(meanwhile)
