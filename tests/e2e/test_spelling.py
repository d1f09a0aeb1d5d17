"""A corpus of strange spellings of one mailbox, as raw RCPT lines: none of them gets past.

What an MTA makes of a spelling, and by which spelling it deletes, is its own: so both are asked.
"""

import itertools
import re

import pytest

from lab.letter import Letter
from lab.waiting import until
from lab.world import MARKETING, World, person

_numbers = itertools.count(1)

# What stands behind RCPT TO: {n} is the local part of who has opted out, {a} and {b} its halves.
SPELLINGS = [
    "<{n}@{d}>", "{n}@{d}", " <{n}@{d}>", "<{n}@{d}> ", " {n}@{d}", "<{N}@{D}>",
    "<(x){n}@{d}>", "<{n}(x)@{d}>", "<{n}@{d}(x)>", "<{n}@(x){d}>", "<{n}@{d}>(x)",
    "<{n} @{d}>", "<{n}@ {d}>", "< {n}@{d}>", "<{n}@{d} >", "<\t{n}@{d}>", "<{n}@{d}\t>",
    '<"{n}"@{d}>', '<"{a}\\{b}"@{d}>', "<{a}\\{b}@{d}>", '<"\\{n}"@{d}>', '<"{a}"."{b}"@{d}>',
    '<{a}."{b}"@{d}>', '<"{a}.{b}"@{d}>', '<"{a}"{b}@{d}>', '<""{n}@{d}>', '< "{n}" @ {d} >',
    "Name <{n}@{d}>", '"Name" <{n}@{d}>', "<Name <{n}@{d}>>", "<<{n}@{d}>>",
    "grp: {n}@{d};", "<grp:{n}@{d};>", "<{n}@{d};>", "<mailto:{n}@{d}>",
    "<@a:{n}@{d}>", "<@a,@b:{n}@{d}>", "<@a:@b:{n}@{d}>", "<@a:{n}@{d}.>", "<@a: {n}@{d}>",
    "<@a:<{n}@{d}>>", "<@[127.0.0.1]:{n}@{d}>",
    "<{n}@{d}.>", "<{n}@{d}..>", "<{n}@.{d}>", "<{n}@{d}\\.>", '<{n}@"{d}">', "<{n}@[{d}]>",
    "<{n}%{d}>", "<{d}!{n}>", '<"{n}@{d}">', '<"{n}@{d}"@>', "<{n}@{d}@>", "<{n}@{d}@{d}>",
    "<{n}@{d},x@y.example>", "<x@y.example,{n}@{d}>", "<'{n}@{d}'>",
    "<{n}@{d}\0>", "<{n}\0@{d}>", "<{n}@{d}\x01>", "<\x7f{n}@{d}>", "<{n}@{d}\xad>",
    "<{n}@ho\\me.example>", "<{n}@home.\\example>", "<{n}@ho(x)me.example>",
    "<{n}@home .example>", "<{n}@home. example>",
    "<{n}%{d}@[127.0.0.1]>", "<{d}!{n}@[127.0.0.1]>", '<"{n}@{d}"@[127.0.0.1]>',
    '<"{n}%{d}"@[127.0.0.1]>', "<{n}%{d}%[127.0.0.1]@[127.0.0.1]>", "<@a:{n}%{d}@[127.0.0.1]>",
]  # fmt: skip


def try_spelling(site, client, spelling):
    """Sends a letter to who has opted out and to somebody else; the letter, and whether it was
    taken."""
    number = next(_numbers)
    first, second, domain = f"some{number}", f"body{number}", "home.example"
    site.opt_out(f"{first}{second}@{domain}", f"{first}.{second}@{domain}")
    names = {"n": first + second, "N": (first + second).upper(), "a": first, "b": second,
             "d": domain, "D": domain.upper()}  # fmt: skip
    letter = Letter(to=person("live.example"))
    client.mail("news@acme.example")
    client.raw(f"RCPT TO:{spelling.format(**names)}\r\n")
    if not client.rcpt(letter.to[0]).ok:
        client.rset()
        return letter, False
    return letter, client.data(letter.content()).ok


def reached_past_the_opt_out(site, client, sink, idle):
    """spelling -> whom it reached that it should not have; and of how many letters."""
    letters = {spelling: try_spelling(site, client, spelling) for spelling in SPELLINGS}
    client.quit()
    until(idle, "the mail server has nothing left to do", 30)
    wrong = {}
    for spelling, (letter, _) in letters.items():
        # Comments, blanks and quotes do not make another mailbox of it.
        plain = [re.sub(r"\(.*?\)|[\s\"\\]", "", to) for to in sink.recipients(letter)]
        other = [to for to in plain if to != letter.to[0] and re.match(r"some\d+\.?body", to)]
        if other:
            wrong[spelling] = other
    arrived = sum(1 for letter, _ in letters.values() if letter.to[0] in sink.recipients(letter))
    taken = sum(1 for _, was_taken in letters.values() if was_taken)
    assert arrived == taken, "somebody who may have the mail did not get it"
    return wrong, taken


def test_none_gets_past_in_postfix(own_lab):
    settings = {"resolve_numeric_domain": "yes", "allow_untrusted_routing": "yes",
                "strict_rfc821_envelopes": "no"}  # fmt: skip
    world = World(own_lab, postfix=settings)
    client = world.postfix.client("marketing")
    wrong, taken = reached_past_the_opt_out(
        world.site, client, world.sink, lambda: not world.postfix.queue()
    )
    assert wrong == {} and taken > 30


def test_none_gets_past_in_sendmail(own_lab):
    site, sink = own_lab.site(policy=MARKETING).start(), own_lab.sink()
    filters = [("optout", site.settings["listen"], "F=T")]
    sendmail = own_lab.sendmail(sink.port, filters=filters, listeners=("MARKETING",))
    client = sendmail.client("MARKETING")
    wrong, taken = reached_past_the_opt_out(site, client, sink, lambda: not sendmail.queue())
    assert wrong == {} and taken > 30


@pytest.mark.parametrize("to_in_header", [False, True], ids=["as argument", "in a header"])
def test_none_gets_past_by_sendmail_1(own_lab, to_in_header):
    world = World(own_lab, policy=MARKETING.replace("MARKETING", "sendmail"))
    wrong = {}
    for spelling in ("{n}@{d}", "{N}@{D}", '"{n}"@{d}', "{n}@{d}.", "{n}%{d}", "{d}!{n}",
                     "@a:{n}@{d}", "{n} @{d}", "(x){n}@{d}", "Name <{n}@{d}>", "<{n}@{d}>",
                     "g: {n}@{d};", '"{n}@{d}"', "{n}@{d}..",
                     "{n}%{d}@[127.0.0.1]", "{d}!{n}@[127.0.0.1]"):  # fmt: skip
        name = f"somebody{next(_numbers)}"
        world.opt_out(f"{name}@home.example")
        given = spelling.format(n=name, d="home.example", N=name.upper(), D="HOME.EXAMPLE")
        letter = Letter(to=(given, person("live.example")))
        if to_in_header:
            headed = f"To: {', '.join(letter.to)}".encode()
            letter.raw = letter.content().replace(b"To: undisclosed-recipients:;", headed)
        world.postfix.sendmail(letter, to_in_header=to_in_header)
        world.sink.wait_for(letter)
        if [to for to in world.sink.recipients(letter) if name in to.lower()]:
            wrong[spelling] = world.sink.recipients(letter)
    assert wrong == {}
