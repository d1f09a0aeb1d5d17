"""Erasing: a person's address and words go from every file, and their opt-out goes on holding."""

import random
import signal
import subprocess
import time

import pytest

from lab.bytes import files_with, rows, sealed
from lab.product import program
from lab.world import MARKETING, people, person

SCOPE = ("--scope", "acme/newsletter")


@pytest.fixture
def site(own_lab):
    made = own_lab.site(policy=MARKETING)
    made.others = people_words(made)
    return made


def people_words(site):
    """What lies sealed about people, and about staff."""
    return sealed(site, "list", "address", "private") | sealed(site, "ledger", "private")


def of_people(site):
    """The same, without what lay there before anybody was in the list."""
    return people_words(site) - site.others


def refused(site, *to, sender="news@acme.example"):
    """Marketing mail for these people, by the milter; whether it was refused."""
    with site.milter() as client:
        client.open_session("MARKETING")
        *_, end = client.message(sender, [f"<{who}>" for who in to],
                                 headers=[("Message-ID", "<secret@acme.example>")])  # fmt: skip
    return end.code == 550


def test_address_and_words_are_in_no_file_and_the_opt_out_holds(own_lab, site):
    anna = person()
    web = own_lab.web(site)
    site.start()
    site.others = people_words(site)  # also the texts of their configurations
    path = "/" + web.token(anna)
    undo = web.post(path, {"action": "this"}).undo
    web.post(path, {"action": "reason", "undo": undo, "reason": "other", "text": "too loud"})
    site.opt_out(anna, "--note", "rang up", scope="acme")
    assert refused(site, anna)
    before = of_people(site)
    assert len(before) >= 4 and files_with(site, *before)
    told = site.json("erase", anna, "--note", "Art. 17")
    assert [(row["result"], row["words"], row["kept"]) for row in told] == [("erased", 3, [])]
    assert "No byte of it is left" in site.last.stderr
    assert files_with(site, *before, anna.encode(), b"too loud", b"rang up") == []
    site.tool("verify")
    log = site.tool("log", anna)
    assert refused(site, anna)
    assert "(address erased)" in log and "loud" not in log and "rang" not in log and "secret@" not in log
    assert "Art. 17" in log


def test_neither_import_nor_click_nor_entry_seals_it_again(own_lab, site):
    anna, ben = people(2)
    web = own_lab.web(site)
    token = web.token(anna)
    site.opt_out(anna, ben)
    site.tool("erase", anna, "--note", "asked for", "--no-compact")
    assert "optout compact" in site.last.stderr
    (site.root / "in.txt").write_text(f"{anna}\n{ben}\n")
    site.tool("import", site.root / "in.txt", "--source", "crm", *SCOPE, "--all-opted-out")
    assert web.post("/" + token).status == 200
    site.opt_out(anna, scope="acme")
    mail = f"From: {anna}\nSubject: acme/newsletter\nMessage-ID: <1@home.example>\n\nstop\n"
    site.tool("receive", "--sender", anna, "--recipient", "stop@acme.example", stdin=mail)
    site.tool("migrate", "--rebuild")
    site.tool("compact")
    assert sorted(len(row) for row in rows(site, "list", "address").values())[0] == 1
    assert len(rows(site, "list", "address")) == 2
    assert site.tool("check", anna, *SCOPE, code=1)
    assert ben in site.tool("log", ben) and "(address erased)" in site.tool("log", anna)
    site.tool("verify")


def test_root_erases_in_stores_of_two_users(own_lab):
    users = {"user": "bin", "milter_user": "daemon", "group": "mail"}
    site = own_lab.site(policy=MARKETING, settings=users)
    anna, ben = people(2)
    site.opt_out(anna, ben, "--note", "rang up")
    site.tool("erase", anna, "--note", "asked for")
    site.tool("prune")
    for store, owner in [("list", "bin"), ("ledger", "daemon")]:
        assert (site.data / store / "data.mdb").owner() == owner
    site.tool("check", anna, *SCOPE, code=1)
    site.tool("verify")


def test_it_can_be_said_twice_and_of_nobody(site):
    anna = person()
    site.opt_out(anna)
    site.tool("erase", anna, "--note", "one")
    events = rows(site, "list", "journal")
    assert "erased already" in site.tool("erase", anna, "--note", "two")
    assert "neither list nor ledger" in site.tool("erase", person(), "--note", "x", code=1)
    assert rows(site, "list", "journal") == events
    site.tool("erase", anna, "--note", f"for {anna.upper()}", code=2)
    assert "names the address" in site.last.stderr
    site.tool("erase", "@home.example", "--note", "x", code=2)
    site.tool("erase", "--note", "x", code=2)


def test_words_about_several_people_stay_until_all_of_them_are_erased(site):
    anna, ben = people(2)
    site.start()
    site.opt_out(anna, ben, "--note", "both of them")
    assert refused(site, anna, ben)
    (told,) = site.json("erase", anna, "--note", "a")
    assert len(told["kept"]) == 1 and len(told["kept_verdicts"]) == 1 and told["words"] == 0
    assert "both of them" in site.tool("log", ben)
    assert site.json("erase", ben, "--note", "b")[0]["words"] == 3  # and that of who looked
    assert "both of them" not in site.tool("log")
    site.tool("verify")


def test_a_file_of_addresses_is_done_at_once(site):
    everybody = people(20)
    site.opt_out(*everybody)
    before = of_people(site)
    lines = "\n".join([*everybody, "", "nonsense", person()])
    told = site.json("erase", "--from", "-", "--note", "all", stdin=lines, code=1)
    assert [row["result"] for row in told] == 20 * ["erased"] + ["unknown"]
    assert "20 erased, 0 erased already, 1 not known, 1 line left out" in site.last.stderr
    assert files_with(site, *before) == []
    site.tool("check", everybody[0], *SCOPE, code=1)


def test_an_older_backup_does_not_bring_it_back(own_lab, site):
    anna, ben = people(2)
    folder = own_lab.directory("backups").path
    site.start()
    site.opt_out(anna, "--note", "rang up")
    site.opt_out(ben)
    assert refused(site, anna)
    site.stop()
    site.tool("backup", folder / "old")
    site.tool("erase", anna, "--note", "asked for")
    site.tool("restore", folder / "old")
    assert site.last.stderr.count("`optout compact` takes it away") == 2
    log = site.tool("log")
    assert anna not in log and "rang up" not in log and "secret@" not in log and ben in log
    site.tool("verify")
    site.tool("check", anna, *SCOPE, code=1)


def test_killed_at_any_moment_it_is_whole_and_a_second_run_ends_it(own_lab, site):
    everybody = people(30)
    site.opt_out(*everybody, "--note", "by hand")
    before = of_people(site)
    dice = random.Random(17)
    command = [program("optout"), "-c", site.conf, "erase", "--from", "-", "--note", "all"]
    for _ in range(4):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, text=True)  # fmt: skip
        process.stdin.write("\n".join(everybody))
        process.stdin.close()
        time.sleep(dice.random() * 0.15)
        process.send_signal(signal.SIGKILL)
        process.wait()
        site.tool("verify")
        site.tool("check", dice.choice(everybody), *SCOPE, code=1)
    site.tool("erase", "--from", "-", "--note", "all", stdin="\n".join(everybody))
    assert files_with(site, *before) == []
    assert "by hand" not in site.tool("log")
    site.tool("verify")


@pytest.mark.parametrize("lost", ["list", "ledger"])
def test_a_store_that_was_lost_and_restored_is_told_by_the_other_one(site, lost):
    anna, ben = people(2)
    site.start()
    site.opt_out(anna, ben, "--note", "rang up")
    assert refused(site, anna)
    site.stop()
    site.tool("backup", site.root / "before")
    before = rows(site, "list", "address"), len(rows(site, "ledger", "private"))
    site.tool("erase", anna, "--note", "asked for", "--no-compact")
    path = site.data / lost / "data.mdb"
    path.write_bytes(path.read_bytes()[:4096])
    site.tool("restore", site.root / "before", code=1 if lost == "list" else 0)
    assert "1 person was erased again" in site.last.stderr
    after = rows(site, "list", "address")
    assert len(after) == len(before[0]) and sorted(map(len, after.values()))[0] == 1
    assert not any("message-id" in row.get("words", {}) for row in site.json("log", anna))
    site.tool("verify")
