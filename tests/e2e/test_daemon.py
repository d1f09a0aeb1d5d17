"""optout-milter as a program: flags, sockets, rights, limits, readiness, where its log goes."""

import os
import pwd
import re
import resource
import shlex
import signal
import socket
import stat
import struct
import subprocess
import threading
import time

import pytest

from lab import milterwire as wire
from lab.letter import Letter
from lab.proc import Process
from lab.product import program
from lab.waiting import until
from lab.world import MARKETING, World, people, person


def run(*words, **more):
    return subprocess.run([program("optout-milter"), *map(str, words)], capture_output=True,
                          text=True, timeout=30, **more)  # fmt: skip


def works(site):
    gone = person()
    site.opt_out(gone)
    with site.milter() as client:
        client.open_session("MARKETING")
        return client.message("<n@a.example>", [f"<{gone}>"])[1].code == 550


# -- flags


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_and_version_go_to_standard_output(flag):
    ran = run(flag)
    assert ran.returncode == 0 and ran.stdout and not ran.stderr
    assert "optout-milter" in ran.stdout


@pytest.mark.parametrize("words", [["--no-such-flag"], ["-x"], ["-f", "surplus"], ["-c"]])
def test_wrong_usage_is_told_and_ends_with_an_error(words):
    ran = run(*words)
    assert ran.returncode not in (0, -6, -11) and ran.stderr and not ran.stdout


def test_n_checks_a_good_configuration_and_leaves(own_lab):
    site = own_lab.site()
    ran = run("-c", site.conf, "-n")
    assert ran.returncode == 0, ran.stderr
    assert not os.path.exists(site.socket.removeprefix("unix:"))


def test_n_tells_file_and_line_of_a_bad_configuration_as_config_check_does(own_lab):
    site = own_lab.site()
    site.configure(policy="stream s {\n    no_such = 1\n}\n")
    ran = run("-c", site.conf, "-n")
    line = len(site.settings) + 3
    assert ran.returncode != 0 and f"{site.conf}:{line}: " in ran.stderr
    site.tool("config", "check", code=None)
    assert site.last.returncode != 0
    told = [text.split(f"{site.conf}:", 1)[1] for text in (ran.stderr, site.last.stderr)]
    assert told[0].strip() == told[1].strip()


def test_a_configuration_that_is_missing_is_named():
    ran = run("-c", "/nonexistent/optout.conf", "-n")
    assert ran.returncode != 0 and "/nonexistent/optout.conf" in ran.stderr


def test_a_bad_configuration_does_not_start(own_lab):
    site = own_lab.site()
    site.configure(policy="nonsense\n")
    ran = run("-c", site.conf, "-f")
    assert ran.returncode not in (0, -6, -11) and str(site.conf) in ran.stderr


# -- the socket


def test_a_stale_socket_does_not_stop_a_start(own_lab):
    site = own_lab.site(policy=MARKETING).start()
    site.kill()
    assert os.path.exists(site.socket.removeprefix("unix:"))
    assert works(site.start())


def test_stopping_takes_the_socket_away(own_lab):
    site = own_lab.site(policy=MARKETING).start()
    site.stop()
    assert not os.path.exists(site.socket.removeprefix("unix:"))


def test_a_second_daemon_does_not_take_the_socket_from_the_first(own_lab):
    site = own_lab.site(policy=MARKETING).start()
    ran = run("-c", site.conf, "-f")
    assert ran.returncode not in (0, -6, -11)
    assert site.socket.removeprefix("unix:") in ran.stderr
    assert works(site)


def test_something_else_at_the_socket_s_path_is_not_removed(own_lab):
    site = own_lab.site(policy=MARKETING)
    path = site.socket.removeprefix("unix:")
    with open(path, "w") as file:
        file.write("precious")
    ran = run("-c", site.conf, "-f")
    assert ran.returncode == 78 and f"{path} is there and no socket" in ran.stderr
    with open(path) as file:
        assert file.read() == "precious"


def test_a_host_that_does_not_exist_is_not_called_a_success(own_lab):
    site = own_lab.site(settings={"listen": "inet:4711@host.invalid"})
    ran = run("-c", site.conf, "-f")
    assert ran.returncode == 78 and "host has no such address" in ran.stderr
    assert "Success" not in ran.stderr


def test_the_socket_is_open_to_the_folder_s_group_and_to_nobody_else(own_lab):
    site = own_lab.site(policy=MARKETING).start(limits=lambda: os.umask(0o077))
    info = os.stat(site.socket.removeprefix("unix:"))
    assert stat.S_IMODE(info.st_mode) == 0o660
    assert info.st_gid == pwd.getpwnam("postfix").pw_gid


def test_a_folder_that_is_missing_is_named(own_lab):
    site = own_lab.site(settings={"listen": "unix:/nonexistent/folder/milter.sock"})
    ran = run("-c", site.conf, "-f")
    assert ran.returncode != 0 and "/nonexistent/folder" in ran.stderr


# -- limits


def test_more_connections_than_allowed_wait_and_the_others_are_served(own_lab):
    world = World(own_lab, settings={"connections": "5"})
    crowd = [world.site.milter() for _ in range(5)]
    try:
        for client in crowd:
            client.open_session("MARKETING")
        delivery = world.mail(Letter(to=person()))
        assert delivery.refusal.code == 451 and not delivery.arrived
        assert crowd[0].message("<n@a.example>", [f"<{person()}>"])[1].word in ("continue", "accept")
    finally:
        for client in crowd:
            client.close()
    until(lambda: world.mail(Letter(to=person())).accepted, "a free place again")


def test_a_low_limit_of_descriptors_is_raised_and_the_cap_keeps_below_it(own_lab):
    """libmilter's listener runs in circles once there is no descriptor left."""

    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (60, 1000))

    site = own_lab.site(policy=MARKETING, settings={"connections": "50"}).start(limits=few)
    crowd = [wire.open_socket(site.settings["listen"], 5) for _ in range(200)]
    try:
        time.sleep(0.3)
        before = cpu_seconds(site.pid)
        time.sleep(1.0)
        assert cpu_seconds(site.pid) - before < 0.2
    finally:
        for connection in crowd:
            connection.close()
    until(site.answers, "an answer again")
    assert works(site)


def test_a_limit_that_cannot_be_raised_far_enough_is_told(own_lab):
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60))

    site = own_lab.site(policy=MARKETING).start(limits=few)
    assert site.log_lines("open files", "LimitNOFILE")
    assert works(site)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_descriptors_do_not_leak_over_many_connections(own_lab):
    site = own_lab.site(policy=MARKETING).start()

    def open_files():
        return len(os.listdir(f"/proc/{site.pid}/fd"))

    works(site)
    before = open_files()
    for _ in range(200):
        wire.open_socket(site.settings["listen"], 5).close()
        with site.milter() as client:
            client.open_session("MARKETING")
    until(lambda: open_files() <= before + 2, lambda: f"{before} open files, now {open_files()}")


# -- systemd


def test_readiness_is_told_once_the_socket_answers(own_lab):
    site = own_lab.site(policy=MARKETING)
    path = str(own_lab.directory("notify").path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(path)
        notify.settimeout(10)
        site.start(env={"NOTIFY_SOCKET": path})
        first = notify.recv(4096).decode()
        assert "READY=1" in first
        assert site.answers()
        site.stop()
        assert "STOPPING=1" in notify.recv(4096).decode()


# -- the log


def test_without_f_lines_go_to_syslog_s_mail_facility(own_lab):
    """In a mount name space where /dev holds a log socket of ours."""
    site = own_lab.site(policy=MARKETING)
    folder = own_lab.directory("dev").path
    log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    log.bind(str(folder / "log"))
    log.settimeout(10)
    script = (
        f"mkdir {folder}/dev && mount -t tmpfs tmpfs {folder}/dev && cp -a /dev/null /dev/zero"
        f" /dev/urandom /dev/random {folder}/dev/ && ln -s {folder}/log {folder}/dev/log"
        f" && mount --move {folder}/dev /dev"
        f" && exec {shlex.quote(str(program('optout-milter')))} -c {site.conf}"
    )
    process = Process(["unshare", "--mount", "sh", "-c", script], folder / "output")
    assert process.wait() == 0, process.text()  # it has gone into the background
    assert site.answers()
    own_lab.keep_ending(log.close)
    own_lab.keep_ending(lambda pid=peer_pid(site): os.kill(pid, signal.SIGTERM))
    assert works(site)
    lines = []
    while not any("verdict=refuse" in line for line in lines):
        lines.append(log.recv(65536).decode())
    for line in lines:
        priority = int(re.match(r"<(\d+)>", line).group(1))
        assert priority >> 3 == 2, line  # LOG_MAIL
        assert "optout-milter" in line
    assert process.text() == ""


def peer_pid(site):
    """The process that listens on a site's Unix socket."""
    with wire.open_socket(site.settings["listen"], 5) as connection:
        told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return struct.unpack("3i", told)[0]


def test_with_f_lines_go_to_standard_error(own_lab):
    site = own_lab.site(policy=MARKETING).start()
    assert works(site)
    assert site.wait_log("refuse")


def test_what_a_mail_says_of_itself_cannot_forge_a_line(own_lab):
    site = own_lab.site(policy=MARKETING).start()
    with site.milter() as client:
        client.open_session("MARKETING")
        client.message("<n@a.example\nforged line>", [f"<{person()}>"],
                       [("Message-ID", " <x\nforged line@y>")], queue_id="4abc\nforged line")  # fmt: skip
    site.wait_log("newsletter")
    assert not [line for line in site.log().splitlines() if line.startswith("forged")]


@pytest.mark.parametrize("flags", [["-f"], []])
def test_a_standard_stream_that_is_closed_does_not_become_a_store_s_file(own_lab, flags):
    """Log lines were written into the list's lock file; in the background, where the daemon lets
    go of its terminal, the ledger's own file was exchanged."""
    site = own_lab.site(policy=MARKETING)
    command = [program("optout-milter"), "-c", site.conf, *flags]
    starter = subprocess.Popen(command, preexec_fn=lambda: os.closerange(0, 3))
    until(site.answers, "the socket answers")
    pid = peer_pid(site)
    try:
        streams = {os.readlink(f"/proc/{pid}/fd/{number}") for number in range(3)}
        assert streams == {"/dev/null"}
        assert works(site)
    finally:
        os.kill(pid, signal.SIGTERM)
        starter.wait(30)
    assert b"ready" not in (site.data / "list/lock.mdb").read_bytes()
    site.tool("verify")


# -- users


def test_as_root_it_becomes_the_configured_user_and_keeps_no_right(own_lab):
    folder = own_lab.directory("users").sub("socket", 0o2770, "daemon", "postfix")
    settings = {"user": "bin", "milter_user": "daemon", "group": "bin",
                "listen": f"unix:{folder}/milter.sock"}  # fmt: skip
    site = own_lab.site(policy=MARKETING, settings=settings).start(limits=lambda: os.umask(0o077))
    assert works(site)
    with open(f"/proc/{site.pid}/status") as file:
        status = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
    uid = str(pwd.getpwnam("daemon").pw_uid)
    assert set(status["Uid"].split()) == {uid}
    assert int(status["CapEff"], 16) == 0 and int(status["CapPrm"], 16) == 0
    assert "0" not in status["Groups"].split()


def test_what_its_user_may_not_read_is_told_with_the_user(own_lab):
    """Root, who looks into it, may read it all, and reads "Permission denied"."""
    folder = own_lab.directory("users").sub("socket", 0o2770, "daemon", "postfix")
    settings = {"user": "bin", "milter_user": "daemon", "group": "bin",
                "listen": f"unix:{folder}/milter.sock"}  # fmt: skip
    site = own_lab.site(policy=MARKETING, settings=settings)
    site.conf.chmod(0o600)
    ran = run("-c", site.conf, "-f")
    assert ran.returncode == 78 and "runs as daemon, who has to" in ran.stderr
    site.conf.chmod(0o644)
    (site.keys / "lookup").chmod(0o400)
    site.start()
    site.wait_log("marketing mail is put off", "lookup", "runs as daemon, who has to")


def test_a_lock_file_that_the_milter_cannot_make_is_made_by_the_tool(own_lab):
    folder = own_lab.directory("users").sub("socket", 0o2770, "daemon", "postfix")
    settings = {"user": "bin", "milter_user": "daemon", "group": "bin",
                "listen": f"unix:{folder}/milter.sock"}  # fmt: skip
    site = own_lab.site(policy=MARKETING, settings=settings)
    (site.data / "list/lock.mdb").unlink()
    site.start()
    site.wait_log("list/lock.mdb is missing", "`optout stats`")
    site.tool("stats")
    until(lambda: works(site), "the list can be read")


def test_the_milter_cannot_write_the_list_s_data(own_lab):
    settings = {"user": "bin", "milter_user": "daemon", "group": "bin"}
    site = own_lab.site(settings=settings)
    data = site.data / "list/data.mdb"
    assert pwd.getpwuid(data.stat().st_uid).pw_name == "bin"
    assert stat.S_IMODE(data.stat().st_mode) == 0o640
    lock = site.data / "list/lock.mdb"
    assert not lock.exists() or stat.S_IMODE(lock.stat().st_mode) == 0o660
    assert pwd.getpwuid((site.data / "ledger/data.mdb").stat().st_uid).pw_name == "daemon"


def test_a_tool_run_as_root_with_umask_077_locks_nobody_out(own_lab):
    """The lock file that it makes has to be open to the milter, even for reading."""
    folder = own_lab.directory("users").sub("socket", 0o2770, "daemon", "postfix")
    settings = {"user": "bin", "milter_user": "daemon", "group": "bin",
                "listen": f"unix:{folder}/milter.sock"}  # fmt: skip
    site = own_lab.site(policy=MARKETING, settings=settings)
    for lock in site.data.rglob("lock.mdb"):
        lock.unlink()
    site.tool("add", person(), "--scope", "acme/newsletter", preexec_fn=lambda: os.umask(0o077))
    site.start(limits=lambda: os.umask(0o077))
    assert works(site)
    site.tool("log", preexec_fn=lambda: os.umask(0o077))


# -- what it was left by whoever started it


def allow_core_dumps():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def core_limit(pid):
    with open(f"/proc/{pid}/limits") as file:
        return next(line.split()[4:6] for line in file if line.startswith("Max core"))


def test_no_core_dump_tells_keys_and_addresses(own_lab):
    site = own_lab.site(policy=MARKETING).start(limits=allow_core_dumps)
    assert core_limit(site.pid) == ["0", "0"]
    command = [program("optout"), "-c", site.conf, "add", "-", "--scope", "acme/newsletter"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, preexec_fn=allow_core_dumps) as tool:
        until(lambda: core_limit(tool.pid) == ["0", "0"], "the tool forbids core dumps", 10)
        tool.stdin.close()


# -- load


def test_fifty_connections_at_once_get_the_right_answers(own_lab):
    site = own_lab.site(policy=MARKETING).start()
    gone = people(50)
    site.opt_out(*gone)
    wrong = []

    def talk(who):
        with site.milter() as client:
            client.open_session("MARKETING")
            for _ in range(20):
                code = client.message("<n@a.example>", [f"<{who}>"])[1].code
                free = client.message("<n@a.example>", [f"<x{who}>"])[1]
                if code != 550 or not free.set_headers("List-Unsubscribe-Post"):
                    wrong.append((who, code, free))

    threads = [threading.Thread(target=talk, args=(who,)) for who in gone]
    for thread in threads:
        thread.start()
    for _ in range(20):
        site.reload()
        site.opt_out(person())
    for thread in threads:
        thread.join()
    assert not wrong
    site.tool("verify")
