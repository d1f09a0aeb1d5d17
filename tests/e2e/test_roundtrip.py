"""Lists that go out and come in again: nobody is lost, and nobody brought back."""

import hashlib
import itertools
import json
import random
import shutil

import pytest

from lab.lists import POLICY, SCOPES, mailable, rows, run_tool, summary

EVERY_SCOPE = ("/", "acme", *SCOPES)
REASONS = ("objection", "unsubscribe", "complaint", "bounce", "soft-bounce", "invalid", "manual")
SOURCES = ("shop", "helpdesk", "=danger")
EVIDENCE = ("--evidence", "mail of today")


def sha256(address):
    return hashlib.sha256(address.encode()).hexdigest()


class Chronicle:
    """Makes a list by everything that can happen to it, the same for the same seed."""

    def __init__(self, site, seed):
        self.site = site
        self.random = random.Random(seed)
        domains = ["home.example", "post.example", "bad.example", "xn--mller-kva.example"]
        self.addresses = [f"p{i}@{domains[i % 4]}" for i in range(120)]
        self.hashed = [f"h{i}@{domains[i % 2]}" for i in range(12)]
        self.nameless = [f"n{i}@{domains[i % 2]}" for i in range(12)]
        self.events = []  # (event, address)
        self.lifted = set()  # whom a confirmed opt-in may have lifted

    @property
    def everybody(self):
        return self.addresses + self.hashed + self.nameless + ["x@bad.example", "free@nowhere.example"]

    def several(self, addresses, most=20):
        return self.random.sample(addresses, self.random.randint(1, min(most, len(addresses))))

    def scope(self):
        return self.random.choice(EVERY_SCOPE)

    def add(self, addresses, *words):
        told = self.site.json("add", "-", "--scope", self.scope(), *words,
                              "--source", self.random.choice(SOURCES),
                              stdin="".join(f"{a}\n" for a in addresses))  # fmt: skip
        self.events += [(o["event"], o["address"]) for o in told if o["result"] == "added"]

    def opt_out(self):
        asked = self.random.choice([(), ("--asked", "2024-05-06T07:08:09Z")])
        self.add(self.several(self.addresses), "--reason", self.random.choice(REASONS), *asked)

    def block(self):
        until = self.random.choice([(), ("--until", "2091-02-03"), ("--until", "2092-01-01")])
        self.add(self.several(self.addresses), "--block", "--reason", "bounce", *until)

    def opt_in(self):
        self.add(self.several(self.addresses), "--opt-in",
                 *self.random.choice([(), ("--until", "2091-02-03")]))  # fmt: skip

    def confirm(self):
        who = self.several(self.addresses, 6)
        self.lifted |= set(who)
        self.add(who, "--opt-in", "--reason", "double-opt-in", *EVIDENCE)

    def domain(self):
        self.add([self.random.choice(["@bad.example", "@xn--mller-kva.example"])])

    def withdraw(self):
        for event, address in self.several(self.events or [(None, None)], 3):
            if event:
                self.events.remove((event, address))
                self.site.tool("remove", event, address, "--note", "mistake", code=None)

    def hash(self):
        listed = "".join(f"{sha256(a)}\n" for a in self.several(self.hashed))
        run_tool(self.site, "import", "-", "--scope", self.scope(), "--all-opted-out",
                 "--source", "partner", stdin=listed.encode())  # fmt: skip

    def nameless_opt_out(self):
        """Of people of whom only the subject is known, as after an erasure."""
        # What another list with the same keys says of them.
        other = self.twin
        who = self.several(self.nameless)
        scope = self.scope()
        other.tool("add", "-", "--scope", scope, stdin="".join(f"{a}\n" for a in who))
        objects = [json.loads(line) for line in other.tool("export", "--format", "ndjson").splitlines()]
        for o in objects:
            del o["address"]
        run_tool(self.site, "import", "-", "--format", "optout",
                 stdin="".join(json.dumps(o) + "\n" for o in objects).encode())  # fmt: skip

    def happen(self, steps, twin):
        self.twin = twin
        kinds = [self.opt_out, self.opt_out, self.block, self.opt_in, self.confirm, self.domain,
                 self.withdraw, self.withdraw, self.hash, self.nameless_opt_out]  # fmt: skip
        for kind in itertools.islice(itertools.cycle(kinds), len(kinds)):
            kind()
        for _ in range(steps):
            self.random.choice(kinds)()
        return self


def empty_list(lab, like):
    """A site with an empty list and the keys of another one."""
    site = lab.site(init=False, policy=POLICY)
    shutil.rmtree(site.keys, ignore_errors=True)
    shutil.copytree(like.keys, site.keys)
    site.tool("init", "--reuse-keys")
    return site


def answers(site, people):
    return {(scope, consent): mailable(site, people, scope, consent)
            for scope in SCOPES for consent in (False, True)}  # fmt: skip


def import_own(site, octets, *words):
    run_tool(site, "import", "-", "--max-new", "none", *words, stdin=octets)
    site.tool("verify")


@pytest.mark.parametrize("seed", range(4))
def test_our_own_formats_keep_everybody_back_who_was(own_lab, seed):
    site = own_lab.site(policy=POLICY)
    story = Chronicle(site, seed).happen(12, empty_list(own_lab, site))
    before = answers(site, story.everybody)
    assert any(len(found) < len(story.everybody) for found in before.values())
    lists = []
    for form in ("csv", "ndjson"):
        octets, _ = run_tool(site, "export", "--format", form)
        for words in ((), ("--opt-in", *EVIDENCE)):
            other = empty_list(own_lab, site)
            import_own(other, octets, *words)
            lists.append((other, words, octets))
    for other, words, octets in lists:
        after = answers(other, story.everybody)
        for (scope, consent), was in before.items():
            now = after[scope, consent]
            # Nobody is mailed who was not before.
            assert now <= was, (seed, scope, consent, words)
            # Who is kept back and was not was lifted by an opt-in, or has given a consent that was
            # left alone.
            lost = was - now - story.lifted
            assert not lost or (consent and not words), (seed, scope, consent, words)
        # It is the same list also for the people of whom only a hash or less is known.
        assert not run_tool(other, "diff", "/dev/stdin", "--scope", "acme/newsletter",
                            stdin=octets, code=None)[0].count(b"only in the file")  # fmt: skip
    # Both formats say the same.
    assert answers(lists[0][0], story.everybody) == answers(lists[2][0], story.everybody)


@pytest.mark.parametrize("seed", range(4, 6))
def test_a_list_that_came_in_goes_out_as_it_came(own_lab, seed):
    site = own_lab.site(policy=POLICY)
    Chronicle(site, seed).happen(8, empty_list(own_lab, site))

    def essence(of):
        """What no import changes; and of several rows that say the same one is enough."""
        return {(r["kind"], r["address"], r["sha256"], next(v for k, v in r.items() if k.startswith("subject_")),
                 r["scope"]) for r in rows(run_tool(of, "export")[0]) if r["kind"] != "opt-in"}  # fmt: skip

    other = empty_list(own_lab, site)
    import_own(other, run_tool(site, "export")[0])
    assert essence(other) == essence(site)
    # The same again changes nothing.
    first = run_tool(other, "export")[0]
    import_own(other, run_tool(site, "export", "--format", "ndjson")[0])
    assert {line.split(b",")[11] for line in run_tool(other, "export")[0].splitlines()} == {
        line.split(b",")[11] for line in first.splitlines()}  # fmt: skip


def test_a_whole_export_and_its_deltas_are_the_list(own_lab):
    site = own_lab.site(policy=POLICY)
    story = Chronicle(site, 7).happen(3, empty_list(own_lab, site))
    other = empty_list(own_lab, site)
    octets, said = run_tool(site, "export")
    import_own(other, octets)
    for _ in range(3):
        after = said.split("--after ")[-1].strip()
        story.opt_out()
        story.block()
        story.domain()
        octets, said = run_tool(site, "export", "--after", after)
        import_own(other, octets)
    before, after = answers(site, story.everybody), answers(other, story.everybody)
    for question, was in before.items():
        assert after[question] <= was


def test_a_withdrawal_in_a_delta_brings_nobody_back(own_lab):
    site = own_lab.site(policy=POLICY)
    other = empty_list(own_lab, site)
    site.tool("add", "anna@home.example", "--scope", "acme")
    import_own(other, run_tool(site, "export")[0])
    site.tool("remove", "anna@home.example", "--scope", "acme", "--note", "mistake")
    delta = run_tool(site, "export", "--after", "2")[0]
    assert [row["kind"] for row in rows(delta)] == ["opt-out", "withdrawal"]
    import_own(other, delta)
    assert mailable(other, ["anna@home.example"], "acme/newsletter") == set()


def test_with_other_keys_addresses_and_hashes_come_and_subjects_do_not(own_lab):
    site = own_lab.site(policy=POLICY)
    other = own_lab.site(policy=POLICY)
    site.tool("add", "anna@home.example", "@bad.example", "--scope", "acme")
    run_tool(site, "import", "-", "--scope", "acme", "--all-opted-out",
             stdin=f"{sha256('ben@home.example')}\n".encode())  # fmt: skip
    import_own(other, run_tool(site, "export")[0])
    people = ["anna@home.example", "ben@home.example", "x@bad.example", "free@home.example"]
    assert mailable(other, people, "acme/newsletter") == {"free@home.example"}


# -- lists of others

# Each with the reader's name for what it is, where nobody could tell from the file.
FORMATS = {
    "sha256": None, "plain": None, "mailgun": None, "mailgun-bounces": None,
    "mailgun-complaints": None, "ses": None, "sendgrid": None, "sparkpost": None, "mandrill": None,
    "postmark": None, "mailchimp": None, "mautic": None, "listmonk": "listmonk", "brevo": None,
    "hubspot": None, "klaviyo": None, "cloudflare": "cloudflare",
}  # fmt: skip


@pytest.fixture(scope="module")
def full(lab):
    """A list with all kinds of people, and what may be mailed."""
    site = lab.site(policy=POLICY)
    people = {name: f"{name}@home.example" for name in
              ("plain", "plus+tag", "o'brien", "bounced", "soft", "complained", "paused", "dated")}
    site.tool("add", people["plain"], people["plus+tag"], people["o'brien"], "+tagged@home.example",
              '"quoted, name"@home.example', "müller@müller.example", "--scope", "acme",
              "--reason", "unsubscribe")  # fmt: skip
    site.tool("add", people["dated"], "--scope", "/", "--asked", "2024-05-06T07:08:09Z")
    site.tool("add", people["complained"], "--scope", "acme/newsletter", "--reason", "complaint")
    site.tool("add", people["bounced"], "--scope", "acme", "--block", "--reason", "bounce")
    site.tool("add", people["soft"], "--scope", "acme", "--block", "--reason", "soft-bounce")
    site.tool("add", people["paused"], "--scope", "acme", "--block", "--until", "2091-02-03")
    site.tool("add", people["plain"], "--scope", "acme/newsletter", "--block", "--reason", "bounce")
    return site


def address_lines(site):
    """All people of the list, as they would stand in a mailing list of one column."""
    return [json.loads(line)["address"] for line in
            site.tool("export", "--format", "ndjson").splitlines()]  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
def test_who_went_out_in_a_format_of_others_is_kept_back_where_it_comes_in(lab, full, form):
    octets, said = run_tool(full, "export", "--scope", "acme/newsletter", "--format", form,
                            "--json", code=None)  # fmt: skip
    told = summary(said)
    other = empty_list(lab, full)
    named = ("--format", FORMATS[form]) if FORMATS[form] else ()
    run_tool(other, "import", "-", "--scope", "acme/newsletter", "--all-opted-out", *named,
             stdin=octets)  # fmt: skip
    people = sorted(set(address_lines(full)))
    back = {who for who in people if not may_be_mailed(other, who)}
    assert len(back) == told["rows"] == told["people"] > 0
    assert told["rows"] + told["not_carried"] == len(people)
    # Nothing was added that is not there, and the comparison agrees.
    lines, _ = run_tool(other, "diff", "/dev/stdin", *named, stdin=octets, code=0)
    assert lines == b""


def may_be_mailed(site, who):
    site.tool("check", who, "--scope", "acme/newsletter", code=None)
    assert site.last.returncode in (0, 1), site.last
    return site.last.returncode == 0


@pytest.mark.parametrize("form", ["mailgun", "sendgrid", "mandrill", "postmark"])
def test_dates_come_back_where_the_format_has_them(lab, full, form):
    octets, _ = run_tool(full, "export", "--format", form, code=None)
    other = empty_list(lab, full)
    run_tool(other, "import", "-", "--scope", "acme", "--all-opted-out", stdin=octets)
    found = {row["address"]: row["asked"] for row in rows(run_tool(other, "export")[0])}
    assert found["dated@home.example"] == "2024-05-06T07:08:09Z"
    assert found["plain@home.example"] == ""


def test_ends_come_back_where_the_format_has_them(lab, full):
    for form in ("mandrill", "cloudflare"):
        octets, _ = run_tool(full, "export", "--format", form, code=None)
        other = empty_list(lab, full)
        run_tool(other, "import", "-", "--scope", "acme", "--format", form, stdin=octets)
        found = {row["address"]: row for row in rows(run_tool(other, "export")[0])}
        assert found["paused@home.example"]["until"] == "2091-02-03T00:00:00Z"
        assert found["paused@home.example"]["kind"] == "block"
