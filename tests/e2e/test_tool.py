"""optout(1): every subcommand, its exit codes, and --json."""

import datetime
import json
import os
import re
import signal
import shutil
import subprocess

import pytest

from lab.letter import Letter
from lab.product import PUBLIC_URL, manual_members, program
from lab.world import MARKETING, World, people, person

SCOPE = ("--scope", "acme/newsletter")
RFC_3339_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")

POLICY = MARKETING + """\
stream cron {
    scope        = "acme/cron"
    match_sender = {"cron@acme.example"}
    match_header = {"X-Kind: digest"}
}
exempt receipts {
    match_sender = {"receipts@acme.example"}
}
"""


@pytest.fixture(scope="module")
def site(lab):
    return lab.site(policy=POLICY, settings={"mailto": "optout@acme.example"})


def fails(site, *words, **more):
    """Runs the tool, wants a failure without a crash, returns what it said to standard error."""
    site.tool(*words, code=None, **more)
    assert site.last.returncode in (1, 2), f"{words}: {site.last}"
    assert site.last.stderr.strip()
    return site.last.stderr


def event_in(text):
    """The name of the first event in a text."""
    found = re.search(r"\b[0-9a-f]{16}[-/:.]\d+\b|\b\d+\b", text)
    assert found, text
    return found.group(0)


# -- usage


@pytest.mark.parametrize("word", ["--help", "--version", "-h", "-V", "help"])
def test_help_and_version_go_to_standard_output(word):
    ran = subprocess.run([program("optout"), word], capture_output=True, text=True)
    assert ran.returncode == 0 and "optout" in ran.stdout and not ran.stderr


def test_help_names_every_subcommand():
    ran = subprocess.run([program("optout"), "--help"], capture_output=True, text=True)
    for word in ("init", "add", "import", "export", "diff", "scrub", "remove", "check", "explain",
                 "log", "stats", "scope", "token",
                 "keys", "config", "verify"):  # fmt: skip
        assert re.search(rf"\b{word}\b", ran.stdout), word


@pytest.mark.parametrize(
    "words",
    [[], ["no-such-subcommand"], ["add"], ["add", "a@b.example"], ["check"], ["token"],
     ["token", "make"], ["token", "open"], ["scope"], ["scope", "add"], ["keys"], ["explain"],
     ["remove"], ["add", "--no-such-flag"], ["log", "--since"], ["config"]],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_ends_with_2_and_a_word_on_standard_error(site, words):
    site.tool(*words, code=2)
    assert site.last.stderr.strip() and not site.last.stdout


@pytest.mark.parametrize(
    "words, said",
    [(["config", "chek"], "there is no chek"), (["scope"], "a second word is missing"),
     (["log", "-c", "x"], "stands before the subcommand"), (["log", "--js"], "in full: --json"),
     (["add", "a@b.example", "--sco", "acme"], "in full: --scope"), (["remove"], "EVENT")],
    ids=str,
)  # fmt: skip
def test_wrong_usage_says_what_is_wrong(site, words, said):
    site.tool(*words, code=2)
    assert said in site.last.stderr


def test_the_usage_tells_what_excludes_what(site):
    assert "[--scope PATH | --stream NAME]" in site.tool("check", "-h")
    assert "[--block | --opt-in]" in site.tool("add", "--help")


def test_a_configuration_that_is_missing_is_named():
    ran = subprocess.run([program("optout"), "-c", "/nonexistent.conf", "log"],
                         capture_output=True, text=True)  # fmt: skip
    assert ran.returncode != 0 and "/nonexistent.conf" in ran.stderr


def test_who_may_not_read_hears_whom_to_be(site):
    tool = shutil.copy(program("optout"), site.root)  # the checkout may lie where only root gets
    ran = subprocess.run([tool, "-c", site.conf, "scope", "list"],
                         capture_output=True, text=True, user="daemon", group="daemon",
                         extra_groups=[])  # fmt: skip
    assert ran.returncode == 2 and "denied; run it as root" in ran.stderr


def test_where_the_right_user_may_not_read_the_owner_is_the_matter(own_lab):
    """Root became that user; to say "run it as root" would not help."""
    site = own_lab.site(settings={"user": "bin", "milter_user": "daemon", "group": "bin"})
    os.chown(site.data / "list/data.mdb", 0, 0)
    site.tool("scope", "list", code=2)
    assert "it belongs to bin" in site.last.stderr and "as root" not in site.last.stderr


# -- init


def test_init_makes_stores_and_keys_and_registers_the_scopes(own_lab):
    site = own_lab.site(policy=POLICY)
    assert (site.data / "list/data.mdb").exists() and (site.data / "ledger/data.mdb").exists()
    assert any(site.keys.iterdir())
    listed = site.tool("scope", "list").split()
    assert "acme/newsletter" in listed and "acme/cron" in listed


def test_init_says_that_lost_keys_are_a_lost_list(own_lab):
    site = own_lab.site()
    assert "keys" in site.last.stderr and str(site.keys) in site.last.stderr


def test_a_second_init_is_refused_and_changes_nothing(site):
    before = {path: path.read_bytes() for path in site.keys.rglob("*") if path.is_file()}
    assert str(site.root) in fails(site, "init")
    assert {path: path.read_bytes() for path in before} == before


# -- add


def test_add_says_what_it_has_written(site):
    site.opt_out(person())
    assert site.last.stdout + site.last.stderr


def test_an_unknown_scope_is_an_error_and_nothing_is_written(site):
    anna = person()
    assert "acme/newsleter" in fails(site, "add", anna, "--scope", "acme/newsleter")
    site.tool("check", anna, *SCOPE, code=0)


@pytest.mark.parametrize("scope", ["ACME", "acme//news", "/acme", "acme/", "a b", "", "x" * 200])
def test_any_other_spelling_of_a_scope_is_an_error(site, scope):
    fails(site, "add", person(), "--scope", scope)


@pytest.mark.parametrize("bad", ["nobody", "a@", "@", "a b@c.example", "x" * 65 + "@home.example"])
def test_of_several_addresses_one_that_is_none_stops_all(site, bad):
    anna = person()
    fails(site, "add", anna, bad, *SCOPE)
    site.tool("check", anna, *SCOPE, code=0)


def test_adding_again_is_known_and_no_error(site):
    anna = person()
    site.opt_out(anna)
    first = len(site.json("log", anna))
    site.opt_out(anna)
    assert len(site.json("log", anna)) == first


def test_adding_from_another_source_is_a_row_of_its_own(site):
    anna = person()
    site.opt_out(anna)
    site.tool("add", anna, *SCOPE, "--source", "helpdesk", "--reason", "objection",
              "--note", "by telephone")  # fmt: skip
    said = site.tool("log", anna)
    assert "helpdesk" in said and "objection" in said and "by telephone" in said


def test_an_unknown_reason_is_an_error(site):
    assert "complaint" in fails(site, "add", person(), *SCOPE, "--reason", "boredom")
    assert "soft-bounce" in fails(site, "add", person(), *SCOPE, "--reason", "consent")


def test_whoever_cannot_be_told_hears_what_is_stored(site):
    anna = person()
    with open("/dev/full", "w") as full:
        ran = subprocess.run([program("optout"), "-c", site.conf, "add", anna, *SCOPE],
                             stdout=full, stderr=subprocess.PIPE, text=True)  # fmt: skip
    assert ran.returncode == 2 and "1 added, 0 known already" in ran.stderr
    site.tool("check", anna, *SCOPE, code=1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_add_says_how_far_it_came(site, number):
    batch = people(2500)
    with subprocess.Popen([program("optout"), "-c", site.conf, "add", "-", *SCOPE],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as ran:  # fmt: skip
        ran.stdin.write("\n".join(batch) + "\nhalf")
        ran.stdin.flush()
        for _ in range(2500):
            assert "added" in ran.stdout.readline()
        ran.send_signal(number)
        assert ran.wait(10) == 75
        assert "interrupted; all up to line 2500 is done" in ran.stderr.read()
    site.tool("check", batch[-1], *SCOPE, code=1)


def test_an_add_that_is_interrupted_at_once_says_that_nothing_was_added(site):
    with subprocess.Popen([program("optout"), "-c", site.conf, "add", "-", *SCOPE],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as ran:  # fmt: skip
        ran.stdin.write("no address\n")
        ran.stdin.flush()
        assert "line 1" in ran.stderr.readline()
        ran.send_signal(signal.SIGINT)
        assert ran.wait(10) == 75 and "interrupted; nothing was added" in ran.stderr.read()


def test_an_opt_out_has_no_end(site):
    fails(site, "add", person(), *SCOPE, "--until", "2099-01-01")


def test_a_block_may_have_an_end_and_a_bad_date_is_an_error(site):
    site.tool("add", "--block", person(), *SCOPE, "--until", "2099-01-01T00:00:00Z")
    site.tool("add", "--block", person(), *SCOPE)
    fails(site, "add", "--block", person(), *SCOPE, "--until", "tomorrow-ish")


def test_block_and_opt_in_exclude_each_other(site):
    site.tool("add", "--block", "--opt-in", person(), *SCOPE, code=2)


def test_no_opt_in_is_taken_for_a_domain(site):
    fails(site, "add", "--opt-in", "@home.example", *SCOPE, "--evidence", "x")


def test_a_domain_s_opt_out_keeps_all_its_people_back(site):
    site.tool("add", "@whole.example", *SCOPE)
    site.tool("check", "anybody@whole.example", *SCOPE, code=1)
    site.tool("check", "anybody@sub.whole.example", *SCOPE, code=0)


def test_a_person_s_opt_in_does_not_lift_the_domain_s_opt_out(site):
    site.tool("add", "@firm7.example", *SCOPE)
    site.tool("add", "--opt-in", "a@firm7.example", *SCOPE, "--evidence", "form")
    site.tool("check", "a@firm7.example", *SCOPE, code=1)


def test_an_opt_in_to_a_wider_scope_does_not_lift_the_narrower_opt_out(site):
    anna = person()
    site.tool("scope", "add", "acme", code=None)
    site.opt_out(anna)
    site.tool("add", "--opt-in", anna, "--scope", "acme", "--evidence", "form")
    site.tool("check", anna, *SCOPE, code=1)


# -- remove


def test_remove_takes_one_choice_back_and_keeps_the_reason(site):
    anna = person()
    site.opt_out(anna)
    site.tool("remove", anna, *SCOPE, "--note", "typing error of ours")
    site.tool("check", anna, *SCOPE, code=0)
    assert "typing error of ours" in site.tool("log", anna)


def test_an_opt_in_of_the_past_does_not_lift_what_came_after_it(site):
    """The form was signed on Friday, the link was clicked on Sunday, the form is typed on Monday."""
    anna, ben = people(2)
    opt_in = ("--opt-in", *SCOPE, "--evidence", "form", "--asked")
    site.opt_out(anna)
    assert "lifts 0 choices" in site.tool("add", anna, *opt_in, "2026-01-01")
    site.tool("check", anna, *SCOPE, code=1)
    assert "lifts 1 choice" in site.tool("add", "--opt-in", anna, *SCOPE, "--evidence", "form")
    site.tool("check", anna, *SCOPE)
    site.opt_out(ben, "--asked", "2026-01-02")
    assert "lifts 0 choices" in site.tool("add", ben, *opt_in, "2026-01-02T12:00:00Z")
    assert "lifts 1 choice" in site.tool("add", ben, *opt_in, "2026-01-03")
    site.tool("check", ben, *SCOPE)


def test_remove_wants_a_note(site):
    anna = person()
    site.opt_out(anna)
    fails(site, "remove", anna, *SCOPE)
    site.tool("check", anna, *SCOPE, code=1)


def test_remove_of_nothing_is_an_error(site):
    fails(site, "remove", person(), *SCOPE, "--note", "why")


def test_where_it_is_not_clear_which_remove_lists_them_and_removes_none(site):
    anna = person()
    site.opt_out(anna)
    site.tool("add", anna, *SCOPE, "--source", "helpdesk")
    site.tool("add", anna, "--scope", "acme")
    site.tool("remove", anna, *SCOPE, "--note", "why", code=1)
    shown = site.last.stdout.splitlines()
    assert len(shown) == 2 and "helpdesk" in shown[1]
    assert "2 choices" in site.last.stderr
    site.tool("check", anna, *SCOPE, code=1)


def test_remove_by_the_event_s_name_takes_that_one(site):
    anna = person()
    site.opt_out(anna)
    site.tool("add", anna, *SCOPE, "--source", "helpdesk")
    names = [entry["event"] for entry in site.json("log", anna)]
    assert len(names) == 2
    site.tool("remove", names[0], "--note", "first")
    site.tool("check", anna, *SCOPE, code=1)
    site.tool("remove", names[1], "--note", "second")
    site.tool("check", anna, *SCOPE, code=0)


# -- check


def test_check_says_0_1_or_2(site):
    anna, ben = people(2)
    site.opt_out(anna)
    site.tool("check", ben, *SCOPE, code=0)
    site.tool("check", anna, *SCOPE, code=1)
    site.tool("check", anna.upper(), "--stream", "newsletter", code=1)
    site.tool("check", "nonsense", *SCOPE, code=2)
    site.tool("check", anna, "--scope", "acme/unknown", code=2)
    site.tool("check", anna, "--stream", "unknown", code=2)
    site.tool("check", anna, *SCOPE, "--stream", "newsletter", code=2)


def test_check_says_which_choices_decide(site):
    anna = person()
    site.tool("add", anna, "--scope", "/", "--source", "helpdesk", "--reason", "objection")
    said = site.tool("check", anna, *SCOPE, code=1)
    assert "helpdesk" in said and "objection" in said


def test_check_without_a_scope_tells_of_all(site):
    anna, ben = people(2)
    site.opt_out(anna)
    assert "acme/newsletter" in site.tool("check", anna, code=1)
    site.tool("check", ben, code=0)


def test_check_without_a_stream_to_ask_about_cannot_tell(own_lab):
    site = own_lab.site(policy="")
    anna = person()
    site.tool("add", anna, "--scope", "/")
    assert "opt-out of /" in site.tool("check", anna, code=2)
    assert "name a --scope" in site.last.stderr
    assert json.loads(site.tool("check", anna, "--json", code=2))["may_be_mailed"] is None
    site.tool("check", anna, "--scope", "/", code=1)


def test_check_as_json_is_one_object(site):
    anna = person()
    site.opt_out(anna)
    said = json.loads(site.tool("check", anna, *SCOPE, "--json", code=1))
    assert isinstance(said, dict) and anna in json.dumps(said)


def test_json_objects_have_the_members_of_the_manual(site):
    anna = person()
    choice = {"kind", "confirmed", "domain", "scope", "reason", "source", "asked", "until", "lifts"}
    added = json.loads(site.tool("add", anna, *SCOPE, "--json"))
    assert added.keys() == {"address", "result", "kind", "confirmed", "scope", "event", "number",
                            "lifts"}  # fmt: skip
    checked = json.loads(site.tool("check", anna, *SCOPE, "--json", code=1))
    assert checked.keys() == {"address", "stream", "scope", "may_be_mailed", "state", "deciding"}
    assert checked["deciding"][0].keys() == choice | {"event", "time"}
    whole = json.loads(site.tool("check", anna, "--json", code=1))
    assert whole.keys() == {"address", "may_be_mailed", "standing", "streams"}
    logged = site.json("log", anna)[0]
    assert logged.keys() == choice | {"address", "time", "type", "event", "number", "actor",
                                      "sha256", "batch", "words"}  # fmt: skip


def test_what_reading_commands_say_as_json_stands_in_the_manual(own_lab):
    world = World(own_lab, policy=POLICY)
    site = world.site
    gone = person()
    site.opt_out(gone)
    world.mail(Letter(to=gone))
    token = site.tool("token", "make", gone, *SCOPE).strip()
    letter = Letter(to=gone).content().decode()
    where = ("--sender", "a@b.example", "--recipient", gone, "--listener", "MARKETING")
    said = [*site.json("log"), *site.json("stats"), *site.json("scope", "list"),
            *site.json("keys", "list"), *site.json("verify"), *site.json("config", "options"),
            *site.json("config", "show"),
            *site.json("token", "open", token), *site.json("check", gone, code=1),
            *site.json("explain", "-", *where, stdin=letter)]  # fmt: skip
    assert members_of(said) - manual_members() == WORDS


WORDS = {"sender", "client", "message-id"}  # members of "words", named as they were given


def members_of(value):
    if isinstance(value, list):
        return set().union(*map(members_of, value))
    if isinstance(value, dict):
        return set(value) | members_of(list(value.values()))
    return set()


# -- explain


def explain(site, letter, *words, **more):
    return site.tool("explain", "-", "--sender", letter.sender,
                     *[word for to in letter.to for word in ("--recipient", to)], *words,
                     stdin=letter.content().decode(), **more)  # fmt: skip


def test_explain_tells_stream_rule_recipients_and_headers(site):
    anna, ben = people(2)
    site.opt_out(ben)
    said = explain(site, Letter(to=(anna, ben)), "--listener", "MARKETING", "--client", "127.0.0.1")
    assert "newsletter" in said and anna in said and ben in said
    assert "List-Unsubscribe" in said and PUBLIC_URL in said
    assert "match_listener" in said


def test_explain_tells_the_nearest_miss_and_why(site):
    letter = Letter(sender="cron@acme.example", to=person())
    said = explain(site, letter)
    assert "cron" in said and "match_header" in said


def test_explain_tells_of_an_exemption(site):
    letter = Letter(sender="receipts@acme.example", to=person())
    said = explain(site, letter, "--listener", "MARKETING", "--client", "127.0.0.1")
    assert "exempt receipts" in said
    said = explain(site, letter, "--listener", "MARKETING", "--client", "198.51.100.9")
    assert "stream newsletter" in said and "not exempt by receipts" in said


def test_explain_tells_that_a_stranger_is_not_believed(site):
    letter = Letter(sender="cron@acme.example", to=person(), headers=[("X-Kind", "digest")])
    assert "internal" in explain(site, letter, "--client", "198.51.100.9")


def test_explain_reads_a_file_and_takes_a_login(own_lab):
    policy = 'stream s {\n scope = "acme/newsletter"\n match_login = {"mautic"}\n}\n'
    site = own_lab.site(policy=policy)
    letter = Letter(to=person())
    path = site.root / "letter.eml"
    path.write_bytes(letter.content())
    said = site.tool("explain", path, "--sender", letter.sender, "--recipient", letter.to[0],
                     "--login", "mautic@acme.example")  # fmt: skip
    assert "List-Unsubscribe-Post" in said


def test_explain_tells_what_monitor_mode_only_records(own_lab):
    site = own_lab.site(policy=POLICY, settings={"mode": "monitor"})
    gone, here = people(2)
    site.opt_out(gone)
    said = explain(site, Letter(to=(gone, here)), "--listener", "MARKETING",
                   "--client", "127.0.0.1")  # fmt: skip
    assert "strip: passes untouched" in said and "taken out" in said
    assert "if it were enforced:\n" in said and PUBLIC_URL in said
    said = explain(site, Letter(to=gone), "--listener", "MARKETING", "--client", "127.0.0.1")
    assert "refused with 550 5.7.1" in said and "enforced:" not in said


def test_explain_says_why_a_recipient_cannot_be_read_and_that_a_file_is_empty(site):
    said = site.tool("explain", "-", "--sender", "a@acme.example", "--recipient", "nobody",
                     "--listener", "MARKETING", "--client", "127.0.0.1", stdin="")  # fmt: skip
    assert re.search(r"nobody: unreadable \(.*domain", said)
    assert "no header field" in site.last.stderr
    said = site.tool("explain", "-", "--sender", "a@acme.example", "--recipient", "a%b@c.example",
                     "--listener", "MARKETING", "--client", "127.0.0.1", stdin="X: y\n")  # fmt: skip
    assert "a%b@c.example: unreadable (a route" in said
    assert "is kept back" in site.tool("check", "a%b@c.example", *SCOPE, code=1)


def test_explain_tells_what_rcpt_is_answered(own_lab):
    policy = ('stream s {\n scope = "acme/newsletter"\n match_login = {"mautic"}\n'
              ' suppressed = refuse\n recipients = defer\n}\n')  # fmt: skip
    site = own_lab.site(policy=policy)
    gone, first, second = people(3)
    site.opt_out(gone)
    said = explain(site, Letter(to=(gone, first, first, second)), "--login", "mautic")
    assert [line.split("RCPT is answered with ")[1:] for line in said.splitlines()
            if "@home.example: " in line] == \
        [["550 5.7.1"], [], [], ["452 4.5.3: one recipient a message"]]  # fmt: skip


def test_explain_says_what_a_refused_sender_reads(site):
    gone, here = people(2)
    site.opt_out(gone)
    refused = ("--sender", "cron@acme.example", "--recipient", gone, here, "--sendmail")
    letter = Letter(sender="cron@acme.example", to=(gone, here), headers=[("X-Kind", "digest")])
    site.tool("add", gone, "--scope", "acme/cron")
    said = site.tool("explain", "-", *refused, stdin=letter.content().decode())
    assert "550 5.7.1: send it to each recipient alone" in said
    said = json.loads(site.tool("explain", "-", *refused, "--json", stdin=letter.content().decode()))
    assert said["refusal"].startswith("send it to each recipient alone")
    assert explain(site, letter, "--client", "198.51.100.9").count("550") == 0


def test_explain_changes_nothing(own_lab):
    site = own_lab.site(policy=POLICY)
    gone = person()
    site.opt_out(gone)
    before = site.tool("log")
    explain(site, Letter(to=gone), "--listener", "MARKETING")
    assert site.tool("log") == before


def test_explain_says_what_the_milter_does(own_lab):
    world = World(own_lab)
    gone, here = people(2)
    world.opt_out(gone)
    letter = Letter(to=(gone, here))
    said = explain(world.site, letter, "--listener", "MARKETING", "--client", "127.0.0.1")
    value = world.mail(letter).message.field("List-Unsubscribe")
    for link in re.findall(r"<([^>]*)>", value):
        assert link in said


# -- log and stats


@pytest.fixture(scope="module")
def busy(lab):
    """A site with some history: (world, who opted out)."""
    world = World(lab, policy=POLICY)
    gone = people(3)
    for one in gone:
        world.opt_out(one)
    world.mail(Letter(to=(*gone, person())))
    world.mail(Letter(to=gone[0]))
    world.mail(Letter(to=person()))
    world.site.restart()  # the milter writes what it has counted when it ends
    return world, gone


def test_log_tells_a_person_s_choices_and_verdicts_oldest_first(busy):
    world, gone = busy
    entries = world.site.json("log", gone[0])
    assert len(entries) == 3
    times = [entry["time"] for entry in entries]
    assert times == sorted(times) and all(RFC_3339_UTC.fullmatch(time) for time in times)
    other = world.site.json("log", gone[1])
    assert len(other) == 2


def test_log_of_all_holds_everybody_s(busy):
    world, gone = busy
    whole = world.site.tool("log")
    for said in (" event 1: a new list", " ledger 1: a new ledger", " configuration 2: start at "):
        assert said in whole
    assert world.site.tool("log", "--json").count("\n") >= 5
    for one in gone:
        assert one in whole


def test_log_since_and_until_cut_it(busy):
    world, gone = busy
    now = datetime.datetime.now(datetime.timezone.utc)
    later = (now + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    before = (now - datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert world.site.json("log", gone[0], "--since", later) == []
    assert world.site.json("log", gone[0], "--until", before) == []
    assert len(world.site.json("log", gone[0], "--since", before, "--until", later)) == 3
    fails(world.site, "log", "--since", "yesterdayish")


def test_log_of_a_stranger_is_empty_and_no_error(busy):
    world, _ = busy
    assert world.site.json("log", person()) == []
    assert "Nothing is known" in world.site.last.stderr
    world.site.json("log", busy[1][0])
    assert not world.site.last.stderr


def test_stats_count_by_stream(busy):
    world, _ = busy
    assert "newsletter" in world.site.tool("stats")
    rows = world.site.json("stats")
    counted = {row["action"]: row for row in rows if row.get("stream") == "newsletter"}
    assert {verdict: row["messages"] for verdict, row in counted.items()} == {
        "strip": 1, "refuse": 1, "pass": 1}  # fmt: skip


# -- scope, token, keys, config, verify


def test_scopes_are_added_and_listed(own_lab):
    site = own_lab.site(policy=POLICY)
    site.tool("scope", "add", "acme/summer")
    assert "acme/summer" in site.tool("scope", "list").split()
    assert [row["scope"] for row in site.json("scope", "list")].count("acme/summer") == 1
    site.tool("scope", "add", "acme/summer", code=None)
    assert site.tool("scope", "list").split().count("acme/summer") == 1
    fails(site, "scope", "add", "Not Good")


def test_token_make_prints_the_token_alone_and_open_reads_it(site):
    anna = person()
    token = site.tool("token", "make", anna, *SCOPE)
    assert re.fullmatch(r"[A-Za-z0-9_-]+\n", token)
    said = site.tool("token", "open", token.strip())
    assert anna in said and "acme/newsletter" in said
    opened = json.loads(site.tool("token", "open", token.strip(), "--json"))
    assert opened["address"] == anna and opened["scope"] == "acme/newsletter"


def test_a_token_that_was_changed_or_cut_does_not_open(site):
    token = site.tool("token", "make", person(), *SCOPE).strip()
    swapped = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    for bad in (swapped, token[:-4], token + "AAAA", "", "x", token[1:], token.upper()):
        site.tool("token", "open", bad, code=None)
        assert site.last.returncode != 0 and not site.last.stdout, bad


def test_a_token_of_another_site_does_not_open(site, own_lab):
    other = own_lab.site(policy=POLICY)
    token = site.tool("token", "make", person(), *SCOPE).strip()
    other.tool("token", "open", token, code=None)
    assert other.last.returncode != 0


def test_after_a_rotation_old_tokens_open_and_new_ones_have_the_new_key(own_lab):
    site = own_lab.site(policy=POLICY)
    anna = person()
    before = len(site.tool("keys", "list").splitlines())
    old = site.tool("token", "make", anna, *SCOPE).strip()
    site.tool("keys", "rotate")
    new = site.tool("token", "make", anna, *SCOPE).strip()
    assert new != old
    assert anna in site.tool("token", "open", old) and anna in site.tool("token", "open", new)
    assert len(site.tool("keys", "list").splitlines()) == before + 1
    site.opt_out(anna)
    site.tool("check", anna, *SCOPE, code=1)


def test_keys_list_shows_no_key(own_lab):
    site = own_lab.site(policy=POLICY)
    shown = site.tool("keys", "list")
    secrets = "".join(path.read_text(errors="replace") for path in site.keys.rglob("*")
                      if path.is_file())  # fmt: skip
    for word in re.findall(r"[0-9A-Za-z+/_-]{24,}", shown):
        assert word not in secrets


def test_config_check_says_nothing_wrong_of_a_good_file(site):
    site.tool("config", "check", code=0)
    assert "fine, 2 streams and 1 exemption\n" in site.last.stdout and not site.last.stderr


def test_config_check_names_a_scope_that_is_not_registered(own_lab):
    site = own_lab.site(policy=POLICY)
    site.conf.write_text(site.conf.read_text().replace('"acme/cron"', '"acme/corn"'))
    site.tool("config", "check", code=1)
    assert "stream cron: scope acme/corn is not registered" in site.last.stderr
    site.tool("scope", "add", "acme/corn")
    site.tool("config", "check", code=0)


def test_a_brand_s_scope_has_to_be_registered_too(own_lab):
    site = own_lab.site(policy=POLICY + '\nbrand acme {\n scope = "acme"\n name = "Acme"\n}\n'
                        'brand shop {\n scope = "globex"\n name = "Globex"\n}\n')
    site.tool("config", "check", code=0)  # init has done it
    site.conf.write_text(site.conf.read_text().replace('"globex"', '"initech"'))
    site.tool("config", "check", code=1)
    assert "brand shop: scope initech is not registered" in site.last.stderr
    site.conf.write_text(site.conf.read_text().replace('"Acme"\n}', '"Acme"\n color = "#ffff00"\n}'))
    site.tool("config", "check", code=1)
    assert re.search(r"optout.conf:\d+: color: #ffff00 has a contrast of 1.07", site.last.stderr)


@pytest.mark.parametrize("option", ["user", "milter_user", "group"])
def test_config_check_names_a_user_or_group_that_there_is_not(own_lab, option):
    site = own_lab.site(policy=POLICY)
    text = "".join(line for line in site.conf.read_text().splitlines(keepends=True)
                   if not line.startswith(f"{option} "))  # fmt: skip
    site.conf.write_text(f"{option} = nosuchname\n{text}")
    site.tool("config", "check", code=1)
    assert "nosuchname" in site.last.stderr and str(site.conf) in site.last.stderr


def test_config_check_before_init_reads_the_text_alone(tmp_path):
    conf = tmp_path / "optout.conf"
    conf.write_text(f"data_dir = {tmp_path}/data\nkey_dir = {tmp_path}/keys\n")
    ran = subprocess.run([program("optout"), "-c", conf, "config", "check"],
                         capture_output=True, text=True)  # fmt: skip
    assert ran.returncode == 0 and "no mail is marketing yet" in ran.stdout
    assert "was not asked" in ran.stderr


def test_config_prints_every_option_with_its_value(site):
    said = site.tool("config", "show", code=None) or site.tool("config", "print")
    for word in ("data_dir", "suppressed", "list_unsubscribe", "acme/newsletter", "16G"):
        assert word in said, word


def test_config_shows_the_same_as_json(site):
    values = {(row["place"], row["section"], row["name"]): (row["value"], row["given"])
              for row in site.json("config", "show")}  # fmt: skip
    assert values["file", None, "mailto"] == ("optout@acme.example", True)
    assert values["file", None, "list_size"] == ("16G", False)
    assert values["file", None, "companions"] == (None, False)
    assert values["stream", "cron", "match_sender"] == (["cron@acme.example"], True)
    assert values["exempt", "receipts", "match_login"] == (None, False)


def test_verify_passes_on_a_sound_site_and_counts(busy):
    world, _ = busy
    assert re.search(r"\d", world.site.tool("verify") + world.site.last.stderr)


def test_verify_finds_a_byte_that_somebody_changed(own_lab):
    site = own_lab.site(policy=POLICY)
    site.tool("add", *people(50), *SCOPE, "--source", "telltale-source")
    file = site.data / "list/data.mdb"
    content = file.read_bytes()
    assert b"telltale-source" in content
    file.write_bytes(content.replace(b"telltale-source", b"telltale-sourcf"))
    site.tool("verify", code=1)
    assert str(site.data / "list") in site.last.stderr and "backup" in site.last.stderr


# -- output


def test_results_go_to_standard_output_and_chatter_does_not(site):
    anna = person()
    site.opt_out(anna)
    for words in (("log", anna), ("scope", "list"), ("keys", "list"), ("stats",)):
        for line in site.tool(*words, "--json").splitlines():
            assert isinstance(json.loads(line), dict), words


def test_a_broken_pipe_or_full_output_is_an_error(site):
    with open("/dev/full", "w") as full:
        ran = subprocess.run([program("optout"), "-c", site.conf, "scope", "list"],
                             stdout=full, stderr=subprocess.PIPE)  # fmt: skip
    assert ran.returncode != 0


def test_addresses_with_umlauts_are_shown_as_people_write_them_or_canonical(site):
    site.opt_out("Käthe@Bücher.example")
    site.tool("check", "käthe@xn--bcher-kva.example", *SCOPE, code=1)


def test_many_addresses_in_one_call_are_written(site):
    many = people(1000)
    site.opt_out(*many)
    site.tool("check", many[999], *SCOPE, code=1)
