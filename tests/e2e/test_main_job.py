"""The main job: newsletters reach those who may have them, receipts reach everybody."""

import datetime
import time

import pytest

from lab.letter import Letter
from lab.links import has_link_fields, links, one_click, token_of
from lab.world import LOGIN, World, people, person

POLICY = """\
stream newsletter {
    scope       = "acme/newsletter"
    title       = "Acme Newsletter"
    match_login = {"mautic"}
}
stream offers {
    scope          = "acme/offers"
    match_listener = {"MARKETING"}
}
"""


@pytest.fixture(scope="module")
def world(lab):
    return World(lab, policy=POLICY, login=True)


def newsletter(to, **more):
    return Letter(sender="news@acme.example", to=to, subject="What is new", **more)


def receipt(to):
    return Letter(sender="shop@acme.example", to=to, subject="Your receipt")


def send_newsletter(world, to, **more):
    return world.mail(newsletter(to, **more), "login", login=LOGIN)


def test_a_newsletter_reaches_two_of_three_people_each_with_a_link_of_their_own(world):
    anna, ben, carla = people(3)
    world.opt_out(ben)
    sent = {who: send_newsletter(world, who) for who in (anna, ben, carla)}
    assert sent[anna].recipients == [anna] and sent[carla].recipients == [carla]
    assert sent[ben].recipients == [] and sent[ben].refusal.code == 550
    assert one_click(sent[anna].message) and one_click(sent[carla].message)
    assert token_of(sent[anna].message) != token_of(sent[carla].message)


def test_the_receipt_reaches_all_three_untouched(world):
    to = people(3)
    world.opt_out(to[1])
    letter = receipt(to)
    delivery = world.mail(letter, "shop")
    assert delivery.recipients == to
    assert not has_link_fields(delivery.message)
    assert delivery.message.raw.endswith(letter.content())


def test_the_link_names_its_recipient_and_the_scope_to_who_has_the_keys(world):
    anna = person()
    token = token_of(send_newsletter(world, anna).message)
    opened = world.site.tool("token", "open", token)
    assert anna in opened and "acme/newsletter" in opened
    assert anna not in token


def test_a_letter_to_many_reaches_those_who_may_have_it(world):
    to = people(5)
    world.opt_out(to[0], to[3])
    delivery = send_newsletter(world, to)
    assert delivery.accepted
    assert delivery.recipients == sorted([to[1], to[2], to[4]])


def test_several_who_remain_get_the_general_page_and_nobody_s_token(world):
    to = people(3)
    world.opt_out(to[0])
    message = send_newsletter(world, to).message
    assert not one_click(message)
    assert links(message) == ["https://optout.example/s/acme/newsletter"]


def test_the_one_who_remains_of_many_gets_a_link_of_their_own(world):
    to = people(3)
    world.opt_out(to[0], to[1])
    message = send_newsletter(world, to).message
    assert one_click(message)
    assert to[2] in world.site.tool("token", "open", token_of(message))


def test_where_nobody_is_left_the_sender_is_told_550_5_7_1_and_a_reference(world):
    to = people(2)
    world.opt_out(*to)
    delivery = send_newsletter(world, to)
    assert all(reply.code == 250 for reply in delivery.outcome.rcpts)
    assert delivery.outcome.end.code == 550
    assert delivery.outcome.end.text.startswith("5.7.1 opted out of acme/newsletter, ref ")
    assert world.postfix.wait_log("milter-reject", "5.7.1", "opted out of acme/newsletter, ref ")


def test_an_opt_out_holds_for_the_next_message_on_the_same_connection(world):
    anna = person()
    with world.postfix.client("login", login=LOGIN) as client:
        assert client.send(newsletter(anna)).accepted
        world.opt_out(anna)
        assert client.send(newsletter(anna)).refusal.code == 550


def test_an_opt_out_of_one_scope_leaves_the_other_stream_s_mail_alone(world):
    anna = person()
    world.opt_out(anna, scope="acme/offers")
    assert send_newsletter(world, anna).recipients == [anna]
    assert world.mail(newsletter(anna), "marketing").refusal.code == 550


@pytest.mark.parametrize("scope", ["acme", "/"])
def test_an_opt_out_of_a_wider_scope_covers_the_stream(world, scope):
    anna = person()
    world.site.tool("scope", "add", "acme", code=None)
    world.opt_out(anna, scope=scope)
    assert send_newsletter(world, anna).refusal.code == 550


def test_an_opt_out_of_a_narrower_scope_does_not_cover_the_stream(world):
    anna = person()
    world.site.tool("scope", "add", "acme/newsletter/weekly", code=None)
    world.opt_out(anna, scope="acme/newsletter/weekly")
    assert send_newsletter(world, anna).recipients == [anna]


def test_an_opt_out_of_a_domain_keeps_mail_from_all_its_people(world):
    anna, ben = person("firm.example"), person("sub.firm.example")
    world.opt_out("@firm.example")
    assert send_newsletter(world, anna).refusal.code == 550
    assert send_newsletter(world, ben).recipients == [ben]


def test_the_verdict_stands_in_the_log_in_one_line(world):
    to = people(3)
    world.opt_out(to[1])
    delivery = send_newsletter(world, to)
    line = world.site.wait_log(delivery.queue_id)
    assert "newsletter" in line and "strip" in line
    assert len(world.site.log_lines(delivery.queue_id)) == 1


def test_a_message_that_all_may_have_is_logged_too(world):
    delivery = send_newsletter(world, person())
    line = world.site.wait_log(delivery.queue_id)
    assert "newsletter" in line and "pass" in line


def test_no_address_stands_in_the_milter_s_log(world):
    anna, ben = people(2)
    world.opt_out(anna)
    delivery = send_newsletter(world, [anna, ben])
    assert anna not in world.site.wait_log(delivery.queue_id)


def test_what_was_kept_back_stands_in_the_ledger_for_the_person(world):
    anna, ben = people(2)
    world.opt_out(anna)
    send_newsletter(world, [anna, ben])
    assert "newsletter" in world.site.tool("log", anna)
    kinds = [entry for entry in world.site.json("log", anna) if "verdict" in str(entry)]
    assert kinds, world.site.tool("log", anna, "--json")


def test_mail_that_matches_no_stream_leaves_no_line_in_the_log(world):
    delivery = world.mail(receipt([person()]), "shop")
    assert delivery.accepted
    send_newsletter(world, person())  # whatever is logged of the receipt would stand before this
    assert not world.site.log_lines(delivery.queue_id)


def test_the_stores_hold_no_address_in_the_clear(world):
    anna, ben = people(2)
    world.opt_out(anna, scope="acme/newsletter")
    send_newsletter(world, [anna, ben])
    world.site.tool("verify")
    for store in world.site.data.rglob("*.mdb"):
        content = store.read_bytes()
        assert anna.encode() not in content and b"home.example" not in content, store


def test_a_block_keeps_mail_back_until_its_end(world):
    anna = person()
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=3)
    until = end.strftime("%Y-%m-%dT%H:%M:%SZ")
    world.site.tool("add", "--block", anna, "--scope", "acme/newsletter", "--until", until)
    assert send_newsletter(world, anna).refusal.code == 550
    time.sleep(max(0, end.timestamp() - time.time()))
    assert send_newsletter(world, anna).recipients == [anna]


def test_an_expired_block_uncovers_the_opt_out_beside_it(world):
    anna = person()
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
    until = end.strftime("%Y-%m-%dT%H:%M:%SZ")
    world.site.tool("add", "--block", anna, "--scope", "acme/newsletter", "--until", until)
    world.opt_out(anna)
    time.sleep(max(0, end.timestamp() - time.time()))
    assert send_newsletter(world, anna).refusal.code == 550


def test_a_confirmed_opt_in_lifts_the_opt_outs_that_it_names(world):
    anna = person()
    world.opt_out(anna)
    optin = ("add", "--opt-in", anna, "--scope", "acme/newsletter")
    world.site.tool(*optin, "--evidence", "double opt-in of 2025-01-01")
    assert send_newsletter(world, anna).recipients == [anna]


def test_an_asserted_opt_in_lifts_nothing_and_says_so(world):
    anna = person()
    world.opt_out(anna)
    world.site.tool("add", "--opt-in", anna, "--scope", "acme/newsletter")
    assert "lifts nothing" in world.site.last.stdout + world.site.last.stderr
    assert send_newsletter(world, anna).refusal.code == 550


def test_an_opt_out_after_an_opt_in_goes_on_standing(world):
    anna = person()
    optin = ("add", "--opt-in", anna, "--scope", "acme/newsletter")
    world.site.tool(*optin, "--evidence", "clicked on 2025-01-01")
    world.opt_out(anna)
    assert send_newsletter(world, anna).refusal.code == 550


def test_an_opt_out_that_was_removed_no_longer_keeps_mail_back(world):
    anna = person()
    world.opt_out(anna)
    assert send_newsletter(world, anna).refusal.code == 550
    world.site.tool("remove", anna, "--scope", "acme/newsletter", "--note", "typing error")
    assert send_newsletter(world, anna).recipients == [anna]
