"""optout sync: files that others put into a drop folder, whoever they are and whatever they do."""

import fcntl
import json
import os
import pathlib
import re
import signal
import subprocess

import pytest

from lab.product import check_sanitizer, program
from lab.waiting import stopped_when
from lab.world import MARKETING, people, person

SOURCES = MARKETING + """\
source mailgun {
    scope = "acme/newsletter"
}
source "Old Shop" {
    format   = "mailgun"
    dates    = DMY
    tz       = "Europe/Berlin"
    encoding = "CP1252"
    map      = {"news=acme/newsletter", "\xfcberall=acme"}
    max_new  = 3
}
source crm {
    scope         = "acme/newsletter"
    all_opted_out = yes
}
"""


class Drop:
    """A drop folder of a site."""

    def __init__(self, site):
        self.site = site
        self.root = site.root / "drop"
        self.root.mkdir()

    def put(self, name, text, source="mailgun"):
        folder = self.root / source
        folder.mkdir(exist_ok=True)
        path = folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def sync(self, *words, code=0, settle=0):
        return self.site.tool("sync", self.root, "--settle", settle, *words, code=code)

    def json(self, *words, code=0):
        said = self.sync("--json", *words, code=code)
        return [json.loads(line) for line in said.splitlines()]

    def files(self, source="mailgun"):
        """Names below a source's folder."""
        folder = self.root / source
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*")
                      if not path.is_dir() or path.is_symlink())  # fmt: skip


@pytest.fixture
def drop(own_lab):
    return Drop(own_lab.site(policy=SOURCES))


def mailgun(*who):
    rows = "".join(f'{one},*,"Fri, 21 Oct 2022 11:02:55 GMT"\n' for one in who)
    return "address,tags,created_at\n" + rows


def kept_back(site, who, scope="acme/newsletter"):
    site.tool("check", who, "--scope", scope, code=None)
    assert site.last.returncode in (0, 1)
    return site.last.returncode == 1


def test_a_file_is_imported_and_moved_with_its_report(drop):
    anna = person()
    drop.put("may.csv", mailgun(anna))
    (told,) = drop.json()
    assert kept_back(drop.site, anna)
    assert drop.files() == ["done/may.csv", "done/may.csv.report.json"]
    report = json.loads((drop.root / "mailgun/done/may.csv.report.json").read_text())
    assert report["result"] == "done" and report["status"] == 0 and report["error"] is None
    assert report["added"] == 1 and report["source"] == "mailgun" and report["file"] == "may.csv"
    assert told["moved_to"] == "mailgun/done/may.csv" and told["batch"] == report["batch"]
    (batch,) = drop.site.json("batches")
    assert batch["event"] == report["batch"] and batch["actor"] == "sync"
    assert batch["words"]["file"] == "may.csv" and batch["source"] == "mailgun"
    assert drop.json() == []


def test_a_profile_says_how_files_are_read(drop):
    anna, ben = people(2)
    text = f"address;tags;created_at\n{anna};news;03/04/2011 12:00\n{ben};\xfcberall;\n"
    drop.put("export.csv", text.encode("cp1252"), "Old Shop")
    (told,) = drop.json()
    assert told["source"] == "Old Shop" and told["added"] == 2
    assert kept_back(drop.site, anna) and not kept_back(drop.site, anna, "acme")
    assert kept_back(drop.site, ben, "acme")
    assert [row["asked"] for row in drop.site.json("log", anna)] == ["2011-04-03T10:00:00Z"]
    carl = person()
    drop.put("people.csv", f"Email\n{carl}\n", "crm")
    drop.sync()
    assert kept_back(drop.site, carl)


def test_guards_hold_and_the_file_goes_to_failed(drop):
    to = people(4)
    drop.put("many.csv", mailgun(*to).replace("*", "news"), "Old Shop")
    drop.put("tags.csv", mailgun(to[0]).replace("*", "other"), "Old Shop")
    drop.put("all.csv", "Email\n" + to[0])
    told = {row["file"]: row for row in drop.json(code=4)}
    assert told["many.csv"]["stopped_by"] == ["max-new"] and told["many.csv"]["status"] == 4
    assert told["tags.csv"]["stopped_by"] == ["scope"]
    assert told["all.csv"]["stopped_by"] == ["says-nothing"]
    assert {row["result"] for row in told.values()} == {"failed"}
    said = drop.site.last.stderr
    assert "--" not in said and said.count("set it in the source's section") == 3
    for way in ("max_new = 4 takes them", "map says what a tag", "all_opted_out = yes says so"):
        assert way in said
    assert drop.files() == ["failed/all.csv", "failed/all.csv.report.json"]
    assert not any(kept_back(drop.site, who) for who in to) and drop.site.tool("batches") == ""


def test_rejected_rows_lie_beside_the_file(drop):
    anna = person()
    drop.put("mixed.csv", mailgun(anna, "nobody"))
    drop.sync(code=1)
    assert "mailgun/mixed.csv: line 3: not an address" in drop.site.last.stderr
    assert drop.files() == ["done/mixed.csv", "done/mixed.csv.rejects",
                            "done/mixed.csv.report.json"]  # fmt: skip
    assert (drop.root / "mailgun/done/mixed.csv.rejects").read_text() == mailgun("nobody")
    assert kept_back(drop.site, anna)


@pytest.mark.parametrize("text, said", [(b"", "is empty"), (b"PK\x03\x04" + b"x" * 40, "ZIP")])
def test_what_is_no_list_goes_to_failed(drop, text, said):
    drop.put("thing", text)
    (told,) = drop.json(code=2)
    assert said in told["error"] and told["result"] == "failed"
    assert drop.files() == ["failed/thing", "failed/thing.report.json"]


def test_the_worst_of_all_is_the_exit_status(drop):
    drop.put("good.csv", mailgun(person()))
    drop.put("rows.csv", mailgun(person(), "nobody"))
    drop.put("guard.csv", "Email\na@b.example\n")
    drop.sync("--dry-run", code=4)
    drop.put("none", b"")
    drop.sync("--dry-run", code=2)
    drop.sync(code=2)
    drop.sync()


def test_a_dry_run_tells_and_leaves_all_in_place(drop):
    anna = person()
    drop.put("may.csv", mailgun(anna))
    before = drop.site.tool("log")
    said = drop.sync("--dry-run")
    assert "1 read, 1 added" in said and "nothing was written" in said
    assert drop.files() == ["may.csv"] and drop.site.tool("log") == before
    assert drop.json("--dry-run")[0]["moved_to"] is None


def test_quiet_tells_of_nothing_where_all_is_well(drop):
    drop.put("may.csv", mailgun(person()))
    assert drop.sync("-q", settle=60) == "" and drop.site.last.stderr == ""
    assert drop.sync("-q") == "" and drop.site.last.stderr == ""
    assert drop.files() == ["done/may.csv", "done/may.csv.report.json"]


# -- what is not finished


def test_unfinished_files_are_left(drop):
    for name in ("a.csv.part", "a.csv.PART", ".hidden.csv"):
        drop.put(name, mailgun(person()))
    drop.put("new.csv", mailgun(person()))
    drop.sync(settle=60)
    assert "mailgun/new.csv: it is new or being written" in drop.site.last.stderr
    assert drop.files() == [".hidden.csv", "a.csv.PART", "a.csv.part", "new.csv"]
    drop.sync()
    assert "new.csv" not in drop.files() and len(drop.files()) == 5


def test_a_time_that_was_set_back_deceives_nobody(drop):
    path = drop.put("old.csv", mailgun(person()))
    os.utime(path, (0, 0))
    drop.sync(settle=60)
    assert drop.files() == ["old.csv"]


def test_a_file_that_somebody_writes_is_left(drop):
    path = drop.put("slow.csv", mailgun(person()))
    with path.open("ab"):
        drop.sync()
        assert drop.files() == ["slow.csv"]
    drop.sync()
    assert drop.files() == ["done/slow.csv", "done/slow.csv.report.json"]


# -- who may write there may do anything there


def test_symbolic_links_and_other_things_are_left(drop):
    secret = drop.site.root / "secret.csv"
    secret.write_text(mailgun(person()))
    drop.put("good.csv", mailgun(person()))
    folder = drop.root / "mailgun"
    (folder / "link.csv").symlink_to(secret)
    os.mkfifo(folder / "fifo")
    (folder / "folder").mkdir()
    drop.sync(code=2)
    for name in ("link.csv", "fifo", "folder"):
        assert f"mailgun/{name}: it is no regular file" in drop.site.last.stderr
        assert os.path.lexists(folder / name)
    assert secret.exists() and "done/good.csv" in drop.files()


@pytest.mark.parametrize("name", ["done", "failed"])
def test_a_link_in_place_of_our_folders_is_not_followed(drop, name):
    other = drop.site.root / "other"
    other.mkdir()
    drop.put("a.csv", mailgun(person()) if name == "done" else "Email\na@b.example\n")
    (drop.root / "mailgun" / name).symlink_to(other)
    drop.sync(code=2)
    assert list(other.iterdir()) == [] and "a.csv" in drop.files()


def test_a_source_that_is_a_link_is_not_followed(drop):
    other = drop.site.root / "other"
    other.mkdir()
    (other / "a.csv").write_text(mailgun(person()))
    (drop.root / "mailgun").symlink_to(other)
    drop.put("b.csv", mailgun(person()).replace("*", "news"), "Old Shop")
    drop.sync(code=2)
    assert [path.name for path in other.iterdir()] == ["a.csv"]
    assert "done/b.csv" in drop.files("Old Shop"), "one bad folder keeps no other waiting"


def test_our_own_files_cannot_be_put_in_our_way(drop):
    """Names that are ours lead to nothing else, and are made anew."""
    precious = drop.site.root / "precious"
    precious.write_text("precious")
    drop.put("a.csv", mailgun(person(), "nobody"))
    for name in (".optout-rejects", ".optout-report"):
        (drop.root / "mailgun" / name).symlink_to(precious)
    drop.sync(code=1)
    assert precious.read_text() == "precious"
    assert drop.files() == ["done/a.csv", "done/a.csv.rejects", "done/a.csv.report.json"]


def test_nothing_that_is_there_is_replaced(drop):
    first, second, third = people(3)
    drop.put("a.csv", mailgun(first))
    drop.sync()
    drop.put("a.csv", mailgun(second))
    drop.sync()
    drop.put("a.csv", mailgun(third))
    drop.sync()
    lists = [name for name in drop.files() if not name.endswith(".json")]
    assert lists[0] == "done/a.csv" and len(lists) == 3
    assert all(re.fullmatch(r"done/a\.csv\.\d{8}T\d{6}Z(-\d+)?", name) for name in lists[1:])
    assert (drop.root / "mailgun/done/a.csv").read_text() == mailgun(first)
    assert all(f"{name}.report.json" in drop.files() for name in lists)


@pytest.mark.parametrize("name", ["with blank.csv", "new\nline.csv", "-q", "\udcff\udcfe.csv",
                                  "b\u00fccher \u2709.csv", "x" * 200])  # fmt: skip
def test_names_are_taken_as_they_are(drop, name):
    anna = person()
    folder = drop.root / "mailgun"
    folder.mkdir()
    pathlib.Path(os.path.join(folder, name)).write_text(mailgun(anna))
    drop.json()
    assert kept_back(drop.site, anna) and f"done/{name}" in drop.files()
    drop.site.json("batches")


def test_a_name_that_is_too_long_is_left_and_told(drop):
    drop.put("x" * 201, mailgun(person()))
    drop.sync(code=2)
    assert drop.files() == ["x" * 201]


def test_what_belongs_to_no_source_is_named(drop):
    (drop.root / "loose.csv").write_text(mailgun(person()))
    (drop.root / "strange").mkdir()
    (drop.root / ".hidden").mkdir()
    drop.put("a.csv", mailgun(person()))
    drop.sync(code=2)
    assert "loose.csv is left" in drop.site.last.stderr
    assert "strange is left" in drop.site.last.stderr
    assert ".hidden" not in drop.site.last.stderr and "done/a.csv" in drop.files()


# -- several at once, and broken off


def test_one_run_at_a_time(drop):
    fd = os.open(drop.root, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        drop.put("a.csv", mailgun(person()))
        drop.sync(code=75)
        assert "another `optout sync`" in drop.site.last.stderr and drop.files() == ["a.csv"]
    finally:
        os.close(fd)
    drop.sync()


ROWS = 300000


def start(drop):
    command = [program("optout"), "-c", drop.site.conf, "sync", drop.root, "--settle", "0"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def standing(site):
    return site.json("stats")[0]["choices"]


@pytest.fixture
def large(own_lab):
    """A file that takes a while, whatever the source's limit."""
    policy = SOURCES.replace('scope = "acme/newsletter"\n}', 'scope = "acme/newsletter"\n'
                             '    max_new = none\n}')  # fmt: skip
    drop = Drop(own_lab.site(policy=policy))
    drop.put("large.csv", mailgun(*(f"large{n}@home.example" for n in range(ROWS))))
    return drop


@pytest.mark.parametrize("number, status", [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 75)])
def test_one_that_was_broken_off_is_completed_by_the_next(large, number, status):
    ran = start(large)
    stopped_when(ran, lambda: standing(large.site) > 0, "the import begins")
    ran.send_signal(number)
    ran.send_signal(signal.SIGCONT)
    _, said = ran.communicate(timeout=60)
    check_sanitizer(said)
    assert ran.returncode == status, said
    left = [name for name in large.files() if not name.startswith(".")]
    assert left == ["large.csv"]
    (told,) = large.json()
    assert told["resumed"] and told["added"] == ROWS == standing(large.site)
    assert large.files() == ["done/large.csv", "done/large.csv.report.json"]
    assert len(large.site.json("batches")) == 1
    large.site.tool("verify")


def test_killed_between_import_and_move_it_is_known_and_moved(drop):
    anna = person()
    drop.put("a.csv", mailgun(anna))
    drop.sync()
    folder = drop.root / "mailgun"
    (folder / "done/a.csv").rename(folder / "a.csv")
    (told,) = drop.json()
    assert told["added"] == 0 and told["known"] == 1 and told["result"] == "done"
    assert drop.site.json("stats")[0]["choices"] == 1


def test_a_file_that_changes_meanwhile_is_left(large):
    extra = person()
    path = large.root / "mailgun/large.csv"
    upload = large.put(".upload", path.read_text() + f"{extra},*,\n")
    ran = start(large)
    stopped_when(ran, lambda: standing(large.site) > 0, "the import begins")
    upload.rename(path)
    ran.send_signal(signal.SIGCONT)
    out, said = ran.communicate(timeout=60)
    assert ran.returncode == 75 and "it was changed while it was read" in said, (out, said)
    assert "large.csv" in large.files() and not kept_back(large.site, extra)
    large.sync()
    assert kept_back(large.site, extra)
    assert "done/large.csv" in large.files() and "large.csv" not in large.files()


def test_a_place_that_takes_no_report_keeps_the_file(drop):
    """What was imported is in the list, and the file comes again."""
    anna = person()
    drop.put("a.csv", mailgun(anna))
    (drop.root / "mailgun/done").write_text("no folder")
    drop.sync(code=2)
    assert kept_back(drop.site, anna) and "a.csv" in drop.files()
    (drop.root / "mailgun/done").unlink()
    drop.sync()
    assert "done/a.csv" in drop.files()


# -- wrong usage


def test_wrong_usage_is_told(drop):
    drop.site.tool("sync", code=2)
    drop.site.tool("sync", drop.site.root / "nowhere", code=2)
    assert "nowhere" in drop.site.last.stderr
    drop.site.tool("sync", drop.root, "--settle", "soon", code=2)
    drop.site.tool("sync", drop.site.conf, code=2)


def test_without_a_source_there_is_nothing_to_do(own_lab):
    site = own_lab.site(policy=MARKETING)
    site.tool("sync", site.root, code=2)
    assert "no source is configured" in site.last.stderr


def test_a_mail_address_is_no_name_of_a_source(own_lab):
    """It would stand in the journal for good."""
    site = own_lab.site(policy=MARKETING)
    site.configure(policy=MARKETING + 'source "crm@acme.example" {\n}\n')
    for words in (("config", "check"), ("sync", own_lab.directory("drop").path)):
        site.tool(*words, code=None)
        assert site.last.returncode in (1, 2)
        assert "without /, @ and a dot in front" in site.last.stderr


def test_a_scope_that_is_not_registered_keeps_the_file(own_lab):
    drop = Drop(own_lab.site(policy=SOURCES))
    drop.site.configure(policy=SOURCES + 'source new {\n    scope = "acme/new"\n}\n')
    drop.put("a.csv", mailgun(person()), "new")
    drop.sync(code=2)
    assert "optout scope add" in drop.site.last.stderr and drop.files("new") == ["a.csv"]
    drop.site.tool("scope", "add", "acme/new")
    drop.sync()
    assert "done/a.csv" in drop.files("new")


def test_reports_are_not_for_everybody(drop):
    """A report is for the folder's group, and nobody else."""
    drop.put("a.csv", mailgun(person(), "nobody"))
    drop.sync(code=1)
    for name in ("a.csv.report.json", "a.csv.rejects"):
        mode = (drop.root / "mailgun/done" / name).stat().st_mode
        assert mode & 0o007 == 0, oct(mode)
