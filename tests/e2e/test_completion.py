"""Completion in bash and zsh: whatever the table of subcommands has, and values where they are known."""

import os
import pty
import re
import select
import shlex
import subprocess
import time

import pytest

from lab.product import CHECKOUT, program
from lab.world import MARKETING, people

BASH = CHECKOUT / "completions/bash/optout"
ZSH = CHECKOUT / "completions/zsh"
SOURCES = MARKETING + 'source "Old Shop" {\n}\nsource mailgun {\n}\n'


@pytest.fixture(scope="module")
def site(lab):
    made = lab.site(policy=SOURCES)
    path = made.root / "first.txt"
    path.write_text("\n".join(people(2)))
    for source in ("mailgun", "crm"):
        made.tool("import", path, "--scope", "acme", "--all-opted-out", "--source", source)
    (made.root / "a file.csv").touch()
    (made.root / "a folder").mkdir()
    return made


def helped(*words):
    ran = subprocess.run([program("optout"), *words, "--help"], capture_output=True, text=True)
    return ran.stdout + ran.stderr


def subcommands():
    """Each as a list of words, from what --help shows."""
    found = re.findall(r"^  ([a-z]+)(?: ([a-z]+))?  ", helped(), re.MULTILINE)
    assert len(found) > 20, found
    return [[word for word in words if word] for words in found]


def flags(words):
    """(name, whether it takes a value) of each flag, from its help."""
    lines = re.findall(r"^  (?:(-[a-z]), )?(--[a-z-]+) ([A-Z]\S*)?", helped(*words), re.MULTILINE)
    return [(name, bool(value)) for letter, long, value in lines for name in (letter, long) if name]


# -- bash


def bash(site, *words):
    """What bash would offer for the last of these words, as it divides them."""
    line = ["optout", "-c", site.conf, *words]
    script = f"""
        PATH={shlex.quote(str(program("optout").parent))}:$PATH
        source {shlex.quote(str(BASH))}
        COMP_WORDS=({" ".join(shlex.quote(str(word)) for word in line)})
        COMP_CWORD={len(line) - 1}
        _optout
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    ran = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True,
                         cwd=site.root)  # fmt: skip
    assert ran.returncode == 0 and not ran.stderr, ran
    return [line for line in ran.stdout.splitlines() if line]


def test_bash_offers_every_subcommand(site):
    firsts = {words[0] for words in subcommands()}
    assert set(bash(site, "")) == firsts | {"-c", "--help", "--version"}
    for first in firsts:
        seconds = {words[1] for words in subcommands() if words[0] == first and len(words) > 1}
        if seconds:
            assert set(bash(site, first, "")) == seconds | {"--help"}


@pytest.mark.parametrize("words", subcommands(), ids=" ".join)
def test_bash_offers_every_flag(site, words):
    offered = bash(site, *words, "-")
    assert set(offered) == {name for name, _ in flags(words)} | {"--help"}
    assert len(set(offered)) == len(offered)


def test_bash_offers_a_flag_once(site):
    assert "--json" not in bash(site, "log", "--json", "-")
    assert "--map" in bash(site, "import", "--map", "a=acme", "-")
    assert "--scope" not in bash(site, "import", "--scope", "=", "acme", "-")


def test_bash_offers_registered_scopes(site):
    scopes = ["/", "acme", "acme/newsletter"]
    for words in (["add", "a@b.example", "--scope"], ["export", "--scope"], ["scope", "add"]):
        assert bash(site, *words, "") == scopes
    assert bash(site, "import", "--scope", "acme/") == ["acme/newsletter"]
    assert bash(site, "import", "--scope", "=") == scopes
    assert bash(site, "import", "--scope", "=", "acme/") == ["acme/newsletter"]
    assert bash(site, "import", "--map", "news", "=", "acme/") == ["acme/newsletter"]
    assert bash(site, "import", "--map", "news") == []


def test_bash_offers_names_of_the_site(site):
    assert bash(site, "check", "a@b.example", "--stream", "") == ["newsletter"]
    assert bash(site, "batches", "--source", "") == [r"Old\ Shop", "mailgun", "crm"]
    numbers = [str(row["number"]) for row in site.json("batches")]
    assert bash(site, "undo", "") == numbers and len(numbers) == 2


def test_bash_offers_formats_and_words(site):
    assert {"mailgun", "ses", "plain"} <= set(bash(site, "import", "x", "--format", ""))
    assert "ndjson" in bash(site, "export", "--format", "")
    assert bash(site, "scrub", "x", "--dates", "") == ["DMY", "MDY", "ISO"]
    reasons = bash(site, "add", "--reason", "")
    for reason in reasons:
        site.tool("export", "--reason", reason)
    assert "complaint" in reasons and len(reasons) > 8
    for name in bash(site, "export", "--format", ""):
        site.tool("export", "--format", name, code=None)
        assert site.last.returncode in (0, 3), name


def test_bash_offers_files_and_folders(site):
    # bash itself quotes names of files
    assert "a file.csv" in bash(site, "import", "a ") and "first.txt" in bash(site, "import", "")
    assert bash(site, "import", "x", "--rejects", "fir") == ["first.txt"]
    assert bash(site, "import", "x", "--rejects", "=", "fir") == ["first.txt"]
    assert "a folder" in bash(site, "sync", "") and "first.txt" not in bash(site, "sync", "")
    assert bash(site, "log", "fir") == [] and bash(site, "batches", "fir") == []


def test_a_site_that_cannot_be_read_offers_less_and_says_nothing(site):
    broken = site.root / "broken.conf"
    broken.write_text("nonsense")
    ran = subprocess.run([program("optout"), "-c", broken, "complete", "--", "add", "--scope", ""],
                         capture_output=True, text=True)  # fmt: skip
    assert ran.returncode == 0 and ran.stdout == ""


# -- at a terminal


class Terminal:
    """A shell that somebody types into."""

    def __init__(self, site, command, setup, show):
        self.show = show
        pid, self.fd = pty.fork()
        if pid == 0:
            os.chdir(site.root)
            os.environ.update(PATH=f"{program('optout').parent}:{os.environ['PATH']}", TERM="dumb",
                              LC_ALL="C.UTF-8")  # fmt: skip
            os.execvp(command[0], command)
        self.pid = pid
        self.type(setup + "\n")
        self.type("echo re''ady\n")
        self.wait("ready")

    def type(self, text):
        os.write(self.fd, text.encode())

    def wait(self, pattern, timeout=20):
        seen, end = "", time.monotonic() + timeout
        while not (found := re.search(pattern, seen, re.DOTALL)):
            assert time.monotonic() < end, f"{pattern} not in {seen!r}"
            if select.select([self.fd], [], [], 0.1)[0]:
                seen += os.read(self.fd, 65536).decode(errors="replace")
        return found

    def completed(self, typed):
        """The line after a Tab."""
        self.type(typed + "\t" + self.show)
        line = self.wait(r"<<<(.*?)>>>").group(1)
        self.type("\x15")
        return line.replace("\r", "").replace("\n", "")

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


@pytest.fixture(scope="module", params=["bash", "zsh"])
def terminal(site, request):
    if request.param == "bash":
        setup = (f"source {shlex.quote(str(BASH))}; bind 'set enable-bracketed-paste off'; "
                 "bind -x '\"\\C-xp\": printf \"<<<%s>>>\" \"$READLINE_LINE\"'")  # fmt: skip
        made = Terminal(site, ["bash", "--norc", "-i"], setup, "\x18p")
    else:
        setup = (f"fpath=({shlex.quote(str(ZSH))} $fpath); autoload -Uz compinit; compinit -u -D; "
                 "show() { print -rn -- \"<<<$BUFFER>>>\" }; zle -N show; bindkey -e; "
                 "bindkey '^Xp' show")  # fmt: skip
        made = Terminal(site, ["zsh", "-f", "-i"], setup, "\x18p")
    yield made
    made.close()


@pytest.mark.parametrize(
    "typed, whole",
    [("optout bat", "optout batches "),
     ("optout -c optout.conf und", "optout -c optout.conf undo "),
     ("optout config opt", "optout config options "),
     ("optout import first.txt --all", "optout import first.txt --all-opted-out "),
     ("optout import fir", "optout import first.txt "),
     ("optout import a\\ fi", "optout import a\\ file.csv "),
     ("optout -c optout.conf add x --scope acme/n",
      "optout -c optout.conf add x --scope acme/newsletter "),
     ("optout -c optout.conf add x --scope=acme/n",
      "optout -c optout.conf add x --scope=acme/newsletter "),
     ("optout -c optout.conf import x --map n=acme/n",
      "optout -c optout.conf import x --map n=acme/newsletter "),
     ("optout -c optout.conf batches --source Old",
      "optout -c optout.conf batches --source Old\\ Shop "),
     ("optout export --format nd", "optout export --format ndjson "),
     ("optout import --rejects=fir", "optout import --rejects=first.txt ")],
    ids=str,
)  # fmt: skip
def test_a_tab_completes(terminal, typed, whole):
    assert terminal.completed(typed) == whole
