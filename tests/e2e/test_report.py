"""optout report: how it is asked for, and what it makes of little and of hostile words. Its
figures and its looks: test_report_days.py."""

import html.parser
import json
import os
import shutil
import stat

import pytest

from lab.web import templates
from lab.world import person

HOSTILE = "<script>alert(1)</script> & \"'</td><img src=x onerror=alert(2)>"
SCOPE = ("--scope", "acme/newsletter")


@pytest.fixture(scope="module")
def site(lab):
    made = lab.site()
    made.configure(settings={"templates": str(templates(made.root))})
    return made


class Elements(html.parser.HTMLParser):
    """Names of elements and of their attributes, and the text."""

    def __init__(self, page):
        super().__init__()
        self.names, self.text = set(), ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.names |= {tag, *(name for name, _ in attrs)}

    def handle_data(self, data):
        self.text += data


def test_one_has_to_say_what_it_is_to_be(site):
    for words in ((), ("--html", "-", "--json")):
        site.tool("report", *words, code=2)
        assert "--html" in site.last.stderr and "--json" in site.last.stderr
    site.tool("report", "--json", "--since", "2026-02-02", "--until", "2026-02-02", code=2)
    assert "--since has to be before --until" in site.last.stderr
    site.tool("report", "--json", "--scope", "acme/nothing", code=2)
    assert "acme/nothing" in site.last.stderr


def test_of_an_empty_site_there_is_a_report_too(site):
    facts = json.loads(site.tool("report", "--json"))
    assert [facts[name]["total"] for name in ("optouts", "refusals", "monitored", "handed_on")] == [0, 0, 0, 0]
    assert facts["look_at"] == [{"kind": "never-verified"}]
    assert (facts["effect"]["longest"], facts["recording"], facts["verified"]) == (None, [], None)
    page = Elements(site.tool("report", "--html", "-"))
    assert "Never verified:" in page.text and "None was recorded in this time." in page.text
    assert "table" in page.names and "NaN" not in page.text and "figure" not in page.names


def test_after_a_verify_an_empty_site_has_nothing_to_look_at(own_lab):
    site = own_lab.site()
    site.configure(settings={"templates": str(templates(site.root))})
    site.tool("verify")
    assert json.loads(site.tool("report", "--json"))["look_at"] == []
    assert "None: no opt-out came near a limit" in Elements(site.tool("report", "--html", "-")).text


def test_a_backup_in_the_place_of_the_stores_is_told(own_lab):
    site = own_lab.site()
    site.tool("backup", site.root / "backup")
    site.tool("restore", site.root / "backup")
    facts = json.loads(site.tool("report", "--json"))
    assert [one["store"] for one in facts["restores"]] == ["list", "ledger"] and facts["losses"] == []
    shutil.rmtree(site.data)
    site.tool("restore", site.root / "backup", code=1)
    facts = json.loads(site.tool("report", "--json"))
    assert facts["loss_open"] and facts["look_at"][0] == {"kind": "loss-open"}
    site.tool("restore", "--accept-loss", "the disk is gone")
    facts = json.loads(site.tool("report", "--json"))
    assert {one["store"] for one in facts["losses"]} == {"list", "ledger"} and not facts["loss_open"]
    assert facts["look_at"][0]["kind"] == "loss"


def test_a_page_goes_to_a_file_of_its_owner_or_to_standard_output(site):
    path = site.root / "report.html"
    assert site.tool("report", "--html", path) == ""
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert path.read_text().startswith("<!DOCTYPE html") and path.read_text().endswith("</html>\n")
    assert site.tool("report", "--html", "-").startswith("<!DOCTYPE html")
    site.tool("report", "--html", path, code=2)
    assert "is there already" in site.last.stderr and path.stat().st_size > 0
    site.tool("report", "--html", site.root / "missing" / "report.html", code=2)


def test_words_of_others_are_shown_as_they_are_and_do_nothing(site):
    who = person()
    site.opt_out(who, "--source", "<b>&amp;\"")
    (row,) = site.json("check", who, *SCOPE, code=1)[0]["deciding"]
    site.tool("remove", row["event"], "--note", HOSTILE)
    assert HOSTILE not in Elements(site.tool("report", "--html", "-")).text
    page = Elements(site.tool("report", "--html", "-", "--names"))
    assert HOSTILE in page.text and "<b>&amp;\": 1" in page.text
    assert not page.names & {"script", "img", "b", "onerror", "src"}
    assert json.loads(site.tool("report", "--json", "--names"))["removals"][0]["note"] == HOSTILE


def test_a_site_can_have_a_stylesheet_of_its_own(site):
    folder = templates(site.root)
    (folder / "report.xsl").write_text(
        '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
        '<xsl:output method="html" encoding="UTF-8"/>'
        '<xsl:template match="/report"><p>Own: <xsl:value-of select="optouts/total"/>, '
        '<xsl:value-of select="removals/@count"/></p></xsl:template></xsl:stylesheet>'
    )
    facts = json.loads(site.tool("report", "--json"))
    said = site.tool("report", "--html", "-")
    assert f"<p>Own: {facts['optouts']['total']}, {len(facts['removals'])}</p>" in said
