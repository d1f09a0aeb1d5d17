"""optout backup: what lies in its folder, whose it is, and that half a backup is never taken for one."""

import hashlib
import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import threading
import time

import pytest

from lab.letter import Letter
from lab.product import Site, program
from lab.world import MARKETING, World, people, person

SCOPE = ("--scope", "acme/newsletter")
USERS = {"user": "bin", "milter_user": "daemon", "group": "mail"}
KEYS = ("lookup", "address", "signing")


@pytest.fixture
def site(own_lab):
    return own_lab.site(policy=MARKETING)


@pytest.fixture
def folder(own_lab):
    """Where backups go."""
    return own_lab.directory("backups").path


def manifest_of(backup):
    return json.loads((backup / "manifest.json").read_text())


def files_of(backup):
    return sorted(str(path.relative_to(backup)) for path in backup.rglob("*") if path.is_file())


def owner_of(path):
    status = path.stat()
    return stat.S_IMODE(status.st_mode), pwd.getpwuid(status.st_uid).pw_name


# -- what is in it


def test_a_backup_is_two_stores_and_what_tells_that_they_are_whole(site, folder):
    site.opt_out(*people(3))
    site.tool("backup", folder / "one")
    assert files_of(folder / "one") == ["ledger/data.mdb", "list/data.mdb", "manifest.json"]
    manifest = manifest_of(folder / "one")
    for name in ("list", "ledger"):
        bytes_ = (folder / "one" / manifest[name]["file"]).read_bytes()
        assert manifest[name]["size"] == len(bytes_)
        assert manifest[name]["sha256"] == hashlib.sha256(bytes_).hexdigest()
    assert manifest["list"]["events"] == manifest["list"]["nodes"][0]["number"] == 3
    assert not manifest["keys"]["included"]
    assert f"keep a copy of {site.keys}" in site.last.stderr


def test_with_json_it_prints_the_manifest(site, folder):
    (printed,) = site.json("backup", folder / "one")
    assert printed.pop("folder") == str(folder / "one")
    assert printed == manifest_of(folder / "one")


def test_keys_are_in_it_only_when_asked_for_and_with_a_warning(site, folder):
    site.tool("backup", folder / "one", "--with-keys")
    assert "The keys are in this backup" in site.last.stderr
    for name in KEYS:
        path = folder / "one/keys" / name
        assert path.read_bytes() == (site.keys / name).read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert manifest_of(folder / "one")["keys"]["included"]


def test_nobody_else_can_read_it(own_lab, folder):
    """The folder may lie where only root comes; all in it is the list owner's."""
    site = own_lab.site(policy=MARKETING, settings=USERS)
    folder.chmod(0o700)
    site.tool("backup", folder / "one", "--with-keys", preexec_fn=lambda: os.umask(0))
    assert owner_of(folder / "one") == (0o700, "bin")
    for path in (folder / "one").rglob("*"):
        mode, user = owner_of(path)
        assert user == "bin" and mode & 0o077 == 0, path


# -- where it goes


def test_an_empty_folder_is_used_and_another_one_is_not(site, folder):
    (folder / "one").mkdir()
    site.tool("backup", folder / "one")
    before = files_of(folder / "one")
    site.tool("backup", folder / "one", code=2)
    assert "is not empty and holds a backup" in site.last.stderr
    assert files_of(folder / "one") == before
    (folder / "two").mkdir()
    (folder / "two/note").write_text("mine")
    site.tool("backup", folder / "two", code=2)
    assert "is no backup, or one that was broken off" in site.last.stderr
    assert files_of(folder / "two") == ["note"]
    site.tool("backup", folder / "no/such/folder", code=2)
    site.tool("backup", folder / "two/note", code=2)


def test_a_list_that_does_not_verify_is_not_backed_up(site, folder):
    site.opt_out(*people(200))
    path = site.data / "list/data.mdb"
    path.write_bytes(path.read_bytes().replace(b"SHA-256", b"SHA-257"))
    site.tool("backup", folder / "one", code=2)
    assert "what was written there is removed" in site.last.stderr
    assert files_of(folder / "one") == []


def test_a_full_disk_leaves_nothing_that_looks_like_a_backup(site, folder):
    site.opt_out(*people(3000, domain="a-rather-long-name.home.example"))
    small = folder / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k,mode=755", "tmpfs", small], check=True)
    try:
        site.tool("backup", small / "one", code=2)
        assert "No space left" in site.last.stderr
        assert files_of(small / "one") == []
    finally:
        subprocess.run(["umount", small], check=True)
    site.tool("verify")


# -- while others are at work


def test_nobody_waits_for_a_backup(own_lab, folder):
    """Opt-outs are written and mail is decided while backups are made; each is of one moment."""
    world = World(own_lab)
    gone = person()
    world.opt_out(gone)
    stop, added = threading.Event(), []

    def add():
        while not stop.is_set():
            who = person()
            world.opt_out(who)
            added.append(who)

    adder = threading.Thread(target=add)
    adder.start()
    try:
        for number in range(5):
            world.site.tool("backup", folder / str(number))
            assert world.mail(Letter(to=gone)).refusal.code == 550
    finally:
        stop.set()
        adder.join()
    events = [manifest_of(folder / str(number))["list"]["events"] for number in range(5)]
    assert events == sorted(events) and events[0] < events[-1]
    assert added
    world.site.tool("verify")


def test_a_killed_backup_is_none(site, folder):
    """Whenever it is killed: either the backup is whole, or it is refused."""
    site.opt_out(*people(2000))
    command = [program("optout"), "-c", site.conf, "backup"]
    begun = time.monotonic()
    subprocess.run([*command, folder / "whole"], check=True, capture_output=True)
    usual = time.monotonic() - begun
    killed = 0
    for number in range(25):
        target = folder / str(number)
        ran = subprocess.Popen([*command, target], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)  # fmt: skip
        time.sleep(usual * 1.1 * number / 25)
        ran.send_signal(signal.SIGKILL)
        killed += ran.wait() != 0
        if not target.exists():
            continue
        if (target / "manifest.json").exists():
            manifest = manifest_of(target)
            for name in ("list", "ledger"):
                bytes_ = (target / manifest[name]["file"]).read_bytes()
                assert manifest[name]["sha256"] == hashlib.sha256(bytes_).hexdigest()
        else:
            site.tool("restore", target, code=2)
            assert "holds no backup, or one that was broken off" in site.last.stderr
        shutil.rmtree(target)
    assert killed
    site.tool("verify")


def test_without_the_rights_it_says_whom_to_be(own_lab, folder, monkeypatch):
    site = Site(own_lab.directory("closed"), policy=MARKETING, settings=USERS)
    site.tool("init")
    folder.chmod(0o777)
    site.tool("backup", folder / "one", code=2, user="nobody")
    assert "run it as root" in site.last.stderr or "Permission denied" in site.last.stderr
