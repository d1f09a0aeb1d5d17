"""optout import broken off, held up, and beside others: what it leaves, and that it gets done."""

import os
import pathlib
import pty
import random
import signal
import subprocess
import threading
import time

import pytest

from lab.letter import Letter
from lab.product import check_sanitizer, program
from lab.waiting import is_stopped, stopped_when, until
from lab.world import MARKETING, World, people, person

SCOPE = ("--scope", "acme/newsletter")
WORDS = (*SCOPE, "--all-opted-out", "--max-new", "none")
ROWS = 60000


@pytest.fixture
def site(own_lab):
    return own_lab.site(policy=MARKETING)


def write_list(site, name, count=ROWS, first=0):
    """A file of people, in no sequence, and their addresses."""
    to = [f"{name}{number}@home.example" for number in range(first, first + count)]
    random.Random(name).shuffle(to)
    path = site.root / f"{name}.txt"
    path.write_text("\n".join(to) + "\n")
    return path, to


def start(site, path, *words, **more):
    return subprocess.Popen([program("optout"), "-c", site.conf, "import", path, *WORDS, *words],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            **more)  # fmt: skip


def finish(ran, more=None):
    """(exit status, standard output, standard error) of an import, which gets more input before."""
    out, said = ran.communicate(more, timeout=120)
    check_sanitizer(said)
    return ran.returncode, out, said


def count(site):
    return site.json("stats")[0]["choices"]


def events(site, kind):
    return [row for row in site.json("log") if row["type"] == kind]


def kept_back(site, who):
    site.tool("check", who, *SCOPE, code=None)
    assert site.last.returncode in (0, 1)
    return site.last.returncode == 1


def leftovers(site):
    return sorted(path.name for path in (site.data / "list").iterdir())


def test_kill_at_any_moment_and_the_next_run_completes_it(site):
    path, to = write_list(site, "killed")
    began = time.monotonic()
    whole, _ = write_list(site, "whole")
    assert finish(start(site, whole))[0] == 0
    duration = time.monotonic() - began
    base, rounds, seen = count(site), 0, set()
    while count(site) < base + ROWS and rounds < 25:
        ran = start(site, path)
        time.sleep(random.uniform(0, duration))
        ran.kill()
        finish(ran)
        rounds += 1
        site.tool("verify")
        assert leftovers(site) == ["data.mdb", "lock.mdb"]
        seen.add(count(site))
    (found,) = site.json("import", path, *WORDS)
    assert found["read"] == ROWS and found["finished"]
    assert count(site) == base + ROWS and len(events(site, "batch")) == 2
    assert len(events(site, "batch-end")) == 2
    assert all(kept_back(site, who) for who in to[:3] + to[-3:])
    site.tool("verify")
    before = site.tool("log")
    (again,) = site.json("import", path, *WORDS)
    assert again["known"] == ROWS and site.tool("log") == before


def stop_while_it_writes(site, ran):
    stopped_when(ran, lambda: count(site) > 0, "the import writes")


def broken_off(site, path, number):
    """An import that got a signal while it wrote."""
    ran = start(site, path)
    stop_while_it_writes(site, ran)
    ran.send_signal(number)
    ran.send_signal(signal.SIGCONT)
    return finish(ran)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_between_transactions_it_says_how_far_it_is(site, number):
    path, _ = write_list(site, "stopped", 200000)
    code, _, said = broken_off(site, path, number)
    assert code == 75 and "interrupted" in said and "the same command completes it" in said
    site.tool("verify")
    assert 0 < count(site) < 200000
    (found,) = site.json("import", path, *WORDS)
    assert found["resumed"] and found["added"] == 200000 and found["known"] == 0
    assert len(events(site, "batch")) == len(events(site, "batch-end")) == 1


def catches(pid, number):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return int(caught.split()[1], 16) >> (number - 1) & 1


def waits_for_input(pid):
    """Whether it is within a read(2): its main thread reads nothing else."""
    return pathlib.Path(f"/proc/{pid}/syscall").read_text().startswith("0 ")


def test_interrupted_while_it_reads_it_has_written_nothing(site):
    ran = start(site, "-", stdin=subprocess.PIPE)
    before = site.tool("log")
    ran.stdin.write("\n".join(people(5000)))
    ran.stdin.flush()
    until(lambda: catches(ran.pid, signal.SIGINT), "it waits for signals", 30)
    until(lambda: waits_for_input(ran.pid), "it has read all that came", 30)
    ran.send_signal(signal.SIGINT)
    # Nothing more comes, and no end.
    assert ran.wait(30) == 75
    said = ran.stderr.read()
    assert "interrupted; nothing was written" in said and site.tool("log") == before


def test_stopped_by_the_terminal_it_keeps_nobody_waiting(site):
    path, _ = write_list(site, "held", 200000)
    # A process group of its own, with a leader elsewhere in the session: it can be stopped.
    ran = start(site, path, preexec_fn=os.setpgrp)
    stop_while_it_writes(site, ran)
    ran.send_signal(signal.SIGCONT)
    ran.send_signal(signal.SIGTSTP)
    until(lambda: ran.poll() is not None or is_stopped(ran.pid), "it is stopped", 30)
    assert ran.poll() is None, "it was over before it could be stopped"
    for who in people(20):
        site.opt_out(who)
        assert kept_back(site, who)
    site.tool("verify")
    ran.send_signal(signal.SIGCONT)
    assert finish(ran)[0] == 0
    site.tool("verify")


def test_two_at_once_beside_a_daemon_that_serves_mail(own_lab):
    world = World(own_lab, policy=MARKETING)
    site = world.site
    one, first = write_list(site, "one")
    two, second = write_list(site, "two")
    runs = [start(site, one, "--source", "one"), start(site, two, "--source", "two")]
    here, gone = people(2)
    site.opt_out(gone)
    letters = 0
    while any(ran.poll() is None for ran in runs) or letters < 3:
        assert world.mail(Letter(to=(here, gone))).recipients == [here]
        letters += 1
    assert [finish(ran)[0] for ran in runs] == [0, 0]
    site.tool("verify")
    assert count(site) == 2 * ROWS + 1
    assert world.mail(Letter(to=(here, first[0], second[0]))).recipients == [here]


def test_one_file_twice_at_once_is_imported_once(site):
    path, _ = write_list(site, "twice", 100000)
    ran = start(site, path)
    stop_while_it_writes(site, ran)
    site.tool("import", path, *WORDS, code=75)
    assert "just now" in site.last.stderr
    ran.send_signal(signal.SIGCONT)
    assert finish(ran)[0] == 0
    assert count(site) == 100000 and len(events(site, "batch")) == 1


def test_opt_outs_go_on_during_an_import(site):
    path, _ = write_list(site, "beside", 200000)
    ran = start(site, path)
    done = []
    while ran.poll() is None:
        site.opt_out(who := person())
        done.append(who)
    assert finish(ran)[0] == 0 and done
    assert all(kept_back(site, who) for who in done[:5] + done[-5:])
    assert count(site) == 200000 + len(done)


class SmallDisk:
    """A tmpfs of some MiB."""

    def __init__(self, path, megabytes):
        self.path = path
        path.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", path],
                       check=True)  # fmt: skip

    def grow(self, megabytes):
        subprocess.run(["mount", "-o", f"remount,size={megabytes}m", self.path], check=True)

    def close(self):
        subprocess.run(["umount", "-l", self.path], check=True)


@pytest.fixture
def small_disk(own_lab):
    disk = SmallDisk(own_lab.directory("disk").path / "small", 6)
    own_lab.keep_ending(disk.close)
    return disk


def test_a_full_disk_in_the_middle_leaves_a_list_that_verifies(own_lab, small_disk):
    site = own_lab.site(policy=MARKETING, settings={"data_dir": str(small_disk.path / "data")})
    path, to = write_list(site, "full")
    env = {**os.environ, "TMPDIR": str(site.root)}
    code, _, said = finish(start(site, path, env=env))
    assert code == 2 and "no space left" in said and "the same command completes it" in said, said
    small_disk.grow(100)
    assert 0 < count(site) < ROWS
    site.tool("verify")
    (found,) = site.json("import", path, *WORDS, env=env)
    assert found["resumed"] and found["added"] == ROWS
    assert all(kept_back(site, who) for who in to[:3])


def test_no_room_for_sorted_runs_is_told_before_anything_is_written(own_lab, small_disk):
    site = own_lab.site(policy=MARKETING)
    path, _ = write_list(site, "runs", 600000)
    before = site.tool("log")
    code, _, said = finish(start(site, path, env={**os.environ, "TMPDIR": str(small_disk.path)}))
    assert code == 2 and "TMPDIR" in said and "nothing was written" in said
    assert site.tool("log") == before and not list(small_disk.path.iterdir())


def slow_down(ran):
    """Lets it run for moments only: a bar comes when something takes a while."""
    while ran.poll() is None:
        ran.send_signal(signal.SIGSTOP)
        time.sleep(0.25)
        ran.send_signal(signal.SIGCONT)
        time.sleep(0.1)


def test_a_terminal_sees_a_bar_and_others_see_lines(site):
    path, _ = write_list(site, "bar", 150000)
    leader, follower = pty.openpty()
    ran = subprocess.Popen([program("optout"), "-c", site.conf, "import", path, *WORDS],
                           stdout=subprocess.PIPE, stderr=follower)  # fmt: skip
    os.close(follower)
    seen = b""
    reader = threading.Thread(target=lambda: ran.stdout.read())
    reader.start()
    brake = threading.Thread(target=slow_down, args=[ran])
    brake.start()
    try:
        while part := os.read(leader, 4096):
            seen += part
    except OSError:
        pass  # the other end was closed
    reader.join()
    brake.join()
    assert ran.wait() == 0
    assert b"[#" in seen or b"[." in seen
    assert b"\r\033[K" in seen and seen.endswith(b"\033[K")


def test_a_summary_that_nobody_takes_is_an_error_and_the_list_is_right(site):
    path, to = write_list(site, "pipe", 100)
    ran = start(site, path)
    ran.stdout.close()
    said = ran.stderr.read()
    assert ran.wait() == 2 and "Broken pipe" in said
    assert count(site) == 100


def anonymous_mib(pid):
    """Memory of its own, without the pages of the list."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    found = [line for line in status.splitlines() if line.startswith("RssAnon:")]
    return int(found[0].split()[1]) / 1024 if found else 0


def test_memory_does_not_grow_with_the_file(site):
    path, _ = write_list(site, "long", 1000000)
    sanitized = "san/" in str(program("optout"))  # what they need themselves is many times that
    ran = start(site, path)
    highest = 0
    while ran.poll() is None:
        try:
            highest = max(highest, anonymous_mib(ran.pid))
        except OSError:
            break
        time.sleep(0.01)
    assert finish(ran)[0] == 0
    assert path.stat().st_size > 20 << 20 and 0 < highest < (800 if sanitized else 80)
