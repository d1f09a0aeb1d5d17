"""The store is gone, broken or full: marketing waits with a 451, other mail does not notice."""

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import threading
import time

import pytest

from lab.letter import Letter
from lab.waiting import until
from lab.world import MARKETING, World, people, person


@pytest.fixture
def world(own_lab):
    return World(own_lab)


def list_file(site):
    return site.data / "list/data.mdb"


def ledger_file(site):
    return site.data / "ledger/data.mdb"


def check_waits(world, to=None):
    """Marketing is put off with 451 4.3.0, other mail passes."""
    to = to or person()
    delivery = world.mail(Letter(to=to))
    assert delivery.refusal and delivery.refusal.code == 451, delivery.outcome
    assert delivery.refusal.text.startswith("4.3.0 ")
    assert not delivery.arrived
    assert world.mail(Letter(to=to), "shop").recipients == [to]


def check_works(world):
    gone, here = people(2)
    world.opt_out(gone)
    assert world.mail(Letter(to=gone)).refusal.code == 550
    assert world.mail(Letter(to=here)).recipients == [here]


@contextlib.contextmanager
def stopped(site):
    """The daemon is down for the time of the block."""
    site.stop()
    yield
    site.start()


# What is done to the store of a daemon that is down, and what its log has to name.


def remove_folder(site):
    shutil.rmtree(site.data)


def remove_list(site):
    shutil.rmtree(site.data / "list")


def empty_list_folder(site):
    shutil.rmtree(site.data / "list")
    (site.data / "list").mkdir()


def empty_file(site):
    list_file(site).write_bytes(b"")


def truncate(site):
    file = list_file(site)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2 // 4096 * 4096])


def truncate_within_a_page(site):
    file = list_file(site)
    file.write_bytes(file.read_bytes()[:5000])


def rubbish(site):
    list_file(site).write_bytes(b"\x55" * 65536)


def other_lmdb(site):
    """The ledger where the list should be: an LMDB file of another kind."""
    shutil.copyfile(ledger_file(site), list_file(site))


def remove_ledger(site):
    shutil.rmtree(site.data / "ledger")


def truncate_ledger(site):
    ledger_file(site).write_bytes(ledger_file(site).read_bytes()[:8192])


def remove_keys(site):
    shutil.rmtree(site.keys)


def other_keys(site):
    """Keys of another site, as after a restore of half a backup."""
    site.keys.rename(site.root / "own-keys")
    site.data.rename(site.root / "own-data")
    site.init()
    shutil.rmtree(site.data)
    (site.root / "own-data").rename(site.data)


def empty_key(site):
    for path in site.keys.rglob("*"):
        if path.is_file() and "lookup" in path.name:
            path.chmod(0o600)
            path.write_bytes(b"")


BREAKAGES = {
    "the data folder is missing": (remove_folder, "list"),
    "the list is missing": (remove_list, "list"),
    "the list's folder is empty": (empty_list_folder, "list"),
    "the list's file is empty": (empty_file, "list/data.mdb"),
    "the list is truncated": (truncate, "list/data.mdb"),
    "the list ends within a page": (truncate_within_a_page, "list/data.mdb"),
    "the list is rubbish": (rubbish, "list/data.mdb"),
    "the list is another kind of store": (other_lmdb, "list"),
    "the keys are missing": (remove_keys, "keys"),
    "the keys are others": (other_keys, "list"),
    "the key file is empty": (empty_key, "keys/lookup"),
}
LEDGER_BREAKAGES = {
    "the ledger is missing": (remove_ledger, "ledger"),
    "the ledger is truncated": (truncate_ledger, "ledger/data.mdb"),
}


def is_named(site, path):
    """Whether the log names a path of the site in a line that tells of mail put off."""
    where = {"keys": site.keys}.get(path.split("/")[0], site.data)
    rest = path.removeprefix("keys").lstrip("/")
    return site.log_lines("put off", str(where / rest if rest else where))


@pytest.mark.parametrize("case", BREAKAGES)
def test_marketing_waits_and_the_log_names_what_is_broken_when(world, case):
    break_it, path = BREAKAGES[case]
    with stopped(world.site):
        break_it(world.site)
    check_waits(world)
    assert is_named(world.site, path), world.site.log()


@pytest.mark.parametrize("case", LEDGER_BREAKAGES)
def test_only_those_who_opted_out_wait_and_the_log_names_it_when(world, case):
    """Whom it may reach is known; what keeps mail back could not be recorded."""
    break_it, path = LEDGER_BREAKAGES[case]
    gone, here = people(2)
    world.opt_out(gone)
    with stopped(world.site):
        break_it(world.site)
    check_waits(world, gone)
    assert is_named(world.site, path), world.site.log()
    assert world.mail(Letter(to=here)).recipients == [here]
    assert world.mail(Letter(to=(gone, here))).refusal.code == 451


@pytest.mark.parametrize("case", ["the list is missing", "the list is truncated",
                                  "the keys are missing", "the keys are others"])  # fmt: skip
def test_the_tool_cannot_tell_and_names_the_way_out_when(world, case):
    break_it, _ = BREAKAGES[case]
    world.site.stop()
    break_it(world.site)
    world.site.tool("check", person(), "--scope", "acme/newsletter", code=2)
    assert str(world.site.root) in world.site.last.stderr
    world.site.tool("add", person(), "--scope", "acme/newsletter", code=None)
    assert world.site.last.returncode != 0


def test_a_list_that_was_taken_away_under_a_running_daemon_makes_marketing_wait(world):
    """As after a restore that has not brought it back yet: not "nobody has opted out"."""
    gone = person()
    world.opt_out(gone)
    away = world.site.root / "away"
    (world.site.data / "list").rename(away)
    try:
        delivery = world.mail(Letter(to=gone))
        assert delivery.refusal.code in (451, 550) and not delivery.arrived
    finally:
        away.rename(world.site.data / "list")
    assert world.mail(Letter(to=gone)).refusal.code == 550


def test_a_list_that_comes_later_is_found_without_a_restart(world):
    gone = person()
    world.opt_out(gone)
    away = world.site.root / "away"
    with stopped(world.site):
        (world.site.data / "list").rename(away)
    check_waits(world, gone)
    away.rename(world.site.data / "list")
    until(lambda: world.mail(Letter(to=gone)).refusal.code == 550, "the list in use again", 60, 0.5)
    check_works(world)


def test_a_site_that_was_never_initialised_lets_marketing_wait_and_says_init(own_lab):
    world = World(own_lab, start=False)
    shutil.rmtree(world.site.data)
    shutil.rmtree(world.site.keys)
    world.site.start()
    check_waits(world)
    assert "optout" in world.site.log() and "init" in world.site.log()


def test_a_second_init_makes_a_site_whole_that_was_never_there(own_lab):
    world = World(own_lab, start=False)
    shutil.rmtree(world.site.data)
    shutil.rmtree(world.site.keys)
    world.site.init()
    world.site.start()
    check_works(world)


def test_init_refuses_to_touch_what_is_there(world):
    gone = person()
    world.opt_out(gone)
    before = {path: path.read_bytes() for path in world.site.keys.rglob("*") if path.is_file()}
    world.site.tool("init", code=None)
    assert world.site.last.returncode != 0
    assert {path: path.read_bytes() for path in before} == before
    assert world.mail(Letter(to=gone)).refusal.code == 550


# -- full

SMALL = {"list_size": "1M", "ledger_size": "1M"}


def fill_list(site):
    """Adds people until the list takes no more; the last answer."""
    for number in range(200):
        many = [f"filler{number}-{n}@home.example" for n in range(200)]
        site.tool("add", *many, "--scope", "acme/newsletter", code=None)
        if site.last.returncode:
            return site.last
    raise AssertionError("the list never filled up")


def test_a_full_list_refuses_more_with_the_file_and_the_option_and_still_answers(own_lab):
    world = World(own_lab, settings=SMALL)
    gone, here = people(2)
    world.opt_out(gone)
    last = fill_list(world.site)
    assert str(world.site.data / "list") in last.stderr and "list_size" in last.stderr
    assert world.mail(Letter(to=gone)).refusal.code == 550
    assert world.mail(Letter(to=here)).recipients == [here]
    world.site.tool("verify")


def test_a_list_that_was_full_takes_more_after_its_size_was_raised(own_lab):
    world = World(own_lab, settings=SMALL)
    fill_list(world.site)
    world.site.stop()
    world.site.configure(settings={"list_size": "16M"})
    world.site.start()
    check_works(world)


def test_a_full_ledger_keeps_back_with_a_451_and_lets_others_pass(own_lab):
    """A verdict that kept mail from somebody is on disk before the answer, or there is none."""
    world = World(own_lab, settings=SMALL)
    gone = people(40)
    world.opt_out(*gone)
    with world.site.milter() as client:
        client.open_session("MARKETING")
        for to in (gone, gone[:1]):  # a verdict about one person may find room longer
            codes = refused_until(client, to)
            assert codes[-1] == 451, f"{len(codes)} verdicts, the last {codes[-1]}"
    assert world.site.log_lines("ledger", "ledger_size")
    here = person()
    assert world.mail(Letter(to=here)).recipients == [here]
    assert world.mail(Letter(to=gone[0])).refusal.code == 451
    assert world.mail(Letter(to=gone[0]), "shop").recipients == [gone[0]]


def refused_until(client, to):
    """Sends to people who opted out until the answer is another one than 550; all answers."""
    codes = []
    while len(codes) < 3000 and codes[-1:] in ([], [550]):
        _, end = client.message("<n@a.example>", [f"<{one}>" for one in to])
        codes.append(end.code)
    return codes


@pytest.fixture
def small_disk(own_lab):
    """A file system of 3 MiB of its own."""
    path = own_lab.directory("disk").sub("mount")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=755", "tmpfs", path], check=True)
    own_lab.keep_ending(lambda: subprocess.run(["umount", "-l", path], check=True))
    return path


def test_a_full_disk_refuses_more_and_what_was_acknowledged_holds(own_lab, small_disk):
    world = World(own_lab, settings={"data_dir": str(small_disk / "data")})
    world.site.data = small_disk / "data"
    gone = person()
    world.opt_out(gone)
    (small_disk / "ballast").write_bytes(b"x" * 1)
    with contextlib.suppress(OSError):
        with (small_disk / "ballast").open("ab", buffering=0) as ballast:
            while True:
                ballast.write(b"x" * 4096)
    last = fill_list(world.site)
    assert "space" in last.stderr.lower() or str(small_disk) in last.stderr
    delivery = world.mail(Letter(to=gone))
    assert delivery.refusal.code in (451, 550) and not delivery.arrived
    (small_disk / "ballast").unlink()
    assert world.mail(Letter(to=gone)).refusal.code == 550
    world.site.tool("verify")
    check_works(world)


def test_a_daemon_that_may_not_grow_its_files_says_451_and_goes_on(own_lab):
    """RLIMIT_FSIZE: the write fails, and the signal that comes with it must not kill."""
    world = World(own_lab, start=False)
    size = ledger_file(world.site).stat().st_size

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    world.site.start(limits=limit)
    gone = people(100)
    world.opt_out(*gone)
    codes = set()
    with world.site.milter() as client:
        client.open_session("MARKETING")
        for _ in range(50):
            _, end = client.message("<n@a.example>", [f"<{one}>" for one in gone])
            codes.add(end.code)
    assert codes <= {550, 451} and 451 in codes
    assert world.site.running


# -- rights


def test_the_stores_and_keys_are_readable_for_nobody_else(world):
    paths = [path for path in [*world.site.data.rglob("*"), *world.site.keys.rglob("*")]]
    assert paths
    for path in paths:
        assert path.stat().st_mode & 0o007 == 0, path


def test_a_stale_reader_does_not_make_the_list_grow(world):
    """A milter that was killed in the middle of a look-up leaves a reader behind."""
    world.opt_out(*people(50))
    for _ in range(5):
        world.site.kill()
        world.site.start()
        world.mail(Letter(to=person()))
    before = list_file(world.site).stat().st_size
    for _ in range(30):
        world.opt_out(person())
    assert list_file(world.site).stat().st_size < before + 300 * 4096


# -- held up


def test_a_ledger_that_somebody_holds_makes_mail_wait_and_not_the_mail_server(own_lab):
    """A second daemon on the same stores is stopped in the middle of a write (Ctrl-Z): whoever
    needs its lock gives up after two seconds."""
    site = own_lab.site(policy=MARKETING)
    other = own_lab.site(policy=MARKETING, settings={"data_dir": str(site.data),
                                                     "key_dir": str(site.keys)}, init=False)
    site.start()
    other.start()
    gone = person()
    site.opt_out(gone)
    stop, codes = threading.Event(), []

    def load():
        with other.milter() as client:
            client.open_session("MARKETING")
            while not stop.is_set():
                client.message("<n@a.example>", [f"<{gone}>"])

    writer = threading.Thread(target=load)
    writer.start()
    try:
        with site.milter() as client:
            client.open_session("MARKETING")
            for number in range(100):
                time.sleep(0.003 * (number % 7))
                os.kill(other.pid, signal.SIGSTOP)
                begun = time.monotonic()
                codes.append(client.message("<n@a.example>", [f"<{gone}>"])[1].code)
                took = time.monotonic() - begun
                os.kill(other.pid, signal.SIGCONT)
                assert took < 5
                if codes[-1] != 550:
                    break
    finally:
        stop.set()
        writer.join()
    assert codes[-1] == 451, "it was never stopped while it held the lock"
    with site.milter() as client:
        client.open_session("MARKETING")
        assert client.message("<n@a.example>", [f"<{gone}>"])[1].code == 550
    site.tool("verify")


def test_a_lock_file_that_was_removed_does_not_blind_the_milter(own_lab):
    """Beside another lock file it would read what stood when it was removed, for ever."""
    world = World(own_lab)
    gone, later, here = people(3)
    world.opt_out(gone)
    assert world.mail(Letter(to=gone)).refusal.code == 550
    for store in ("list", "ledger"):
        (world.site.data / store / "lock.mdb").unlink()
    world.opt_out(later)
    assert world.mail(Letter(to=later)).refusal.code == 550
    assert world.mail(Letter(to=here)).recipients == [here]
    world.site.tool("verify")
