"""optout add -: addresses from standard input, as files really are."""

import json
import os
import signal
import subprocess
import time

import pytest

from lab.product import program
from lab.world import MARKETING, people, person

SCOPE = ("--scope", "acme/newsletter")


@pytest.fixture(scope="module")
def site(lab):
    return lab.site(policy=MARKETING)


def add(site, lines, *words, code=0):
    return site.tool("add", "-", *SCOPE, *words, stdin=lines, code=code)


def kept_back(site, who):
    site.tool("check", who, *SCOPE, code=None)
    assert site.last.returncode in (0, 1)
    return site.last.returncode == 1


def test_each_line_is_an_address(site):
    to = people(3)
    said = add(site, "\n".join(to))
    assert len(said.splitlines()) == 3
    assert all(kept_back(site, who) for who in to)


def test_bad_lines_are_named_by_number_and_left_out(site):
    anna, ben = people(2)
    add(site, f"{anna}\nnobody\n\na@@b\n{ben}\n", code=1)
    told = [line for line in site.last.stderr.splitlines() if line.startswith("line ")]
    assert [line.split(":")[0] for line in told] == ["line 2", "line 4"]
    assert kept_back(site, anna) and kept_back(site, ben)


def test_byte_order_mark_crlf_and_blanks_do_no_harm(site):
    anna, ben = people(2)
    add(site, f"\ufeff{anna}\r\n  {ben}\t\r\n\r\n")
    assert kept_back(site, anna) and kept_back(site, ben)


def test_no_line_at_all_is_no_error_and_an_unknown_scope_is(site):
    assert add(site, "") == ""
    site.tool("add", "-", "--scope", "acme/unknown", stdin="", code=2)


def test_the_same_again_adds_nothing(site):
    to = people(5)
    add(site, "\n".join(to))
    before = site.tool("log")
    said = add(site, "\n".join(to + to))
    assert said.count("known already") == 10 and site.tool("log") == before


def test_more_than_one_batch_is_written(site):
    to = people(6000)
    rows = [json.loads(line) for line in add(site, "\n".join(to), "--json").splitlines()]
    assert len(rows) == 6000 and {row["result"] for row in rows} == {"added"}
    assert all(kept_back(site, who) for who in (to[0], to[2499], to[2500], to[-1]))


def test_a_dash_stands_alone(site):
    site.tool("add", "-", person(), *SCOPE, stdin="", code=2)


def test_what_was_told_is_there_when_it_is_killed(own_lab):
    """A line of the result is printed when its choice is on disk."""
    site = own_lab.site(policy=MARKETING)
    for number in range(15):
        lines = "".join(f"n{number}-{n}@home.example\n" for n in range(20000))
        told = site.root / "told"
        with told.open("w") as out:
            ran = subprocess.Popen([program("optout"), "-c", site.conf, "add", "-", *SCOPE],
                                   stdin=subprocess.PIPE, stdout=out, text=True)  # fmt: skip
            feeder = os.fork()
            if feeder == 0:
                try:
                    ran.stdin.write(lines)
                    ran.stdin.close()
                finally:
                    os._exit(0)
            os.close(ran.stdin.fileno())
            time.sleep(0.03 * number)
            ran.send_signal(signal.SIGKILL)
            ran.wait()
            os.waitpid(feeder, 0)
        whole = told.read_text().rpartition("\n")[0].splitlines()
        for line in whole[:1] + whole[-1:]:
            assert kept_back(site, line.split(":")[0]), line
    site.tool("verify")


def test_a_reader_that_went_away_is_an_error_that_says_how_far_it_came(site):
    lines = "\n".join(people(6000))
    ran = subprocess.Popen([program("optout"), "-c", site.conf, "add", "-", *SCOPE],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           text=True)  # fmt: skip
    ran.stdout.close()
    ran.stdin.write(lines)
    ran.stdin.close()
    said = ran.stderr.read()
    assert ran.wait() == 2 and "stopped behind line" in said and "Broken pipe" in said
