"""Which mail is marketing: every match_ name, exemptions, who may be believed, what is no way out."""

import pytest

from lab.letter import Letter
from lab.links import has_link_fields, one_click
from lab.product import manual_members
from lab.world import LOGIN, World, people, person

SHOP = ("shop@acme.example", "secret")


def stream(name, *lines):
    return "\n".join([f"stream {name} {{", f'    scope = "acme/{name}"',
                      *[f"    {line}" for line in lines], "}", ""])  # fmt: skip


POLICY = (
    """\
exempt receipts {
    match_sender = {"receipts@acme.example"}
}
exempt staff {
    match_recipient = {"*@acme.example"}
}
"""
    + stream("realm", 'match_login = {"newsletter-tool@acme.example"}')
    + stream("login", 'match_login = {"mautic", "listmonk"}')
    + stream("client", 'match_client = {"192.0.2.0/24", "2001:db8::/32"}')
    + stream("daemon", 'match_listener = {"MARKETING"}')
    + stream("sender", 'match_sender = {"bounce+*@news.acme.example", "Digest@acme.example"}')
    + stream("from", 'match_from = {"*@letters.acme.example"}')
    + stream("header", 'match_header = {"List-Id: *offers.acme.example*", "X-Campaign: *"}')
    + stream("recipient", 'match_recipient = {"*@panel.example"}',
             'match_header = {"X-Panel: yes"}')  # fmt: skip
    + stream("mixed", 'match_sender = {"mixed@acme.example"}', 'match_header = {"X-Kind: promo"}')
)

# Who may play another client by XCLIENT.
XCLIENT = {"smtpd_authorized_xclient_hosts": "127.0.0.0/8",
           "mynetworks": "0.0.0.0/0 [::]/0"}  # fmt: skip


@pytest.fixture(scope="module")
def world(lab):
    return World(lab, policy=POLICY, login=True, listeners={"xclient": XCLIENT})


def is_of(world, delivery, stream_name):
    """Whether a delivered letter was taken for mail of this stream (None: for no marketing)."""
    if stream_name is None:
        return not has_link_fields(delivery.message)
    return one_click(delivery.message) and stream_name in world.site.wait_log(delivery.queue_id)


def send_as(world, letter, attributes):
    """Sends a letter as a client that XCLIENT describes, e.g. ADDR=192.0.2.9 NAME=..."""
    with world.postfix.client("xclient") as client:
        assert client.command(f"XCLIENT {attributes}").code == 220
        client.command("EHLO client.test")
        outcome = client.send(letter)
    if outcome.queue_id:
        world.postfix.settle(outcome.queue_id)
    return world.sink.find(letter), outcome


def outside(world, letter, attributes="ADDR=198.51.100.9 NAME=host.elsewhere.example"):
    """Whether a letter from outside was taken for marketing."""
    arrived, outcome = send_as(world, letter, attributes)
    assert outcome.accepted, outcome
    return has_link_fields(arrived[0])


# -- what is asked for


def test_a_login_is_recognised_without_its_realm(world):
    delivery = world.mail(Letter(to=person()), "login", login=LOGIN)
    assert is_of(world, delivery, "login")


def test_a_login_of_another_name_is_not_recognised(lab, world):
    assert outside(world, Letter(to=person()), "ADDR=127.0.0.1 LOGIN=mautic2@acme.example") is False


def test_a_login_with_a_realm_is_recognised_by_the_whole(world):
    letter = Letter(to=person())
    assert outside(world, letter, "ADDR=198.51.100.9 LOGIN=newsletter-tool@acme.example")
    letter = Letter(to=person())
    assert not outside(world, letter, "ADDR=198.51.100.9 LOGIN=newsletter-tool@else.example")


def test_a_login_is_compared_without_regard_to_case(world):
    assert outside(world, Letter(to=person()), "ADDR=198.51.100.9 LOGIN=Mautic@ACME.example")


def test_a_listener_is_recognised_by_its_daemon_name(world):
    assert is_of(world, world.mail(Letter(to=person())), "daemon")


def test_a_listener_is_recognised_by_its_port(own_lab):
    world = World(own_lab, policy=stream("port", 'match_listener = {"1"}'))
    port = world.postfix.port("shop")
    world.site.stop()
    world.site.configure(policy=stream("port", f'match_listener = {{"{port}"}}'))
    world.site.start()
    assert is_of(world, world.mail(Letter(to=person()), "shop"), "port")
    assert is_of(world, world.mail(Letter(to=person()), "marketing"), None)


def test_a_client_is_recognised_by_its_network(world):
    assert outside(world, Letter(to=person()), "ADDR=192.0.2.9 NAME=[UNAVAILABLE]")


@pytest.mark.parametrize("address, marketing", [("2001:db8::9", True), ("2001:db9::9", False)])
def test_a_client_is_recognised_by_its_ipv6_network(world, address, marketing):
    with world.site.milter() as client:
        client.open_session("shop", ip=address)
        _, end = client.message("<n@a.example>", [f"<{person()}>"])
    assert bool(end.headers) == marketing


def test_a_client_is_recognised_by_its_name(own_lab):
    policy = stream("named", 'match_client = {"*.bulk.example"}')
    world = World(own_lab, policy=policy, listeners={"xclient": XCLIENT})
    assert outside(world, Letter(to=person()), "ADDR=198.51.100.9 NAME=out7.bulk.example")
    assert not outside(world, Letter(to=person()), "ADDR=198.51.100.9 NAME=bulk.example")


@pytest.mark.parametrize("sender", ["bounce+42@news.acme.example", "digest@ACME.example"])
def test_a_sender_is_recognised_by_globs_without_regard_to_case(world, sender):
    assert is_of(world, world.mail(Letter(sender=sender, to=person()), "shop"), "sender")


@pytest.mark.parametrize("sender", ["bounce@news.acme.example", "digest@acme.example.org"])
def test_a_sender_that_only_resembles_is_not_recognised(world, sender):
    assert is_of(world, world.mail(Letter(sender=sender, to=person()), "shop"), None)


@pytest.mark.parametrize(
    "value",
    [
        "hello@letters.acme.example",
        "Acme <Hello@Letters.Acme.example>",
        '"Acme, Inc. <no@else.example>" <hello@letters.acme.example>',
        "Acme\r\n <hello@letters.acme.example>",
        "=?utf-8?q?Acme?= <hello@letters.acme.example>",
    ],
)
def test_from_is_recognised_by_its_address(world, value):
    letter = Letter(sender="x@acme.example", from_header=value, to=person())
    assert is_of(world, world.mail(letter, "shop"), "from")


def test_a_display_name_does_not_make_a_from(world):
    letter = Letter(from_header='"hello@letters.acme.example" <a@b.example>', to=person())
    assert is_of(world, world.mail(letter, "shop"), None)


@pytest.mark.parametrize(
    "field",
    [
        ("List-Id", "<offers.acme.example>"),
        ("LIST-ID", "Offers <Offers.ACME.example>"),
        ("List-Id", "Offers of Acme\r\n <offers.acme.example>"),
        ("X-Campaign", "7"),
    ],
)
def test_a_header_field_is_recognised(world, field):
    assert is_of(world, world.mail(Letter(to=person(), headers=[field]), "shop"), "header")


def test_the_second_field_of_a_name_is_looked_at_too(world):
    headers = [("List-Id", "<other.example>"), ("List-Id", "<offers.acme.example>")]
    assert is_of(world, world.mail(Letter(to=person(), headers=headers), "shop"), "header")


def test_a_recipient_pattern_has_to_hold_for_every_recipient(world):
    headers = [("X-Panel", "yes")]
    panel = people(2, "panel.example")
    whole = world.mail(Letter(to=panel, headers=headers), "shop")
    assert has_link_fields(whole.message) and "recipient" in world.site.wait_log(whole.queue_id)
    mixed = world.mail(Letter(to=(panel[0], person()), headers=headers), "shop")
    assert is_of(world, mixed, None)


def test_different_names_must_all_match(world):
    promo = [("X-Kind", "promo")]
    both = Letter(sender="mixed@acme.example", to=person(), headers=promo)
    assert is_of(world, world.mail(both, "shop"), "mixed")
    for letter in (Letter(sender="mixed@acme.example", to=person()),
                   Letter(to=person(), headers=promo)):  # fmt: skip
        assert is_of(world, world.mail(letter, "shop"), None)


def test_the_first_stream_that_matches_wins(world):
    letter = Letter(sender="digest@acme.example", to=person(), headers=[("X-Campaign", "1")])
    assert is_of(world, world.mail(letter, "shop"), "sender")


# -- exemptions


def test_an_exempt_sender_passes_on_the_marketing_port(world):
    anna = person()
    world.opt_out(anna, scope="acme/daemon")
    delivery = world.mail(Letter(sender="Receipts@acme.example", to=anna))
    assert delivery.recipients == [anna] and not has_link_fields(delivery.message)


def test_an_exempt_recipient_exempts_only_where_all_are(world):
    boss, anna = person("acme.example"), person()
    world.opt_out(boss, anna, scope="acme/daemon")
    assert world.mail(Letter(to=boss)).recipients == [boss]
    assert world.mail(Letter(to=(boss, anna))).refusal.code == 550


def test_an_outsider_cannot_claim_an_exemption_by_its_sender(own_lab):
    policy = (
        'exempt receipts { match_sender = {"receipts@acme.example"} }\n'
        + stream("client", 'match_client = {"198.51.100.0/24"}')
    )
    world = World(own_lab, policy=policy, listeners={"xclient": XCLIENT})
    anna = person()
    world.opt_out(anna, scope="acme/client")
    letter = Letter(sender="receipts@acme.example", to=anna)
    arrived, outcome = send_as(world, letter, "ADDR=198.51.100.9 NAME=[UNAVAILABLE]")
    assert outcome.refusal.code == 550 and not arrived


# -- whom to believe


@pytest.mark.parametrize(
    "letter",
    [
        {"sender": "digest@acme.example"},
        {"from_header": "hello@letters.acme.example"},
        {"headers": [("X-Campaign", "1")]},
    ],
    ids=["sender", "from", "header"],
)
def test_what_mail_says_of_itself_counts_for_internal_clients_only(world, letter):
    assert not outside(world, Letter(to=person(), **letter))
    assert outside(world, Letter(to=person(), **letter), "ADDR=127.0.0.9 NAME=localhost")


def test_who_has_logged_in_is_internal_from_anywhere(world):
    letter = Letter(sender="digest@acme.example", to=person())
    assert outside(world, letter, "ADDR=198.51.100.9 LOGIN=somebody@acme.example")


def test_the_networks_of_internal_are_configurable(own_lab):
    world = World(
        own_lab,
        policy=stream("sender", 'match_sender = {"digest@acme.example"}'),
        settings={"internal": ["203.0.113.0/24"]},
        listeners={"xclient": XCLIENT},
    )
    letter = Letter(sender="digest@acme.example", to=person())
    assert outside(world, letter, "ADDR=203.0.113.7 NAME=[UNAVAILABLE]")
    letter = Letter(sender="digest@acme.example", to=person())
    assert not outside(world, letter, "ADDR=127.0.0.1 NAME=localhost")


# -- no way out

CONVERSATION = {
    "a null sender": {"sender": "", "from_header": "news@acme.example"},
    "an answer": {"headers": [("Auto-Submitted", "auto-replied")]},
    "a discussion list": {"headers": [("List-Post", "<mailto:talk@acme.example>")]},
}
NO_WAY_OUT = {
    "auto-generated": [("Auto-Submitted", "auto-generated")],
    "List-Post: NO": [("List-Post", "NO (no posting here)")],
    "Precedence: bulk": [("Precedence", "bulk")],
    "Precedence: list": [("Precedence", "list")],
}
CAMPAIGN = ("X-Campaign", "1")


@pytest.mark.parametrize("case", CONVERSATION)
def test_conversation_keeps_out_of_streams_that_match_by_headers_alone(world, case):
    parts = dict(CONVERSATION[case])
    headers = [CAMPAIGN, *parts.pop("headers", [])]
    assert is_of(world, world.mail(Letter(to=person(), headers=headers, **parts), "shop"), None)


@pytest.mark.parametrize("case", CONVERSATION)
def test_conversation_is_no_way_out_of_streams_by_login_or_listener(world, case):
    for listener, login in (("login", LOGIN), ("marketing", None)):
        letter = Letter(to=person(), **CONVERSATION[case])
        assert has_link_fields(world.mail(letter, listener, login=login).message)


@pytest.mark.parametrize("case", NO_WAY_OUT)
def test_what_newsletter_tools_set_too_is_no_way_out(world, case):
    letter = Letter(to=person(), headers=[CAMPAIGN, *NO_WAY_OUT[case]])
    assert is_of(world, world.mail(letter, "shop"), "header")


def test_a_field_that_header_checks_removed_is_not_seen(own_lab):
    world = World(own_lab, policy=stream("header", 'match_header = {"X-Campaign: *"}'))
    world.postfix.reload({"header_checks": "regexp:{{/^X-Campaign:/ IGNORE}}"})
    letter = Letter(to=person(), headers=[CAMPAIGN])
    assert not has_link_fields(world.mail(letter, "shop").message)


# -- what nobody claims


def test_bulk_mail_that_no_stream_claims_is_counted(own_lab):
    world = World(own_lab, login=True)
    signs = [("List-Unsubscribe", "<https://x.example/>"), ("List-Id", "<x.example>"),
             ("Precedence", "bulk"), ("Feedback-ID", "1:2:3:4")]  # fmt: skip
    for sign in signs:
        letter = Letter(sender="shop@unclaimed.example", to=person(), headers=[sign])
        assert world.mail(letter, "shop").accepted
    world.mail(Letter(sender="a@claimed.example", to=person(), headers=signs), "marketing")
    world.mail(Letter(sender="b@plain.example", to=person()), "shop")
    world.mail(Letter(sender="c@login.example", to=person(), headers=signs), "login", login=LOGIN)
    world.site.stop()  # what is gathered in memory is written then at the latest
    said = world.site.tool("stats", "--unclaimed")
    assert "unclaimed.example" in said and "4" in said
    assert "mautic@acme.example" in said
    assert "claimed.example" not in said.replace("unclaimed.example", "")
    assert "plain.example" not in said
    shop = [row for row in world.site.json("stats", "--unclaimed")
            if row["domain"] == "unclaimed.example"]  # fmt: skip
    assert [row["login"] for row in shop] == [None] and shop[0]["listener"]
    assert shop[0].keys() <= manual_members()
