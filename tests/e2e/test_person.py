"""optout person: everything that is held about one person, who looked at it, and who may.

Pictures of the page, and how it prints, lie below BUILD/pages afterwards, to be looked at.
"""

import base64
import grp
import hashlib
import json
import os
import pathlib
import pwd
import re
import shlex
import stat
import subprocess

import pytest

from lab.browser import Browser
from lab.lists import run_tool
from lab.product import CHECKOUT, check_sanitizer, manual_members, program
from lab.web import templates
from lab.world import MARKETING, person

AXE = CHECKOUT / "build/axe/node_modules/axe-core/axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
HOSTILE = "<script>alert(1)</script> & \"'\n</td><img src=x onerror=alert(2)>"
SCOPE = ("--scope", "acme/newsletter")
USERS = {"user": "bin", "milter_user": "daemon", "group": "bin"}


@pytest.fixture(scope="module")
def site(lab):
    made = lab.site(policy=MARKETING)
    made.configure(settings={"templates": str(templates(made.root))})
    return made.start()


def record(site, address, *words, code=0):
    """(head, entries) of `optout person --json`."""
    head, *entries = [json.loads(line)
                      for line in site.tool("person", address, *words, "--json", code=code).splitlines()]  # fmt: skip
    assert head["type"] == "person" and head["entries"] == len(entries)
    return head, entries


def kinds(entries):
    return [entry["type"] for entry in entries]


def mail(site, *recipients, queue_id="4person"):
    with site.milter() as client:
        client.open_session("MARKETING")
        return client.message("<n@acme.example>", [f"<{to}>" for to in recipients],
                              headers=[("Message-ID", "<m1@acme.example>")], queue_id=queue_id)[1]  # fmt: skip


# -- what is told


def test_all_that_is_held_in_time_order(site, lab):
    anna = person("Held.Example")
    assert record(site, anna, code=1)[0]["held"] is False
    assert "Nothing is held" in site.last.stderr
    in_force = hashlib.sha256(site.conf.read_bytes()).hexdigest()  # the milter's, before web changes it
    web = lab.web(site)
    undo = web.post("/" + web.token(anna), {"action": "this"}).undo
    web.post("/" + web.token(anna), {"action": "reason", "undo": undo, "reason": "other", "text": HOSTILE})
    site.tool("add", anna, *SCOPE, "--note", "by phone")
    site.tool("add", "@held.example", "--scope", "acme", "--reason", "objection")
    assert mail(site, anna, queue_id="4Qheld").code == 550
    for row in site.json("check", anna, *SCOPE, code=1)[0]["deciding"]:
        if not row["domain"]:
            site.tool("remove", row["event"], "--note", "wrong person")
    head, entries = record(site, anna.upper())
    assert head["held"] and head["identity"] == "address" and head["address"] == anna.lower()
    assert not head["loss"] and head["address_rules"] == 1 and len(head["not_searched"]) >= 3
    assert [entry["time"] for entry in entries] == sorted(entry["time"] for entry in entries)
    counts = {kind: kinds(entries).count(kind) for kind in kinds(entries)}
    assert counts == {"reading": 2, "choice": 3, "reason": 1, "verdict": 1, "withdrawal": 2}
    page, phone, domain = [entry for entry in entries if entry["type"] == "choice"]
    assert page["actor"] == "web" and page["beside"] is None
    assert phone["beside"] == page["event"] and phone["why"] == "source"
    assert phone["words"]["note"] == "by phone" and phone["words"]["staff"]
    assert domain["domain"] and domain["scope"] == "acme" and domain["removed_by"] is None
    [reason] = [entry for entry in entries if entry["type"] == "reason"]
    assert reason["about"] == page["event"] and reason["words"]["text"].replace("\r", "") == HOSTILE
    [verdict] = [entry for entry in entries if entry["type"] == "verdict"]
    assert verdict["queue_id"] == "4Qheld" and verdict["stream"] == "newsletter"
    assert verdict["state"] == "opted-out" and page["event"] in verdict["events"]
    assert verdict["words"]["message-id"] == "<m1@acme.example>"
    begun = site.json("config", "history")[0]
    assert verdict["outcome"] == "kept-back" and verdict["configuration"] == in_force[:16]
    assert (verdict["configuration_event"], verdict["configuration_time"]) == (begun["event"], begun["time"])
    assert {page["removed_by"], phone["removed_by"]} == {
        entry["event"] for entry in entries if entry["type"] == "withdrawal"}  # fmt: skip
    assert [row["event"] for row in head["standing"]] == [domain["event"]]
    newsletter, *others = head["scopes"]
    assert newsletter["stream"] == "newsletter" and newsletter["state"] == "opted-out"
    assert [row["event"] for row in newsletter["deciding"]] == [domain["event"]]
    assert newsletter["ledger"] == "suppressed" and {row["ledger"] for row in others} == {None}
    assert {row["scope"]: row["may_be_mailed"] for row in others}["/"] is True
    text = site.tool("person", anna)
    for words in ("What stands now (1)", "is kept back, by event", "Not searched:", "4Qheld"):
        assert words in text
    members = {name for entry in (head, *entries) for name in entry} | set(newsletter)
    assert members <= manual_members()


def test_since_cuts_the_record_and_not_what_stands(site):
    ben = person()
    site.opt_out(ben)
    head, entries = record(site, ben, "--since", "2099-01-01")
    assert entries == [] and len(head["standing"]) == 1 and head["held"]


def test_whoever_is_held_as_a_hash_is_found_by_the_address(site):
    cleo = person()
    digest = hashlib.sha256(cleo.encode()).hexdigest()
    run_tool(site, "import", "-", *SCOPE, "--all-opted-out", "--source", "hashes", stdin=f"{digest}\n".encode())
    head, [choice] = record(site, cleo)
    assert head["identity"] == "hash" and choice["source"] == "hashes" and choice["batch"]


@pytest.mark.parametrize("words", [["@held.example"], ["no address"], ["a@b.example", "--json", "--html", "-"]])
def test_what_cannot_be_asked_is_refused(site, words):
    assert site.tool("person", *words, code=2) == ""


# -- the page


@pytest.fixture(scope="module")
def page(site, lab):
    """A file with everything that a page can hold."""
    dora = person()
    site.tool("add", dora, *SCOPE, "--note", HOSTILE)
    site.tool("add", dora, *SCOPE, "--source", "shop")
    site.tool("add", dora, "--scope", "acme", "--block", "--until", "2099-01-01", code=None)
    mail(site, dora)
    site.tool("check", dora, code=1)
    path = lab.directory("page").path / "dora.html"
    site.tool("person", dora, "--html", path)
    return path


def test_the_page_is_one_file_that_runs_and_loads_nothing(site, page):
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    html = page.read_text()
    assert html.startswith("<!DOCTYPE html") and '<html lang="en">' in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in html
    assert not re.search(r"<script|<img|<link|<iframe|<[a-z][^>]*\s(src|href|on\w+)=|url\(|@import", html)
    assert "says the same. Both are there because it came from another source" in html
    assert "The names of staff are left out" in html and ">staff<" not in html
    assert ">note<" in html and "Record looked at, with optout check" in html
    assert "Mail kept back: refuse" in html and "counted, and not kept by person" in html
    assert "not searched" in html and "An address alone proves nothing" in html


def test_the_page_s_file_is_new_and_no_link(site, page, tmp_path):
    dora = re.search(r"<title>What is held about (.*?)</title>", page.read_text()).group(1)
    before = page.read_text()
    site.tool("person", dora, "--html", page, code=2)
    assert "is there already" in site.last.stderr and page.read_text() == before
    site.tool("report", "--html", page, code=2)
    assert "is there already" in site.last.stderr and page.read_text() == before
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    site.tool("person", dora, "--html", tmp_path / "link", code=2)
    assert not (tmp_path / "elsewhere").exists()
    # An answer that fails leaves none behind.
    site.configure(settings={"templates": str(tmp_path)})
    (tmp_path / "person.xsl").write_text("<nonsense/>")
    site.tool("person", dora, "--html", tmp_path / "none.html", code=2)
    assert "person.xsl" in site.last.stderr and not (tmp_path / "none.html").exists()
    site.configure(settings={"templates": str(templates(site.root))})
    printed = site.tool("person", dora, "--html", "-")
    assert printed.startswith("<!DOCTYPE html") and "Record looked at" in printed


def test_the_page_can_be_read_by_everybody_and_printed(page):
    pictures = program("tests/web/render").parents[2] / "pages"
    pictures.mkdir(exist_ok=True)
    browser = Browser(page.parent / "profile")
    try:
        findings = []
        for name, width, dark in (("light", 1280, False), ("dark", 1280, True), ("360", 360, False)):
            browser.show(page.as_uri(), width=width, height=1600, dark=dark)
            browser.save(pictures / f"person.{name}.png")
            assert browser.run("return document.documentElement.scrollWidth") <= width
            browser.run(AXE.read_text())
            result = browser.wait_for("axe.run({runOnly: arguments[0]}).then(arguments[1])", WCAG)
            assert result["passes"], "axe-core looked at nothing"
            findings += [(name, finding["id"], node["html"], node["failureSummary"])
                         for kind in ("violations", "incomplete") for finding in result[kind]
                         for node in finding["nodes"]]  # fmt: skip
        assert findings == []
        assert browser.run("return document.images.length + document.scripts.length") == 0
        assert not [text for text in browser.complaints() if "favicon" not in text]
        browser.show(page.as_uri(), dark=True, media="print")
        paper = browser.run("return getComputedStyle(document.body).backgroundColor")
        assert paper == "rgb(255, 255, 255)"
        printed = base64.b64decode(browser.tool("Page.printToPDF", preferCSSPageSize=True)["data"])
        (pictures / "person.pdf").write_bytes(printed)
        width, height = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed).groups()
        assert (round(float(width)), round(float(height))) == (595, 842)  # A4 in points
    finally:
        browser.close()


# -- who looked


def test_whoever_is_shown_something_leaves_a_note(site):
    emil = person()
    site.opt_out(emil)
    token = site.tool("token", "make", emil, *SCOPE).strip()
    site.tool("check", emil, *SCOPE, code=1)
    site.tool("log", emil)
    site.tool("token", "open", token)
    letter = "Subject: x\n\nx\n"
    site.tool("explain", "-", "--sender", "a@b.example", "--recipient", emil, "--listener", "MARKETING",
              stdin=letter)  # fmt: skip
    site.tool("prove", emil, *SCOPE, "--since", "2026-01-01", code=2)
    notes = [entry for entry in record(site, emil)[1] if entry["type"] == "reading"]
    assert [note["command"] for note in notes] == ["check", "log", "token open", "explain", "prove"]
    assert [note["scope"] for note in notes] == ["acme/newsletter", None] * 2 + ["acme/newsletter"]
    assert all(note["words"]["staff"] and note["actor"] == "cli" for note in notes)
    shown = [entry for entry in site.json("log", emil, "--readings") if entry["type"] == "reading"]
    assert [entry["command"] for entry in shown] == [*(n["command"] for n in notes), "person"]
    assert shown[0]["address"] == emil and shown[0]["people"] == 1
    assert "reading" not in {entry["type"] for entry in site.json("log", emil)}
    site.tool("verify")


def test_bulk_is_one_note(site):
    site.tool("log", "--readings")
    before = len(notes_of(site))
    everybody = "".join(f"{person()}\n" for _ in range(1000)).encode()
    run_tool(site, "scrub", "-", "--stream", "newsletter", stdin=everybody)
    run_tool(site, "diff", "-", stdin=everybody, code=1)
    run_tool(site, "export", *SCOPE, code=None)
    site.tool("effect")  # sums tell of nobody
    site.tool("effect", "--each", *SCOPE)
    scrub, diff, export, effect = notes_of(site)[before + 1 :]
    assert (scrub["command"], scrub["people"], scrub["scope"]) == ("scrub", 1000, "acme/newsletter")
    assert (diff["command"], diff["people"], diff["address"]) == ("diff", None, None)
    assert (export["command"], export["people"], export["scope"]) == ("export", None, "acme/newsletter")
    assert (effect["command"], effect["people"], effect["scope"]) == ("effect", None, "acme/newsletter")
    site.tool("verify")


def notes_of(site):
    return [entry for entry in site.json("log", "--readings") if entry["type"] == "reading"]


def test_who_is_looked_up_is_not_known_by_that(own_lab):
    """A notice goes to people who were known; being looked up makes nobody known."""
    site = own_lab.site(policy=MARKETING)
    fred = person()
    site.tool("person", fred, code=1)
    site.tool("check", fred)
    head, entries = record(site, fred, code=1)
    assert not head["held"] and set(kinds(entries)) == {"reading"}


def test_without_a_note_nothing_is_shown_but_whether_somebody_may_be_mailed(own_lab):
    site = own_lab.site(policy=MARKETING)
    gina = person()
    site.opt_out(gina)
    token = site.tool("token", "make", gina, *SCOPE).strip()
    (site.data / "ledger" / "data.mdb").write_bytes(b"broken")
    for words in (["person", gina], ["log", gina], ["token", "open", token], ["export"],
                  ["prove", gina, *SCOPE, "--since", "2026-01-01"], ["effect", "--each"]):  # fmt: skip
        assert site.tool(*words, code=2) == "", words
    assert "is kept back" in site.tool("check", gina, *SCOPE, code=1)
    assert "could not take the note" in site.last.stderr


# -- who may


def test_the_example_for_sudo_is_one_that_sudo_takes():
    ran = subprocess.run(["visudo", "-c", "-f", CHECKOUT / "etc/optout.sudoers"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


class People:
    """Users that only exist in a mount name space of their own, where sudo lets them run optout as the
    example says."""

    USERS = {"olga": (61001, "optout-ops"), "carl": (61002, "optout-compliance"), "mona": (61003, None)}

    def __init__(self, site, folder):
        self.site, self.folder = site, folder
        self.conf = site.root / "roles.conf"
        self.conf.write_text("ops_group = optout-ops\ncompliance_group = optout-compliance\n" + site.conf.read_text())
        passwd = pathlib.Path("/etc/passwd").read_text()
        group = pathlib.Path("/etc/group").read_text() + "optout-ops:x:61011:olga\noptout-compliance:x:61012:carl\n"
        for name, (number, _) in self.USERS.items():
            passwd += f"{name}:*:{number}:{number}::/:/bin/sh\n"
            group += f"{name}:x:{number}:\n"
        (folder / "passwd").write_text(passwd)
        (folder / "group").write_text(group)
        rules = (CHECKOUT / "etc/optout.sudoers").read_text()
        rules = rules.replace("/usr/bin/optout", str(program("optout"))).replace("(optout) ", "(bin) NOPASSWD: ")
        (folder / "sudoers").write_text(rules)
        (folder / "sudoers").chmod(0o440)

    def run(self, name, *words, code=0, stdin=None):
        number = self.USERS[name][0]
        mounts = " && ".join(f"mount --bind {self.folder}/{file} /etc/{file}" for file in ("passwd", "group", "sudoers"))
        # The kernel's word on who logged in is believed first: theirs, where it may be said.
        login = f"{{ echo {number} >/proc/self/loginuid; }} 2>/dev/null || :"
        command = ["setpriv", f"--reuid={number}", f"--regid={number}", "--init-groups", "sudo", "-n", "-u", "bin",
                   program("optout"), "-c", self.conf, *words]  # fmt: skip
        script = f"{mounts} && {login} && exec {shlex.join(map(str, command))}"
        ran = subprocess.run(["unshare", "--mount", "sh", "-c", script], input=stdin, capture_output=True,
                             text=True, timeout=60)  # fmt: skip
        check_sanitizer(ran.stderr)
        assert ran.returncode == code, f"{name}: {words} left with {ran.returncode}:\n{ran.stdout}{ran.stderr}"
        self.said = ran.stderr
        return ran.stdout


@pytest.fixture(scope="module")
def staff(lab):
    made = lab.site(policy=MARKETING, settings=USERS)
    made.configure(settings={"templates": str(templates(made.root))})
    return People(made, lab.directory("staff").path)


def test_ops_change_and_compliance_reads_and_neither_does_the_others(staff):
    hugo = person()
    staff.run("olga", "add", hugo, *SCOPE)
    assert "opt-out of acme/newsletter" in staff.run("carl", "person", hugo)
    assert staff.run("olga", "person", hugo, code=2) == ""
    assert "person is for members of optout-compliance, and olga is none" in staff.said
    assert staff.run("carl", "add", person(), *SCOPE, code=2) == ""
    assert "add is for members of optout-ops, and carl is none" in staff.said
    staff.run("olga", "check", hugo, code=1)
    staff.run("carl", "verify")
    staff.run("mona", "verify", code=1)
    assert staff.said.startswith("sudo: ")
    _, entries = record(staff.site, hugo)
    assert [(entry["type"], entry["words"]["staff"]) for entry in entries] == [
        ("choice", "olga"), ("reading", "carl"), ("reading", "olga")]  # fmt: skip


def test_who_only_reads_opens_no_file_as_the_owner(staff, tmp_path):
    tmp_path.chmod(0o777)
    ines = person()
    staff.run("olga", "add", ines, *SCOPE)
    staff.run("carl", "person", ines, "--html", tmp_path / "ines.html", code=2)
    assert "let the shell open it" in staff.said and not list(tmp_path.iterdir())
    assert staff.run("carl", "person", ines, "--html", "-").startswith("<!DOCTYPE html")
    staff.run("carl", "diff", staff.site.keys / "lookup", code=2)
    assert "let the shell open it" in staff.said
    staff.run("carl", "diff", "-", stdin=f"{ines}\n", code=1)
    assert "of them 0 not on the list" in staff.said


def test_sudo_takes_no_variable_that_says_who_one_is(staff):
    number = People.USERS["carl"][0]
    mounts = " && ".join(f"mount --bind {staff.folder}/{file} /etc/{file}" for file in ("passwd", "group", "sudoers"))
    command = f"setpriv --reuid={number} --regid={number} --init-groups sudo -n -u bin SUDO_USER=olga {program('optout')}"
    ran = subprocess.run(["unshare", "--mount", "sh", "-c", f"{mounts} && exec {command} --version"],
                         capture_output=True, text=True, timeout=60)  # fmt: skip
    assert ran.returncode != 0 and "not allowed to set" in ran.stderr


def test_what_the_machine_has_is_untouched():
    """The users above were never those of the machine."""
    assert "61001" not in pathlib.Path("/etc/passwd").read_text() and "olga" not in {p.pw_name for p in pwd.getpwall()}
    assert "optout-ops" not in {g.gr_name for g in grp.getgrall()} and os.geteuid() == 0
