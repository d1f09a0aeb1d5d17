"""optout report: thirty days of a site, and whether the figures and the page tell what was done.

Pictures of the page, and how it prints, lie below BUILD/pages afterwards, to be looked at.
"""

import base64
import collections
import datetime
import json
import os
import re
import time

import pytest

from lab.browser import Browser
from lab.clock import Clock
from lab.product import CHECKOUT, manual_members, program
from lab.web import templates
from lab.world import person
from test_approval import as_person

AXE = CHECKOUT / "build/axe/node_modules/axe-core/axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
HOSTILE = "<script>alert(1)</script> & \"'</td><img src=x onerror=alert(2)>"
DAY, HOUR = 86400, 3600
A4 = (210, 297)  # mm

POLICY = """\
stream newsletter {
    scope       = "acme/newsletter"
    title       = "Acme Newsletter"
    ledger      = all
    match_login = {"mautic"}
}
stream offers {
    scope            = "acme/offers"
    list_unsubscribe = off
    match_login      = {"crm"}
}
stream events {
    scope       = "acme/events"
    mode        = monitor
    match_login = {"events"}
}
"""


class Living:
    """A site that lives through thirty days which end with the last midnight, each at noon, and
    counts what it does there."""

    def __init__(self, lab, folder):
        self.midnight = int(time.time()) // DAY * DAY
        self.clock = Clock(folder)
        self.site = lab.site(init=False, policy=POLICY)
        self.site.configure(settings={"templates": str(templates(self.site.root))})
        self.lab = lab
        self.counts = {name: collections.defaultdict(collections.Counter)
                       for name in ("optouts", "refusals", "monitored", "handed_on")}  # fmt: skip
        self.gone = [person() for _ in range(3)]  # of acme, from the beginning
        self._live()

    def date(self, day):
        """Of so many days before today; its noon in seconds is the second."""
        at = self.midnight - day * DAY + DAY // 2
        return datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%Y-%m-%d"), at

    def count(self, what, name, number=1):
        self.counts[what][name][self.today] += number

    def tool(self, *words, staff=None, **more):
        env = as_person(staff) if staff else {"env": dict(os.environ)}
        env["env"].update(self.clock.env)
        return self.site.tool(*words, **env, **more)

    def begin_day(self, day):
        self.today, self.noon = self.date(day)
        self.clock.set(0, int(time.time()) - self.noon)

    def opt_out(self, *people, scope="acme/newsletter", asked_before=None, source=None):
        words = []
        if asked_before is not None:
            words = ["--asked", datetime.datetime.fromtimestamp(
                self.noon - asked_before, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")]  # fmt: skip
        self.tool("add", *people, "--scope", scope, *words, *(["--source", source] if source else []))
        self.count("optouts", source or "cli", len(people))

    def bring(self, name, people, source):
        path = self.site.root / name
        path.write_text("\n".join(people) + "\n")
        self.tool("import", path, "--scope", "acme/newsletter", "--all-opted-out", "--max-new", "none",
                  "--source", source)  # fmt: skip
        self.count("optouts", source, len(people))

    def mail(self, login, people, headers=()):
        return self.client.message("<news@acme.example>", [f"<{to}>" for to in people], headers, login=login)[1]

    def newsletter(self, kept=(), free=1):
        """To people who are on the list, and to others."""
        self.mail("mautic", [*kept, *(person() for _ in range(free))])
        self.count("refusals", "newsletter", len(kept))
        self.count("handed_on", "newsletter", free)

    # -- the thirty days

    def _live(self):
        self.begin_day(30)
        self.tool("init")
        self.site.start(env=self.clock.env)
        self.client = self.site.milter()
        self.client.open_session()
        self.opt_out(*self.gone, scope="acme")
        for day in range(29, 0, -1):
            self.begin_day(day)
            self._live_day(day)
        self.client.close()
        self.site.stop()  # what it counted is in the ledger then

    def _live_day(self, day):
        self.newsletter(self.gone[: day % 4], 1 + day * 7 % 5)
        if day % 3 == 0:
            self.mail("crm", self.gone[:2])
            self.count("refusals", "offers", 2)
        if day % 7 == 0:
            self.mail("events", self.gone[:1])
            self.count("monitored", "events", 1)
            self.mail("rogue", [person(), person()], [("List-Id", "<x.rogue.example>")])
        if day % 4 == 1:
            self.opt_out(*(person() for _ in range(1 + day % 3)), asked_before=day * 100)
        done = getattr(self, f"_day_{day}", None)
        if done:
            done()

    def _day_25(self):
        self.bring("crm.txt", [person() for _ in range(12)], "crm")

    def _day_20(self):
        self.bring("wrong.txt", [person() for _ in range(5)], "shop")
        (*_, batch) = self.site.json("batches")
        self.tool("undo", batch["event"], "--note", "of another shop")

    def _day_15(self):
        self.opt_out(person(), asked_before=60 * HOUR, source="letter")
        self.opt_out(person(), asked_before=40 * HOUR, source="letter")

    def _day_12(self):
        wrong = person()
        self.opt_out(wrong)
        (row,) = json.loads(self.tool("check", wrong, "--scope", "acme/newsletter", "--json", code=1))["deciding"]
        self.tool("remove", row["event"], "--note", f"typed wrong: {wrong} {HOSTILE}")
        self.note = wrong

    def _day_10(self):
        self.tool("person", self.gone[0])
        self.tool("person", self.gone[1])
        self.tool("erase", self.gone[2], "--note", "asked by mail", "--no-compact")

    def _day_8(self):
        self.site.configure(settings={"approval": "on"})
        other = person()
        self.opt_out(other)
        (row,) = json.loads(self.tool("check", other, "--scope", "acme/newsletter", "--json", code=1))["deciding"]
        self.tool("remove", row["event"], "--note", "asked by phone", staff="games", code=5)
        number = json.loads(self.tool("pending", "--json"))["number"]
        self.tool("approve", number, staff="news")

    def _day_3(self):
        self.tool("verify")


@pytest.fixture(scope="module")
def living(lab):
    return Living(lab, lab.directory("clock").path)


@pytest.fixture(scope="module")
def facts(living):
    since, until = living.date(30)[0], living.date(0)[0]
    return report(living.site, "--since", since, "--until", until)


def report(site, *words):
    return json.loads(site.tool("report", "--json", *words))


def write(site, *words):
    path = site.root / "report.html"
    path.unlink(missing_ok=True)  # it writes over nothing
    site.tool("report", "--html", path, *words)
    return path


def numbers(series):
    """name -> counts of one kind, as they are in the report: one for each of the thirty days."""
    return {row["name"]: row["counts"] for row in series["series"]}


# -- figures


def test_every_day_has_what_was_done_on_it(living, facts):
    days = [living.date(day)[0] for day in range(30, 0, -1)]
    for kind, counts in living.counts.items():
        assert (facts[kind]["unit"], facts[kind]["parts"]) == ("day", days), kind
        done = {name: [by_day[day] for day in days] for name, by_day in counts.items()}
        assert numbers(facts[kind]) == done, kind
        assert facts[kind]["total"] == sum(map(sum, done.values()))
        assert [row["total"] for row in facts[kind]["series"]] == sorted(map(sum, done.values()), reverse=True)


def test_everything_else_is_told_too(living, facts):
    days = living.date
    assert [(one["kind"], one["source"], one["time"][:10], one["undone"]) for one in facts["imports"]] == [
        ("import", "crm", days(25)[0], False), ("import", "shop", days(20)[0], True), ("undo", None, days(20)[0], False)]  # fmt: skip
    assert facts["lists_imported"] == 2
    assert [(one["time"][:10], one["choices"]) for one in facts["removals"]] == [(days(12)[0], 1), (days(8)[0], 1)]
    assert [(one["operation"], one["rows"], one["state"]) for one in facts["proposals"]] == [("remove", 1, "approved")]
    assert facts["approval"] and facts["erased"] == 1
    assert {one["command"]: (one["times"], one["people"]) for one in facts["readings"]} == {
        "person": (2, 2), "check": (2, 2)}  # fmt: skip
    assert facts["verified"]["time"].startswith(days(3)[0])
    assert facts["verified"]["list_whole"] and facts["verified"]["ledger_whole"]
    assert (facts["cut"], facts["losses"], facts["restores"]) == (None, [], [])
    assert facts["ledger_begins"].startswith(days(30)[0]) and facts["list_begins"].startswith(days(30)[0])
    assert [(one["occasion"], one["changed"], one["time"][:10]) for one in facts["configurations"]] == [
        ("start", True, days(30)[0]), ("stop", False, days(1)[0])]  # fmt: skip
    assert {one["stream"]: (one["ledger"], one["mode"], one["recorded_all"]) for one in facts["recording"]} == {
        "newsletter": ("all", "enforce", False), "offers": ("suppressed", "enforce", False),
        "events": ("suppressed", "monitor", False)}  # fmt: skip
    assert {one["stream"]: (one["messages"], one["delivered"], one["kept_back"]) for one in facts["streams"]} == {
        "newsletter": (29, facts["handed_on"]["total"], 43), "offers": (9, 0, 18), "events": (4, 4, 0)}  # fmt: skip
    assert facts["queue"] == {name: {"messages": 0, "recipients": 0} for name in ("held", "deleted")}
    (unclaimed,) = facts["unclaimed"]
    assert (unclaimed["messages"], unclaimed["recipients"], "login" in unclaimed) == (4, 8, False)


def test_time_to_effect_is_told_by_source_and_limit(living, facts):
    effect = facts["effect"]
    letter = next(one for one in effect["sources"] if one["source"] == "letter")
    assert (letter["opt_outs"], letter["undated"], letter["to_effect"]["count"]) == (2, 0, 2)
    assert 60 * HOUR <= letter["to_effect"]["max"] < 61 * HOUR
    assert 60 * HOUR <= effect["longest"] < 61 * HOUR
    assert (effect["near"], effect["over"]) == (1, 1)
    assert [(one["limit"], one["near"], one["over"]) for one in effect["limits"]] == [
        ("gmail-yahoo", 1, 1), ("can-spam-casl", 0, 0)]  # fmt: skip
    told = {one["source"]: one["opt_outs"] for one in effect["sources"]}
    assert told == {row["name"]: row["total"] for row in facts["optouts"]["series"]}


def test_all_of_a_stream_is_recorded_from_when_it_was(living):
    facts = report(living.site, "--since", living.date(28)[0], "--until", living.date(0)[0])
    recorded = {one["stream"]: one["recorded_all"] for one in facts["recording"]}
    assert recorded == {"newsletter": True, "offers": False, "events": False}
    assert facts["configurations"][0]["occasion"] == "stop"


def test_what_somebody_should_look_at_comes_first(living, facts):
    assert [(one["kind"], one.get("count"), one.get("stream", one.get("limit"))) for one in facts["look_at"]] == [
        ("limit-over", 1, "gmail-yahoo"), ("limit-near", 1, "gmail-yahoo"), ("handed-on-after", 4, None),
        ("no-one-click", None, "offers"), ("monitor", 4, "events"), ("unclaimed", 4, None)]  # fmt: skip
    page = write(living.site, "--since", living.date(30)[0], "--until", living.date(0)[0]).read_text()
    assert page.index("Over a limit:") < page.index("Opt-outs over time")


def test_a_scope_has_its_own_figures(living):
    facts = report(living.site, "--since", living.date(30)[0], "--until", living.date(0)[0], "--scope", "acme/offers")
    assert [row["name"] for row in facts["refusals"]["series"]] == ["offers"]
    assert facts["refusals"]["total"] == 18 and facts["optouts"]["total"] == 0
    assert (facts["monitored"]["total"], facts["handed_on"]["total"], facts["removals"]) == (0, 0, [])
    assert [one["stream"] for one in facts["streams"]] == ["offers"]
    assert [one["stream"] for one in facts["recording"]] == ["offers"]
    assert facts["effect"]["sources"] == []
    wide = report(living.site, "--since", living.date(30)[0], "--until", living.date(0)[0], "--scope", "acme")
    assert wide["refusals"]["total"] == 61 and len(wide["removals"]) == 2


def test_a_longer_time_has_longer_parts_and_the_same_sums(living, facts):
    until = living.date(0)[0]
    for since, unit in ((90, "week"), (700, "month"), (3650, "year")):
        told = report(living.site, "--since", living.date(since)[0], "--until", until)
        assert told["refusals"]["unit"] == unit
        assert told["refusals"]["total"] == facts["refusals"]["total"]
        (row, *_) = told["refusals"]["series"]
        assert sum(row["counts"]) == row["total"]
    half = report(living.site, "--since", living.date(30)[0], "--until", living.date(15)[0])
    day = living.date(15)[0]
    done = sum(count for by_day in living.counts["refusals"].values() for date, count in by_day.items() if date < day)
    assert half["refusals"]["total"] == done > 0


# -- how it looks


@pytest.fixture(scope="module")
def browser(lab):
    made = Browser(lab.directory("profile").path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def pictures():
    path = program("optout").parent / "pages"
    path.mkdir(exist_ok=True)
    return path


@pytest.fixture(scope="module")
def page(living):
    """With all that it can have in it."""
    return write(living.site, "--since", living.date(30)[0], "--until", living.date(0)[0], "--names").as_uri()


LOOKS = {  # width, mode, and the rules that can tell another thing than in the first one
    "light": (1280, False, WCAG),
    "dark": (1280, True, ["color-contrast", "link-in-text-block"]),
    "360": (360, False, ["scrollable-region-focusable", "target-size"]),
}


@pytest.mark.parametrize("name", LOOKS)
def test_the_page_is_without_a_finding(page, browser, pictures, name):
    width, dark, rules = LOOKS[name]
    browser.show(page, width=width, height=2000, dark=dark)
    browser.save(pictures / f"report.{name}.png")
    assert browser.run("return document.documentElement.scrollWidth") <= width
    browser.run("document.querySelector('details').open = true")  # they are all alike
    browser.run(AXE.read_text())
    result = browser.wait_for("axe.run({runOnly: arguments[0], resultTypes: ['violations', 'incomplete']}).then(arguments[1])", rules)
    assert result["passes"], "axe-core looked at nothing"
    findings = [(finding["id"], node["html"], node["failureSummary"])
                for kind in ("violations", "incomplete") for finding in result[kind] for node in finding["nodes"]
                if not (kind == "incomplete" and node["html"].startswith("<text "))]  # fmt: skip
    assert findings == []
    # What stands in a drawing axe-core cannot judge, and says so; a paragraph of that colour it can.
    colors = browser.run("return [getComputedStyle(document.querySelector('svg text')).fill,"
                         " getComputedStyle(document.querySelector('p.faint')).color]")  # fmt: skip
    assert colors[0] == colors[1]


def test_it_loads_nothing_and_runs_nothing_that_others_wrote(living, page, browser):
    browser.complaints()
    browser.show(page)
    assert browser.run("return performance.getEntriesByType('resource').map(e => e.name)") == []
    assert browser.run("return document.querySelectorAll('script, img, link, iframe, [onerror]').length") == 0
    assert browser.complaints() == []
    assert f"typed wrong: {living.note} {HOSTILE}" in browser.run("return document.body.textContent")


def test_paper_has_every_table_whole(page, browser, pictures):
    """At the width of A4 between its margins; and a page of PDF is one of A4."""
    width = int((A4[0] - 32) * 96 / 25.4)
    for opened in (False, True):
        browser.show(page, width=width, media="print", dark=True)
        browser.run("document.querySelectorAll('details').forEach(d => d.open = arguments[0])", opened)
        wide = browser.run(
            "return [...document.querySelectorAll('table, svg, p, li, dd')]"
            ".filter(e => e.checkVisibility() && (e.getBoundingClientRect().right > arguments[0]"
            " || e.scrollWidth > arguments[0])).map(e => e.outerHTML)", width)  # fmt: skip
        assert wide == [] and browser.run("return document.documentElement.scrollWidth") <= width
        assert browser.find("table.grid")[0].is_displayed() == opened
    assert browser.run("return getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    browser.show(page)
    printed = base64.b64decode(browser.tool("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])
    (pictures / "report.pdf").write_bytes(printed)
    boxes = {tuple(map(float, box)) for box in re.findall(rb"/MediaBox\s*\[0 0 ([0-9.]+) ([0-9.]+)\]", printed)}
    assert len(boxes) == 1
    for points, millimetres in zip(boxes.pop(), A4):
        assert abs(points * 25.4 / 72 - millimetres) < 1


def test_long_names_are_broken_and_not_cut_off(living, browser):
    """Comes last: what it does is not in the figures above."""
    for number in range(9):
        living.site.opt_out(person(), "--source", f"source-{number}-" + "x" * 50)
    path = write(living.site)
    for width, media in ((360, ""), (1280, ""), (int((A4[0] - 32) * 96 / 25.4), "print")):
        browser.show(path.as_uri(), width=width, media=media)
        assert browser.run("return document.documentElement.scrollWidth") <= width, (width, media)
        browser.run("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert browser.run("return document.documentElement.scrollWidth") <= width, (width, media)


def test_names_are_told_where_they_are_asked_for_and_that_is_noted(living):
    words = ("--since", living.date(30)[0], "--until", living.date(0)[0])
    plain = json.dumps(report(living.site, *words))
    assert "typed wrong" not in plain and "games" not in plain and "@home.example" not in plain
    named = report(living.site, *words, "--names")
    assert [one["note"] for one in named["removals"]] == [f"typed wrong: {living.note} {HOSTILE}", "asked by phone"]
    (proposal,) = named["proposals"]
    assert (proposal["staff"], proposal["decided_by"], proposal["note"]) == ("games", "news", "asked by phone")
    assert named["unclaimed"][0]["login"] == "rogue" and all(one["staff"] for one in named["readings"])
    told = report(living.site)
    assert {one["command"]: one["times"] for one in told["readings"]}["report"] >= 1
    members = set()

    def gather(value):
        if isinstance(value, dict):
            members.update(value)
            value = list(value.values())
        for one in value if isinstance(value, list) else ():
            gather(one)

    named.pop("events")
    gather(named)
    assert members <= manual_members(), members - manual_members()


def test_what_was_taken_away_is_told(living):
    """Comes last, since it takes the first days away."""
    living.site.configure(settings={"retain_verdicts": "20d"})
    living.site.tool("prune")
    facts = report(living.site, "--since", living.date(30)[0], "--until", living.date(0)[0])
    first, last = living.date(30)[0], living.date(20)[0]
    assert facts["cut"]["events"] > 5 and first < facts["cut"]["until"][:10] <= last
    assert first < facts["ledger_begins"][:10] <= living.date(19)[0]
    assert facts["list_begins"].startswith(first)
    kept = {day: count for day, count in zip(facts["refusals"]["parts"], numbers(facts["refusals"])["newsletter"]) if count}
    assert kept and min(kept) >= facts["ledger_begins"][:10]
    assert "had been kept as long as they are to be" in " ".join(write(living.site).read_text().split())
