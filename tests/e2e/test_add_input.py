"""optout add -: addresses from standard input, as files really are."""

import json
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


def start(site, lines, stdout):
    """Begins to add lines from a file."""
    (site.root / "lines").write_text(lines)
    with (site.root / "lines").open() as source:
        return subprocess.Popen([program("optout"), "-c", site.conf, "add", "-", *SCOPE],
                                stdin=source, stdout=stdout, stderr=subprocess.PIPE,
                                text=True)  # fmt: skip


def test_what_was_told_is_there_when_it_is_killed(own_lab):
    """A line of the result is printed when its choice is on disk."""
    site = own_lab.site(policy=MARKETING)
    checked = 0
    for number in range(15):
        told = site.root / "told"
        with told.open("w") as out:
            ran = start(site, "".join(f"n{number}-{n}@home.example\n" for n in range(20000)), out)
        time.sleep(0.05 * number)
        ran.send_signal(signal.SIGKILL)
        ran.communicate()
        whole = told.read_text().rpartition("\n")[0].splitlines()
        for line in whole[:1] + whole[-1:]:
            assert kept_back(site, line.split(":")[0]), line
            checked += 1
    assert checked
    site.tool("verify")


def test_a_reader_that_went_away_is_an_error_that_says_how_far_it_came(site):
    ran = start(site, "\n".join(people(6000)), subprocess.PIPE)
    ran.stdout.close()
    said = ran.stderr.read()
    ran.stderr.close()
    assert ran.wait() == 2 and "all up to line" in said and "Broken pipe" in said
