"""Other software around the milter: proxy and content filters, copies, aliases, a dead socket."""

import shutil

import pytest

from lab.letter import Letter
from lab.links import has_link_fields, one_click
from lab.opendkim import signed_fields
from lab.ports import free_port, is_open
from lab.product import CHECKOUT
from lab.sink import forwarder
from lab.smtp import Client
from lab.waiting import until
from lab.world import LOGIN, MARKETING, World, people, person

NONE = {"smtpd_milters": ""}


def opted_out(world):
    gone = person()
    world.opt_out(gone)
    return gone


# -- a filter before the queue


def with_proxy_filter(own_lab, milter_in_front):
    """smtpd_proxy_filter on the marketing port; the milter there, or on the port to which the
    filter hands the mail back."""
    back = {"milter_macro_daemon_name": "MARKETING"}
    world = World(own_lab, listeners={"back": NONE if milter_in_front else back})
    proxy = own_lab.sink(forwarder(world.postfix.port("back")))
    options = world.postfix.listeners["marketing"].options
    options["smtpd_proxy_filter"] = f"127.0.0.1:{proxy.port}"
    if not milter_in_front:
        options.update(NONE)
    world.postfix.reload()
    return world


def test_on_the_port_with_a_proxy_filter_the_milter_gets_no_mail_to_judge(own_lab):
    """The trap: connection, sender and recipients are seen, then the message is aborted."""
    world = with_proxy_filter(own_lab, milter_in_front=True)
    letter = Letter(to=opted_out(world))
    assert world.mail(letter, settle=False).accepted
    assert not has_link_fields(world.sink.wait_for(letter)[0])


def test_behind_a_proxy_filter_the_milter_judges_all_mail(own_lab):
    world = with_proxy_filter(own_lab, milter_in_front=False)
    gone, here = opted_out(world), person()
    letter = Letter(to=(gone, here))
    assert world.mail(letter, settle=False).accepted
    assert one_click(world.sink.wait_for(letter)[0])
    assert world.sink.recipients(letter) == [here]
    assert world.mail(Letter(to=gone)).refusal.code == 550


# -- a filter behind the queue


def with_content_filter(own_lab, policy, back_options, **more):
    world = World(own_lab, policy=policy, listeners={"back": back_options}, **more)
    content_filter = own_lab.sink(forwarder(world.postfix.port("back")))
    world.postfix.listeners["back"].options["content_filter"] = ""
    world.postfix.reload({"content_filter": f"smtp:[127.0.0.1]:{content_filter.port}"})
    return world


def test_on_the_way_back_from_a_content_filter_no_milter_is_asked(own_lab):
    options = {"receive_override_options": "no_milters"}
    world = with_content_filter(own_lab, MARKETING, options)
    gone, here = opted_out(world), person()
    letter = Letter(to=(gone, here))
    delivery = world.mail(letter)
    assert delivery.accepted and one_click(world.sink.wait_for(letter)[0])
    assert world.sink.recipients(letter) == [here]
    lines = world.site.log_lines("newsletter")
    assert len(lines) == 1 and delivery.queue_id in lines[0]


def test_seen_twice_a_message_still_has_one_pair_that_names_its_recipient(own_lab):
    """The second time it comes from loopback, without its login, with our own fields in it."""
    policy = """\
stream twice { scope = "acme/newsletter"
               match_header = {"X-Campaign: *"} }
"""
    world = with_content_filter(own_lab, policy, {})
    letter = Letter(to=person(), headers=[("X-Campaign", "1")])
    world.mail(letter, "shop")
    assert one_click(world.sink.wait_for(letter)[0])


def test_known_by_login_alone_a_message_is_no_marketing_on_its_second_way(own_lab):
    policy = 'stream one { scope = "acme/newsletter"\n match_login = {"mautic"} }\n'
    world = with_content_filter(own_lab, policy, {}, login=True)
    gone, here = opted_out(world), person()
    letter = Letter(to=(gone, here))
    world.mail(letter, "login", login=LOGIN)
    assert one_click(world.sink.wait_for(letter)[0])
    assert world.sink.recipients(letter) == [here]


# -- one message for each person


def test_splitting_behind_the_milter_comes_too_late_for_a_link_each(own_lab):
    """default_destination_recipient_limit=1: the milter has seen one message to both."""
    world = World(own_lab, postfix={"default_destination_recipient_limit": "1"})
    delivery = world.mail(Letter(to=people(2)))
    assert len(delivery.arrived) == 2
    assert not any(one_click(message) for message in delivery.arrived)


def test_a_hop_for_each_person_before_the_milter_gives_each_a_link(own_lab):
    """As content_filter on the marketing port, back into a port where the milter is."""
    world = World(own_lab, listeners={"judged": {"milter_macro_daemon_name": "MARKETING"}})
    options = {"content_filter": f"smtp:[127.0.0.1]:{world.postfix.port('judged')}", **NONE}
    front = world.postfix.listener("front", options)
    world.postfix.reload({"default_destination_recipient_limit": "1"})
    gone, (first, second) = opted_out(world), people(2)
    letter = Letter(to=(first, gone, second))
    with Client(front) as client:
        assert client.send(letter).accepted
    world.postfix.wait_log("opted out of acme/newsletter")
    both_and_the_bounce = world.sink.wait_for(letter, 3)
    mail = [message for message in both_and_the_bounce if message.sender]
    assert all(one_click(message) for message in mail)
    assert sorted(to for message in mail for to in message.recipients) == [first, second]


# -- what a milter cannot see


@pytest.mark.parametrize("kind", ["always_bcc", "sender_bcc_maps", "recipient_bcc_maps"])
def test_copies_by_postfix_come_after_the_milter(own_lab, kind):
    """A copy map of a stripped recipient still gets its mail: the guide says so."""
    world = World(own_lab)
    gone, here = opted_out(world), person()
    copy = "copy@else.example"
    value = copy if kind == "always_bcc" else f"static:{copy}"
    world.postfix.reload({kind: value})
    letter = Letter(to=(gone, here))
    delivery = world.mail(letter)
    assert gone not in delivery.recipients
    assert {here, copy} == set(delivery.recipients)


def test_an_alias_is_looked_up_by_its_own_name_and_not_by_whom_it_stands_for(own_lab):
    world = World(own_lab)
    behind, alias, gone_alias = person(), person("alias.example"), person("alias.example")
    world.opt_out(behind, gone_alias)
    table = f"inline:{{ {{ {alias} = {behind} }}, {{ {gone_alias} = {person()} }} }}"
    world.postfix.reload({"virtual_alias_domains": "alias.example", "virtual_alias_maps": table})
    assert world.mail(Letter(to=alias)).recipients == [behind]
    assert world.mail(Letter(to=gone_alias)).refusal.code == 550


def test_all_who_stand_behind_a_stripped_alias_get_nothing(own_lab):
    world = World(own_lab)
    alias, here = person("alias.example"), person()
    world.opt_out(alias)
    first, second = people(2)
    world.postfix.reload(
        {
            "virtual_alias_domains": "alias.example",
            "virtual_alias_maps": f"inline:{{ {{ {alias} = {first}, {second} }} }}",
        }
    )
    assert world.mail(Letter(to=(alias, here))).recipients == [here]


def test_recipients_that_postfix_refuses_are_none(own_lab):
    world = World(own_lab)
    here, refused = person(), person("refused.example")
    table = "inline:{{ refused.example = REJECT }}"
    world.postfix.reload({"smtpd_recipient_restrictions": f"check_recipient_access {table}"})
    delivery = world.mail(Letter(to=(refused, here)))
    assert delivery.outcome.rcpts[0].code == 554
    assert one_click(delivery.message)


# -- requeueing


def test_a_requeued_message_is_not_judged_again_and_keeps_its_one_pair(own_lab):
    world = World(own_lab, postfix={"smtpd_sender_restrictions": "static:HOLD"})
    gone, here = opted_out(world), person()
    letter = Letter(to=(gone, here))
    first = world.mail(letter, settle=False).queue_id
    world.opt_out(here)
    world.postfix.super("-r", first)
    world.postfix.super("-H", "ALL")
    world.postfix.flush()
    assert one_click(world.sink.wait_for(letter)[0])
    assert world.sink.recipients(letter) == [here]
    assert len(world.site.log_lines("newsletter")) == 1


# -- the milter is not there


def test_a_dead_socket_with_default_action_accept_lets_marketing_pass(own_lab):
    """The trap that DKIM guides lead into."""
    world = World(own_lab, postfix={"milter_default_action": "accept"})
    gone = opted_out(world)
    world.site.kill()
    world.postfix.reload({"smtpd_milters": world.site.settings["listen"]})
    assert world.mail(Letter(to=gone)).recipients == [gone]


def test_a_dead_socket_with_its_own_default_action_tempfail_makes_all_mail_wait(own_lab):
    world = World(own_lab, postfix={"milter_default_action": "accept"})
    gone = opted_out(world)
    world.site.kill()
    for listener in ("marketing", "shop"):
        delivery = world.mail(Letter(to=gone), listener)
        assert delivery.refusal.code == 451 and not delivery.arrived


def test_a_milter_killed_in_mid_session_lets_the_rest_pass_under_default_action_accept(own_lab):
    """The same trap with the milter killed later: everything after goes out unfiltered."""
    world = World(own_lab, postfix={"milter_default_action": "accept"})
    world.postfix.reload({"smtpd_milters": world.site.settings["listen"]})
    gone = opted_out(world)
    with world.postfix.client("marketing") as client:
        assert client.send(Letter(to=gone)).refusal.code == 550
        world.site.kill()
        letter = Letter(to=gone)
        assert client.send(letter).accepted
    assert world.sink.wait_for(letter)


def test_a_milter_killed_in_mid_session_makes_the_rest_wait_with_its_own_tempfail(own_lab):
    world = World(own_lab, postfix={"milter_default_action": "accept"})
    gone = opted_out(world)
    with world.postfix.client("marketing") as client:
        assert client.send(Letter(to=gone)).refusal.code == 550
        world.site.kill()
        assert client.send(Letter(to=gone)).refusal.code == 451


def test_blanks_around_the_equals_sign_of_default_action_break_every_smtpd(own_lab):
    """The other trap of that line."""
    world = World(own_lab)
    milter = f"{{ {world.site.settings['listen']}, default_action = tempfail }}"
    world.postfix.reload({"smtpd_milters": milter})
    with pytest.raises(OSError):
        world.postfix.client("shop", timeout=5)
    assert world.postfix.log_lines("fatal", "default_action")


def test_a_relative_path_reaches_the_socket_with_and_without_chroot(own_lab):
    world = World(own_lab)
    folder = world.postfix.spool / "optout"
    folder.mkdir()
    shutil.chown(folder, "root", "postfix")
    folder.chmod(0o2750)
    world.site.stop()
    world.site.configure(settings={"listen": f"unix:{folder}/milter.sock"})
    world.site.start()
    options = {"milter_macro_daemon_name": "MARKETING",
               "smtpd_milters": "{ unix:optout/milter.sock, default_action=tempfail }"}  # fmt: skip
    world.postfix.listener("free", options)
    world.postfix.listener("jailed", options, chroot=True)
    gone = opted_out(world)
    for listener in ("free", "jailed"):
        assert one_click(world.mail(Letter(to=person()), listener).message)
        assert world.mail(Letter(to=gone), listener).refusal.code == 550


# -- the guide


def guide_block(first_line):
    """The indented lines of the guide for Postfix that begin with this one, without their margin."""
    lines = (CHECKOUT / "doc/postfix.md").read_text().splitlines()
    start = next(n for n, line in enumerate(lines) if line.strip().startswith(first_line))
    block = []
    for line in lines[start:]:
        if not line.startswith("    "):
            break
        block.append(line[4:])
    return block


def test_the_guide_s_lines_work_as_they_stand(own_lab):
    """With a port of ours, a signer of ours, and the queue directory as the place of the socket."""
    dkim = own_lab.opendkim(settings=guide_block("SignHeaders")[0])
    world = World(own_lab, policy=MARKETING, settings=None)
    folder = world.postfix.spool / "optout"
    folder.mkdir()
    shutil.chown(folder, "root", "postfix")
    folder.chmod(0o2750)
    world.site.stop()
    world.site.configure(settings={"listen": f"unix:{folder}/milter.sock"})
    world.site.start()
    signer = f"unix:{dkim.socket}"
    settings = dict(line.replace("inet:localhost:8891", signer).split(" = ", 1)
                    for line in guide_block("smtpd_milters "))  # fmt: skip
    port = free_port()
    service = "\n".join(guide_block("10587 ")) + "\n"
    service = service.replace("10587", f"127.0.0.1:{port}").replace("inet:localhost:8891", signer)
    # No login here: what the lines say of SASL is tried elsewhere. The signer's socket lies
    # outside of the chroot.
    service = service.replace("permit_sasl_authenticated,reject", "permit_mynetworks,reject").replace(" y ", " n ")
    world.postfix.services.append(service.replace("smtpd_sasl_auth_enable=yes", "syslog_name=x"))
    world.postfix.reload({name.strip(): text for name, text in settings.items()})
    until(lambda: is_open(port), "the guide's port")
    gone, here = opted_out(world), person()
    letter = Letter(to=(gone, here))
    with Client(port) as client:
        outcome = client.send(letter)
    world.postfix.settle(outcome.queue_id)
    message = world.sink.find(letter)[0]
    assert world.sink.recipients(letter) == [here] and one_click(message)
    assert dkim.verify(message.raw) == "pass"
    assert "list-unsubscribe-post" in signed_fields(message)
    letter = Letter(sender="x@acme.example", to=here)
    world.postfix.sendmail(letter, words=("-f", "x@acme.example"))
    assert dkim.verify(world.sink.wait_for(letter)[0].raw) == "pass"
