"""optout diff: a file of opt-outs beside the list."""

import hashlib
import json

import pytest

from lab.lists import POLICY, run_tool, summary


@pytest.fixture
def site(own_lab):
    made = own_lab.site(policy=POLICY)
    made.tool("add", "anna@home.example", "--scope", "acme/newsletter")
    made.tool("add", "ben@home.example", "--scope", "acme")
    return made


def diff(site, text, *words, code=1):
    octets, said = run_tool(site, "diff", "-", *words, stdin=text.encode(), code=code)
    return octets.decode().splitlines(), said


def test_who_is_on_one_side_alone_is_told(site):
    lines, said = diff(site, "email,unsubscribed\nANNA@home.example,yes\nnew@home.example,yes\n"
                             "free@home.example,no\n")  # fmt: skip
    assert lines == ["only in the file: new@home.example, line 3",
                     "only on the list: ben@home.example"]  # fmt: skip
    assert "2 in the file, of them 1 not on the list; 1 on the list and not in the file" in said
    assert "1 left alone" in said


def test_nothing_is_told_where_they_are_the_same(site):
    lines, said = diff(site, "anna@home.example\nben@home.example\nben@home.example\n", code=0)
    assert lines == [] and "2 in the file, of them 0" in said
    assert "all in it count" in said


def test_a_scope_asks_for_that_mail(site):
    both = "anna@home.example\nben@home.example\n"
    assert diff(site, both, "--scope", "acme/newsletter", code=0)[0] == []
    lines, _ = diff(site, both, "--scope", "acme/offers")
    assert lines == ["only in the file: anna@home.example, line 1"]
    assert "not registered" in diff(site, both, "--scope", "nope", code=2)[1]


def test_hashes_are_compared_as_well(site):
    anna, other = (hashlib.sha256(who).hexdigest() for who in (b"anna@home.example", b"x@y.example"))
    lines, _ = diff(site, f"{anna}\n{other}\n")
    assert lines == [f"only in the file: {other}, line 2", "only on the list: ben@home.example"]
    run_tool(site, "import", "-", "--scope", "acme", "--all-opted-out", stdin=f"{other}\n".encode())
    lines, _ = diff(site, f"{anna}\n")
    assert sorted(lines) == sorted([f"only on the list: {other}", "only on the list: ben@home.example"])


def test_a_domain_keeps_its_people_back_and_is_in_few_files(site):
    site.tool("add", "@bad.example", "--scope", "acme")
    lines, _ = diff(site, "anna@home.example\nben@home.example\nx@bad.example\n")
    assert lines == ["only on the list: @bad.example"]


def test_whom_an_opt_in_lifts_is_kept_back_by_neither(site):
    site.tool("add", "anna@home.example", "--scope", "acme/newsletter", "--opt-in",
              "--evidence", "mail of today")  # fmt: skip
    ours = site.tool("export")
    lines, said = diff(site, ours, code=0)
    assert lines == [] and "1 in the file" in said
    lines, _ = diff(site, "anna@home.example\nben@home.example\n")
    assert lines == ["only in the file: anna@home.example, line 1"]


def test_our_own_file_and_its_list_do_not_differ(site):
    site.tool("add", "@bad.example", "--scope", "/")
    site.tool("add", "carl@home.example", "--scope", "beta", "--block", "--until", "2090-01-01")
    for words in ([], ["--format", "ndjson"]):
        ours = site.tool("export", *words)
        assert diff(site, ours, code=0)[0] == []
        for scope in ("acme", "acme/newsletter", "beta", "/"):
            assert diff(site, ours, "--scope", scope, code=0)[0] == []


def test_a_subject_of_another_list_cannot_be_compared(site, own_lab):
    other = own_lab.site(policy=POLICY)
    other.tool("add", "dora@home.example", "--scope", "acme")
    row = json.loads(other.tool("export", "--format", "ndjson"))
    del row["address"]
    lines, said = diff(site, json.dumps(row) + "\n")
    assert len(lines) == 2 and "line 1: " in said and "1 left out: cannot be read" in said


def test_json_has_an_object_a_line_and_a_summary(site):
    lines, said = diff(site, "anna@home.example\nnew@home.example\nbroken\n", "--json")
    first, second = map(json.loads, lines)
    assert (first["only_in"], first["address"], first["line"]) == ("file", "new@home.example", 2)
    assert (second["only_in"], second["address"]) == ("list", "ben@home.example")
    assert summary(said) == {"in_file": 2, "only_in_file": 1, "only_on_list": 1, "left_alone": 0,
                             "rejected": 1, "says_nothing": True}  # fmt: skip


def test_a_block_that_is_over_is_nothing(site):
    lines, said = diff(site, "email,reason,expires_at\nanna@home.example,unsub,\n"
                             "old@home.example,soft-bounce,2020-01-01 00:00:00\n"
                             "ben@home.example,unsub,\n", "--format", "mandrill", code=0)  # fmt: skip
    assert lines == [] and "1 left alone" in said


def test_a_file_that_cannot_be_read_is_told(site):
    for text in ("", "a,b\n1,2\n"):
        lines, said = diff(site, text, code=2)
        assert lines == [] and said.strip()
    run_tool(site, "diff", "/nonexistent", code=2)
