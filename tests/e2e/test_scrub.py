"""optout scrub: a mailing list without those who may not be mailed."""

import hashlib
import json
import os
import shutil
import signal
import subprocess

import pytest

from lab.lists import POLICY, run_tool, summary
from lab.product import program
from lab.world import people

LISTED = ("anna@home.example", "ben@home.example", "carl@home.example")


@pytest.fixture(scope="module")
def site(lab):
    made = lab.site(policy=POLICY, settings={"companions": ["archive@acme.example"]})
    made.tool("add", "anna@home.example", "--scope", "acme", "--reason", "unsubscribe")
    made.tool("add", "ben@home.example", "--scope", "acme/newsletter", "--block",
              "--reason", "bounce")  # fmt: skip
    made.tool("add", "carl@home.example", "--scope", "acme/offers", "--opt-in")
    return made


def scrub(site, octets, *words, stream="acme-newsletter", code=0):
    if isinstance(octets, str):
        octets = octets.encode()
    return run_tool(site, "scrub", "-", "--stream", stream, *words, stdin=octets, code=code)


def scrubbed(site, text, *words, **more):
    return scrub(site, text, *words, **more)[0].decode()


def test_who_may_not_be_mailed_is_left_out(site):
    text = "email,name\nanna@home.example,Anna\nfree@home.example,Free\nBEN@Home.Example,Ben\n"
    octets, said = scrub(site, text)
    assert octets.decode() == "email,name\nfree@home.example,Free\n"
    assert "3 read, 1 written" in said
    assert "2 left out: opted out (1 unsubscribe, 1 bounce)" in said


def test_a_route_in_an_address_is_left_out_and_counted(site):
    text = "email\nanna%example.net@home.example\nfree@home.example\n"
    octets, said = scrub(site, text, code=1)
    assert octets.decode() == "email\nfree@home.example\n"
    assert "line 2: an address with a route" in said and "1 left out: cannot be read" in said
    _, said = scrub(site, text, "--json", code=1)
    assert summary(said)["read"] == 2 == summary(said)["written"] + summary(said)["left_out"]["unreadable"]


def test_scrub_and_check_agree(site):
    text = scrubbed(site, "".join(f"{who}\n" for who in LISTED))
    for who in LISTED:
        site.tool("check", who, "--stream", "acme-newsletter", code=None)
        assert (site.last.returncode == 0) == (who in text.split())


def test_a_stream_that_asks_for_consent_needs_it(site):
    octets, said = scrub(site, "email\nfree@home.example\ncarl@home.example\n", "--json",
                         stream="acme-offers-asking")  # fmt: skip
    assert octets.decode() == "email\ncarl@home.example\n"
    assert summary(said)["left_out"] == {"opted-out": 0, "no-consent": 1, "unknown": 0, "unreadable": 0}


def test_companions_stay(site):
    assert "archive" in scrubbed(site, "email\narchive@acme.example\n", stream="acme-offers-asking")


def test_domains_count(own_lab):
    site = own_lab.site(policy=POLICY)
    site.tool("add", "@bad.example", "--scope", "acme")
    assert scrubbed(site, "email\na@bad.example\na@sub.bad.example\n") == "email\na@sub.bad.example\n"


def test_hashes_are_judged_as_far_as_that_goes(own_lab):
    site = own_lab.site(policy=POLICY)
    known, free = (hashlib.sha256(who).hexdigest() for who in (b"a@home.example", b"b@home.example"))
    site.tool("add", "a@home.example", "--scope", "acme")
    assert scrubbed(site, f"{known}\n{free}\n") == f"{free}\n"
    site.tool("add", "@bad.example", "--scope", "acme")
    octets, said = scrub(site, f"{known}\n{free}\n", "--json")
    assert octets == b"" and summary(said)["left_out"]["unknown"] == 1


# -- the form of the input


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_header_delimiter_encoding_and_line_ends_are_kept(site, encoding, end):
    text = end.join(["sep=;", "Name;E-Mail", "Müller;free@home.example", "Anna;anna@home.example",
                     '"Ö; B";other@home.example', ""])  # fmt: skip
    octets, _ = scrub(site, text.encode(encoding))
    wanted = text.replace(f"Anna;anna@home.example{end}", "")
    assert octets == wanted.encode(encoding)


def test_json_stays_json(site):
    lines = '{"email": "anna@home.example"}\n{"email": "free@home.example", "n": [1, 2]}\n'
    assert scrubbed(site, lines) == '{"email": "free@home.example", "n": [1, 2]}\n'
    text = scrubbed(site, '{"members": [{"email":"a@home.example"},{"email":"anna@home.example"}]}')
    assert json.loads(text) == {"members": [{"email": "a@home.example"}]}


def test_a_list_of_nobody_keeps_its_header(site):
    assert scrubbed(site, "email,name\nanna@home.example,Anna\n") == "email,name\n"
    assert json.loads(scrubbed(site, '[{"email":"anna@home.example"}]')) == []
    assert scrubbed(site, "email,name\n") == "email,name\n"


def test_what_the_file_says_of_opting_out_is_not_looked_at(site):
    text = "email,status,created\nfree@home.example,whatever,when?\n"
    assert scrubbed(site, text) == text


def test_rows_that_cannot_be_read_are_left_out_and_told(site):
    text = 'email,name\nbroken,X\na@home.example,A,too,many\n"open,Y\nb@home.example,B\n'
    octets, said = scrub(site, text, code=1)
    assert octets.decode() == "email,name\nb@home.example,B\n"
    assert "line 2: not an address" in said and "line 4: " in said
    assert "3 left out: cannot be read" in said


def test_of_very_many_such_rows_not_all_are_told(site):
    octets, said = scrub(site, "email,name\n" + "broken,X\n" * 5000, code=1)
    assert octets == b"email,name\n" and said.count("not an address") == 20
    assert "and 4980 lines more" in said


# -- all or nothing


def test_nothing_is_written_when_the_list_cannot_be_read(own_lab):
    site = own_lab.site(policy=POLICY)
    with open(site.data / "list/data.mdb", "r+b") as data:
        data.truncate(8192)
    octets, said = scrub(site, "email\nfree@home.example\n", code=2)
    assert octets == b"" and said.strip()


def test_nothing_is_written_when_a_row_of_the_list_is_damaged(own_lab, tmp_path):
    site = own_lab.site(policy=POLICY)
    many = people(3000)
    site.tool("add", "-", "--scope", "beta", stdin="".join(f"{who}\n" for who in many))
    site.tool("scope", "list")
    broken = POLICY.replace("acme/newsletter", "acme/renamed")
    site.configure(policy=broken)
    octets, said = scrub(site, "email\nfree@home.example\n", stream="acme-newsletter", code=2)
    assert octets == b"" and "not registered" in said


def test_nothing_is_written_before_the_input_has_ended(site):
    process = subprocess.Popen(
        [program("optout"), "-c", site.conf, "scrub", "-", "--stream", "acme-newsletter"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    process.stdin.write(b"email\n" + b"".join(b"p%d@home.example\n" % i for i in range(50000)))
    process.stdin.flush()
    process.send_signal(signal.SIGKILL)
    text, _ = process.communicate()
    assert text == b""


def test_a_list_that_was_replaced_on_the_way_is_an_error(own_lab):
    site = own_lab.site(policy=POLICY)
    site.tool("add", "anna@home.example", "--scope", "acme")
    process = subprocess.Popen(
        [program("optout"), "-c", site.conf, "scrub", "-", "--stream", "acme-newsletter"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    listed = b"email\n" + b"".join(b"p%d@home.example\n" % i for i in range(50000))
    process.stdin.write(listed)
    process.stdin.flush()
    data = site.data / "list/data.mdb"
    copy = data.with_suffix(".new")
    shutil.copy(data, copy)
    copy.rename(data)
    text, said = process.communicate(b"anna@home.example\n" * 5000)
    assert process.returncode == 75 and text == b"" and said.strip()


def test_output_and_temporary_file_that_take_nothing_are_errors(site, tmp_path):
    command = [program("optout"), "-c", site.conf, "scrub", "-", "--stream", "acme-newsletter"]
    with open("/dev/full", "w") as full:
        ran = subprocess.run(command, input="email\nfree@home.example\n", stdout=full,
                             stderr=subprocess.PIPE, text=True)  # fmt: skip
    assert ran.returncode == 2 and "not the whole" in ran.stderr
    ran = subprocess.run(command, input="email\nfree@home.example\n", capture_output=True, text=True,
                         env={**os.environ, "TMPDIR": str(tmp_path / "nowhere")})  # fmt: skip
    assert ran.returncode == 2 and not ran.stdout and "TMPDIR" in ran.stderr


def test_a_full_disk_on_the_way_leaves_nothing(site, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", small], check=True)
    try:
        many = "email\n" + "".join(f"p{i}@home.example\n" for i in range(20000))
        octets, said = run_tool(site, "scrub", "-", "--stream", "acme-newsletter",
                                stdin=many.encode(), code=2,
                                env={**os.environ, "TMPDIR": str(small)})  # fmt: skip
    finally:
        subprocess.run(["umount", small], check=True)
    assert octets == b"" and "No space left" in said


def test_wrong_usage_is_told(site):
    for words in (["scrub"], ["scrub", "-"], ["scrub", "/nonexistent", "--stream", "beta"],
                  ["scrub", "-", "--stream", "nope"]):  # fmt: skip
        octets, said = run_tool(site, *words, stdin=b"email\n", code=2)
        assert octets == b"" and said.strip()
