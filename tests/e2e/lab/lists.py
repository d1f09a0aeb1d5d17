"""Lists in and out: what the tool writes as files, and policies with a stream for each scope."""

import csv
import io
import json
import subprocess

from lab.product import check_sanitizer, program

SCOPES = ("acme/newsletter", "acme/offers", "beta")


def stream(scope, consent=False):
    name = stream_of(scope, consent)
    asks = "    consent        = opt-in\n" if consent else ""
    return (
        f'stream {name} {{\n    scope          = "{scope}"\n    title          = "T"\n'
        f'    match_listener = {{"{name}"}}\n{asks}}}\n'
    )


def stream_of(scope, consent=False):
    return scope.replace("/", "-") + ("-asking" if consent else "")


# A stream for each scope, and one that asks for consent.
POLICY = "".join(stream(scope, consent) for scope in SCOPES for consent in (False, True))


def run_tool(site, *words, stdin=b"", code=0, **more):
    """Like Site.tool, with octets in and out. Returns (octets, what it said)."""
    command = [program("optout"), "-c", site.conf, *map(str, words)]
    ran = subprocess.run(command, input=stdin, capture_output=True, timeout=120, **more)
    said = ran.stderr.decode()
    check_sanitizer(said)
    if code is not None:
        assert ran.returncode == code, f"{words} left with {ran.returncode}:\n{said}"
    return ran.stdout, said


def rows(octets):
    """The rows of a CSV file with a header."""
    return list(csv.DictReader(io.StringIO(octets.decode(), newline="")))


def summary(said):
    """The JSON object that a command left on standard error."""
    return json.loads(said.splitlines()[-1])


def mailable(site, addresses, scope, consent=False):
    """Those of them who may be mailed, by `optout scrub`, which decides as the milter does."""
    listed = "email\n" + "".join(f"{address}\n" for address in addresses)
    octets, _ = run_tool(
        site, "scrub", "-", "--stream", stream_of(scope, consent), stdin=listed.encode()
    )
    return set(octets.decode().splitlines()[1:])
