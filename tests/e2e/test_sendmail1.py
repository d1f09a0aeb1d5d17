"""Mail from sendmail(1): Postfix asks the milter, but takes no answer before the end of the mail."""

import pytest

from lab.letter import Letter
from lab.links import has_link_fields, links, one_click
from lab.world import World, people, person

POLICY = """\
stream cron {
    scope          = "acme/cron"
    match_listener = {"sendmail"}
    match_sender   = {"cron@acme.example"}
    suppressed     = refuse
    recipients     = defer
}
stream other {
    scope          = "acme/other"
    match_listener = {"OTHER"}
    suppressed     = refuse
}
"""


@pytest.fixture(scope="module")
def world(lab):
    return World(lab, policy=POLICY)


def hand_in(world, to, sender="cron@acme.example", **more):
    """By sendmail(1), waits until Postfix has taken it; returns the letter and its queue id."""
    letter = Letter(sender=sender, to=to, **more)
    ran = world.postfix.sendmail(letter, words=("-f", sender))
    assert ran.returncode == 0, ran.stderr
    return letter, world.postfix.picked_up(letter)


def opted_out(world, count=1):
    to = people(count)
    world.opt_out(*to, scope="acme/cron")
    return to


def test_mail_of_sendmail_1_is_recognised_and_gets_its_link(world):
    letter, queue_id = hand_in(world, person())
    world.postfix.settle(queue_id)
    assert one_click(world.sink.find(letter)[0])
    assert "cron" in world.site.wait_log(queue_id)


def test_where_some_opted_out_the_whole_mail_bounces_and_says_to_send_one_each(world):
    """Removing one is not certain to work here, and a refusal at RCPT would leave the mail in
    maildrop for ever."""
    (gone,), here = opted_out(world), person()
    letter, queue_id = hand_in(world, (gone, here))
    world.postfix.wait_log("milter-reject", queue_id, "send it to each recipient alone")
    world.sink.wait_for(letter)
    mail = world.sink.find(letter)
    assert [(one.sender, one.recipients) for one in mail] == [("", ["cron@acme.example"])]
    assert not world.postfix.maildrop()


def test_several_live_recipients_are_not_put_off(world):
    to = people(3)
    letter, queue_id = hand_in(world, to)
    world.postfix.settle(queue_id)
    message = world.sink.find(letter)[0]
    assert world.sink.recipients(letter) == to
    assert not one_click(message) and links(message) == ["https://optout.example/s/acme/cron"]


def test_where_nobody_is_left_the_mail_bounces_to_its_envelope_sender(world):
    letter, queue_id = hand_in(world, opted_out(world, 2))
    world.postfix.wait_log("milter-reject", queue_id, "opted out of acme/cron")
    world.sink.wait_for(letter)
    assert not world.postfix.maildrop()
    bounces = [mail for mail in world.sink.all() if letter.mark.encode() in mail.raw]
    assert [(mail.sender, mail.recipients) for mail in bounces] == [("", ["cron@acme.example"])]
    assert b"opted out of acme/cron" in bounces[0].raw


def test_recipients_out_of_the_headers_are_looked_up_too(world):
    (gone,), here = opted_out(world), person()
    for to in (gone, here):
        letter = Letter(sender="cron@acme.example")
        letter.raw = letter.content().replace(
            b"To: undisclosed-recipients:;", f"To: {to.title()}\r\nBcc: {to}".encode()
        )
        world.postfix.sendmail(letter, words=("-f", "cron@acme.example"), to_in_header=True)
        world.postfix.picked_up(letter)
        world.sink.wait_for(letter)
        reached = {one.lower() for mail in world.sink.find(letter) for one in mail.recipients}
        assert reached == ({"cron@acme.example"} if to == gone else {here})


def test_other_mail_of_sendmail_1_passes_untouched(world):
    (gone,) = opted_out(world)
    letter, queue_id = hand_in(world, gone, sender="root@acme.example")
    world.postfix.settle(queue_id)
    assert world.sink.recipients(letter) == [gone]
    assert not has_link_fields(world.sink.find(letter)[0])


def test_smtp_from_the_same_host_is_not_taken_for_sendmail_1(world):
    (gone,) = opted_out(world)
    delivery = world.mail(Letter(sender="cron@acme.example", to=gone), "shop")
    assert delivery.recipients == [gone]


# What Postfix rewrites before the milter sees it, while it deletes by what was written before.
SPELLINGS = ["{name}@{domain}", "{shouted}@{domain}", '"{name}"@{domain}', "{name}@{domain}.",
             "{name}%{domain}", "{domain}!{name}", "@relay.example:{name}@{domain}"]  # fmt: skip


@pytest.mark.parametrize("to_in_header", [False, True], ids=["as argument", "in a header"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_who_opted_out_gets_nothing_spelled(world, spelling, to_in_header):
    (gone,), here = opted_out(world), person()
    name, domain = gone.split("@")
    check_kept_back(world, spelling.format(name=name, domain=domain, shouted=name.upper()), here,
                    to_in_header)  # fmt: skip


@pytest.mark.parametrize("to_in_header", [False, True], ids=["as argument", "in a header"])
def test_who_opted_out_gets_nothing_by_a_local_part_alone(world, to_in_header):
    """Postfix adds its own domain."""
    name = person().split("@")[0]
    world.opt_out(f"{name}@mta.test", scope="acme/cron")
    check_kept_back(world, name, person(), to_in_header)


def check_kept_back(world, gone, here, to_in_header):
    """A mail to both reaches the second or nobody; to the first alone, nobody."""
    for to in ((gone, here), (gone,)):
        letter = Letter(sender="cron@acme.example", to=to)
        if to_in_header:
            headed = f"To: {', '.join(to)}".encode()
            letter.raw = letter.content().replace(b"To: undisclosed-recipients:;", headed)
        ran = world.postfix.sendmail(letter, ("-f", letter.sender), to_in_header=to_in_header)
        assert ran.returncode == 0, ran.stderr
        world.postfix.picked_up(letter)
        world.sink.wait_for(letter)  # the mail, or what says that it was refused
        mail = [arrived for arrived in world.sink.find(letter) if arrived.sender]
        assert [one for arrived in mail for one in arrived.recipients] in ([here], [])


def test_while_the_milter_is_down_mail_waits_and_comes_afterwards(own_lab):
    world = World(own_lab, policy=POLICY)
    here = person()
    world.site.kill()
    letter = Letter(sender="cron@acme.example", to=here)
    world.postfix.sendmail(letter, words=("-f", "cron@acme.example"))
    world.postfix.wait_log("milter", "4.7.1")
    assert world.postfix.maildrop() and not world.sink.find(letter)
    world.site.start()
    assert one_click(world.sink.wait_for(letter, timeout=90)[0])
    assert not world.postfix.maildrop()


def test_an_opt_out_that_came_while_the_mail_waited_holds(own_lab):
    world = World(own_lab, policy=POLICY)
    anna = person()
    world.site.kill()
    letter = Letter(sender="cron@acme.example", to=anna)
    world.postfix.sendmail(letter, words=("-f", "cron@acme.example"))
    world.postfix.wait_log("milter", "4.7.1")
    world.opt_out(anna, scope="acme/cron")
    world.site.start()
    world.sink.wait_for(letter, timeout=90)
    assert world.sink.recipients(letter) == ["cron@acme.example"]  # the bounce, and nothing else


def test_while_the_list_cannot_be_read_mail_stays_in_maildrop_and_comes_afterwards(own_lab):
    """A 451 at the end: tried again under a new queue id each time."""
    world = World(own_lab, policy=POLICY)
    world.site.stop()
    (world.site.data / "list").rename(world.site.root / "away")
    world.site.start()
    here = person()
    letter = Letter(sender="cron@acme.example", to=here)
    world.postfix.sendmail(letter, words=("-f", "cron@acme.example"))
    world.postfix.wait_log("milter-reject", "4.3.0")
    assert world.postfix.maildrop() and not world.sink.find(letter)
    (world.site.root / "away").rename(world.site.data / "list")
    assert one_click(world.sink.wait_for(letter, timeout=90)[0])
    ids = {line.split("]: ")[1] for line in world.postfix.log_lines(f"message-id=<{letter.mark}>")}
    assert len(ids) > 1
    assert not world.postfix.maildrop()


def test_without_f_the_bounce_goes_to_the_user_who_ran_sendmail(own_lab):
    """Often www-data: the mailbox that the guide tells to read."""
    policy = 'stream all { scope = "acme/cron"\n match_listener = {"sendmail"} }\n'
    world = World(own_lab, policy=policy)
    letter = Letter(sender="nobody", to=opted_out(world))
    world.postfix.sendmail(letter)
    bounce = world.sink.wait_for(letter)[0]
    assert (bounce.sender, bounce.recipients) == ("", ["www-data@mta.test"])
