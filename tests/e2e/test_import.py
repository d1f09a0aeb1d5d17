"""optout import: lists as providers and people write them, in; and who is kept back then."""

import gzip
import hashlib
import io
import json
import pathlib
import pwd
import re
import subprocess
import zipfile

import pytest

from lab.optoutbox import OWNER, OWNERS
from lab.product import CHECKOUT, program
from lab.waiting import until
from lab.world import people, person

SAMPLES = CHECKOUT / "tests/exchange/samples"
POLICY = """\
companions_go_here
exempt receipts {
    match_recipient = {"*@acme.example"}
}

stream newsletter {
    scope          = "acme/newsletter"
    match_listener = {"MARKETING"}
}

stream offers {
    scope          = "acme/offers"
    match_listener = {"OFFERS"}
}
""".replace("companions_go_here\n", "")
SCOPE = ("--scope", "acme/newsletter")
ALL = ("--all-opted-out",)


@pytest.fixture(scope="module")
def site(lab):
    return lab.site(policy=POLICY, settings={"companions": ["archive@acme.example"]})


@pytest.fixture
def own_site(own_lab):
    return own_lab.site(policy=POLICY, settings={"companions": ["archive@acme.example"]})


def write(site, name, text):
    path = site.root / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def report(site, path, *words, code=0, **more):
    """The summary of an import, which has to add up."""
    (found,) = site.json("import", path, *words, code=code, **more)
    parts = ("added", "known", "blocked", "left_alone", "rejected")
    assert found["read"] == sum(found[part] for part in parts), found
    return found


def kept_back(site, who, scope="acme/newsletter"):
    site.tool("check", who, "--scope", scope, code=None)
    assert site.last.returncode in (0, 1), site.last.stderr
    return site.last.returncode == 1


def events(site):
    return site.json("stats")[0]


# -- the formats

WITH = {"dates": "--dates", "zone": "--tz", "encoding": "--encoding", "format": "--format"}
SAMPLE_NAMES = sorted(path.name[:-5] for path in SAMPLES.glob("*.rows"))


def expected_rows(name):
    """(flags, whether the file says who has opted out, its lines) as test_samples has them."""
    flags, lines = [], (SAMPLES / f"{name}.rows").read_text().splitlines()
    if lines[0].startswith("with: "):
        for option in lines.pop(0)[6:].split(", "):
            word, value = option.split(" ", 1)
            flags += [WITH[word], value]
    return flags, lines


def row_of(line):
    """(kind, address, ends) of a line; the address is None where the row has none."""
    found = re.match(r"\d+ (opt-out|block) (\S+@\S+)(?: \(domain\))?( .*)", line)
    return (found[1], found[2], " until " in found[3]) if found else (None, None, False)


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_each_sample_keeps_back_whom_it_names(own_site, name):
    """What the reader's own test expects of a file is what the list does afterwards."""
    flags, lines = expected_rows(name)
    own = lines[0].startswith("optout")
    if lines[0].startswith("refused: "):
        own_site.tool("import", SAMPLES / name, *SCOPE, *flags, code=2)
        return
    words = [*flags] if own else [*flags, *SCOPE, *ALL]
    rejected = [line for line in lines[1:] if " rejected, " in line]
    found = report(own_site, SAMPLES / name, *words, code=None)
    assert own_site.last.returncode == (1 if found["rejected"] else 0)
    assert found["rejected"] >= len(rejected)
    for line in lines[1:]:
        kind, address, ends = row_of(line)
        if kind and not ends and not address.startswith("@"):
            scope = re.search(r" scope (\S+)", line)[1] if own else "acme/newsletter"
            assert kept_back(own_site, address, scope), line
    before = own_site.tool("log")
    again = report(own_site, SAMPLES / name, *words, code=None)
    assert again["added"] == again["blocked"] == 0 and again["batch"] is None
    assert own_site.tool("log") == before
    own_site.tool("verify")


def archive(name):
    """An archive with a list in it, in memory."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(name, "email,created\n")
    return made.getvalue()


@pytest.mark.parametrize(
    "name, content, advice",
    [
        ("list.xlsx", archive("[Content_Types].xml"), "CSV"),
        ("list.zip", archive("list.csv"), "unpack"),
        ("list.csv.gz", gzip.compress(b"email,created\n"), "zcat"),
    ],
    ids=["xlsx", "zip", "gz"],
)
def test_workbooks_and_archives_are_refused_with_advice(site, name, content, advice):
    site.tool("import", write(site, name, content), *SCOPE, *ALL, code=2)
    assert advice in site.last.stderr, site.last.stderr


def test_hashes_keep_back_the_same_people(site):
    plain, hashed = people(4), people(4)
    text = "".join(hashlib.sha256(who.encode()).hexdigest() + "\n" for who in hashed)
    report(site, write(site, "plain.txt", "\n".join(plain) + "\n"), *SCOPE, *ALL)
    report(site, write(site, "hashes.txt", text), *SCOPE, *ALL)
    assert all(kept_back(site, who) for who in plain + hashed)
    assert not kept_back(site, person())
    # Told later who it is, the list can say so; nothing new is said by that.
    later = report(site, write(site, "later.txt", "\n".join(hashed) + "\n"), *SCOPE, *ALL)
    assert later["known"] == 4 and later["added"] == 0
    assert hashed[0] in site.tool("log", hashed[0])


def test_standard_input_is_read(site):
    anna = person()
    found = report(site, "-", *SCOPE, *ALL, stdin=f"{anna}\n")
    assert found["file"] == "standard input" and kept_back(site, anna)


def test_tags_have_scopes(site):
    anna, ben, carl = people(3)
    text = f'address,tags,created_at\n{anna},News,\n{ben},"news,offers",\n{carl},*,\n'
    path = write(site, "tags.csv", text)
    stopped = report(site, path, "--map", "news=acme/newsletter", code=4)
    assert stopped["stopped_by"] == ["scope"] and stopped["missing_tags"] == {"offers": 1, "-": 1}
    assert "offers, no tag" in site.last.stderr and not kept_back(site, anna)
    found = report(site, path, "--map", "news=acme/newsletter", "--map", "offers=acme/offers",
                   "--scope", "acme")  # fmt: skip
    assert found["added"] == 4  # a row about two scopes counts for both
    for who, news, offers in ((anna, True, False), (ben, True, True), (carl, True, True)):
        assert (kept_back(site, who), kept_back(site, who, "acme/offers")) == (news, offers)


def test_an_unknown_scope_stops_before_anything_is_read(site):
    path = write(site, "unknown.txt", "\n".join(people(2)))
    site.tool("import", path, "--scope", "acme/unknown", *ALL, code=2)
    assert "not registered" in site.last.stderr
    site.tool("import", path, *ALL, code=2)
    assert "--scope" in site.last.stderr


# -- what comes in, and what does not


def test_subscribed_rows_are_left_alone_unless_evidence_is_given(site):
    anna, ben = people(2)
    path = write(site, "subscribed_members.csv",
                 f"Email Address,MEMBER_RATING,LEID\n{anna},2,1\n{ben},2,2\n")  # fmt: skip
    assert report(site, path, *SCOPE)["left_alone_for"]["subscribed"] == 2
    site.opt_out(anna)
    site.tool("import", path, *SCOPE, "--opt-in", code=2)
    found = report(site, path, *SCOPE, "--opt-in", "--evidence", "form of 2011, folder 7")
    assert found["added"] == 2
    assert kept_back(site, anna) and not kept_back(site, ben)  # it lifts nobody
    rows = [row for row in site.json("log", anna) if row.get("kind") == "opt-in"]
    assert rows[0]["confirmed"] is False and rows[0]["lifts"] == []
    assert "folder 7" in site.tool("log")


def test_our_own_format_brings_domains_and_no_withdrawals(site):
    head = "kind,address,scope,until,event,names\n"
    event = "0123456789abcdef-5"
    anna = person()
    path = write(site, "own.csv", head + f"opt-out,'@all.example,acme/newsletter,,{event},\n"
                 f"opt-in,'@all.example,acme/newsletter,,{event},\n"
                 f"block,{anna},acme/offers,2020-01-01T00:00:00Z,{event},\n"
                 f"withdrawal,{anna},acme/newsletter,,{event},{event}\n")  # fmt: skip
    found = report(site, path, "--opt-in", "--evidence", "as exported", code=1)
    assert found["rejected_for"] == {"an opt-in for a whole domain": 1}
    assert found["left_alone_for"]["ended"] == found["left_alone_for"]["withdrawals"] == 1
    assert kept_back(site, person("all.example")) and not kept_back(site, anna, "acme/offers")
    site.tool("import", path, *SCOPE, code=2)
    assert "carries the scope" in site.last.stderr


def test_a_longer_block_of_one_file_is_the_one_that_counts(site):
    anna = person()
    path = write(site, "cloudflare.csv", f"{anna},2090-01-01T00:00:00Z\n{anna},2095-01-01T00:00:00Z\n"
                 f"{anna},2091-01-01T00:00:00Z\n")  # fmt: skip
    found = report(site, path, *SCOPE)
    assert (found["blocked"], found["known"]) == (1, 2)
    assert [row["until"] for row in site.json("log", anna)] == ["2095-01-01T00:00:00Z"]


def test_dates_that_lie_ahead_are_left_out(site):
    anna = person()
    path = write(site, "ahead.csv", f"email,created\n{anna},4102444800\n")
    found = report(site, path, *SCOPE)
    assert found["future_dates"] == 1 and site.json("log", anna)[0]["asked"] is None


# -- rows that cannot be read


def test_rejects_are_told_and_kept_in_the_form_of_the_input(site):
    anna, ben = people(2)
    text = f"sep=;\r\nemail;created\r\n{anna};1700000000\r\nnobody;1700000000\r\n{ben};yesterday\r\n"
    path = write(site, "some.csv", text.encode("utf-16"))
    rejects = site.root / "rejects.csv"
    found = report(site, path, *SCOPE, "--rejects", rejects, code=1)
    assert (found["added"], found["rejected"]) == (1, 2)
    assert site.last.stderr.splitlines()[:2] == ["line 4: not an address", "line 5: not a date"]
    mended = rejects.read_bytes().decode("utf-16").replace("yesterday", "1700000000")
    assert mended.startswith("sep=;") and not kept_back(site, ben)
    rejects.write_bytes(mended.replace("nobody", ben).encode("utf-16"))
    report(site, rejects, *SCOPE)
    assert kept_back(site, ben)


def test_strict_writes_nothing_where_a_row_cannot_be_read(site):
    anna = person()
    path = write(site, "strict.csv", f"email,created\n{anna},1700000000\nnobody,1700000000\n")
    found = report(site, path, *SCOPE, "--strict", code=1)
    assert found["stopped_by"] == ["strict"] and not found["finished"]
    assert found["left_alone_for"]["stopped"] == 1 and "line 3" in site.last.stderr
    assert not kept_back(site, anna)


def test_many_rejects_do_not_flood_the_terminal(site):
    path = write(site, "wrong.csv", "email,created\n" + "nobody,1\n" * 5000)
    found = report(site, path, *SCOPE, code=1)
    assert found["rejected"] == 5000 and len(site.last.stderr.splitlines()) < 110


def test_rejects_do_not_mix_with_the_summary(site):
    path = write(site, "mixed.csv", "email,status\nnobody,unsub\n")
    assert site.tool("import", path, *SCOPE, "--rejects", "-", "--json", code=2) == ""
    assert "name a file" in site.last.stderr


def test_the_rejects_may_not_be_the_input(site):
    path = write(site, "same.csv", f"email,created\n{person()},1700000000\n")
    before = path.read_bytes()
    site.tool("import", path, *SCOPE, "--rejects", path, code=2)
    assert path.read_bytes() == before


# -- started by root


@pytest.fixture
def owned_site(own_lab):
    return own_lab.site(policy=POLICY, settings=OWNERS)


@pytest.mark.parametrize("words", [
    ("import", "-", *SCOPE), ("diff", "-", *SCOPE), ("scrub", "-", "--stream", "newsletter"),
])  # fmt: skip
def test_a_strangers_octets_are_looked_at_by_the_user_who_owns_the_list(owned_site, words):
    anna = person()
    command = [program("optout"), "-c", owned_site.conf, *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        status = pathlib.Path(f"/proc/{run.pid}/status")
        owner = str(pwd.getpwnam(OWNER).pw_uid)
        ids = re.compile(rf"^Uid:\t{owner}\t{owner}\t{owner}\t", re.M)
        until(lambda: ids.search(status.read_text()), "it becomes that user before a single octet")
        said, _ = run.communicate(f"email,status\n{anna},unsubscribed\n")
    assert run.returncode in (0, 1) and said


def test_root_imports_a_file_that_only_root_may_read_and_write_beside(owned_site):
    anna = person()
    folder = owned_site.root / "private"
    folder.mkdir(mode=0o700)
    (folder / "list.csv").write_text(f"email,status\n{anna},unsub\nnobody,unsub\n")
    (folder / "list.csv").chmod(0o600)
    rejects = folder / "rejects.csv"
    rejects.write_text("what was there before, and longer than what comes\n" * 9)
    found = report(owned_site, folder / "list.csv", *SCOPE, "--rejects", rejects, code=1)
    assert (found["added"], found["rejected"]) == (1, 1) and kept_back(owned_site, anna)
    assert rejects.read_text() == "email,status\nnobody,unsub\n"


# -- guards


def test_a_file_that_says_nothing_needs_a_word(site):
    anna = person()
    path = write(site, "contacts.csv", f"Email,Name\n{anna},Anna\n")
    found = report(site, path, *SCOPE, code=4)
    assert found["stopped_by"] == ["says-nothing"] and "--all-opted-out" in site.last.stderr
    assert not kept_back(site, anna)
    report(site, path, *SCOPE, *ALL)
    assert kept_back(site, anna)


def test_more_than_may_come_stops_it(own_site):
    site = own_site
    to = people(1001)
    path = write(site, "many.txt", "\n".join(to))
    before = site.tool("log")
    found = report(site, path, *SCOPE, *ALL, code=4)
    assert found["stopped_by"] == ["max-new"] and "--max-new 1001" in site.last.stderr
    assert site.tool("log") == before
    report(site, path, *SCOPE, *ALL, "--max-new", 1000, code=4)
    assert report(site, path, *SCOPE, *ALL, "--max-new", 1001)["added"] == 1001
    # What is known does not count.
    more = write(site, "more.txt", "\n".join(to + people(3)))
    assert report(site, more, *SCOPE, *ALL, "--max-new", 3)["added"] == 3
    report(site, write(site, "rest.txt", "\n".join(people(1200))), *SCOPE, *ALL, "--max-new", "none")
    site.tool("import", path, *SCOPE, *ALL, "--max-new", "some", code=2)


def test_a_dry_run_tells_and_writes_nothing(site):
    before = site.tool("log")
    anna = person()
    path = write(site, "dry.csv", "email,created,status,reason\n"
                 f"{anna},1600000000,5.1.1,a\narchive@acme.example,1700000000,5.1.1,b\n"
                 "someone@acme.example,,5.1.1,c\n")  # fmt: skip
    found = report(site, path, *SCOPE, "--dry-run")
    assert site.tool("log") == before
    assert (found["blocked"], found["new"], found["undated"]) == (3, 3, 1)
    assert found["scopes"] == {"acme/newsletter": 3} and found["statuses"] == {"block": 3}
    assert (found["first_asked"][:4], found["last_asked"][:4]) == ("2020", "2023")
    assert found["companions"] == {"archive@acme.example": 1} and found["exempt"] == {"receipts": 2}
    assert sorted(found["samples"])[0] == "a***@a***.example" and len(found["samples"]) == 3
    said = site.tool("import", path, *SCOPE, "--dry-run")
    assert anna not in said and "nothing was written" in said
    report(site, path, "--map", "x=acme", "--dry-run", code=4)


def test_ten_rows_of_many_are_samples(site):
    path = write(site, "many-samples.txt", "\n".join(people(3000)))
    assert len(report(site, path, *SCOPE, *ALL, "--max-new", "none", "--dry-run")["samples"]) == 10


# -- what is told


def test_every_import_is_one_batch(site):
    anna, ben = people(2)
    path = write(site, "batch.csv", f"email,created\n{anna},1700000000\n{ben},1700000000\n")
    found = report(site, path, *SCOPE, "--source", "shop", "--note", "weekly, ticket 7")
    assert found["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found["size"] == path.stat().st_size
    log = site.json("log")
    begun = next(row for row in log if row.get("event") == found["batch"])
    assert begun["words"]["file"] == "batch.csv" and begun["words"]["note"] == "weekly, ticket 7"
    assert begun["sha256"] == found["sha256"] and begun["source"] == "shop"
    rows = [row for row in log if row.get("address") in (anna, ben)]
    assert {row["source"] for row in rows} == {"shop"} and len(rows) == 2


def test_quiet_says_nothing_where_all_is_well(site):
    path = write(site, "quiet.txt", "\n".join(people(2)))
    assert site.tool("import", path, *SCOPE, *ALL, "-q") == "" and site.last.stderr == ""
    assert site.tool("import", path, *SCOPE, *ALL, "--quiet") == ""
    text = site.tool("import", path, *SCOPE, *ALL)
    assert "2 read, 2 known" in text and "nothing was written" in text


def test_wrong_words(site):
    path = write(site, "words.txt", "\n".join(people(2)))
    for words in (("--evidence", "x"), ("--map", "x"), ("--max-new", "-1"), ("--source", " "),
                  ("--format", "nonsense"), ("--tz", "Nowhere/At-All")):  # fmt: skip
        site.tool("import", path, *SCOPE, *ALL, *words, code=2)
    site.tool("import", pathlib.Path("/nonexistent"), *SCOPE, code=2)
    site.tool("import", "--help")
    assert "-q, --quiet" in site.last.stdout


def test_a_file_of_nothing_but_a_header_is_no_error(site):
    found = report(site, write(site, "empty.csv", "email,created\n"), *SCOPE)
    assert found["read"] == 0 and found["finished"] is True


def test_json_is_one_object(site):
    path = write(site, "json.txt", person() + "\n")
    assert json.loads(site.tool("import", path, *SCOPE, *ALL, "--json"))["finished"] is True


def test_root_reads_and_writes_its_own_files_and_the_owner_the_list(own_lab):
    """A file that only root may read, rejects where only root may write; the list is the owner's."""
    site = own_lab.site(policy=POLICY,
                        settings={"user": "bin", "milter_user": "daemon", "group": "bin"})  # fmt: skip
    anna = person()
    folder = site.root / "private"
    folder.mkdir(mode=0o700)
    path = write(site, "private/list.csv", f"email,created\n{anna},1700000000\nnobody,1\n")
    path.chmod(0o600)
    report(site, path, *SCOPE, "--rejects", folder / "rejects.csv", code=1)
    assert "nobody" in (folder / "rejects.csv").read_text() and kept_back(site, anna)
    assert {entry.owner() for entry in (site.data / "list").iterdir()} == {"bin"}
