"""optout effect: how long opt-outs took from what a person asked until they held."""

import datetime
import time

import pytest

from lab.product import manual_members
from lab.waiting import until
from lab.world import person

POLICY = """\
stream newsletter {
    scope       = "acme/newsletter"
    ledger      = all
    match_login = {"mautic"}
}
stream watched {
    scope       = "acme/watched"
    mode        = monitor
    match_login = {"watcher"}
}
"""
HOUR = 3600


def stamp(seconds):
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture(scope="module")
def site(lab):
    site = lab.site(policy=POLICY).start()
    started = time.time()
    # What was asked within the second in which the milter began is older than what it tells.
    until(lambda: time.time() > started + 1, "another second")
    site.since = int(time.time())
    return site


def mail(site, to, login="mautic"):
    """The answer to a message at its end."""
    with_milter = site.milter()
    try:
        with_milter.open_session()
        return with_milter.message("<news@acme.example>", [f"<{to}>"], login=login)[1]
    finally:
        with_milter.close()


def opt_out(site, to, ago=None, at=None, scope="acme/newsletter"):
    asked = at if at is not None else int(time.time()) - ago
    site.opt_out(to, "--asked", stamp(asked), scope=scope)


def one(site, to, code=0):
    """What is told of one person's only opt-out."""
    rows = [row for row in site.json("effect", "--each", code=code) if row["address"] == to]
    assert len(rows) == 1, rows
    return rows[0]


def standings(row):
    return {limit["limit"]: limit["standing"] for limit in row["limits"]}


def test_mail_between_asked_and_recorded_is_counted_where_the_ledger_has_it_all(site):
    to = person()
    asked = int(time.time())
    assert mail(site, to).word == "accept"
    opt_out(site, to, at=asked)
    assert mail(site, to).word == "reply"
    row = one(site, to)
    assert (row["handed_on_before"], row["recorded_all"], row["handed_on_after"]) == (1, True, 0)
    assert row["asked"] == stamp(asked) and row["first_kept_back"] > row["recorded"]
    assert 0 <= row["seconds"] < 60
    assert standings(row) == {"gmail-yahoo": "in-time", "can-spam-casl": "in-time"}
    members = {*row, *row["limits"][0]}
    assert members <= manual_members(), members - manual_members()
    assert "mailed before: 1" in site.tool("effect", "--each")


def test_what_the_ledger_cannot_know_is_not_guessed(site):
    silent, mailed, domain = person(), person(), "@domain.example"
    mail(site, mailed)
    for to in (silent, mailed, domain):
        opt_out(site, to, ago=2 * HOUR)
    row = one(site, silent)
    assert (row["handed_on_before"], row["recorded_all"]) == (None, False)
    row = one(site, mailed)
    assert (row["handed_on_before"], row["recorded_all"]) == (1, False)
    said = site.tool("effect", "--each")
    assert "mailed before: not recorded" in said and "mailed before: 1 or more" in said
    # One stream of the wider scope does not tell everything.
    wide = person()
    opt_out(site, wide, at=site.since, scope="acme")
    assert one(site, wide)["recorded_all"] is False
    assert one(site, domain)["recorded_all"] is False


def test_mail_in_spite_of_an_opt_out_puts_its_effect_off(site):
    to = person()
    opt_out(site, to, at=int(time.time()), scope="acme/watched")
    before = one(site, to)
    assert mail(site, to, "watcher").word == "accept"
    row = one(site, to)
    assert (row["handed_on_after"], row["first_kept_back"]) == (1, None)
    assert row["last_handed_on"] > before["recorded"]
    assert row["seconds"] > before["seconds"]


def test_late_ones_are_named_and_only_one_that_is_over_fails(own_lab):
    site = own_lab.site(policy=POLICY)
    soon, near, over, undated = (person() for _ in range(4))
    site.tool("effect", code=0)
    opt_out(site, soon, ago=HOUR)
    opt_out(site, near, ago=40 * HOUR)
    site.opt_out(undated)
    assert [row["address"] for row in site.json("effect", "--late", code=0)] == [near]
    assert "near gmail-yahoo" in site.tool("effect", "--late")
    opt_out(site, over, ago=50 * HOUR)
    rows = {row["address"]: row for row in site.json("effect", "--late", code=1)}
    assert standings(rows[over])["gmail-yahoo"] == "over" and set(rows) == {near, over}
    (row,) = site.json("effect", code=1)
    assert (row["source"], row["opt_outs"], row["undated"]) == ("cli", 4, 1)
    assert row["to_effect"]["count"] == 3
    assert 40 * HOUR <= row["to_effect"]["median"] < 40 * HOUR + 60
    assert 50 * HOUR <= row["to_effect"]["max"] < 50 * HOUR + 60
    gmail = row["limits"][0]
    assert (gmail["limit"], gmail["allowed"], gmail["near"], gmail["over"]) == (
        "gmail-yahoo", "48h", 1, 1)  # fmt: skip
    members = {*row, *gmail, *row["to_effect"]}
    assert members <= manual_members(), members - manual_members()
    said = site.tool("effect", code=1)
    assert "limit gmail-yahoo, 48h: 1 over, 1 near" in said


def test_the_metrics_tell_of_late_ones(own_lab):
    site = own_lab.site(policy=POLICY)
    web = own_lab.web(site)
    opt_out(site, person(), ago=50 * HOUR)
    opt_out(site, person(), ago=40 * HOUR)
    site.opt_out(person())
    late = 'optout_recorded_late_total{limit="gmail-yahoo",standing="%s"}'
    after = 'optout_recorded_after_seconds_%s{source="cli"%s}'

    def counted():
        numbers = web.metrics()
        return numbers.get('optout_opt_outs_total{source="cli"}') == 3 and numbers

    numbers = until(counted, lambda: web.get("/metrics").body, 30)
    assert (numbers[late % "over"], numbers[late % "near"]) == (1, 1)
    assert numbers['optout_undated_total{source="cli"}'] == 1
    assert numbers[after % ("count", "")] == 2
    assert numbers[after % ("bucket", ',le="86400"')] == 0
    assert numbers[after % ("bucket", ',le="172800"')] == 1
    # Other limits are counted from the beginning.
    site.configure(settings={"effect_limits": ["month=30d"]})
    web.reload()
    until(lambda: web.metrics().get(late.replace("gmail-yahoo", "month") % "over") == 0,
          lambda: web.get("/metrics").body, 30)  # fmt: skip
    until(lambda: web.metrics().get('optout_opt_outs_total{source="cli"}') == 3,
          lambda: web.get("/metrics").body, 30)  # fmt: skip
    assert not any("gmail-yahoo" in name for name in web.metrics())


def test_it_can_be_asked_for_a_scope_a_source_and_a_time(own_lab):
    site = own_lab.site(policy=POLICY)
    opt_out(site, person(), ago=50 * HOUR)
    site.tool("effect", "--scope", "acme", code=1)
    site.tool("effect", "--scope", "acme/watched", code=0)
    site.tool("effect", "--source", "cli", code=1)
    assert site.json("effect", "--source", "crm", code=0) == []
    site.tool("effect", "--since", "2100-01-01", code=0)
    site.tool("effect", "--until", "2000-01-01", code=0)
    site.tool("effect", "--scope", "acme/nothing", code=2)
    site.configure(settings={"effect_limits": ["weekly=7d"]})
    site.tool("effect", code=0)
    site.configure(settings={"effect_limits": ["weekly=7x"]})
    site.tool("effect", code=2)
    assert "is not a limit" in site.last.stderr


def test_who_is_shown_people_by_name_leaves_a_note_and_sums_leave_none(site):
    opt_out(site, person(), ago=HOUR)

    def notes():
        told = site.json("log", "--readings")
        return [row["scope"] for row in told if row["type"] == "reading" and row["command"] == "effect"]

    before = notes()
    site.json("effect", code=None)
    site.json("effect", "--each", "--scope", "acme/newsletter", code=None)
    site.json("effect", "--late", code=None)
    assert notes()[len(before) :] == ["acme/newsletter", None]
