"""What cannot be stored is answered with 503, and what was answered with 200 is there."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import threading

import pytest

from lab.product import program
from lab.waiting import until
from lab.web import ONE_CLICK, URLENCODED, held_lock
from lab.world import MARKETING, people, person


@pytest.fixture
def site(own_lab):
    return own_lab.site()


def check_503(answer):
    assert answer.status == 503, answer
    assert int(answer.headers["Retry-After"]) > 0


def check_works(web):
    to = person()
    assert web.click(to).status == 200
    assert web.sources(to) == ["one-click"]
    assert web.get("/healthz").status == 200


def test_a_full_map_is_503_and_loses_nothing(own_lab):
    site = own_lab.site(settings={"list_size": "1M"})
    web = own_lab.web(site)
    with web.connect() as connection:
        taken, full = [], None
        # The general page needs no token: quick to fill with.
        for number in range(20_000):
            address = f"full{number}@home.example"
            client = {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}
            answer = connection.ask("POST", "/s/acme", {"address": address}, client)
            if answer.status != 200:
                full = answer
                break
            taken.append(address)
    check_503(full)
    check_503(web.click(person()))
    check_503(web.get("/healthz"))
    assert web.log_lines("list_size")
    web.stop()
    site.configure(settings={"list_size": "16M"})
    web.start()
    check_works(web)
    assert counted(site, "general-page") == len(taken)
    site.tool("verify")


def counted(site, source):
    return sum(1 for entry in site.json("log") if entry.get("source") == source)


@contextlib.contextmanager
def small_disk(directory, size):
    path = directory.sub("disk")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "optout-test", path], check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", path], check=True)


def test_a_full_disk_is_503_and_loses_nothing(own_lab):
    with small_disk(own_lab.directory("full"), "1M") as disk:
        site = own_lab.site(settings={"data_dir": str(disk)})
        web = own_lab.web(site)
        check_works(web)
        filler = disk / "filler"
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"\0" * 4096):
                pass
        # What LMDB has free already is used up first.
        last = None
        for number in range(2000):
            client = {"X-Forwarded-For": f"10.0.{number >> 8}.{number & 255}"}
            last = web.ask("POST", "/s/acme", {"address": f"disk{number}@home.example"}, client)
            if last.status != 200:
                break
        check_503(last)
        filler.unlink()
        check_works(web)
        assert counted(site, "general-page") == number
        site.tool("verify")
        web.stop()


def test_a_held_write_lock_is_503_within_seconds(own_lab, site):
    """A writer that was stopped holds it; once it goes on, so does all."""
    web = own_lab.web(site)
    check_works(web)
    with held_lock(site):
        token = web.token(person())
        results = []
        threads = [threading.Thread(target=lambda: results.append(web.post("/" + token)))
                   for _ in range(20)]  # fmt: skip
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(15)
        assert len(results) == 20
        for answer in results:
            check_503(answer)
        check_503(web.get("/healthz"))
        assert web.get("/" + token).status == 200  # looking needs no lock
    check_works(web)
    site.tool("verify")


def test_missing_keys_and_a_missing_list_are_503_until_they_are_back(own_lab, site):
    web = own_lab.web(site)
    token = web.token(person())
    for path in (site.keys, site.data / "list"):
        away = path.with_name("away")
        path.rename(away)
        if path == site.keys:
            web.signal(signal.SIGUSR1)
            until(lambda: web.log_lines("stays as it was"), "the refusal of a reload")
            away.rename(path)
            assert web.post("/" + token).status == 200  # it goes on with those it has
            continue
        check_503(web.post("/" + token))
        check_503(web.get("/healthz"))
        away.rename(path)
        until(lambda: web.post("/" + token).status == 200, "the list in use again", 10)


def test_it_starts_without_keys_and_takes_them_when_they_come(own_lab, site):
    away = site.root / "away"
    web = own_lab.web(site, start=False)
    token = web.token(person())
    site.keys.rename(away)
    web.start()
    check_503(web.post("/" + token))
    away.rename(site.keys)
    until(lambda: web.post("/" + token).status == 200, "the keys in use", 10)


def test_a_list_that_was_replaced_is_opened_again(own_lab, site):
    web = own_lab.web(site)
    to = person()
    token = web.token(to)
    web.post("/" + web.token(person()))
    copy = site.root / "copy"
    shutil.copytree(site.data / "list", copy)
    os.rename(site.data / "list", site.root / "old")
    os.rename(copy, site.data / "list")
    until(lambda: web.post("/" + token).status == 200, "the new list in use", 10)
    assert web.sources(to) == ["one-click"]


# -- kill -9


def hammer(web, tokens, done, failed):
    try:
        with web.connect() as connection:
            for address, token in tokens:
                if connection.ask("POST", "/" + token, ONE_CLICK).status == 200:
                    done.append(address)
                else:
                    failed.append(address)
    except (OSError, http.client.HTTPException):  # the server is gone
        pass


@pytest.mark.parametrize("kill_at", [200, 2500, 7000])
def test_killed_within_10000_clicks_every_200_is_on_disk(own_lab, kill_at):
    site = own_lab.site()
    web = own_lab.web(site, settings={"limit_links": 0, "access_log": "off"})
    everybody = people(10_000)
    tokens = web.tokens(everybody)
    done, failed = [], []
    threads = [threading.Thread(target=hammer, args=(web, tokens[part::16], done, failed))
               for part in range(16)]  # fmt: skip
    for thread in threads:
        thread.start()
    until(lambda: len(done) >= kill_at, "clicks", 120)
    web.kill()
    for thread in threads:
        thread.join()
    assert not failed and kill_at <= len(done) < 10_000
    site.tool("verify")
    written = {entry["address"] for entry in site.json("log") if entry.get("source") == "one-click"}
    assert set(done) <= written
    web.start()
    check_works(web)


# -- stop and reload


def test_term_finishes_what_is_under_way(own_lab, site):
    web = own_lab.web(site, settings={"limit_links": 0, "access_log": "off"})
    tokens = web.tokens(people(400))
    done, failed = [], []
    threads = [threading.Thread(target=hammer, args=(web, tokens[part::8], done, failed))
               for part in range(8)]  # fmt: skip
    for thread in threads:
        thread.start()
    until(lambda: len(done) > 50, "clicks")
    web.stop()
    for thread in threads:
        thread.join()
    assert not failed
    written = {entry["address"] for entry in site.json("log") if entry.get("source") == "one-click"}
    assert set(done) <= written


def test_a_reload_takes_the_new_configuration_under_load(own_lab, site):
    web = own_lab.web(site, settings={"limit_links": 0})
    tokens = web.tokens(people(300))
    done, failed = [], []
    threads = [threading.Thread(target=hammer, args=(web, tokens[part::4], done, failed))
               for part in range(4)]  # fmt: skip
    for thread in threads:
        thread.start()
    for _ in range(5):
        assert "was read again" in web.reload()
    for thread in threads:
        thread.join()
    assert not failed and len(done) == 300


def test_a_bad_configuration_is_refused_and_the_old_one_stays(own_lab, site):
    web = own_lab.web(site)
    site.configure(policy="no_such_option = 1\n")
    assert f"{site.conf}:" in web.reload()
    site.configure(policy=MARKETING)
    check_works(web)


def test_a_unix_socket_is_served_and_taken_away(own_lab, site):
    path = site.root / "web.sock"
    path.write_text("")
    path.unlink()
    web = own_lab.web(site, socket_path=path)
    check_works(web)
    assert path.stat().st_mode & 0o777 == 0o666
    web.kill()
    assert path.exists()
    web.start()  # in the place of one that nobody answers at
    check_works(web)
    web.stop()
    assert not path.exists()


def test_two_cannot_have_one_place(own_lab, site):
    web = own_lab.web(site)
    ran = subprocess.run([str(program("optout-web")), "-c", site.conf, "-f"], capture_output=True,
                         text=True, timeout=30)  # fmt: skip
    assert ran.returncode == 78 and "web_listen" in ran.stderr
    check_works(web)


def test_n_checks_the_configuration(own_lab, site):
    web = own_lab.web(site, start=False)
    command = [str(program("optout-web")), "-c", site.conf, "-n"]
    assert subprocess.run(command, capture_output=True).returncode == 0
    site.configure(settings={"web_listen": "nowhere"})
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 78 and "web_listen" in ran.stderr
    assert not web.running


def test_who_goes_away_while_it_is_stored_keeps_no_list_open(own_lab, site):
    """A list that was replaced is opened anew once nobody uses the old one."""
    web = own_lab.web(site)
    tokens = [web.token(one) for one in people(10)]
    with contextlib.ExitStack() as stack:
        gone = []
        with held_lock(site):
            for token in tokens:
                sock = stack.enter_context(socket.create_connection(("127.0.0.1", web.port), 30))
                sock.sendall(f"POST /{token} HTTP/1.1\r\nHost: x\r\nContent-Type: {URLENCODED}\r\n"
                             f"Content-Length: {len(ONE_CLICK)}\r\n\r\n{ONE_CLICK}".encode())  # fmt: skip
                sock.shutdown(socket.SHUT_WR)
                gone.append(sock)
        for sock in gone:  # until the server is done with it
            with contextlib.suppress(OSError):
                while sock.recv(65536):
                    continue
    site.tool("compact")
    until(lambda: web.click(person()).status == 200, "the new list is open")
    check_works(web)
    web.stop()


def test_n_tells_of_a_language_that_is_there_in_part(own_lab, site):
    own_lab.web(site, start=False)
    texts = site.root / "templates/texts.xml"
    text = texts.read_text()
    texts.write_text(text.replace("</texts>", '<text id="imprint" xml:lang="it">Note</text></texts>'))
    ran = subprocess.run([str(program("optout-web")), "-c", site.conf, "-n"], capture_output=True,
                         text=True)  # fmt: skip
    missing = text.count("<text id=") - 1
    assert ran.returncode == 0 and f"{missing} of {missing + 1} texts are missing in it" in ran.stderr
    assert " in de" not in ran.stderr


@pytest.mark.parametrize("words, settings", [
    ("page.xsl", {}), ("there are no texts in xx", {"language": "xx"}),
    ("/nowhere/logo.svg", {}),
])  # fmt: skip
def test_n_finds_the_page_that_could_not_be_made(own_lab, site, words, settings):
    own_lab.web(site, start=False)
    site.configure(settings=settings)
    if words == "page.xsl":
        (site.root / "templates/page.xsl").write_text("<xsl:oops")
    if "logo" in words:
        text = site.conf.read_text()
        site.conf.write_text(f'{text}\nbrand acme {{ scope = acme\n name = A\n logo = "{words}" }}\n')
    ran = subprocess.run([str(program("optout-web")), "-c", site.conf, "-n"], capture_output=True,
                         text=True)  # fmt: skip
    assert ran.returncode == 78 and words in ran.stderr
