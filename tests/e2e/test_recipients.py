"""However a recipient is spelled, who has opted out gets nothing: MTAs delete by the bytes given."""

import itertools

import pytest

from lab.letter import Letter
from lab.world import MARKETING, World, people, person

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def world(lab):
    # Postfix refuses some of these spellings itself unless told otherwise.
    settings = {
        "resolve_numeric_domain": "yes",
        "allow_untrusted_routing": "yes",
        "strict_rfc821_envelopes": "no",
        "swap_bangpath": "no",
    }
    return World(lab, policy=MARKETING, postfix=settings)


def local():
    return f"Some.One{next(_numbers)}"


# How the person opted out, and how the newsletter names them; {} is a fresh local part.
SPELLINGS = {
    "as it was": ("{}@home.example", "{}@home.example"),
    "another case in the list": ("{}@HOME.example", "{}@home.example"),
    "another case in the mail": ("{}@home.example", "{u}@Home.EXAMPLE"),
    "small in the mail": ("{u}@home.example", "{l}@home.example"),
    "a quoted local part": ("{}@home.example", '"{}"@home.example'),
    "a quoted pair": ("{}@home.example", '"\\S{tail}"@home.example'),
    "a quoted local part in the list": ('"{}"@home.example', "{}@home.example"),
    "a blank in quotes": ('"a {}"@home.example', '"a {}"@home.example'),
    "a tag": ("{}+shop@home.example", "{}+shop@home.example"),
    "an IDN as U-label in the list": ("{}@bücher.example", "{}@xn--bcher-kva.example"),
    "an IDN in capitals": ("{}@BÜCHER.example", "{}@XN--BCHER-KVA.example"),
}


def spell(pattern, name):
    return pattern.format(name, u=name.upper(), l=name.lower(), tail=name[1:])


@pytest.mark.parametrize("spelling", SPELLINGS, ids=str)
def test_who_has_opted_out_is_stripped_with(world, spelling):
    in_list, in_mail = (spell(pattern, name) for name in [local()] for pattern in SPELLINGS[spelling])
    world.opt_out(in_list)
    here = person()
    delivery = world.mail(Letter(to=(in_mail, here)))
    assert delivery.accepted
    assert delivery.recipients == [here]


@pytest.mark.parametrize("spelling", SPELLINGS, ids=str)
def test_who_has_opted_out_and_is_alone_is_refused_with(world, spelling):
    in_list, in_mail = (spell(pattern, name) for name in [local()] for pattern in SPELLINGS[spelling])
    world.opt_out(in_list)
    delivery = world.mail(Letter(to=in_mail))
    assert delivery.refusal.code == 550 and not delivery.arrived


@pytest.mark.parametrize("route", ["@relay.example:{}", "@a.example,@b.example:{}"])
def test_a_source_route_does_not_get_past(world, route):
    gone, here = people(2)
    world.opt_out(gone)
    delivery = world.mail(Letter(to=(route.format(gone), here)))
    assert delivery.recipients == [here]
    assert world.mail(Letter(to=route.format(gone))).refusal.code == 550


def test_a_source_route_of_who_may_have_the_mail_is_delivered(world):
    here = person()
    assert world.mail(Letter(to=f"@relay.example:{here}")).recipients == [here]


def test_a_trailing_dot_does_not_get_past(world):
    gone, here = people(2)
    world.opt_out(gone)
    delivery = world.mail(Letter(to=(gone + ".", here)))
    assert delivery.recipients == [here]


def test_who_is_given_three_times_is_stripped_three_times(world):
    gone, here = people(2)
    world.opt_out(gone)
    shouted = gone.upper()
    delivery = world.mail(Letter(to=(gone, here, shouted, gone)))
    assert delivery.recipients == [here]


def test_orcpt_and_notify_parameters_do_not_get_past(world):
    gone, here = people(2)
    world.opt_out(gone)
    parameters = ["NOTIFY=NEVER", "ORCPT=rfc822;somebody@else.example"]
    delivery = world.mail(Letter(to=(gone, here)), rcpt_parameters=parameters)
    assert delivery.recipients == [here]


def test_smtputf8_mail_is_looked_up_by_its_u_label(world):
    name, here = f"käthe{next(_numbers)}", person()
    world.opt_out(f"{name}@bücher.example")
    letter = Letter(to=(f"{name}@bücher.example", here))
    assert world.mail(letter, mail_parameters=["SMTPUTF8"]).recipients == [here]


def test_smtputf8_local_parts_in_another_unicode_form_are_the_same_person(world):
    number, here = next(_numbers), person()
    world.opt_out(f"k\u00e4the{number}@home.example")
    letter = Letter(to=(f"K\u0041\u0308THE{number}@home.example", here))
    assert world.mail(letter, mail_parameters=["SMTPUTF8"]).recipients == [here]


def test_dots_and_tags_tell_people_apart(world):
    name = local()
    world.opt_out(f"{name}@home.example")
    for other in (f"{name}+tag@home.example", f"{name.replace('.', '')}@home.example"):
        assert world.mail(Letter(to=other)).recipients == [other]


def test_a_recipient_without_a_domain_is_stripped_and_recorded_as_unreadable(world):
    name, here = local(), person()
    delivery = world.mail(Letter(to=(name, here)))
    assert delivery.recipients == [here]
    assert "kept_back=1" in world.site.wait_log(delivery.queue_id)
    assert "unreadable" in world.site.tool("log")


def test_a_recipient_without_a_domain_and_alone_is_refused(world):
    delivery = world.mail(Letter(to=local()))
    assert delivery.refusal.code == 550 and not delivery.arrived


def test_a_local_part_that_is_too_long_never_passes_unchecked(world):
    here = person()
    delivery = world.mail(Letter(to=("x" * 65 + "@home.example", here)))
    assert delivery.recipients == [here]


def test_a_domain_that_is_too_long_never_passes_unchecked(world):
    here, domain = person(), ".".join(["d" * 60] * 5)
    delivery = world.mail(Letter(to=(f"x@{domain}", here)))
    assert delivery.recipients == [here]


def test_an_address_of_the_longest_allowed_size_is_looked_up(world):
    domain = ".".join(["e" * 60] * 4)
    long_one = f"{local():x<64}"[:64] + "@" + domain
    world.opt_out(long_one)
    assert world.mail(Letter(to=long_one)).refusal.code == 550


def test_mail_of_no_stream_passes_with_recipients_that_cannot_be_read(world):
    to = "x" * 65 + "@home.example"
    assert world.mail(Letter(to=to), "shop").recipients == [to]


def test_an_opted_out_postmaster_is_looked_up_like_anybody(world):
    world.opt_out("postmaster@home.example")
    assert world.mail(Letter(to="Postmaster@home.example")).refusal.code == 550


def test_fifty_recipients_half_of_them_opted_out(world):
    to = people(50)
    world.opt_out(*to[::2])
    assert world.mail(Letter(to=to)).recipients == sorted(to[1::2])


def test_a_bang_path_and_a_percent_hack_never_pass_unchecked(world):
    gone, here = people(2)
    world.opt_out(gone)
    name, domain = gone.split("@")
    for other in (f"{domain}!{name}", f"{name}%{domain}"):
        delivery = world.mail(Letter(to=(other, here)))
        assert delivery.recipients == [here], other
