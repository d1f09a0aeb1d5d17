"""Opt-outs by mail where Sendmail takes them: a mailer of its own runs `optout receive`."""

import shutil

import pytest

from lab.letter import Letter
from lab.optoutbox import BOX, OWNER, OWNERS
from lab.product import program
from lab.waiting import until
from lab.world import person

POLICY = f"""\
stream newsletter {{
    scope          = "acme/newsletter"
    mailto         = "{BOX}"
    match_listener = {{"MARKETING"}}
}}
"""

# As doc/sendmail.md has them.
MAILER = """\
LOCAL_RULE_0
Roptout $* < @ acme.example . > $*\t$#optout $@ localhost $: optout $1 < @ acme.example . >

MAILER_DEFINITIONS
Moptout,\tP={tool}, F=lsDFMnuX5:|, S=EnvFromL, R=EnvToL, D={root}, U={owner}:{owner}, T=DNS/RFC822/X-Unix,
\tA=optout -c {conf} receive --sender $g --recipient $u
"""


class BoxWorld:
    def __init__(self, lab):
        self.sink = lab.sink()
        self.site = lab.site(policy=POLICY, settings=OWNERS)
        tool = shutil.copy(program("optout"), self.site.root)
        more = MAILER.format(tool=tool, root=self.site.root, owner=OWNER, conf=self.site.conf)
        self.mta = lab.sendmail(self.sink.port, more=more)

    def write(self, subject, sender="anna@home.example", to=BOX, settle=True, **more):
        return self.mta.send(Letter(sender=sender, to=to, subject=subject, **more), settle=settle)

    def token(self, address):
        return self.site.tool("token", "make", address, "--scope", "acme/newsletter").strip()

    def stands(self, address):
        self.site.tool("check", address, "--scope", "acme/newsletter", code=None)
        return self.site.last.returncode == 1


@pytest.fixture(scope="module")
def world(lab):
    return BoxWorld(lab)


def test_a_token_in_the_subject_opts_out(world):
    anna = person()
    world.write(world.token(anna))
    assert world.stands(anna) and not world.sink.all()


def test_a_bounce_does_nothing(world):
    anna = person()
    world.write(world.token(anna), sender="")
    assert not world.stands(anna) and not world.sink.all()


def test_what_has_to_wait_stays_in_the_queue(world):
    anna = person()
    token = world.token(anna)
    (world.site.keys / "lookup").rename(world.site.keys / "away")
    world.write(token, settle=False)
    until(lambda: "keys/lookup" in world.mta.log(), "the failure in the log")
    until(lambda: world.mta.queue(), "the mail is in the queue")
    (world.site.keys / "away").rename(world.site.keys / "lookup")
    assert not world.stands(anna) and not world.sink.all()
