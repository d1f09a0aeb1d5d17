"""The milter protocol by hand: what no MTA sends, and what is easily got wrong."""

import time

import pytest

from lab import milterwire as wire
from lab.ports import free_port
from lab.product import PUBLIC_URL
from lab.waiting import until
from lab.world import people, person

POLICY = """\
stream newsletter {
    scope          = "acme/newsletter"
    match_listener = {"MARKETING"}
}
stream tagged {
    scope        = "acme/tagged"
    match_header = {"X-Campaign: *"}
}
"""
# In front, since a stream that waits for a header would keep RCPT from being answered.
ANSWERING = """\
stream early {
    scope          = "acme/newsletter"
    match_listener = {"EARLY"}
    suppressed     = refuse
    recipients     = defer
}
""" + POLICY
HEADERS = (("From", " news@acme.example"), ("Subject", " hello"))


@pytest.fixture(scope="module")
def silent(lab):
    """A site where nothing is answered before the end of the message."""
    return lab.site(policy=POLICY).start()


@pytest.fixture(scope="module")
def answering(lab):
    return lab.site(policy=ANSWERING).start()


def session(site, listener="MARKETING", **more):
    client = site.milter(**more)
    client.open_session(listener)
    return client


def send(client, *to, headers=HEADERS, **more):
    return client.message("<news@acme.example>", [f"<{one}>" for one in to], headers, **more)


def opted_out(site, count=1):
    to = people(count)
    site.opt_out(*to)
    return to if count > 1 else to[0]


# -- negotiation


def test_where_no_stream_answers_early_nothing_is_answered_before_the_end(silent):
    with silent.milter() as client:
        for no_reply in (wire.NO_REPLY_MAIL, wire.NO_REPLY_RCPT, wire.NO_REPLY_HEADER):
            assert client.steps & no_reply
        assert client.steps & wire.NO_BODY


def test_where_a_stream_answers_early_rcpt_is_negotiated_with_replies(answering):
    with answering.milter() as client:
        assert not client.steps & wire.NO_REPLY_RCPT
        assert not client.steps & wire.NO_RCPT


def test_an_mta_that_cannot_leave_replies_out_gets_them_all(silent):
    gone, here = opted_out(silent), person()
    offered = wire.ALL_STEPS & ~(
        wire.NO_REPLY_CONNECT | wire.NO_REPLY_HELO | wire.NO_REPLY_MAIL | wire.NO_REPLY_RCPT
        | wire.NO_REPLY_DATA | wire.NO_REPLY_HEADER | wire.NO_REPLY_END_OF_HEADERS
        | wire.NO_REPLY_BODY | wire.NO_REPLY_UNKNOWN
    )  # fmt: skip
    with session(silent, steps=offered) as client:
        rcpts, end = send(client, gone, here)
        assert [answer.word for answer in rcpts] == ["continue", "continue"]
        assert end.word in ("continue", "accept") and end.deleted == [f"<{gone}>"]


def test_an_mta_without_any_optional_step_is_served(silent):
    gone, here = opted_out(silent), person()
    with session(silent, steps=0) as client:
        _, end = send(client, gone, here)
        assert end.deleted == [f"<{gone}>"]


@pytest.mark.parametrize(
    "missing", [wire.ADD_HEADERS, wire.CHANGE_HEADERS, wire.DELETE_RECIPIENTS]
)
def test_an_mta_that_lacks_a_needed_action_is_refused_and_told(silent, missing):
    lines = len(silent.log().splitlines())
    with pytest.raises((EOFError, ConnectionError, OSError)):
        with silent.milter(actions=wire.ALL_ACTIONS & ~missing) as client:
            client.connect()
            client.helo()
            answer = client.end_of_message()
            raise AssertionError(f"was served: {answer}")
    until(lambda: len(silent.log().splitlines()) > lines, "a line in the log")


def test_macros_are_asked_for_and_only_those_that_are_used(silent):
    with silent.milter() as client:
        asked = {macro for stage in client.macros.values() for macro in stage}
    assert {"i", "{auth_authen}", "{daemon_name}", "{daemon_port}"} <= asked
    assert "{rcpt_addr}" not in asked
    assert len(asked) < 12


def test_an_mta_that_takes_no_macro_lists_is_served(silent):
    gone = opted_out(silent)
    with session(silent, actions=wire.ALL_ACTIONS & ~wire.SET_MACRO_LIST) as client:
        assert client.macros == {}
        _, end = send(client, gone)
        assert end.code == 550


# -- sessions that end in odd places


def test_a_connection_that_closes_at_once_harms_nobody(silent):
    for _ in range(20):
        wire.open_socket(silent.settings["listen"], 5).close()
    with session(silent) as client:
        assert send(client, person())[1].word in ("continue", "accept")


def test_a_connection_that_closes_after_every_step_harms_nobody(answering):
    steps = [
        lambda client: client.connect(macros={"{daemon_name}": "EARLY"}),
        lambda client: client.helo(),
        lambda client: client.mail("<news@acme.example>"),
        lambda client: client.rcpt(f"<{person()}>"),
        lambda client: client.data(),
        lambda client: client.header("Subject", " x"),
        lambda client: client.end_of_headers(),
        lambda client: client.body("x"),
    ]
    for count in range(len(steps) + 1):
        for leave in ("close", "quit", "abort"):
            with answering.milter() as client:
                for step in steps[:count]:
                    step(client)
                getattr(client, leave)()
    with session(answering, "EARLY") as client:
        assert send(client, person())[1].word in ("continue", "accept")


def test_bytes_that_are_no_protocol_harm_nobody(silent):
    for rubbish in (b"GET / HTTP/1.0\r\n\r\n", b"\0\0\0\0", b"\xff" * 64, b"\0\0\0\x01Z"):
        connection = wire.open_socket(silent.settings["listen"], 5)
        connection.sendall(rubbish)
        connection.close()
    with session(silent) as client:
        assert send(client, person())[1].word in ("continue", "accept")


def test_an_end_of_message_without_a_recipient_is_no_crash(silent):
    with session(silent) as client:
        client.mail("<news@acme.example>")
        client.send(b"E")  # not possible here: libmilter passes over it without an answer
        assert send(client, opted_out(silent))[1].code == 550


def test_messages_without_a_helo_are_judged(silent):
    with silent.milter() as client:
        client.connect(macros={"{daemon_name}": "MARKETING"})
        assert send(client, opted_out(silent))[1].code == 550


def test_messages_without_any_macro_are_served(silent):
    with silent.milter() as client:
        client.connect()
        client.helo()
        client.mail("<news@acme.example>")
        client.rcpt(f"<{person()}>")
        client.header("X-Campaign", " 1")
        client.end_of_headers()
        end = client.end_of_message()
        assert end.word in ("continue", "accept") and end.set_headers("List-Unsubscribe")


def test_a_client_without_an_address_is_served_and_not_taken_for_internal(silent):
    with silent.milter() as client:
        client.connect(host="unknown", ip=None)
        client.helo()
        _, end = send(client, person(), headers=[("X-Campaign", " 1")])
        assert end.word in ("continue", "accept") and not end.headers


def test_an_unknown_command_in_the_middle_changes_nothing(silent):
    gone = opted_out(silent)
    with session(silent) as client:
        client.unknown("FOO bar")
        assert send(client, gone)[1].code == 550


# -- what is kept from one message to the next


def test_a_hundred_messages_and_resets_go_over_one_connection(silent):
    to = people(100)
    silent.opt_out(*to[::2])
    with session(silent) as client:
        for number, one in enumerate(to):
            client.mail("<other@acme.example>")
            client.rcpt(f"<{person()}>")
            client.abort()
            _, end = send(client, one)
            assert (end.code == 550) == (number % 2 == 0), number
            if number % 2:
                assert len(end.set_headers("List-Unsubscribe")) == 1


def test_nothing_of_an_aborted_message_is_left_in_the_next(silent):
    gone, here = opted_out(silent), person()
    with session(silent) as client:
        client.mail("<news@acme.example>")
        client.rcpt(f"<{gone}>")
        client.header("List-Unsubscribe", " <https://old.example>")
        client.end_of_headers()
        client.abort()
        _, end = send(client, here)
        assert end.deleted == [] and end.word in ("continue", "accept")
        # One field to write, none to remove.
        assert [value for value in end.set_headers("List-Unsubscribe") if not value] == []


def test_a_login_counts_for_its_own_message_only(lab):
    site = lab.site(policy='stream s { scope = "acme/s"\n match_login = {"mautic"} }').start()
    with session(site) as client:
        assert send(client, person(), login="mautic@acme.example")[1].headers
        assert not send(client, person())[1].headers


def test_a_mail_after_a_mail_without_abort_starts_anew(silent):
    gone, here = opted_out(silent), person()
    with session(silent) as client:
        client.mail("<news@acme.example>")
        client.rcpt(f"<{gone}>")
        _, end = send(client, here)
        assert end.deleted == []


# -- what is given back


@pytest.mark.parametrize("given", ["<{}>", "{}", "<{upper}>", '<"{local}"@{domain}>', "<{}.>"])
def test_recipients_are_deleted_by_the_very_bytes_given(silent, given):
    gone, here = opted_out(silent), person()
    local, domain = gone.split("@")
    spelled = given.format(gone, upper=gone.upper(), local=local, domain=domain)
    with session(silent) as client:
        _, end = client.message("<n@acme.example>", [spelled, f"<{here}>"], HEADERS)
        assert end.deleted == [spelled]


def test_a_source_routed_recipient_is_deleted_without_its_route(silent):
    gone, here = opted_out(silent), person()
    with session(silent) as client:
        _, end = client.message("<n@a.example>", [f"<@relay:{gone}>", f"<{here}>"], HEADERS)
        assert end.deleted == [f"<{gone}>"]


def test_what_stands_behind_the_address_in_rcpt_is_not_part_of_it(silent):
    gone, here = opted_out(silent), person()
    with session(silent) as client:
        client.mail("<news@acme.example>", "SIZE=1000", "BODY=8BITMIME")
        client.rcpt(f"<{gone}>", "NOTIFY=NEVER", "ORCPT=rfc822;x@y.example")
        client.rcpt(f"<{here}>")
        client.end_of_headers()
        assert client.end_of_message().deleted == [f"<{gone}>"]


def test_former_fields_are_removed_last_first(silent):
    """Indices shift with every removal; from the end they do not matter."""
    old = ("List-Unsubscribe", " <https://old.example>")
    with session(silent) as client:
        _, end = send(client, person(), headers=[old, *HEADERS, old, ("X-A", " 1"), old])
    touched = [(what, index, value) for what, index, name, value in end.headers
               if name.lower() == "list-unsubscribe"]  # fmt: skip
    removed = [index for what, index, value in touched if what == "change" and not value]
    assert removed == sorted(removed, reverse=True)
    written = [value for _, _, value in touched if value]
    assert len(written) == 1 and PUBLIC_URL in written[0]
    # Three were there; with one change in place two are removed, with a new one three.
    changed = [index for what, index, value in touched if what == "change" and value]
    assert len(removed) + len(changed) == 3
    assert not changed or changed == [1]


def test_no_value_that_is_written_holds_cr_or_bytes_that_are_not_ascii(silent):
    with session(silent) as client:
        _, end = send(client, "k\u00e4the@b\u00fccher.example", "x@y.example")
        _, alone = send(client, "k\u00e4the@b\u00fccher.example")
    values = [header[3] for header in end.headers + alone.headers]
    assert values
    for value in values:
        assert value.isascii() and "\r" not in value and "\0" not in value


def test_a_recipient_with_percent_signs_gets_a_clear_reply(silent):
    who = f"per%s%n{person()}"
    silent.opt_out(who)
    with session(silent) as client:
        _, end = send(client, who)
        assert end.code == 550 and "for acme/newsletter, ref" in end.text


@pytest.mark.parametrize(
    "bad",
    ["<gone\r\nRCPT TO:<x@y.example>", "<a\x01b@home.example>", "<\xff\xfe@home.example>",
     '<"open@home.example>', "<" + "a" * 3000 + "@home.example>"],
    ids=["line break", "control", "not UTF-8", "open quote", "endless"],
)  # fmt: skip
def test_a_recipient_that_cannot_safely_be_removed_makes_the_message_refused(silent, bad):
    given = bad.encode("latin-1")
    with session(silent) as client:
        _, end = client.message("<n@acme.example>", [given, f"<{person()}>"], HEADERS)
        assert end.code == 550, end
        assert end.deleted == []


def test_two_opted_out_recipients_at_rcpt_are_refused_each_and_the_rest_put_off(answering):
    gone, here, third = opted_out(answering), *people(2)
    with session(answering, "EARLY") as client:
        rcpts, end = send(client, gone, here, gone, third)
        assert [answer.code for answer in rcpts] == [550, None, 550, 452]
        assert end.word in ("continue", "accept")


def test_a_refused_recipient_that_the_mta_counts_again_is_not_delivered(answering):
    """An MTA that goes on as if the refused one were there: it is removed for certain."""
    gone, here = opted_out(answering), person()
    with session(answering, "EARLY") as client:
        _, end = send(client, gone, here)
        assert end.deleted in ([], [f"<{gone}>"])
        assert end.set_headers("List-Unsubscribe-Post") == ["List-Unsubscribe=One-Click"]


# -- sockets


def test_an_inet_socket_is_served(own_lab):
    site = own_lab.site(policy=POLICY, settings={"listen": f"inet:{free_port()}@127.0.0.1"}).start()
    with session(site) as client:
        assert send(client, opted_out(site))[1].code == 550


def test_an_inet6_socket_is_served(own_lab):
    site = own_lab.site(policy=POLICY, settings={"listen": f"inet6:{free_port()}@::1"}).start()
    with session(site) as client:
        assert send(client, opted_out(site))[1].code == 550


def test_a_slow_connection_holds_up_nobody(silent):
    with session(silent) as slow:
        slow.mail("<news@acme.example>")
        slow.raw(b"\0\0")  # half of a packet's length
        begun = time.monotonic()
        with session(silent) as client:
            assert send(client, opted_out(silent))[1].code == 550
        assert time.monotonic() - begun < 10
