"""The header fields that are written, and DKIM signatures over them."""

import pytest

from lab.letter import Letter
from lab.links import ONE_CLICK, has_link_fields, links, one_click, token_of
from lab.opendkim import signed_fields
from lab.product import CHECKOUT, PUBLIC_URL
from lab.world import World, people, person


def stream(name, *lines):
    return "\n".join([f"stream {name} {{", '    scope = "acme/news"',
                      f'    match_listener = {{"{name.upper()}"}}',
                      *[f"    {line}" for line in lines], "}", ""])  # fmt: skip


STREAMS = {
    "REPLACE": ["list_unsubscribe = replace"],
    "KEEP": ["list_unsubscribe = keep"],
    "OFF": ["list_unsubscribe = off"],
    "MAILTO": ['mailto = "optout@acme.example"'],
    "LOCAL": ['mailto = "o@acme.example"', "mailto_token = local-part"],
    "LISTED": ['list_id = "Acme News <news.acme.example>"'],
}
POLICY = "".join(stream(name.lower(), *lines) for name, lines in STREAMS.items())
LISTENERS = {name: {"milter_macro_daemon_name": name} for name in STREAMS}

FOREIGN = [
    ("List-Unsubscribe", "<https://old.example/1>"),
    ("X-Between", "1"),
    ("LIST-UNSUBSCRIBE", "<mailto:old@old.example>,\r\n <https://old.example/2>"),
    ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ("list-unsubscribe", "<https://old.example/3>"),
    ("List-Unsubscribe-Post", "something else"),
]


@pytest.fixture(scope="module")
def world(lab):
    return World(lab, policy=POLICY, listeners=LISTENERS)


def arrived(world, listener, to=None, **more):
    return world.mail(Letter(to=to or person(), **more), listener).message


# -- the pair of RFC 8058


def test_one_https_link_and_one_click_are_written(world):
    message = arrived(world, "REPLACE")
    assert len(links(message)) == 1 and links(message)[0].startswith(PUBLIC_URL)
    assert message.field("List-Unsubscribe-Post").strip() == ONE_CLICK


def test_https_stands_first_and_mailto_second_with_the_token_as_subject(world):
    message = arrived(world, "MAILTO")
    https, mailto = links(message)
    token = token_of(message)
    assert https == PUBLIC_URL + token
    assert mailto == f"mailto:optout@acme.example?subject={token}"
    assert one_click(message)


def test_the_token_stays_out_of_a_local_part_that_would_grow_over_64_octets(world):
    message = arrived(world, "LOCAL", to="a-very-long-local-part-indeed@home.example")
    _, mailto = links(message)
    local = mailto.removeprefix("mailto:").split("@")[0]
    assert len(local) <= 64
    assert mailto == f"mailto:o@acme.example?subject={token_of(message)}"


def test_each_link_stands_unbroken_on_a_line_of_its_own(world):
    message = arrived(world, "MAILTO", to="l" * 64 + "@" + ".".join(["d" * 60] * 3) + ".example")
    value = message.field("List-Unsubscribe")
    for line in value.split("\n"):
        assert line.count("<") <= 1 and line.count("<") == line.count(">")
    for line in message.raw.split(b"\r\n"):
        assert len(line) <= 998
    assert b"List-Unsubscribe: <https://" in message.raw


def test_two_messages_of_one_day_have_the_same_link_and_other_people_another(world):
    anna, ben = people(2)
    assert token_of(arrived(world, "REPLACE", anna)) == token_of(arrived(world, "REPLACE", anna))
    assert token_of(arrived(world, "REPLACE", anna)) != token_of(arrived(world, "REPLACE", ben))


def test_no_header_is_written_without_a_public_url(own_lab):
    world = World(own_lab, policy=POLICY, listeners=LISTENERS, settings={"public_url": None})
    message = arrived(world, "LISTED", headers=FOREIGN[:1])
    assert message.fields("List-Unsubscribe") == ["<https://old.example/1>"]
    assert not message.fields("List-Unsubscribe-Post")


# -- what was there before


def test_all_former_fields_are_replaced_by_one_pair(world):
    message = arrived(world, "REPLACE", headers=FOREIGN)
    assert len(links(message)) == 1 and token_of(message)
    assert one_click(message)
    assert b"old.example" not in message.raw
    assert message.field("X-Between") == "1"


def test_a_former_pair_is_replaced_for_several_by_the_general_page_alone(world):
    message = arrived(world, "REPLACE", to=people(2), headers=FOREIGN)
    assert links(message) == [PUBLIC_URL + "s/acme/news"]
    assert not message.fields("List-Unsubscribe-Post") and b"old.example" not in message.raw


def test_keep_leaves_a_former_field_as_it_was_and_writes_none_beside_it(world):
    message = arrived(world, "KEEP", headers=FOREIGN[:1])
    assert message.fields("List-Unsubscribe") == ["<https://old.example/1>"]
    assert PUBLIC_URL.encode() not in message.raw


def test_keep_writes_the_pair_where_there_is_none(world):
    message = arrived(world, "KEEP")
    assert token_of(message) and one_click(message)


def test_off_writes_nothing_and_removes_nothing(world):
    assert not has_link_fields(arrived(world, "OFF"))
    message = arrived(world, "OFF", headers=FOREIGN)
    assert len(message.fields("List-Unsubscribe")) == 3


def test_a_field_that_only_begins_the_same_is_left_alone(world):
    message = arrived(world, "REPLACE", headers=[("List-Unsubscribe-X", "1"), ("X-List", "2")])
    assert message.field("List-Unsubscribe-X") == "1"


# -- List-Id


def test_a_list_id_is_added_where_the_stream_has_one_and_the_mail_none(world):
    assert arrived(world, "LISTED").field("List-Id") == "Acme News <news.acme.example>"


def test_a_list_id_that_is_there_stays(world):
    message = arrived(world, "LISTED", headers=[("List-ID", "<own.acme.example>")])
    assert message.field("List-Id") == "<own.acme.example>"


def test_no_list_id_is_added_where_none_is_configured(world):
    assert not arrived(world, "REPLACE").fields("List-Id")


def test_body_and_other_fields_arrive_as_they_were(world):
    letter = Letter(to=person(), body="line\r\n.dot\r\n\r\n\xe4\r\n", headers=[("X-Long", "a\r\n b")])
    message = world.mail(letter, "REPLACE").message
    assert message.body == letter.body.encode()
    assert b"X-Long: a\r\n b\r\n" in message.raw


# -- DKIM


def test_a_signature_of_the_application_over_a_replaced_field_is_logged(world):
    signature = ("DKIM-Signature", "v=1; a=rsa-sha256; d=acme.example; s=x;\r\n"
                 " h=From:List-Unsubscribe; bh=aaaa; b=bbbb")  # fmt: skip
    letter = Letter(to=person(), headers=[signature, FOREIGN[0]])
    delivery = world.mail(letter, "REPLACE")
    assert world.site.log_lines("DKIM", "acme.example", delivery.queue_id)


def test_a_signature_that_covers_no_replaced_field_is_not_logged(world):
    signature = ("DKIM-Signature", "v=1; a=rsa-sha256; d=acme.example; s=x; h=From; bh=aaaa; b=b")
    delivery = world.mail(Letter(to=person(), headers=[signature]), "REPLACE")
    assert not world.site.log_lines("DKIM", delivery.queue_id)


def documented_sign_headers():
    """The setting for OpenDKIM that the guide for Postfix tells."""
    lines = (CHECKOUT / "doc/postfix.md").read_text().splitlines()
    (line,) = [line.strip() for line in lines if line.strip().startswith("SignHeaders ")]
    return line


def behind_it_a_signer(own_lab, settings=""):
    dkim = own_lab.opendkim(settings=settings)
    world = World(own_lab, policy=POLICY, listeners=LISTENERS)
    world.postfix.reload({"smtpd_milters": f"{world.milter}, unix:{dkim.socket}"})
    return world, dkim


def test_with_the_documented_setting_the_signature_covers_both_and_verifies(own_lab):
    world, dkim = behind_it_a_signer(own_lab, documented_sign_headers())
    message = arrived(world, "MAILTO", headers=FOREIGN[:1])
    assert {"list-unsubscribe", "list-unsubscribe-post"} <= set(signed_fields(message))
    assert dkim.verify(message.raw) == "pass"
    for word in (b"List-Unsubscribe: <https://", b"List-Unsubscribe-Post: List"):
        assert word in message.raw
        assert dkim.verify(message.raw.replace(word, word + b"x")) == "fail"


def test_without_it_opendkim_leaves_the_post_field_unsigned(own_lab):
    world, dkim = behind_it_a_signer(own_lab)
    message = arrived(world, "MAILTO")
    assert dkim.verify(message.raw) == "pass"
    assert "list-unsubscribe-post" not in signed_fields(message)
