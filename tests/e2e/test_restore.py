"""optout restore: what came since the backup comes along, and what cannot is not passed over."""

import json
import os
import pathlib
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
from lab.waiting import stopped_when, until
from lab.world import MARKETING, World, people, person

SCOPE = ("--scope", "acme/newsletter")
USERS = {"user": "bin", "milter_user": "daemon", "group": "mail"}


@pytest.fixture
def site(own_lab):
    return own_lab.site(policy=MARKETING)


@pytest.fixture
def world(own_lab):
    return World(own_lab)


@pytest.fixture
def backup(own_lab):
    """Makes a backup of a site in a new folder."""
    folder = own_lab.directory("backups").path
    made = []

    def make(site, *flags):
        made.append(folder / str(len(made)))
        site.tool("backup", made[-1], *flags)
        return made[-1]

    return make


def is_kept_back(site, who):
    site.tool("check", who, *SCOPE, code=None)
    assert site.last.returncode in (0, 1), site.last.stderr
    return site.last.returncode == 1


def data_of(site):
    """Names and identity of what lies in data_dir."""
    return {path.name: path.stat().st_ino for path in site.data.iterdir()}


def damage(path, at, length):
    with path.open("r+b") as file:
        file.seek(at)
        file.write(os.urandom(length))


# -- what comes along


def test_a_restore_keeps_what_came_since(site, backup):
    before, after, mistake, again = people(4)
    site.opt_out(before, mistake, again)
    made = backup(site)
    site.opt_out(after, "--note", "on the telephone", "--source", "helpdesk")
    site.tool("remove", mistake, *SCOPE, "--note", "a typing error")
    site.tool("scope", "add", "acme/spring")
    site.opt_out(again, scope="acme/spring")
    log = site.json("log")
    site.tool("restore", made)
    assert "what came since" in site.last.stdout and not site.last.stderr
    assert [is_kept_back(site, who) for who in (before, after, mistake, again)] == [1, 1, 0, 1]
    restored = site.json("log")
    assert [entry for entry in restored if entry["actor"] != "restore"] == log
    assert "on the telephone" in site.tool("log", after)
    site.tool("verify")
    assert sorted(data_of(site)) == ["ledger", "list"]


def test_the_restored_list_goes_on_as_a_new_node(site, backup):
    who, later = people(2)
    site.opt_out(who)
    site.tool("restore", backup(site))
    site.opt_out(later)
    entries = [entry for entry in site.json("log") if entry["type"] in ("choice", "genesis")]
    first, chosen, restart, added = [e for e in entries if e.get("store") != "ledger"]
    assert restart["continues"] == chosen["event"]
    assert added["event"].split("-")[0] == restart["event"].split("-")[0]
    assert added["event"].split("-")[0] != first["event"].split("-")[0]
    # By its full name an event of before can be withdrawn, by its number alone it is another one.
    site.tool("remove", chosen["event"], "--note", "a mistake")
    assert not is_kept_back(site, who) and is_kept_back(site, later)
    text = site.tool("log", later)
    assert f"event {added['number']}: " in text
    site.tool("verify")


def test_restored_again_and_again_with_each_backup_there_was(site, backup):
    """Backups of several ages, in any sequence: nobody is ever brought back."""
    everybody, backups = [], []
    for _ in range(4):
        everybody += people(2)
        site.opt_out(*everybody[-2:])
        backups.append(backup(site))
        site.tool("restore", backups[len(backups) // 2])
    for made in (backups[3], backups[0], backups[2], backups[1]):
        site.tool("restore", made)
        assert all(is_kept_back(site, who) for who in everybody)
    site.tool("verify")
    site.tool("migrate", "--rebuild")
    assert all(is_kept_back(site, who) for who in everybody)
    site.tool("verify")


def test_verdicts_come_along(world, backup):
    gone = person()
    world.opt_out(gone)
    made = backup(world.site)
    assert world.mail(Letter(to=gone)).refusal.code == 550
    world.site.tool("restore", made)
    (verdict,) = [e for e in world.site.json("log", gone) if e["type"] == "verdict"]
    (choice,) = [e for e in world.site.json("log", gone) if e["type"] == "choice"]
    assert verdict["recipients"][0]["events"] == [choice["event"]]
    assert world.mail(Letter(to=gone)).refusal.code == 550
    verdicts = [e for e in world.site.json("log", gone) if e["type"] == "verdict"]
    assert len(verdicts) == 2
    assert verdicts[0]["event"].split("-")[0] != verdicts[1]["event"].split("-")[0]
    world.site.tool("verify")


def test_everything_belongs_to_whom_it_did(own_lab, backup):
    site = own_lab.site(policy=MARKETING, settings=USERS)
    made = backup(site)
    made.parent.chmod(0o700)

    def state():
        found = [path for path in site.data.rglob("*")] + [site.data]
        return {path: (oct(path.stat().st_mode), pwd.getpwuid(path.stat().st_uid).pw_name,
                       path.stat().st_gid) for path in found}  # fmt: skip

    before = state()
    umask = {"preexec_fn": lambda: os.umask(0o077)}
    for words in (("restore", made), ("compact",), ("migrate", "--rebuild")):
        site.tool(*words, **umask)
        assert state() == before, words
    shutil.rmtree(site.data)
    site.tool("restore", made, code=1, **umask)
    assert state() == before
    site.opt_out(person())


# -- the running milter


def test_the_milter_notices(world, backup):
    before, after, free = people(3)
    world.opt_out(before)
    made = backup(world.site)
    world.opt_out(after)
    for words in (("restore", made), ("compact",), ("migrate", "--rebuild"), ("restore", made)):
        world.site.tool(*words)
        late = person()
        world.opt_out(late)
        for who in (before, after, late):
            assert world.mail(Letter(to=who)).refusal.code == 550
        assert world.mail(Letter(to=free)).recipients == [free]
    assert world.site.running
    world.site.tool("verify")


def test_mail_goes_on_and_nobody_gets_what_was_kept_from_them(world, backup):
    """Under load, while the stores change places: 451 now and then, and never a letter too many."""
    gone = people(3)
    world.opt_out(*gone)
    made = backup(world.site)
    stop, codes = threading.Event(), []

    def send():
        while not stop.is_set():
            with world.postfix.client("marketing") as client:
                outcome = client.send(Letter(to=(person(), *gone)))
            codes.append(outcome.refusal.code if outcome.refusal else 250)

    senders = [threading.Thread(target=send) for _ in range(3)]
    for sender in senders:
        sender.start()
    try:
        for words in (("compact",), ("restore", made), ("migrate", "--rebuild")) * 3:
            world.site.tool(*words, code=None)
            assert world.site.last.returncode in (0, 75), world.site.last.stderr
            late = person()
            world.opt_out(late)
            gone.append(late)
    finally:
        stop.set()
        for sender in senders:
            sender.join()
    reached = {to for message in world.sink.all() for to in message.recipients}
    assert codes.count(250) > 5 and set(codes) <= {250, 451}
    assert not reached & set(gone[:3])
    assert world.mail(Letter(to=gone[-1])).refusal.code == 550
    world.site.tool("verify")


# -- a list that is lost


def missing(site):
    shutil.rmtree(site.data)


def missing_list(site):
    shutil.rmtree(site.data / "list")


def no_data_file(site):
    (site.data / "list/data.mdb").unlink()


def truncated(site):
    path = site.data / "list/data.mdb"
    os.truncate(path, path.stat().st_size // 2 // 4096 * 4096)


def empty(site):
    os.truncate(site.data / "list/data.mdb", 0)


def rubbish(site):
    damage(site.data / "list/data.mdb", 0, (site.data / "list/data.mdb").stat().st_size)


def damaged_pages(site):
    path = site.data / "list/data.mdb"
    damage(path, 2 * 4096, path.stat().st_size - 2 * 4096)


def changed_journal(site):
    path = site.data / "list/data.mdb"
    path.write_bytes(path.read_bytes().replace(b"SHA-256", b"SHA-257"))


LOSSES = [missing, missing_list, no_data_file, truncated, empty, rubbish, damaged_pages,
          changed_journal]  # fmt: skip


@pytest.mark.parametrize("lose", LOSSES)
def test_a_lost_list_puts_marketing_off_until_the_loss_is_accepted(world, backup, lose):
    gone, here = people(2)
    world.opt_out(gone, *people(50))
    made = backup(world.site)
    world.opt_out(*people(50))
    world.site.stop()
    lose(world.site)
    world.site.start()
    assert world.mail(Letter(to=here), "shop").recipients == [here]
    world.site.tool("restore", made, code=1)
    assert "may be missing" in world.site.last.stderr
    assert "--accept-loss NOTE" in world.site.last.stderr
    kept = [path for path in world.site.data.iterdir() if path.name.startswith("list.replaced-")]
    assert bool(kept) == (lose not in (missing, missing_list, no_data_file))
    for who in (gone, here):
        assert world.mail(Letter(to=who)).refusal.code == 451
    assert world.mail(Letter(to=here), "shop").recipients == [here]
    # It tries again once a second where it could not open it before.
    until(lambda: world.mail(Letter(to=here)).refusal.code == 451
          and world.site.log_lines("later opt-outs may be missing", "--accept-loss"),
          "the milter says why")  # fmt: skip
    world.site.tool("check", here, *SCOPE, code=2)
    world.site.tool("restore", "--accept-loss", "the disk of host 7 is gone")
    assert world.mail(Letter(to=gone)).refusal.code == 550
    assert world.mail(Letter(to=here)).recipients == [here]
    (accepted,) = [e for e in world.site.json("log") if e["type"] == "loss"
                   and e["actor"] == "cli"]  # fmt: skip
    assert accepted["words"]["note"] == "the disk of host 7 is gone"
    world.site.tool("verify")
    world.site.tool("restore", "--accept-loss", "again", code=1)
    assert "no loss to accept" in world.site.last.stderr


def test_what_can_still_be_read_of_a_changed_list_comes_along(site, backup):
    before, after = people(2)
    site.opt_out(before)
    made = backup(site)
    site.opt_out(after)
    changed_journal(site)
    site.tool("restore", made, code=1)
    site.tool("restore", "--accept-loss", "looked through")
    assert is_kept_back(site, before) and is_kept_back(site, after)
    site.tool("verify")


def test_a_replaced_list_that_was_put_back_can_be_replaced_again(site, backup):
    """Nobody may write to it, so nothing can come to it meanwhile."""
    before, after = people(2)
    site.opt_out(before)
    made = backup(site)
    site.opt_out(after)
    changed_journal(site)
    site.tool("restore", made, code=1)
    (kept,) = site.data.glob("list.replaced-*")
    shutil.rmtree(site.data / "list")
    kept.rename(site.data / "list")
    assert is_kept_back(site, after)
    site.opt_out(person(), code=75)
    assert "was replaced" in site.last.stderr
    site.tool("restore", made, code=1)
    assert "may be missing" in site.last.stderr
    site.tool("restore", "--accept-loss", "looked through")
    assert is_kept_back(site, before) and is_kept_back(site, after)
    site.opt_out(person())
    site.tool("verify")


def test_another_restore_does_not_make_up_for_a_loss(site, backup):
    """The mark goes along: what was lost is lost until somebody accepts that."""
    made = backup(site)
    missing_list(site)
    site.tool("restore", made, code=1)
    for words in (("restore", made), ("compact",), ("migrate", "--rebuild")):
        site.tool(*words)
        site.tool("check", person(), *SCOPE, code=2)
    site.tool("export", code=3)
    assert "opt-outs may be missing" in site.last.stderr
    site.tool("restore", "--accept-loss", "known")
    site.tool("check", person(), *SCOPE)
    site.tool("export")


def test_a_lost_ledger_is_told_and_holds_no_mail(world, backup):
    gone, here = people(2)
    world.opt_out(gone)
    made = backup(world.site)
    assert world.mail(Letter(to=gone)).refusal.code == 550
    world.site.stop()
    shutil.rmtree(world.site.data / "ledger")
    world.site.tool("restore", made)
    assert "verdicts of after" in world.site.last.stderr
    world.site.start()
    assert world.mail(Letter(to=here)).recipients == [here]
    assert world.mail(Letter(to=gone)).refusal.code == 550
    (loss,) = [entry for entry in world.site.json("log") if entry["type"] == "loss"]
    assert loss["actor"] == "restore" and "there was none" in loss["words"]["lost"]
    world.site.tool("verify")


# -- what is refused


def state_of(pid):
    """T: stopped, Z: over; None: neither."""
    state = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state if state in "TZ" else None


def test_a_reader_that_somebody_kills_does_not_make_the_list_a_lost_one(site, backup):
    made = backup(site)
    to = [f"p{n}@home.example" for n in range(30000)]
    site.tool("add", "-", *SCOPE, stdin="\n".join(to))
    before = data_of(site)
    command = [program("optout"), "-c", site.conf, "restore", made]
    ran = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    children = pathlib.Path(f"/proc/{ran.pid}/task/{ran.pid}/children")

    def stop_reader():
        for reader in map(int, children.read_text().split()):
            os.kill(reader, signal.SIGSTOP)  # one that is over stays a zombie
            if until(lambda: state_of(reader), "it takes the signal") == "T":
                return reader
        return None

    reader = until(stop_reader, "the old list is read in a process of its own", pause=0)
    os.kill(reader, signal.SIGKILL)
    out, said = ran.communicate(timeout=60)
    assert ran.returncode == 75 and "killed by signal 9" in said and out == ""
    assert data_of(site) == before
    site.tool("restore", made)
    assert not site.last.stderr and is_kept_back(site, to[0])


def refused(site, *words, code=2):
    """Refused, and nothing in data_dir has changed; what was said."""
    before = data_of(site)
    site.tool("restore", *words, code=code)
    said = site.last.stderr
    assert data_of(site) == before
    site.tool("verify")
    return said


def test_what_is_no_whole_backup_is_refused(site, backup, own_lab):
    made = backup(site)
    assert "holds no backup" in refused(site, own_lab.directory("empty").path)
    manifest = json.loads((made / "manifest.json").read_text())
    for change, said in (
        (lambda m: m.update(format=2), "restores format 1"),
        (lambda m: m["list"].update(size=4096), "its size differs"),
        (lambda m: m["list"].update(sha256="0" * 64), "its SHA-256 differs"),
        (lambda m: m["list"].update(sha256="x"), "not a manifest"),
        (lambda m: m.pop("keys"), "not a manifest"),
    ):
        changed = json.loads(json.dumps(manifest))
        change(changed)
        (made / "manifest.json").write_text(json.dumps(changed))
        assert said in refused(site, made)
    (made / "manifest.json").write_text("{")
    assert "manifest.json:1" in refused(site, made)
    (made / "manifest.json").unlink()
    assert "was broken off" in refused(site, made)


def test_a_copy_that_was_changed_is_refused(site, backup):
    site.opt_out(*people(100))
    made = backup(site)
    damage(made / "list/data.mdb", 5000, 1)
    assert "is not what was backed up" in refused(site, made)
    (made / "ledger/data.mdb").unlink()
    assert "ledger/data.mdb" in refused(site, made)


def test_other_keys_are_refused_with_the_way_out(own_lab, site, backup):
    other = own_lab.site(policy=MARKETING)
    assert "put back the copy of the keys first" in refused(other, backup(site))
    assert "in its folder keys" in refused(other, backup(site, "--with-keys"))
    shutil.rmtree(other.keys)
    other.tool("restore", backup(site, "--with-keys"), code=2)
    assert "lookup" in other.last.stderr and "in its folder keys" in other.last.stderr


def test_lost_with_its_keys_a_site_comes_back_from_a_backup_that_has_both(site, backup):
    gone = person()
    site.opt_out(gone)
    made = backup(site, "--with-keys")
    shutil.rmtree(site.data)
    shutil.rmtree(site.keys)
    shutil.copytree(made / "keys", site.keys)
    site.tool("restore", made, code=1)
    site.tool("restore", "--accept-loss", "host replaced")
    assert is_kept_back(site, gone)


def test_a_backup_of_another_list_is_joined_only_when_asked_to(site, backup):
    """The keys were taken over by a new list: nothing is lost of either."""
    old, new = people(2)
    site.opt_out(old)
    made = backup(site)
    shutil.rmtree(site.data)
    site.tool("init", "--reuse-keys")
    site.opt_out(new)
    said = refused(site, made)
    assert "they have no event in common" in said and "--join" in said
    site.tool("restore", made, "--join")
    assert is_kept_back(site, old) and is_kept_back(site, new)
    site.tool("verify")


def test_two_lists_that_went_on_from_one_copy_are_not_mixed(site, backup, own_lab):
    made = backup(site)
    shutil.copytree(site.data / "list", site.root / "copy")
    site.opt_out(person())
    fork = backup(site)
    shutil.rmtree(site.data / "list")
    shutil.copytree(site.root / "copy", site.data / "list")
    site.opt_out(person())
    assert "they went on separately" in refused(site, fork)
    site.tool("restore", made)


def test_wrong_words(site, backup):
    for words in ((), ("--join",), (backup(site), "--accept-loss", "note"),
                  ("--accept-loss", "note", "--join")):  # fmt: skip
        site.tool("restore", *words, code=2)


# -- interrupted


def kill_at(site, moment, *words):
    """Starts optout, kills it after that time; whether it had come to its end."""
    ran = subprocess.Popen([program("optout"), "-c", site.conf, *words],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    time.sleep(moment)
    ran.send_signal(signal.SIGKILL)
    return ran.wait() == 0


def time_of(site, *words):
    begun = time.monotonic()
    site.tool(*words)
    return time.monotonic() - begun


@pytest.mark.parametrize("work", ["restore", "compact", "rebuild"])
def test_killed_at_any_moment_one_of_the_two_is_in_force(site, backup, work):
    """With opt-outs going on beside it: each that was acknowledged is there."""
    site.opt_out(*people(500))
    made = backup(site)
    words = {"restore": ("restore", made), "compact": ("compact",),
             "rebuild": ("migrate", "--rebuild")}[work]  # fmt: skip
    usual = time_of(site, *words)
    stop, added = threading.Event(), []

    def add():
        while not stop.is_set():
            who = person()
            ran = subprocess.run([program("optout"), "-c", site.conf, "add", who, *SCOPE],
                                 capture_output=True)  # fmt: skip
            if ran.returncode == 0:
                added.append(who)
            else:
                assert ran.returncode == 75, ran.stderr

    adder = threading.Thread(target=add)
    adder.start()
    try:
        done = [kill_at(site, usual * 1.2 * step / 30, *words) for step in range(30)]
    finally:
        stop.set()
        adder.join()
    assert not all(done) and added
    site.tool("verify")
    site.tool(*words)
    site.tool("verify")
    assert sorted(data_of(site)) == ["ledger", "list"]
    standing = {e["address"] for e in site.json("log") if e["type"] == "choice"}
    assert set(added) <= standing
    assert all(is_kept_back(site, who) for who in added[:: max(1, len(added) // 10)])


def test_a_full_disk_leaves_the_old_stores_in_force(own_lab, backup):
    """And gives the room back that was taken."""
    path = own_lab.directory("disk").sub("mount")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2200k,mode=755", "tmpfs", path], check=True)
    own_lab.keep_ending(lambda: subprocess.run(["umount", "-l", path], check=True))
    site = Site(own_lab.directory("small"), policy=MARKETING,
                settings={"data_dir": str(path / "data")})  # fmt: skip
    site.data = path / "data"
    site.tool("init")
    gone = people(3000)
    site.opt_out(*gone)
    made = backup(site)
    room = os.statvfs(path).f_bavail * os.statvfs(path).f_frsize
    (path / "ballast").write_bytes(b"x" * (room - 300000))
    before = data_of(site)
    for words in (("restore", made), ("compact",), ("migrate", "--rebuild")):
        site.tool(*words, code=2)
        assert "space" in site.last.stderr, site.last.stderr
        assert data_of(site) == before
        site.tool("verify")
        assert is_kept_back(site, gone[0])


def test_two_at_once_do_not_mix(site, backup):
    site.opt_out(*people(500))
    made = backup(site)
    command = [program("optout"), "-c", site.conf]
    ran = [subprocess.Popen([*command, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
           for words in (("compact",), ("restore", made), ("compact",))]  # fmt: skip
    said = [process.communicate()[1].decode() for process in ran]
    codes = sorted(process.returncode for process in ran)
    assert codes[0] == 0 and set(codes) <= {0, 75}, said
    site.tool("verify")


def test_who_adds_from_a_pipe_meanwhile_hears_of_it(site):
    """A list that is replaced under an open program: nothing is lost without a word."""
    command = [program("optout"), "-c", site.conf, "add", "-", *SCOPE]
    ran = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, text=True)  # fmt: skip
    who = people(6000)
    ran.stdin.write("".join(f"{one}\n" for one in who[:5500]))
    ran.stdin.flush()
    until(lambda: site.json("stats")[0]["choices"] > 0, "the first are on the list")
    site.tool("compact")
    said = ran.communicate("".join(f"{one}\n" for one in who[5500:]))[1]
    if ran.returncode != 0:
        assert ran.returncode == 75 and "was replaced while it was open" in said
        assert "all up to line" in said
        site.tool("add", "-", *SCOPE, stdin="".join(f"{one}\n" for one in who))
    assert all(is_kept_back(site, one) for one in (who[0], who[5499], who[-1]))
    site.tool("verify")


# -- smaller, and anew


def test_compacting_gives_room_back(site):
    for _ in range(6):
        site.opt_out(*people(2000))
    before = (site.data / "list/data.mdb").stat().st_size
    (told, _) = site.json("compact")
    after = (site.data / "list/data.mdb").stat().st_size
    assert (told["before"], told["after"]) == (before, after)
    assert after < before
    site.tool("verify")


def test_migrate_tells_the_format_and_changes_nothing(site):
    before = data_of(site)
    assert site.tool("migrate") == ("list: format 1, up to date\nledger: format 1, up to date\n")
    assert data_of(site) == before
    assert [entry["rebuilt"] for entry in site.json("migrate")] == [False, False]


def test_what_somebody_else_put_beside_a_store_is_not_removed_with_it(site, backup):
    """Like a damaged data file that was given another name, for a closer look."""
    site.opt_out(person())
    made = backup(site)
    data = site.data / "list/data.mdb"
    for name, folder in (("data.mdb.damaged", data.parent), ("notes", site.data / "ledger")):
        kept = folder / name
        kept.write_bytes(data.read_bytes())
        before = data_of(site)
        for words in (("compact",), ("migrate", "--rebuild"), ("restore", made)):
            site.tool(*words, code=2)
            assert str(kept) in site.last.stderr and "move" in site.last.stderr
            assert kept.exists() and (data_of(site) == before or folder.name == "ledger")
        kept.unlink()
    site.tool("verify")
    data.rename(kept := data.parent / "data.mdb.damaged")
    site.tool("restore", made, code=2)
    assert kept.exists()


def test_a_table_that_does_not_follow_from_the_journal_is_rebuilt(site):
    """verify finds it, and says what helps."""
    gone = person()
    site.opt_out(gone, *people(3))
    path = site.data / "list/data.mdb"
    # The name of a scope, as the table `scope` has it: "i", its id, then the name.
    path.write_bytes(path.read_bytes().replace(b"nacme/newsletter", b"nacme/newsletteX"))
    site.tool("verify", code=1)
    assert "optout migrate --rebuild" in site.last.stderr
    site.tool("migrate", "--rebuild")
    site.tool("verify")
    assert is_kept_back(site, gone)


def test_a_changed_journal_is_not_rebuilt_into_a_whole_one(site):
    site.opt_out(*people(3))
    changed_journal(site)
    before = data_of(site)
    site.tool("migrate", "--rebuild", code=2)
    site.tool("verify", code=1)
    assert "--rebuild" not in site.last.stderr
    assert data_of(site) == before


def test_nobody_else_may(own_lab):
    site = own_lab.site(policy=MARKETING, settings=USERS)
    for words in (("compact",), ("migrate",), ("restore", "/nowhere")):
        site.tool(*words, code=2, user="bin")
        assert "run this as root" in site.last.stderr
    assert stat.S_IMODE((site.data / "list").stat().st_mode) == 0o2750


# -- batches


def test_what_was_imported_before_a_restore_is_undone_after_it_newest_first(site, backup):
    folder = site.root
    older, newer, both = people(2), people(3), person()
    for number, group in enumerate((older, newer)):
        path = folder / f"{number}.txt"
        path.write_text("\n".join([*group, both]) + "\n")
        site.tool("import", path, *SCOPE, "--all-opted-out", "--source", "shop")
    copy = backup(site)
    site.tool("restore", copy)
    third = folder / "third.txt"
    third.write_text(person() + "\n")
    site.tool("import", third, *SCOPE, "--all-opted-out", "--source", "shop")
    first, second, last = (batch["event"] for batch in site.json("batches"))
    assert first.split("-")[0] == second.split("-")[0] != last.split("-")[0]
    site.tool("undo", second, "--note", "wrong file", code=4)
    site.tool("undo", last, "--note", "wrong file")
    site.tool("undo", second, "--note", "wrong file")
    assert not any(is_kept_back(site, who) for who in newer)
    assert all(is_kept_back(site, who) for who in [*older, both])
    site.tool("undo", second, "--note", "wrong file", code=1)
    site.tool("undo", first, "--note", "wrong file")
    assert not any(is_kept_back(site, who) for who in [*older, both])
    site.tool("verify")


def test_an_undo_that_broke_off_before_a_restore_is_done_by_a_new_one(site, backup):
    folder = site.root
    older = [f"o{n}@home.example" for n in range(3)]
    newer = [f"n{n}@home.example" for n in range(30000)]
    for number, group in enumerate((older, newer)):
        path = folder / f"{number}.txt"
        path.write_text("\n".join(group) + "\n")
        site.tool("import", path, *SCOPE, "--all-opted-out", "--source", "shop", "--max-new", "none")
    first, second = (batch["event"] for batch in site.json("batches"))
    standing = lambda: site.json("stats")[0]["choices"]  # noqa: E731
    command = [program("optout"), "-c", site.conf, "undo", second, "--note", "wrong file"]
    undoing = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stopped_when(undoing, lambda: standing() < len(older) + len(newer), "rows are withdrawn")
    undoing.kill()
    undoing.wait()
    assert standing() > len(older), "it was not killed in the middle"
    site.tool("restore", backup(site))
    site.tool("undo", first, "--note", "wrong file", code=4)
    assert "broken off" in site.last.stderr
    site.tool("undo", second, "--note", "wrong file")
    assert standing() == len(older)
    site.tool("undo", second, "--note", "wrong file", code=1)
    assert "undone already" in site.last.stderr
    site.tool("undo", first, "--note", "wrong file")
    assert standing() == 0
    assert [batch["kind"] for batch in site.json("batches")] == ["import"] * 2 + ["undo"] * 3
    site.tool("verify")
