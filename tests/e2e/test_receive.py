"""Opt-outs by mail: what comes to the address of `mailto` goes from a real Postfix through pipe(8)
to `optout receive`."""

import re
import shutil
import signal
import subprocess
import time

import pytest

from lab.letter import Letter
from lab.links import links, token_of
from lab.optoutbox import BOX, OWNER, OWNERS, SETTINGS, service
from lab.product import program
from lab.waiting import until
from lab.world import World, person

POLICY = f"""\
stream newsletter {{
    scope          = "acme/newsletter"
    mailto         = "{BOX}"
    match_listener = {{"MARKETING"}}
}}
stream short {{
    scope          = "a"
    mailto         = "{BOX}"
    mailto_token   = local-part
    match_listener = {{"SHORT"}}
}}
"""
LISTENERS = {"short": {"milter_macro_daemon_name": "SHORT"}}


class MailWorld(World):
    def __init__(self, lab):
        super().__init__(lab, policy=POLICY, settings=OWNERS, listeners=LISTENERS, postfix=SETTINGS)
        self.postfix.services.append(service(self.site))
        self.postfix.reload()

    def newsletter(self, to, listener="marketing"):
        return self.mail(Letter(to=to), listener)

    def write(self, sender, subject, to=BOX, settle=True, **more):
        """A mail to the box; returns its queue id."""
        letter = Letter(sender=sender, to=to, subject=subject, **more)
        return self.postfix.send(letter, "shop", settle=settle).queue_id

    def told(self, queue_id):
        """What `optout receive` said, as the mail log has it."""
        line = self.postfix.wait_log(f" {queue_id}: to=<", "relay=optout")
        return line.partition("status=")[2]

    def opt_outs(self, address):
        """The events that wrote its opt-outs."""
        return [row for row in self.site.json("log", address) if row["type"] == "choice"]

    def stands(self, address, scope="acme/newsletter"):
        self.site.tool("check", address, "--scope", scope, code=None)
        return self.site.last.returncode == 1

    def token(self, address, scope="acme/newsletter"):
        return self.site.tool("token", "make", address, "--scope", scope).strip()


@pytest.fixture(scope="module")
def world(lab):
    return MailWorld(lab)


def mailto_of(message):
    """Address and subject of the second link."""
    address, _, subject = links(message)[1].removeprefix("mailto:").partition("?subject=")
    return address.replace("%2B", "+"), subject.replace("%2F", "/")


# -- the promise


def test_the_mailto_of_a_delivered_newsletter_keeps_the_next_one_back(world):
    anna = person()
    to, subject = mailto_of(world.newsletter(anna).message)
    assert to == BOX
    said = world.told(world.write(anna, subject, to))
    assert said.startswith("sent (delivered via optout service (opt-out from acme/newsletter added")
    assert world.newsletter(anna).refusal.code == 550
    event = world.opt_outs(anna)[0]
    assert event["source"] == "mail" and event["actor"] == "mail"


def test_a_token_in_the_local_part_is_found_there(world):
    ann = "a1@b.io"
    to, subject = mailto_of(world.newsletter(ann, "short").message)
    assert to.startswith("optout+") and subject == ""
    world.told(world.write("somebody@else.example", "unsubscribe", to))
    assert world.newsletter(ann, "short").refusal.code == 550


def test_one_mail_to_several_addresses_with_tokens_counts_for_each(world):
    anna, ben, carla = person(), person(), person()
    boxes = [f"optout+{world.token(one)}@acme.example" for one in (anna, ben)]
    flags = [word for box in (boxes[0], BOX, boxes[1], boxes[0]) for word in ("--recipient", box)]
    said = world.site.tool("receive", *flags, stdin=f"Subject: {world.token(carla)}\n\n")
    assert [line.rpartition(", event")[0] for line in said.splitlines()] == [
        "opt-out from acme/newsletter added", "opt-out from acme/newsletter added",
        "opt-out from acme/newsletter known already"]  # fmt: skip
    assert world.stands(anna) and world.stands(ben) and not world.stands(carla)
    assert all(len(world.opt_outs(one)) == 1 for one in (anna, ben))


def test_postfix_hands_all_its_recipients_over_at_once(world):
    people = ["d1@b.io", "d2@b.io"]
    boxes = tuple(f"optout+{world.token(one, 'a')}@acme.example" for one in people)
    said = world.told(world.write("somebody@else.example", "x", boxes))
    assert said.count("opt-out from a added") == 2
    assert all(world.stands(one, "a") for one in people)


def test_the_link_of_a_mail_to_several_opts_its_writer_out(world):
    ben, carla = person(), person()
    to, subject = mailto_of(world.mail(Letter(to=(ben, carla))).message)
    assert subject == "acme/newsletter"
    world.told(world.write(ben, subject, to, from_header=f"Ben <{ben.upper()}>"))
    assert world.stands(ben) and not world.stands(carla)
    event = world.opt_outs(ben)[0]
    assert event["source"] == "general-mail"


def test_a_flood_of_forged_ones_is_taken_back(world):
    """Anybody can write any address behind From:, so these have a source of their own."""
    time.sleep(1.1)
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    victims, anna = [person() for _ in range(5)], person()
    for victim in victims:
        letter = f"From: {victim}\nSubject: acme/newsletter\n\n"
        assert "added" in world.site.tool("receive", stdin=letter)
    world.site.tool("receive", stdin=f"Subject: {world.token(anna)}\n\n")
    assert all(map(world.stands, victims))
    until_then = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    world.site.tool("undo", "--source", "general-mail", "--since", since, "--until", until_then,
                    "--note", "a flood")  # fmt: skip
    assert not any(map(world.stands, victims)) and world.stands(anna)


@pytest.mark.parametrize("shape", [
    "{}", "Re: {}", "[EXTERNAL] {} ", "=?utf-8?Q?{}?=", "{half}\r\n {rest}",
    "=?utf-8?Q?{half}?=\r\n =?utf-8?Q?{rest}?=",
])  # fmt: skip
def test_the_token_is_found_as_mail_programs_write_it(world, shape):
    anna = person()
    token = world.token(anna)
    half, rest = token[:50], token[50:]
    if "?Q?" in shape:
        token, half, rest = (part.replace("_", "=5F") for part in (token, half, rest))
    subject = shape.format(token, half=half, rest=rest)
    assert "added" in world.told(world.write(anna, subject))
    assert world.stands(anna)


def test_the_date_is_that_of_receipt_and_a_second_mail_changes_nothing(world):
    anna = person()
    token = world.token(anna)
    before = time.time()
    world.told(world.write(anna, token))
    assert "known already" in world.told(world.write(anna, token))
    rows = world.site.json("check", anna, code=None)[0]["standing"]
    assert len(rows) == 1 and rows[0]["reason"] == "unsubscribe"
    asked = rows[0]["asked"]
    assert asked <= time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    assert asked >= time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(before - 1))


def test_the_words_of_the_mail_are_kept_with_the_event(world):
    anna = person()
    letter = Letter(sender="else@where.example", to=BOX, subject=world.token(anna))
    world.postfix.send(letter, "shop")
    text = world.site.tool("log", anna)
    assert letter.mark in text and "else@where.example" in text


# -- what must do nothing, and send nothing back


def test_apples_button_counts_although_it_is_marked_as_automatic(world):
    anna = person()
    headers = [("Auto-Submitted", "auto-replied"), ("X-Apple-Unsubscribe", "true")]
    world.told(world.write(anna, world.token(anna), headers=headers))
    assert world.stands(anna)


@pytest.mark.parametrize("sender, header", [
    ("", ("X-Other", "1")),
    ("anna@home.example", ("Auto-Submitted", "auto-replied")),
    ("anna@home.example", ("Auto-Submitted", "auto-generated")),
    ("anna@home.example", ("Content-Type", "multipart/report; report-type=delivery-status")),
    ("anna@home.example", ("Content-Type", "multipart/report; report-type=feedback-report")),
    ("anna@home.example", ("Precedence", "bulk")),
    ("anna@home.example", ("List-Id", "<list.example>")),
])  # fmt: skip
def test_what_no_person_sent_does_nothing_and_is_not_answered(world, sender, header):
    anna = person()
    arrived = len(world.sink.all())
    said = world.told(world.write(sender, world.token(anna), headers=[header]))
    assert said.startswith("sent (") and "nothing was done for" in said
    assert not world.stands(anna)
    assert len(world.sink.all()) == arrived


@pytest.mark.parametrize("subject", ["", "please remove me", "nobody/knows", "A" * 60, "\N{BOMB}"])
def test_what_is_not_understood_is_told_to_the_log_and_never_bounced(world, subject):
    arrived = len(world.sink.all())
    said = world.told(world.write(person(), subject))
    assert said.startswith("sent (") and "nothing was done" in said
    assert len(world.sink.all()) == arrived


def test_a_token_of_other_keys_or_with_a_changed_letter_opens_nothing(world, own_lab):
    anna = person()
    other = own_lab.site(policy=POLICY)
    foreign = other.tool("token", "make", anna, "--scope", "acme/newsletter").strip()
    token = world.token(anna)
    changed = token[:30] + ("A" if token[30] != "A" else "B") + token[31:]
    for subject in (foreign, changed, token[:-1], token.lower()):
        assert "nothing was done" in world.told(world.write(anna, subject))
    assert not world.stands(anna)


# -- what has to wait in the queue


def deferred(world, queue_id):
    line = world.postfix.wait_log(f" {queue_id}: to=<", "status=deferred")
    assert [mail["queue_name"] for mail in world.postfix.queue()] == ["deferred"]
    return line


def retried(world, queue_id, anna):
    world.postfix.flush()
    world.postfix.settle(queue_id)
    assert world.stands(anna)
    assert world.newsletter(anna).refusal.code == 550


def test_a_list_that_is_locked_is_tried_again(world):
    anna, token = person(), None
    token = world.token(anna)
    writer = hold_write_lock(world.site)
    try:
        queue_id = world.write(anna, token, settle=False)
        assert "temporary failure" in deferred(world, queue_id)
    finally:
        writer.send_signal(signal.SIGCONT)
        writer.wait()
    assert not world.stands(anna)
    retried(world, queue_id, anna)


def hold_write_lock(site):
    """A writer that was stopped in the middle of a write."""
    for attempt in range(300):
        lines = "".join(f"{person()}\n" for _ in range(2000))
        writer = subprocess.Popen(
            [program("optout"), "-c", site.conf, "add", "-", "--scope", "acme"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        writer.stdin.write(lines)
        writer.stdin.close()
        time.sleep(0.02 + 0.003 * (attempt % 20))
        writer.send_signal(signal.SIGSTOP)
        site.tool("add", person(), "--scope", "acme", code=None)
        if site.last.returncode == 75:
            return writer
        writer.send_signal(signal.SIGCONT)
        writer.wait()
    raise AssertionError("none was stopped while it held the lock")


def test_keys_or_a_configuration_that_cannot_be_read_keep_the_mail(world):
    anna = person()
    token = world.token(anna)
    (world.site.keys / "lookup").rename(world.site.keys / "away")
    queue_id = world.write(anna, token, settle=False)
    try:
        assert "lookup" in deferred(world, queue_id)
    finally:
        (world.site.keys / "away").rename(world.site.keys / "lookup")
    text = world.site.conf.read_text()
    world.site.conf.write_text("nonsense = 1\n")
    try:
        since = len(world.postfix.log_lines(queue_id, "deferred"))
        world.postfix.flush()
        until(lambda: len(world.postfix.log_lines(queue_id, "deferred")) > since, "tried again")
    finally:
        world.site.conf.write_text(text)
    retried(world, queue_id, anna)


def test_a_full_disk_keeps_the_mail(own_lab):
    disk = own_lab.directory("disk").sub("mount")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=755", "tmpfs", disk], check=True)
    own_lab.keep_ending(lambda: subprocess.run(["umount", "-l", disk], check=True))
    site = own_lab.site(policy=POLICY, settings={"data_dir": str(disk / "data")})
    anna = person()
    token = site.tool("token", "make", anna, "--scope", "acme/newsletter")
    with open(disk / "ballast", "wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(b"x" * 4096)
        except OSError:
            pass
    code = 0
    for _ in range(100):  # the file of the list may have some free pages left
        site.tool("receive", stdin=letter(site, person()), code=None)
        code = site.last.returncode
        if code:
            break
    assert code == 75, site.last.stderr
    (disk / "ballast").unlink()
    site.tool("receive", stdin=f"Subject: {token}\n\n")
    site.tool("check", anna, "--scope", "acme/newsletter", code=1)


def letter(site, address):
    token = site.tool("token", "make", address, "--scope", "acme/newsletter").strip()
    return f"Subject: {token}\n\nbody\n"


# -- the command itself


def test_no_failure_has_a_status_that_makes_a_bounce(world):
    for words in (["--no-such-flag"], ["--sender"]):
        world.site.tool("receive", *words, stdin="", code=75)
    world.site.tool("receive", stdin="", code=0)
    world.site.tool("receive", stdin="no header at all", code=0)
    world.site.tool("receive", stdin="Subject: a\0b\n\n", code=0)


def test_the_environment_of_local_8_tells_the_envelope(world):
    ann = "a2@b.io"
    recipient = mailto_of(world.newsletter(ann, "short").message)[0]
    env = {"ORIGINAL_RECIPIENT": recipient, "SENDER": "MAILER-DAEMON"}
    assert "bounce" in world.site.tool("receive", stdin="Subject: x\n\n", env=env)
    env["SENDER"] = ann
    assert "added" in world.site.tool("receive", stdin="Subject: x\n\n", env=env)


def test_the_whole_message_is_read_however_long(world):
    anna = person()
    body = "x" * 70 + "\n"
    said = world.site.tool("receive", stdin=letter(world.site, anna) + body * 200_000)
    assert re.match(r"opt-out from acme/newsletter added, event \S+\n$", said)


# -- by an alias


def test_an_alias_whose_file_belongs_to_the_lists_owner_does_it_too(own_lab):
    folder = own_lab.directory("aliases").sub("etc", 0o755, OWNER, OWNER)
    settings = {"mydestination": "acme.example", "local_transport": "local",
                "alias_maps": f"hash:{folder}/aliases", "recipient_delimiter": "+"}  # fmt: skip
    world = World(own_lab, policy=POLICY, settings=OWNERS, postfix=settings)
    tool = shutil.copy(program("optout"), world.site.root)
    aliases = folder / "aliases"
    aliases.write_text(f'optout: "|{tool} -c {world.site.conf} receive"\n')
    shutil.chown(aliases, OWNER, OWNER)
    subprocess.run(["/usr/sbin/postalias", "-c", world.postfix.etc, f"hash:{aliases}"], check=True)
    ann = "a3@b.io"
    token = world.site.tool("token", "make", ann, "--scope", "a").strip()
    letter = Letter(sender="else@where.example", to=f"optout+{token}@acme.example", subject="x")
    world.postfix.send(letter, "shop")
    assert "else@where.example" in world.site.tool("log", ann)
    world.site.tool("check", ann, "--scope", "a", code=1)
    bounce = Letter(sender="", to=f"optout+{token}@acme.example", subject="x")
    queue_id = world.postfix.send(bounce, "shop").queue_id
    assert "status=sent" in world.postfix.wait_log(f" {queue_id}: to=<")
    assert len(world.site.json("log", ann)) == 1
