"""Fixtures: a laboratory for each file of tests, and one for a single test."""

import os
import pathlib
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from lab.lab import Lab  # noqa: E402


def pytest_sessionstart(session):
    if os.geteuid() != 0:
        pytest.exit("the end-to-end tests run real mail servers: start them as root", 2)
    # So that all servers are ended too.
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated", 143))


@pytest.fixture(scope="session", autouse=True)
def system_untouched():
    """No test changes the configuration of the machine's own Postfix."""

    def files():
        return {path: path.stat().st_mtime_ns for path in pathlib.Path("/etc/postfix").rglob("*")}

    before = files()
    yield
    assert files() == before


@pytest.fixture(scope="module")
def lab(request):
    """The laboratory of one file: what is started here is shared by its tests."""
    made = Lab(request.module.__name__.removeprefix("test_"))
    yield made
    made.close()


@pytest.fixture
def own_lab(request):
    """A laboratory for a single test."""
    made = Lab("single")
    yield made
    made.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Puts the ends of the servers' logs below a failure."""
    report = (yield).get_result()
    if report.when == "call" and report.failed:
        for name in ("lab", "own_lab"):
            made = item.funcargs.get(name)
            for title, text in made.logs() if made else []:
                report.sections.append((title, "\n".join(text.splitlines()[-60:])))
