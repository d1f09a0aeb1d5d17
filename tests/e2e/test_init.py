"""optout init: whose the files are, what it refuses, and what is left when it is killed."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import time

import pytest

from lab.product import Site, program
from lab.world import MARKETING, person

SCOPE = ("--scope", "acme/newsletter")
USERS = {"user": "bin", "milter_user": "daemon", "group": "mail"}


@pytest.fixture
def bare(own_lab):
    """A site with a configuration and nothing else; called with further settings."""

    def make(**settings):
        return Site(own_lab.directory("bare"), policy=MARKETING, settings=settings)

    return make


def refuses(site, *words):
    """Wants a "no", and nothing changed; returns what was said."""
    before = contents(site)
    site.tool("init", *words, code=1)
    assert contents(site) == before
    return site.last.stderr


def contents(site):
    """Every file below the site's folders, with its bytes; a lock file changes by reading."""
    found = [path for top in (site.data, site.keys) if top.exists() for path in top.rglob("*")]
    return {path: path.read_bytes() if path.is_file() and path.name != "lock.mdb" else None
            for path in found}  # fmt: skip


def works(site):
    who = person()
    site.tool("add", who, *SCOPE)
    site.tool("check", who, *SCOPE, code=1)
    site.tool("token", "make", who, *SCOPE)
    site.tool("log")
    site.tool("verify")
    assert not list(site.root.rglob(".init"))
    return True


# -- whose they are


def state(path):
    status = path.stat()
    return stat.S_IMODE(status.st_mode), pwd.getpwuid(status.st_uid).pw_name


def test_each_file_belongs_to_its_writer_and_is_read_by_the_group(bare):
    site = bare(**USERS)
    site.tool("init", preexec_fn=lambda: os.umask(0o077))
    want = {
        site.data: (0o2750, "bin"),
        site.data / "list": (0o2750, "bin"),
        site.data / "list/data.mdb": (0o640, "bin"),
        site.data / "list/lock.mdb": (0o660, "bin"),
        site.data / "ledger": (0o2770, "daemon"),
        site.data / "ledger/data.mdb": (0o660, "daemon"),
        site.data / "ledger/lock.mdb": (0o660, "daemon"),
        site.keys: (0o2750, "bin"),
        site.keys / "lookup": (0o440, "bin"),
        site.keys / "address": (0o400, "bin"),
        site.keys / "signing": (0o400, "bin"),
    }
    assert {path: state(path) for path in want} == want
    assert {path.group() for path in want} == {"mail"}
    assert set(contents(site)) == set(want) - {site.data, site.keys}
    assert works(site)


def test_a_rotated_key_file_goes_on_belonging_to_the_user(bare):
    site = bare(**USERS)
    site.init().tool("keys", "rotate", preexec_fn=lambda: os.umask(0o077))
    assert state(site.keys / "lookup") == (0o440, "bin")
    assert (site.keys / "lookup").group() == "mail"


def test_empty_folders_that_are_there_are_used(bare):
    site = bare(**USERS)
    site.data.mkdir(mode=0o755)
    for folder in (site.data / "list", site.data / "ledger", site.keys):
        folder.mkdir(mode=0o700)
    site.init()
    assert state(site.data / "list") == (0o2750, "bin")
    assert works(site)


def test_a_folder_that_is_closed_to_the_user_is_told(bare):
    site = bare(**USERS)
    site.data.mkdir(mode=0o700)
    (site.data / "something").touch()
    site.tool("init", code=2)
    assert "user bin cannot" in site.last.stderr and str(site.data) in site.last.stderr
    site.data.chmod(0o755)
    assert works(site)


def test_a_folder_of_somebody_else_keeps_its_owner_and_mode(bare):
    site = bare(**USERS)
    site.keys.mkdir(mode=0o755)
    (site.keys / "something").write_text("else")
    site.init()
    assert state(site.keys) == (0o755, "root")
    assert state(site.keys / "address") == (0o400, "bin")


@pytest.mark.parametrize("name", ["user", "milter_user", "group"])
def test_a_name_that_nobody_has_is_told_before_anything_is_made(bare, name):
    site = bare(**{name: "nobody-has-it"})
    site.tool("init", code=2)
    assert "nobody-has-it" in site.last.stderr and not contents(site)


def test_who_is_not_root_makes_a_private_site_and_none_for_others(bare, monkeypatch):
    def become_bin():
        os.setgroups([])
        os.setgid(pwd.getpwnam("bin").pw_gid)
        os.setuid(pwd.getpwnam("bin").pw_uid)

    site = bare()
    shutil.chown(site.root, "bin")
    shutil.copy(program("optout"), site.root)  # the checkout may lie where only root gets
    monkeypatch.setenv("OPTOUT_BUILD", str(site.root))
    site.tool("init", preexec_fn=become_bin)
    assert state(site.data / "list/data.mdb") == (0o640, "bin")
    site.tool("add", person(), *SCOPE, preexec_fn=become_bin)
    other = bare(user="daemon")
    shutil.chown(other.root, "bin")
    other.tool("init", code=2, preexec_fn=become_bin)
    assert "daemon" in other.last.stderr and "root" in other.last.stderr and not contents(other)


# -- what it refuses


def test_a_lost_list_is_not_made_anew(bare):
    site = bare().init()
    shutil.rmtree(site.data)
    assert str(site.data) in refuses(site) and "backup" in site.last.stderr


def test_a_lost_ledger_is_not_made_anew(bare):
    site = bare().init()
    shutil.rmtree(site.data / "ledger")
    assert "ledger" in refuses(site)


def test_lost_keys_are_not_made_anew(bare):
    site = bare().init()
    shutil.rmtree(site.keys)
    assert "backup" in refuses(site) and str(site.keys) in site.last.stderr


@pytest.mark.parametrize("name", ["lookup", "address", "signing"])
def test_a_key_that_is_missing_among_others_is_not_made_anew(bare, name):
    site = bare().init()
    (site.keys / name).unlink()
    refuses(site)
    refuses(site, "--reuse-keys")


def test_a_further_machine_takes_over_the_keys_when_asked_to(bare):
    site = bare().init()
    shutil.rmtree(site.data)
    keys = {path: path.read_bytes() for path in site.keys.iterdir()}
    site.tool("init", "--reuse-keys")
    assert {path: path.read_bytes() for path in site.keys.iterdir()} == keys
    assert works(site)


def test_a_scope_that_the_configuration_got_later_is_named(bare):
    site = bare().init()
    site.configure(policy=MARKETING + 'stream late { scope = "acme/late"\nmatch_login = {"l"} }\n')
    assert "optout scope add acme/late" in refuses(site)


# -- run by root among what others may write


@pytest.fixture
def victim(own_lab):
    """A folder that is none of the site's business."""
    folder = own_lab.directory("victim").sub("victim")
    (folder / "precious").write_text("of root")
    return folder


def test_the_milter_cannot_make_root_empty_a_folder(bare, victim):
    site = bare(**USERS).init()
    shutil.rmtree(site.data / "ledger")
    (site.data / "ledger").mkdir()
    shutil.chown(site.data / "ledger", "daemon")
    (site.data / "ledger/.init").symlink_to(victim)
    site.tool("init", "--reuse-keys")
    assert (victim / "precious").exists()
    assert works(site)


def test_the_lists_owner_cannot_make_root_empty_a_folder(bare, victim):
    site = bare(**USERS).init()
    (site.keys / ".init").symlink_to(victim)
    site.tool("init", code=2)
    assert ".init" in site.last.stderr and (victim / "precious").exists()
    (site.keys / ".init").unlink()
    assert works(site)


def test_the_lists_owner_cannot_make_root_give_a_folder_away(bare, victim):
    site = bare(**USERS).init()
    (victim / "precious").unlink()
    before = state(victim)
    shutil.rmtree(site.data / "ledger")
    (site.data / "ledger").symlink_to(victim)
    site.tool("init", "--reuse-keys", code=2)
    assert "symbolic link" in site.last.stderr
    assert state(victim) == before and not list(victim.iterdir())


def test_the_data_folder_itself_may_be_a_symbolic_link(bare, victim):
    site = bare(**USERS)
    (victim / "precious").unlink()
    site.data.symlink_to(victim)
    site.init()
    assert state(victim) == (0o2750, "bin")
    assert works(site)


# -- killed


def kill_after(site, seconds):
    ran = subprocess.Popen([program("optout"), "-c", site.conf, "init"],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    time.sleep(seconds)
    ran.send_signal(signal.SIGKILL)
    return ran.wait()


def test_killed_at_any_moment_it_goes_on_when_run_again(bare):
    site = bare(**USERS)
    begun = time.monotonic()
    site.init()
    usual = time.monotonic() - begun
    killed = 0
    for number in range(40):
        for folder in (site.data, site.keys):
            shutil.rmtree(folder)
        # Twice, from the very start to behind the usual end.
        for share in (number % 40 / 40, number % 7 / 7):
            killed += kill_after(site, usual * 1.1 * share) == -signal.SIGKILL
        site.tool("init", code=None)
        assert site.last.returncode == 0 or "there already" in site.last.stderr
        assert state(site.data / "ledger/data.mdb") == (0o660, "daemon")
        assert state(site.keys / "address") == (0o400, "bin")
        assert works(site)
    assert killed


def test_several_at_once_make_one_site(bare):
    for _ in range(10):
        site = bare()
        command = [program("optout"), "-c", site.conf, "init"]
        runs = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                for _ in range(4)]  # fmt: skip
        ended = [run.communicate()[1] and run.returncode for run in runs]
        assert ended.count(0) >= 1 and set(ended) <= {0, 1, 2, 75}, ended
        site.tool("init", code=None)
        assert works(site)
