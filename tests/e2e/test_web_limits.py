"""Sizes, rates and slow clients: what is too much is refused, and disturbs nobody else."""

import contextlib
import re
import socket
import threading

import pytest

from lab.letter import Letter
from lab.waiting import until
from lab.web import ONE_CLICK, URLENCODED
from lab.world import World, person


@pytest.fixture(scope="module")
def site(lab):
    return lab.site()


@pytest.fixture(scope="module")
def web(lab, site):
    return lab.web(site)


def raw(web, text, source="127.0.0.1", timeout=30):
    """Sends these bytes, returns all that comes back before the connection is closed or reset."""
    said = b""
    with socket.create_connection(("127.0.0.1", web.port), timeout, (source, 0)) as sock:
        with contextlib.suppress(OSError):
            sock.sendall(text if isinstance(text, bytes) else text.encode())
            sock.shutdown(socket.SHUT_WR)
            while more := sock.recv(65536):
                said += more
    return said.decode(errors="replace")


def status_of(said):
    return int(said.split()[1]) if said.startswith("HTTP/") else None


def test_a_body_over_8_KiB_is_413(web):
    to = person()
    path = "/" + web.token(to)
    assert web.post(path, ONE_CLICK + "&x=" + "y" * 8192).status == 413
    assert not web.entries(to)
    assert web.post(path, ONE_CLICK + "&x=" + "y" * 8000).status == 200


@pytest.mark.parametrize("pieces, statuses", [(3, [413]), (20, [None])])
def test_a_body_that_does_not_tell_its_size_is_413_or_cut_off(web, pieces, statuses):
    to = person()
    head = f"POST /{web.token(to)} HTTP/1.1\r\nHost: x\r\nContent-Type: {URLENCODED}\r\n"
    piece = "1000\r\n" + "y" * 4096 + "\r\n"
    said = raw(web, head + "Transfer-Encoding: chunked\r\n\r\n" + f"{len(ONE_CLICK):x}\r\n{ONE_CLICK}\r\n"
               + piece * pieces + "0\r\n\r\n")  # fmt: skip
    assert status_of(said) in statuses
    assert not web.entries(to)


def test_a_head_over_8_KiB_is_431(web):
    to = person()
    answer = web.post("/" + web.token(to), X_Long="y" * 9_000)
    assert answer.status == 431
    assert not web.entries(to)


def test_a_head_that_is_never_read_whole_is_431_or_cut_off(web):
    to = person()
    head = f"POST /{web.token(to)} HTTP/1.1\r\nHost: x\r\nX-Long: {'y' * 60_000}\r\n"
    body = f"Content-Type: {URLENCODED}\r\nContent-Length: {len(ONE_CLICK)}\r\n\r\n{ONE_CLICK}"
    assert status_of(raw(web, head + body)) in (None, 431)
    assert not web.entries(to)


def test_rubbish_is_no_request(web):
    for text in ("\0" * 100, "GET\r\n\r\n", "x" * 20_000, "POST / HTTP/9.9\r\n\r\n", "\r\n" * 50):
        assert status_of(raw(web, text, timeout=1)) in (None, 400, 431, 413, 414, 505)
    assert web.get("/healthz").status == 200


def test_a_client_that_guesses_is_held_back_and_its_valid_links_are_not(web):
    guesser, other = {"X-Forwarded-For": "203.0.113.9"}, {"X-Forwarded-For": "203.0.113.10"}
    statuses = [web.get(f"/guess{number}", **guesser).status for number in range(25)]
    assert statuses[:20] == [404] * 20 and set(statuses[20:]) == {429}
    answer = web.get("/guess", **guesser)
    assert int(answer.headers["Retry-After"]) > 0
    assert web.post("/" + web.token(person()), **guesser).status == 200
    assert web.get("/guess", **other).status == 404


def test_an_ipv6_client_is_its_network(web):
    statuses = [web.get("/guess", **{"X-Forwarded-For": f"2001:db8:1:2::{number:x}"}).status
                for number in range(1, 25)]  # fmt: skip
    assert statuses[-1] == 429


def test_addresses_that_are_entered_are_limited(web):
    flood = {"X-Forwarded-For": "203.0.113.20"}
    statuses = [web.post("/s/acme", {"address": person()}, **flood).status for _ in range(12)]
    assert statuses == [200] * 10 + [429] * 2


def test_x_forwarded_for_is_believed_from_proxies_alone(own_lab):
    web = own_lab.web(own_lab.site(), settings={"proxies": ["192.0.2.1"]})
    statuses = [web.get("/guess", **{"X-Forwarded-For": f"198.51.100.{n}"}).status
                for n in range(22)]  # fmt: skip
    assert statuses[-1] == 429
    assert web.log_lines("client=127.0.0.x") and not web.log_lines("198.51.100")


def test_a_client_cannot_name_another_one_in_front(web):
    """The proxy adds whom it saw at the end; what stands before it was the client's."""
    for number in range(22):
        forged = {"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.30"}
        last = web.get("/guess", **forged).status
    assert last == 429
    assert web.log_lines("client=203.0.113.x", "status=429")


def test_machines_of_this_host_alone_see_metrics_and_health(web):
    assert web.get("/metrics").status == web.get("/healthz").status == 200
    for path in ("/metrics", "/healthz"):
        assert web.get(path, **{"X-Forwarded-For": "127.0.0.1"}).status == 404
        assert web.get(path, Forwarded="for=127.0.0.1").status == 404
        assert web.post(path).status == 405


def test_one_address_gets_so_many_connections_and_no_more(own_lab):
    web = own_lab.web(own_lab.site(),
                      settings={"proxies": ["192.0.2.1"], "web_client_connections": 5})  # fmt: skip
    held = [socket.create_connection(("127.0.0.1", web.port), 5, ("127.0.0.2", 0)) for _ in range(5)]
    assert web.metrics()["optout_web_turned_away_total"] == 0  # all five were taken by then
    request = "GET /robots.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert status_of(raw(web, request, "127.0.0.2")) is None
    assert status_of(raw(web, request, "127.0.0.3")) == 200
    assert web.metrics()["optout_web_turned_away_total"] >= 1
    for sock in held:
        sock.close()
    until(lambda: status_of(raw(web, request, "127.0.0.2")) == 200, "a connection that was let go")


def test_one_client_behind_a_proxy_gets_so_many_requests_at_once_and_no_more(own_lab):
    web = own_lab.web(own_lab.site(), settings={"web_client_connections": 3})
    head = f"POST /{'x' * 80} HTTP/1.1\r\nHost: x\r\nContent-Length: 26\r\n"
    many, other = "X-Forwarded-For: 203.0.113.40\r\n", "X-Forwarded-For: 203.0.113.41\r\n"
    ask = "GET /robots.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{}\r\n"
    held = []
    for _ in range(3):
        sock = socket.create_connection(("127.0.0.1", web.port), 5)
        sock.sendall(f"{head}{many}Expect: 100-continue\r\n\r\n".encode())
        assert sock.recv(100).startswith(b"HTTP/1.1 100 ")  # its head was read
        held.append(sock)
    try:
        said = raw(web, ask.format(many))
        assert status_of(said) == 429 and "Retry-After: " in said
        assert status_of(raw(web, ask.format(other))) == 200
        assert status_of(raw(web, ask.format(""))) == 200
        assert web.metrics()["optout_web_turned_away_total"] >= 1
    finally:
        for sock in held:
            sock.close()
    until(lambda: status_of(raw(web, ask.format(many))) == 200, "a request that was given up")


def test_500_slow_clients_do_not_disturb(own_lab):
    """Others are served; the silent ones are closed after 10 s, and those that say a byte now and
    then a second later."""
    world = World(own_lab)
    web = own_lab.web(world.site, settings={"web_request_seconds": 1})
    head = f"POST /{'x' * 80} HTTP/1.1\r\nHost: x\r\nContent-Length: 26\r\nX-Slow: ".encode()
    slow = []
    for number in range(500):
        sock = socket.create_connection(("127.0.0.1", web.port), 5)
        sock.sendall(head[: 10 + number % 60])
        slow.append(sock)
    stop = threading.Event()

    def drip():
        while not stop.wait(1):
            for sock in slow[::2]:
                with contextlib.suppress(OSError):  # was closed
                    sock.sendall(b"y")

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        gone = person()
        for _ in range(20):
            assert web.click(gone).status == 200
        assert world.mail(Letter(to=gone)).refusal.code == 550
        for sock in (slow[1], slow[0]):  # silent, dripping
            sock.settimeout(60)
            with contextlib.suppress(ConnectionResetError):
                assert sock.recv(100) == b""
    finally:
        stop.set()
        dripping.join()
        for sock in slow:
            sock.close()


def test_what_is_counted(own_lab):
    world = World(own_lab)
    web = own_lab.web(world.site)
    clicked, entered, here = person(), person(), person()
    web.click(clicked)
    web.post("/s/acme", {"address": entered})
    world.opt_out(person())
    world.mail(Letter(to=clicked))
    world.mail(Letter(to=here))
    name = 'optout_opt_outs_total{source="%s"}'

    def counted():
        numbers = web.metrics()
        return (
            numbers.get(name % "one-click") == 1
            and numbers.get(name % "general-page") == 1
            and numbers.get(name % "cli") == 1
            and numbers["optout_first_refusal_seconds_count"] == 1
            and any(re.match(r'optout_messages_total\{stream="newsletter",verdict="pass"', key)
                    for key in numbers)
        )  # fmt: skip

    until(counted, lambda: f"numbers of both daemons\n{web.get('/metrics').body}", 30)
    numbers = web.metrics()
    refused = 'stream="newsletter",verdict="refuse",mode="enforce"'
    assert numbers[f"optout_messages_total{{{refused}}}"] == 1
    assert numbers[f'optout_recipients_total{{{refused},outcome="kept_back"}}'] == 1
    assert numbers["optout_first_refusal_seconds_sum"] < 60
    assert numbers["optout_web_commit_seconds_count"] >= 2
    assert numbers['optout_web_requests_total{kind="one-click",status="200"}'] == 1
    assert 0 < numbers['optout_store_used_bytes{store="list"}'] < numbers[
        'optout_store_size_bytes{store="list"}']  # fmt: skip
