"""Reasons as ops read them: counted by stream and scope, without the addresses of who gave them."""

import time

import pytest

from lab.world import person

POLICY = """\
stream newsletter {
    scope          = "acme/newsletter"
    match_listener = {"MARKETING"}
}
stream daily {
    scope          = "acme/newsletter"
    match_listener = {"DAILY"}
}
stream offers {
    scope          = "other/offers"
    match_listener = {"OFFERS"}
}
"""


@pytest.fixture
def web(own_lab):
    return own_lab.web(own_lab.site(policy=POLICY))


def tell(web, address, *told, scope="acme/newsletter", action="this"):
    """Opts out by the page, and gives these reasons, one after the other: (key, text)."""
    path = "/" + web.token(address, scope)
    undo = web.post(path, {"action": action}).undo
    for key, text in told:
        body = {"action": "reason", "undo": undo, "reason": key, "text": text}
        assert web.post(path, body).status == 200


def counts(web, *words):
    return {(row["scope"], row["reason"]): row["count"]
            for row in web.site.json("stats", "--reasons", *words)}  # fmt: skip


def test_reasons_are_counted_by_scope_with_its_streams(web):
    for key in ("too-many", "too-many", "not-relevant"):
        tell(web, person(), (key, ""))
    tell(web, person(), ("other", ""), scope="other/offers")
    tell(web, person(), ("other", ""), action="all")
    rows = web.site.json("stats", "--reasons")
    assert [(row["scope"], row["reason"], row["count"]) for row in rows] == [
        ("acme", "other", 1), ("acme/newsletter", "too-many", 2),
        ("acme/newsletter", "not-relevant", 1), ("other/offers", "other", 1),
    ]  # fmt: skip
    assert [row["streams"] for row in rows] == [
        [], ["newsletter", "daily"], ["newsletter", "daily"], ["offers"]]  # fmt: skip
    lines = web.site.tool("stats", "--reasons").splitlines()
    assert lines[2].split() == ["newsletter,daily", "acme/newsletter", "too-many", "2"]


def test_scope_and_time_narrow_it(web):
    tell(web, person(), ("too-many", ""))
    tell(web, person(), ("other", ""), scope="other/offers")
    time.sleep(1.1)
    between = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    tell(web, person(), ("not-relevant", ""))
    assert counts(web, "--scope", "other") == {("other/offers", "other"): 1}
    assert counts(web, "--scope", "acme/newsletter", "--since", between) == {
        ("acme/newsletter", "not-relevant"): 1}  # fmt: skip
    assert counts(web, "--scope", "acme/offers") == {}


def test_the_last_of_several_counts_and_words_alone_are_a_reason(web):
    tell(web, person(), ("too-many", ""), ("other", ""))
    tell(web, person(), ("", "just because"))
    assert counts(web) == {("acme/newsletter", "other"): 1, ("acme/newsletter", None): 1}


def test_words_stand_beside_no_address_but_in_a_persons_own_record(web):
    anna = person()
    tell(web, anna, ("other", "too loud\nand red"))
    assert "loud" not in web.site.tool("stats", "--reasons")
    assert web.site.json("stats", "--reasons")[0]["words"] == []
    (row,) = web.site.json("stats", "--reasons", "--words")
    assert row["words"] == ["too loud\nand red"]
    text = web.site.tool("stats", "--reasons", "--words")
    assert "too loud" in text and anna not in text and len(text.splitlines()) == 3
    assert "loud" not in web.site.tool("log")
    assert "loud" in web.site.tool("log", anna)


def test_nobody_has_given_one(web):
    assert web.site.tool("stats", "--reasons") == ""
    assert "Nobody has given a reason." in web.site.last.stderr
    assert web.site.json("stats", "--reasons") == []


@pytest.mark.parametrize("words", [
    ["--scope", "acme"], ["--since", "2026-01-01"], ["--words"], ["--reasons", "--unclaimed"],
    ["--reasons", "--scope", "Acme"], ["--reasons", "--since", "yesterday"],
])  # fmt: skip
def test_flags_that_do_not_fit_are_wrong(web, words):
    web.site.tool("stats", *words, code=2)
