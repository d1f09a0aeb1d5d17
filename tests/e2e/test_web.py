"""The links in mails: one click, the page's buttons, undo, reasons, the general page."""

import json
import re
import shutil
import socket
import time

import pytest

from lab.letter import Letter
from lab.links import token_of
from lab.web import ONE_CLICK
from lab.world import World, people, person

MULTIPART = "multipart/form-data; boundary=frontier"


@pytest.fixture(scope="module")
def world(lab):
    return World(lab)


@pytest.fixture(scope="module")
def web(lab, world):
    return lab.web(world.site, settings={"limit_links": 0, "limit_bad_links": 0, "limit_addresses": 0})


def multipart(*fields):
    parts = [f'--frontier\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
             for name, value in fields]  # fmt: skip
    return "".join(parts) + "--frontier--\r\n"


def unfolded(text):
    return re.sub(r"\s+", " ", text)


# -- one click


def test_a_click_holds_for_the_next_message(world, web):
    """From the header of a delivered mail, as a mail provider posts it."""
    to = person()
    mail = world.mail(Letter(to=to)).message
    answer = web.post("/" + token_of(mail))
    assert answer.status == 200
    assert world.mail(Letter(to=to)).refusal.code == 550


@pytest.mark.parametrize("content_type, body", [
    ("application/x-www-form-urlencoded", ONE_CLICK),
    ("application/x-www-form-urlencoded; charset=utf-8", ONE_CLICK + "&more=1"),
    (MULTIPART, multipart(("List-Unsubscribe", "One-Click"))),
    (MULTIPART, multipart(("other", "x"), ("List-Unsubscribe", "One-Click"))),
])  # fmt: skip
def test_both_types_of_form_are_taken(web, content_type, body):
    to = person()
    answer = web.post("/" + web.token(to), body, **{"Content-Type": content_type})
    assert answer.status == 200
    assert web.sources(to) == ["one-click"]


def test_the_answer_to_a_click_sets_no_cookie_and_leads_nowhere(web):
    answer = web.click(person())
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert not {"Set-Cookie", "Location", "Refresh"} & set(answer.headers)
    assert answer.headers["Cache-Control"] == "no-store"


def test_once_more_is_200_and_changes_nothing(web):
    to = person()
    token = web.token(to)
    assert [web.post("/" + token).status for _ in range(5)] == [200] * 5
    assert web.sources(to) == ["one-click"]


def test_a_click_counts_whatever_opt_in_came_since(world, web):
    """A link never expires, and an objection is of the moment of the click."""
    to = person()
    old = web.token(to)
    web.post("/" + old)
    world.site.tool("add", to, "--opt-in", "--confirmed", "--scope", "acme/newsletter", "--note", "x",
                    code=None)  # fmt: skip
    assert web.post("/" + old).status == 200
    delivery = world.mail(Letter(to=to))
    assert delivery.refusal and delivery.refusal.code == 550


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing_however_often(web, method):
    to = person()
    path = "/" + web.token(to)
    with web.connect() as connection:
        for _ in range(10_000):
            assert connection.ask(method, path).status == 200
    assert not web.entries(to)


def test_a_body_that_says_nothing_is_400(web):
    to = person()
    path = "/" + web.token(to)
    assert web.post(path, "List-Unsubscribe=Two-Clicks").status == 400
    assert web.post(path, "x=1").status == 400
    assert web.post(path, "{}", **{"Content-Type": "application/json"}).status == 400
    assert web.ask("POST", path).status == 400
    assert web.ask("PUT", path, "x=1").status == 405
    assert web.ask("DELETE", path).status == 405
    assert not web.entries(to)


def flipped(token, at):
    other = "B" if token[at] != "B" else "C"
    return token[:at] + other + token[at + 1 :]


def bad_tokens(lab, web):
    token = web.token(person())
    foreign = lab.site()
    return {
        "cut": token[:-8],
        "forged in its head": flipped(token, 1),
        "forged in its tag": flipped(token, 10),
        "forged in what is sealed": flipped(token, len(token) - 5),
        "of other keys": foreign.tool("token", "make", person(), "--scope", "acme/newsletter")
        .strip().split("/")[-1],
        "of another purpose": web.post("/" + token, "action=this").undo,
        "nothing like one": "index",
        "too long": token * 8,
        "another's alphabet": token[:-1] + "%2b",
    }  # fmt: skip


def test_every_bad_token_gets_the_same_404(own_lab, web):
    tokens = bad_tokens(own_lab, web)
    for ask in (web.get, web.post):
        answers = {why: ask("/" + token) for why, token in tokens.items()}
        assert {answer.status for answer in answers.values()} == {404}, answers
        assert len({answer.body for answer in answers.values()}) == 1
        heads = [dict(answer.headers) for answer in answers.values()]
        assert len({json.dumps({**head, "Date": ""}, sort_keys=True) for head in heads}) == 1


def test_a_public_url_with_a_path_is_served_with_and_without_it(own_lab):
    site = own_lab.site(settings={"public_url": "https://acme.example/optout/"})
    web = own_lab.web(site)
    one, other = person(), person()
    assert web.post("/optout/" + web.token(one)).status == 200
    assert web.post("/" + web.token(other)).status == 200
    assert web.sources(one) == web.sources(other) == ["one-click"]


# -- the page


def test_the_page_shows_what_can_be_chosen_and_is_kept_nowhere(web):
    answer = web.get("/" + web.token("anna@person.example"), **{"Accept-Language": "de"})
    assert answer.status == 200
    assert "Acme Newsletter" in answer.body and "a…@p…" in answer.body
    assert "anna" not in answer.body
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Vary"] == "Accept-Language"
    assert '<html lang="de"' in answer.body


def test_what_the_page_refers_to_is_there(web):
    page = web.get("/" + web.token(person())).body
    sheet = re.search(r'<link rel="stylesheet" href="([^"]+)"', page)[1]
    answer = web.get(sheet)
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/css")
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("action, scope", [("this", "acme/newsletter"), ("all", "acme")])
def test_the_buttons_opt_out_at_once(world, web, action, scope):
    to = person()
    answer = web.post("/" + web.token(to), f"action={action}")
    assert answer.status == 200 and answer.undo
    [entry] = web.entries(to, "choice")
    assert (entry["scope"], entry["source"], entry["actor"]) == (scope, "page", "web")
    assert world.mail(Letter(to=to)).refusal.code == 550


def test_undo_withdraws_this_one_event(world, web):
    to = person()
    path = "/" + web.token(to)
    web.post(path)
    undo = web.post(path, "action=this").undo
    answer = web.post(path, {"action": "undo", "undo": undo})
    assert answer.status == 200
    removed = [entry["removed"] for entry in web.entries(to, "withdrawal")]
    made = {entry["source"]: entry["event"] for entry in web.entries(to, "choice")}
    assert removed == [made["page"]]
    assert world.mail(Letter(to=to)).refusal.code == 550  # the click still stands
    again = web.post(path, {"action": "undo", "undo": undo})
    assert again.status == 200 and len(web.entries(to, "withdrawal")) == 1


def test_after_undo_the_mail_goes_out_again(world, web):
    to = person()
    path = "/" + web.token(to)
    undo = web.post(path, "action=all").undo
    assert world.mail(Letter(to=to)).refusal
    web.post(path, {"action": "undo", "undo": undo})
    assert world.mail(Letter(to=to)).recipients == [to]


def test_a_link_alone_never_yields_undo(web):
    """Whoever holds a forwarded newsletter cannot bring back its owner's opt-out."""
    to = person()
    path = "/" + web.token(to)
    web.post(path, "action=this")
    assert web.post(path, "action=this").undo is None
    assert web.get(path).undo is None
    for undo in (path[1:], "", "x", "A" * 78):
        answer = web.post(path, {"action": "undo", "undo": undo})
        assert answer.status == 400
    assert not web.entries(to, "withdrawal")


def test_an_undo_in_other_hands_takes_nothing_away_that_its_owner_said(world, web):
    """Both have the link: one by a forwarded newsletter, who opts out first and undoes it later."""
    to = person()
    path = "/" + web.token(to)
    undo = web.post(path, "action=this").undo
    assert web.post(path, "action=this").status == 200
    assert web.post(path, {"action": "undo", "undo": undo}).status == 200
    assert len(web.entries(to, "withdrawal")) == 1
    assert world.mail(Letter(to=to)).refusal.code == 550


def test_a_reason_belongs_to_its_event_and_its_words_are_sealed(world, web):
    to = person()
    path = "/" + web.token(to)
    undo = web.post(path, "action=this").undo
    said = "zu viel · 12 Mails in einer Woche"
    answer = web.post(path, {"action": "reason", "undo": undo, "reason": "too-many", "text": said})
    assert answer.status == 200 and answer.undo
    [reason] = web.entries(to, "reason")
    [made] = web.entries(to, "choice")
    assert reason["about"] == made["event"] and reason["reason"] == "too-many"
    assert reason["words"] == {"text": said}
    assert said.encode() not in (world.site.data / "list/data.mdb").read_bytes()
    world.site.tool("verify")


def test_free_text_is_cut_and_a_reason_that_nobody_offered_is_refused(web):
    to = person()
    path = "/" + web.token(to)
    undo = web.post(path, "action=this").undo
    answer = web.post(path, {"action": "reason", "undo": undo, "reason": "made-up"})
    assert answer.status == 400 and not web.entries(to, "reason")
    web.post(path, {"action": "reason", "undo": undo, "reason": "", "text": "ü" * 1200})
    [reason] = web.entries(to, "reason")
    assert reason["words"]["text"] == "ü" * 800


@pytest.mark.parametrize("said", ["\u0939" * 800, "\N{BOMB}" * 400, "\r\n" * 200 + "\u0939" * 600])
def test_the_longest_text_that_the_page_lets_somebody_write_is_kept_whole(web, said):
    to = person()
    path = "/" + web.token(to)
    undo = web.post(path, "action=this").undo
    body = {"action": "reason", "undo": undo, "reason": "never-signed-up", "text": said}
    assert web.post(path, body).status == 200
    [reason] = web.entries(to, "reason")
    assert reason["words"]["text"] == said


def test_the_button_without_a_reason_writes_nothing_and_is_thanked_for(world, web):
    to = person()
    path = "/" + web.token(to)
    undo = web.post(path, "action=this").undo
    events = len(world.site.json("log"))
    for text in ("", " \r\n\t"):
        answer = web.post(path, {"action": "reason", "undo": undo, "reason": "", "text": text})
        assert answer.status == 200 and answer.undo == undo and "Thank you" in answer.body
    assert len(world.site.json("log")) == events


@pytest.mark.parametrize("said, read", [
    ("a%C3%BC%25+%26" * 20, "aü% &" * 20),
    ("a" * 512, "a" * 512),  # half of the buffer: the other value's second piece begins there, too
], ids=["escaped", "half-a-buffer"])  # fmt: skip
@pytest.mark.parametrize("size", [1, 300, 8192])
def test_a_form_in_pieces_and_a_field_given_twice_are_read_as_they_are(web, said, read, size):
    """libmicrohttpd hands a value over in pieces, by what came in at once and by its buffer."""
    to = person()
    path = "/" + web.token(to)
    undo = web.post(path, "action=this").undo
    body = f"action=reason&text={said}&undo={undo}&text={'x' * 700}&reason=other&action=undo"
    with socket.create_connection(("127.0.0.1", web.port), 30) as raw:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                    "Content-Type: application/x-www-form-urlencoded\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n".encode())  # fmt: skip
        for at in range(0, len(body), size):
            raw.sendall(body[at : at + size].encode())
        assert raw.recv(100).startswith(b"HTTP/1.1 200")
    [reason] = web.entries(to, "reason")
    assert reason["words"]["text"] == read
    assert not web.entries(to, "withdrawal")


def test_undo_of_an_event_that_a_restore_lost_tells_nothing_that_is_untrue(own_lab):
    site = own_lab.site()
    web = own_lab.web(site)
    to = person()
    site.tool("backup", site.root / "backup")
    path = "/" + web.token(to)
    undo = web.post(path, "action=this").undo
    web.stop()
    shutil.rmtree(site.data / "list")
    site.tool("restore", site.root / "backup", code=1)  # opt-outs may be missing, it says
    web.start()
    answer = web.post(path, {"action": "undo", "undo": undo})
    assert answer.status == 400
    assert "Nothing has been changed" in answer.body and "stands" not in answer.body
    site.tool("restore", "--accept-loss", "a test")
    site.tool("check", to, "--scope", "acme/newsletter", code=0)


# -- the general page


def test_the_general_page_opts_out_at_once_and_never_tells_whether_it_knew(world, web):
    to, known = person(), person()
    world.opt_out(known)
    web.post("/s/acme/newsletter", {"address": known})
    assert web.get("/s/acme/newsletter").status == 200
    answers = [web.post("/s/acme/newsletter", {"address": address}) for address in (to, known, to)]
    assert [answer.status for answer in answers] == [200] * 3
    time = re.compile(r"\d\d\d\d-\d\d-\d\d, \d\d:\d\d")
    assert len({time.sub("", answer.body) for answer in answers}) == 1
    assert web.sources(to) == ["general-page"]
    assert world.mail(Letter(to=to)).refusal.code == 550


def test_the_general_page_takes_any_spelling_and_shows_what_is_none(web):
    to = person()
    assert web.post("/s/acme", {"address": f" {to.upper()} "}).status == 200
    assert web.sources(to) == ["general-page"]
    answer = web.post("/s/acme", {"address": "nobody"})
    assert answer.status == 400 and "nobody" in answer.body
    answer = web.post("/s/acme", {"address": '"><script>alert(1)</script>'})
    assert answer.status == 400 and "<script>" not in answer.body


def test_the_general_page_of_everything_and_of_nothing(web):
    assert web.get("/s/").status == 200
    for path in ("/s/acme/unknown", "/s/ACME", "/s/acme//x", "/s/../etc", "/s"):
        assert web.get(path).status == 404, path


def now(shift=0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + shift))


def test_a_flood_is_undone_as_a_whole_and_nothing_else(own_lab):
    site = own_lab.site()
    web = own_lab.web(site, settings={"limit_addresses": 0})
    before, clicked = person(), person()
    web.post("/s/acme", {"address": before})
    time.sleep(1.1)
    begin = now()
    flood = people(1200)
    for address in flood + [clicked]:
        assert web.post("/s/acme", {"address": address}).status == 200
    web.post("/" + web.token(clicked))
    words = ("undo", "--source", "general-page", "--since", begin, "--until", now(1),
             "--note", "flood", "--json")  # fmt: skip
    told = json.loads(site.tool(*words, "--dry-run"))
    assert (told["rows"], told["withdrawn"]) == (1201, 1201)
    assert not web.entries(flood[0], "withdrawal")
    assert json.loads(site.tool(*words))["withdrawn"] == 1201
    for address in (flood[0], flood[-1]):
        assert len(web.entries(address, "withdrawal")) == 1
    assert not web.entries(before, "withdrawal")
    assert len(web.entries(clicked, "withdrawal")) == 1 and len(web.entries(clicked, "choice")) == 2
    assert json.loads(site.tool(*words))["withdrawn"] == 0
    site.tool("verify")
    site.tool("undo", "--source", "general-page", "--note", "x", code=2)
    site.tool("undo", "--note", "x", code=2)


# -- the log


def test_the_log_has_neither_token_nor_address(web):
    to = person("secret-domain.example")
    token = web.token(to)
    web.post("/" + token)
    web.post("/s/acme", {"address": to})
    line = web.log_lines("POST one-click")[-1]
    assert re.fullmatch(
        r"POST one-click client=127\.0\.0\.x status=200 ms=\d+ scope=acme/newsletter event=\d+", line
    )
    assert token not in web.log() and "secret-domain" not in web.log()


def test_it_can_be_told_to_log_no_requests(own_lab):
    web = own_lab.web(own_lab.site(), settings={"access_log": "off"})
    assert web.click(person()).status == 200
    assert not web.log_lines("POST")
