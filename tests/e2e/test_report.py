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
    site.tool("report", "--html", path, *words)
    return path


def test_try(living, facts):
    print(json.dumps(facts, indent=1))
    write(living.site)
    import shutil; shutil.copy(living.site.root/"report.html", "/work/wt/report2/build/try.html")
