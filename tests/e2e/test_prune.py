"""Pruning: what has been kept long enough goes, and what is left verifies at each moment."""

import contextlib
import random
import signal
import subprocess
import threading
import time

import pytest

from lab.bytes import rows
from lab.clock import later
from lab.product import program
from lab.waiting import until
from lab.world import MARKETING, people, person

SCOPE = ("--scope", "acme/newsletter")


@pytest.fixture
def site(own_lab):
    return own_lab.site(policy=MARKETING)


def refuse(site, *addresses):
    """One message of marketing mail for each; they have to be refused."""
    with site.milter() as client:
        client.open_session("MARKETING", ip="192.0.2.7")
        for who in addresses:
            *_, end = client.message("news@acme.example", [f"<{who}>"],
                                     headers=[("Message-ID", "<secret@acme.example>")])  # fmt: skip
            assert end.code == 550


def verdicts(site):
    return [row for row in site.json("log") if row["type"] == "verdict"]


def prune(site, *words, days=0, code=0):
    """As if it were run so many days from now."""
    return site.json("prune", *words, code=code, env=later(days))


def test_words_go_each_in_its_time(own_lab, site):
    anna = person()
    web = own_lab.web(site)
    undo = web.post("/" + web.token(anna), {"action": "this"}).undo
    body = {"action": "reason", "undo": undo, "reason": "other", "text": "too loud"}
    assert web.post("/" + web.token(anna), body).status == 200
    site.start()
    refuse(site, anna)
    for days, network, text in [(80, 0, 0), (100, 1, 0), (200, 0, 1), (300, 0, 0)]:
        list_, ledger = prune(site, days=days)
        assert (ledger["network"], list_["text"]) == (network, text), days
        site.tool("verify")
    words = verdicts(site)[0]["words"]
    assert words["message-id"] == "<secret@acme.example>" and "client" not in words
    log = site.tool("log", anna)
    assert "loud" not in log and "reason for event" in log and anna in log


def check_signatures(site):
    """Whoever has a copy or an exported journal alone needs the public key to know who cut it."""
    public, journal = site.root / "public", site.root / "journal"
    public.write_text(site.tool("keys", "signing"))
    with journal.open("wb") as file:
        command = [program("optout"), "-c", site.conf, "log", "--journal", "ledger"]
        subprocess.run(command, check=True, stdout=file)
    for words in (("--data", site.data), ("--journal", journal)):
        site.tool("verify", *words)
        assert "Signatures of cuts were not checked" in site.last.stderr
        site.tool("verify", *words, "--public-key", public)
        assert "not checked: that needs" not in site.last.stderr


def test_the_ledger_is_cut_and_verifies_and_its_counts_stay(site):
    site.start()
    anna, ben = people(2)
    site.opt_out(anna, ben)
    refuse(site, *5 * [anna, ben])
    site.stop()  # which writes down what was counted
    site.start()
    would = prune(site, "--dry-run", days=5 * 366)[1]
    assert would["events"] >= 11 and would["event"] is None and len(verdicts(site)) == 10
    done = prune(site, days=5 * 366)[1]
    assert done["events"] == would["events"] + 1  # the log that was looked at in between
    site.tool("verify")
    assert verdicts(site) == []
    (counted,) = [row for row in site.json("stats") if "stream" in row]
    assert counted["messages"] == counted["kept_back"] == 10
    (kept,) = site.json("config", "history")  # which the milter goes on with
    assert kept["occasion"] == "kept" and kept["has_text"] and kept["actor"] == "milter"
    site.configure(site.policy + "# another one\n")
    site.reload()
    refuse(site, *2 * [anna])
    site.wait_log("read again")
    refuse(site, anna)
    # Where a message was under way there is one more, which tells that it has ended.
    (reload,) = [row for row in site.json("config", "history") if row["occasion"] == "reload"]
    assert "+# another one" in reload["difference"]
    assert done["event"] in [row["event"] for row in site.json("log") if row["type"] == "cut"]
    assert len(verdicts(site)) == 3 and site.tool("check", anna, *SCOPE, code=1)
    site.tool("verify")
    check_signatures(site)
    (site.keys / "signing").rename(site.keys / "gone")
    site.tool("verify")
    assert "signatures of cuts are not checked" in site.last.stderr


def test_addresses_go_where_nothing_stands_any_more(site):
    anna, ben = people(2)
    site.opt_out(anna, ben)
    site.tool("remove", ben, *SCOPE, "--note", "a mistake")
    assert prune(site, days=30)[0]["addresses"] == 0
    assert prune(site, "--dry-run", days=800)[0]["addresses"] == 1
    assert prune(site, days=800)[0]["addresses"] == 1
    assert len(rows(site, "list", "address")) == 1 and anna in site.tool("log", anna)
    site.opt_out(ben)
    assert len(rows(site, "list", "address")) == 2
    site.tool("verify")


def test_forever_keeps_it(site):
    names = ("verdicts", "network", "text", "reads", "addresses")
    site.configure(settings={f"retain_{name}": "forever" for name in names})
    anna = person()
    site.opt_out(anna)
    site.start()
    refuse(site, anna)
    list_, ledger = prune(site, days=20000)
    assert list_["addresses"] == ledger["network"] == ledger["events"] == 0
    assert verdicts(site)[0]["words"]["client"] == "192.0.2.7"


@contextlib.contextmanager
def refusing(site, gone, senders=1):
    """Mail that comes in all the time, each message with a verdict to be recorded. Who has to wait
    says 451."""
    stop, codes = threading.Event(), []

    def send():
        with site.milter() as client:
            client.open_session("MARKETING")
            while not stop.is_set():
                *_, end = client.message("news@acme.example", [f"<{gone}>"])
                codes.append(end.code)

    threads = [threading.Thread(target=send) for _ in range(senders)]
    for thread in threads:
        thread.start()
    try:
        until(lambda: codes, "a verdict")
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert set(codes) == {550}, site.log_lines("put off")


def test_mail_does_not_wait_while_the_journal_is_cut(site):
    site.start()
    gone = person()
    site.opt_out(gone)
    refuse(site, *300 * [gone])
    with refusing(site, gone):
        assert prune(site, days=5 * 366)[1]["events"] >= 300
    site.tool("verify")


def test_mail_is_not_put_off_as_another_ledger_takes_the_place(site):
    site.start()
    gone = person()
    site.opt_out(gone)
    with refusing(site, gone, senders=4):
        for _ in range(3):
            site.tool("compact")
    assert site.log_lines("ledger", "it is opened again")
    site.tool("verify")


def test_killed_at_any_moment_it_is_whole_and_the_next_run_goes_on(site):
    site.start()
    gone = person()
    site.opt_out(gone)
    refuse(site, *300 * [gone])
    site.stop()
    dice = random.Random(23)
    command = [program("optout"), "-c", site.conf, "prune"]
    for _ in range(4):
        process = subprocess.Popen(command, env=later(5 * 366), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)  # fmt: skip
        time.sleep(dice.random() * 0.06)
        process.send_signal(signal.SIGKILL)
        process.wait()
        site.tool("verify")
    prune(site, days=5 * 366)
    assert verdicts(site) == [] and len(rows(site, "ledger", "private")) < 20
    site.tool("verify")


def test_a_full_disk_is_told_and_nothing_is_lost(own_lab):
    path = own_lab.directory("disk").sub("mount")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=755", "tmpfs", path], check=True)
    own_lab.keep_ending(lambda: subprocess.run(["umount", "-l", path], check=True))
    site = own_lab.site(policy=MARKETING, settings={"data_dir": str(path / "data")})
    site.data = path / "data"
    anna, *others = people(200)
    site.opt_out(anna, *others, "--note", "by hand")
    site.start()
    refuse(site, *50 * [anna])
    site.stop()
    with open(path / "ballast", "wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(b"x" * 4096)
        except OSError:
            pass
    codes = []
    for words in (["prune"], ["erase", anna, "--note", "x"]):
        site.tool(*words, code=None, env=later(5 * 366))
        codes.append((site.last.returncode, "space" in site.last.stderr.lower()))
    print(codes)
    assert (2, True) in codes
    (path / "ballast").unlink()
    site.tool("verify")
    prune(site, days=5 * 366)
    site.tool("erase", anna, "--note", "x")
    site.tool("check", anna, *SCOPE, code=1)
    site.tool("verify")
