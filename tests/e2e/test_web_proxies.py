"""Behind the real nginx, Caddy and Apache, with the sites that doc/web.md shows."""

import socket
import subprocess

import pytest

from lab.proxies import HOST, Apache, Caddy, Nginx
from lab.waiting import until
from lab.web import ONE_CLICK, URLENCODED
from lab.world import person


@pytest.fixture(scope="module")
def site(lab):
    return lab.site()


@pytest.fixture(scope="module")
def web(lab, site):
    return lab.web(site)


@pytest.fixture(scope="module", params=[Nginx, Caddy, Apache])
def proxy(lab, web, request):
    return lab.proxy(request.param, f"127.0.0.1:{web.port}")


def curl(proxy, path, *words):
    """As a mail provider asks: real curl, over TLS. (status, head, body)."""
    ran = subprocess.run(
        ["curl", "-sS", "-i", "--cacert", proxy.folder / "cert.pem",
         "--resolve", f"{HOST}:{proxy.port}:127.0.0.1", *words,
         f"https://{HOST}:{proxy.port}{path}"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    head, _, body = ran.stdout.partition("\n\n")
    return int(head.split()[1]), head.lower(), body


def test_a_click_in_either_form_and_version(web, proxy):
    for words in (("-d", ONE_CLICK), ("-F", ONE_CLICK), ("--http1.1", "-d", ONE_CLICK)):
        to = person()
        status, head, _ = curl(proxy, "/" + web.token(to), *words)
        assert status == 200
        assert "set-cookie" not in head and "location" not in head
        assert web.sources(to) == ["one-click"]


def test_the_page_and_its_buttons(web, proxy):
    to = person()
    path = "/" + web.token(to)
    status, head, body = curl(proxy, path, "-H", "Accept-Language: de")
    assert status == 200 and 'lang="de"' in body
    assert "content-security-policy" in head and "no-store" in head
    status, _, body = curl(proxy, path, "-d", "action=this")
    assert status == 200 and 'name="undo"' in body


def test_what_is_no_link_is_404_and_what_is_too_large_is_refused(web, proxy):
    assert curl(proxy, "/nothing")[0] == 404
    to = person()
    assert curl(proxy, "/" + web.token(to), "-d", ONE_CLICK + "&x=" + "y" * 10_000)[0] == 413
    assert not web.entries(to)


def test_machines_paths_are_not_public(proxy):
    for path in ("/metrics", "/healthz"):
        for words in ((), ("-H", "X-Forwarded-For:"), ("-H", "X-Forwarded-For: 127.0.0.1")):
            assert curl(proxy, path, *words)[0] == 404


def test_a_client_cannot_say_that_it_is_another(web, proxy):
    """What it sends in X-Forwarded-For is not what optout-web takes it for."""
    curl(proxy, "/robots.txt", "-H", "X-Forwarded-For: 198.51.100.77")
    assert not web.log_lines("198.51.100")


def test_no_log_has_the_token(web, proxy):
    token = web.token(person())
    bad = token[:-4] + "AAAA"
    for path in ("/" + token, "/" + bad, f"/{token}?x={token}"):
        curl(proxy, path)
        curl(proxy, path, "-d", ONE_CLICK)
        curl(proxy, path, "-e", f"https://{HOST}/{token}", "-d", ONE_CLICK + "&x=" + "y" * 10_000)
    until(lambda: "POST" in proxy.log(), lambda: f"a line in the proxy's log\n{proxy.log()}")
    assert token not in proxy.log() and bad not in proxy.log()
    assert token not in web.log() and bad not in web.log()


def test_a_body_that_drips_is_cut_off_by_who_passes_it_on_at_once(lab, web):
    """nginx does not: it passes on what is there as a whole."""
    for kind in (Caddy, Apache):
        hasty = type(kind.__name__, (kind,), {"BODY_SECONDS": 1})
        proxy = lab.proxy(hasty, f"127.0.0.1:{web.port}")
        to = person()
        plain = socket.create_connection(("127.0.0.1", proxy.port), 10)
        with proxy.tls().wrap_socket(plain, server_hostname=HOST) as sock:
            sock.sendall(f"POST /{web.token(to)} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: {URLENCODED}"
                         "\r\nContent-Length: 4000\r\n\r\n".encode())  # fmt: skip
            sock.settimeout(0.1)
            until(lambda: not drips(sock), f"the end of a request to {kind.__name__}", 30)
        assert not web.entries(to)


def drips(sock):
    """One byte more; False: the other end has said something or closed."""
    try:
        sock.sendall(b"x")
        sock.recv(1)
        return False
    except TimeoutError:
        return True
    except OSError:
        return False


def test_with_optout_web_down_a_click_is_refused_and_no_token_is_logged(own_lab):
    for kind in (Nginx, Caddy, Apache):
        web = own_lab.web(own_lab.site())
        proxy = own_lab.proxy(kind, f"127.0.0.1:{web.port}")
        token = web.token(person())
        web.stop()
        for _ in range(2):
            assert curl(proxy, "/" + token, "--http1.1", "-d", ONE_CLICK)[0] in (502, 503)
        web.start()
        assert curl(proxy, "/" + token, "--http1.1", "-d", ONE_CLICK)[0] == 200
        assert token not in proxy.log()


def test_nginx_by_a_unix_socket(own_lab):
    site = own_lab.site()
    path = site.root / "web.sock"
    web = own_lab.web(site, socket_path=path)
    proxy = own_lab.proxy(Nginx, f"unix:{path}")
    to = person()
    assert curl(proxy, "/" + web.token(to), "-d", ONE_CLICK)[0] == 200
    assert web.sources(to) == ["one-click"]
    assert curl(proxy, "/healthz")[0] == 404
    assert web.get("/healthz").status == 200
