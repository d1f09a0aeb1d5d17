"""Checkpoints that were kept elsewhere, and whoever writes to the data directory in the meantime."""

import hashlib
import os
import re
import shutil
import struct
import subprocess

import lmdb
import pytest

from lab.ports import free_port
from lab.product import CHECKOUT, check_sanitizer, program
from lab.world import MARKETING, people, person


class Kept:
    """A site, its checkpoints in a file that it cannot write to, and copies of its data."""

    def __init__(self, lab):
        self.site = lab.site(policy=MARKETING)
        self.place = lab.directory("elsewhere").path
        self.lines = self.place / "checkpoints"
        self.public = self.place / "public.pem"
        self.public.write_text(self.site.tool("keys", "signing"))
        self._copies = 0

    def checkpoint(self):
        line = self.site.tool("checkpoint")
        with self.lines.open("a") as lines:
            lines.write(line)
        return line.strip()

    def copy(self):
        self._copies += 1
        return shutil.copytree(self.site.data, self.place / f"data-{self._copies}")

    def put_back(self, copy):
        shutil.rmtree(self.site.data)
        shutil.copytree(copy, self.site.data)

    def verify(self, *words, code=0):
        """What is said of the checkpoints, and of all else."""
        self.site.tool("verify", "--checkpoint", self.lines, *words, code=code)
        return self.site.last.stdout + self.site.last.stderr


@pytest.fixture
def kept(lab):
    return Kept(lab)


def rewrite(data, store, change):
    """Writes a journal anew with all its hashes, as somebody would who knows how: `change` takes
    number and octets of an event and gives others, or None to leave it out."""
    with lmdb.open(str(data / store), max_dbs=16, map_size=1 << 26) as env:
        journal, meta, private = (env.open_db(name) for name in (b"journal", b"meta", b"private"))
        with env.begin(write=True) as txn:
            before = bytes(32)
            events = [bytes(value) for _, value in txn.cursor(db=journal)]
            for number, event in enumerate(events, 1):
                assert event[1:4] == b"\x00\x58\x20"  # key 0, octets, 32 of them
                event = change(number, event[:4] + before + event[36:])
                if event is None:
                    assert number == len(events)
                    txn.delete(struct.pack(">Q", number), db=journal)
                    txn.delete(struct.pack(">QB", number, 0), db=private)
                    number -= 1
                    break
                before = hashlib.sha256(event).digest()
                txn.put(struct.pack(">Q", number), event, db=journal)
            txn.put(b"head", struct.pack(">Q", number) + before, db=meta)


def another_time(number, event):
    """The second event was an hour earlier: no row beside the journal tells of that."""
    at = event.index(b"\x03\x1b") + 2
    (time,) = struct.unpack_from(">Q", event, at)
    return event if number != 2 else event[:at] + struct.pack(">Q", time - 3600000) + event[at + 8 :]


# -- what is there


def test_checkpoints_fit_for_as_long_as_the_journals_only_grow(kept):
    site = kept.site
    for i in range(3):
        site.opt_out(person(i))
        kept.checkpoint()
    site.opt_out(person(9))
    assert "checkpoints: 3, all fit" in kept.verify()
    # A mailbox or a log is as good; what else stands there is left alone.
    lines = kept.lines.read_text().splitlines()
    kept.lines.write_text(f"Subject: a checkpoint\n\nNov 26 04:00:01 mx optout[7]: {lines[0]}\r\n")
    assert "checkpoints: 1, all fit" in kept.verify()
    # A new node goes on where the old one ended, which stays.
    site.tool("backup", kept.place / "backup")
    site.opt_out(person(10))
    kept.checkpoint()
    site.tool("restore", kept.place / "backup")
    site.opt_out(person(11))
    line = kept.checkpoint()
    assert line.count(",") == 2 and len(line) <= 900
    assert "checkpoints: 3, all fit" in kept.verify()


def test_json_and_the_ledger_tell_what_was_found(kept):
    site = kept.site
    site.opt_out(person(0))
    kept.checkpoint()
    (made,) = site.json("checkpoint")
    found = site.json("verify", "--checkpoint", kept.lines)
    assert [entry["whole"] for entry in found[:2]] == [True, True]
    assert f"{found[0]['node']}-{found[0]['number']}" == made["list"][0]["event"]
    assert found[0]["hash"] == made["list"][0]["hash"]
    assert found[2]["fits"] and found[2]["checkpoint"] == f"{kept.lines}:1"
    (noted,) = [entry for entry in site.json("log") if entry["type"] == "verified"]
    assert noted["list"] == {
        "whole": True, "events": found[0]["events"], "last": made["list"][0]["event"]
    }  # fmt: skip
    assert noted["checkpoints_fitting"] == 1 and noted["checkpoints_misfitting"] == 0
    assert noted["last_checkpoint"] == found[2]["time"]
    site.tool("verify", "--no-record")
    site.tool("verify", "--public-key", kept.public)
    assert len([entry for entry in site.json("log") if entry["type"] == "verified"]) == 1


# -- what somebody did


def test_an_older_copy_in_its_place_is_found(kept):
    kept.site.opt_out(person(0))
    kept.checkpoint()
    old = kept.copy()
    kept.site.opt_out(person(1))
    kept.checkpoint()
    kept.put_back(old)
    kept.site.tool("verify", "--no-record")  # by itself it is whole
    said = kept.verify(code=1)
    assert f"{kept.lines}:2: at " in said and "the journal ends before it" in said
    assert "checkpoints: 1 fit, 1 do not" in said


def test_an_older_copy_that_went_on_is_found(kept):
    kept.site.opt_out(person(0))
    old = kept.copy()
    kept.site.opt_out(person(1))
    kept.checkpoint()
    kept.put_back(old)
    kept.site.opt_out(person(2))
    kept.site.opt_out(person(3))
    kept.site.tool("verify", "--no-record")
    assert "another event stands there now" in kept.verify(code=1)


@pytest.mark.parametrize("store", ["list", "ledger"])
def test_a_journal_that_was_written_anew_with_all_hashes_is_found(kept, store):
    kept.site.opt_out(*people(3))
    for _ in range(2):
        kept.site.tool("verify")  # events of the ledger
    kept.checkpoint()
    rewrite(kept.site.data, store, another_time)
    kept.site.tool("verify", "--no-record")
    assert f"{store}: 1 event has an earlier time" in kept.site.last.stderr
    assert "another event stands there now" in kept.verify(code=1)


def test_a_cut_with_a_head_that_fits_is_found(kept):
    kept.site.tool("verify")
    kept.site.tool("verify")
    kept.checkpoint()
    rewrite(kept.site.data, "ledger", lambda number, event: event if number < 3 else None)
    kept.site.tool("verify", "--no-record")
    assert "the journal ends before it" in kept.verify("--no-record", code=1)


def test_a_line_that_somebody_changed_or_made_up_is_found(kept):
    site = kept.site
    site.opt_out(person(0))
    line = kept.checkpoint()
    kept.lines.write_text(line.replace("Z list", "Z  list") + "\n")
    assert "it is not as it was written" in kept.verify(code=1)
    more = re.sub(r"(list=\w+:)(\d+)", lambda found: f"{found[1]}{int(found[2]) + 1}", line)
    kept.lines.write_text(more + "\n")
    assert "its signature does not fit" in kept.verify(code=1)
    kept.lines.write_text("nothing\n")
    assert "holds no checkpoint" in kept.verify(code=2)
    # Whoever makes a key of their own is none of ours.
    kept.lines.write_text(line + "\n")
    other = kept.place / "other.pem"
    for command in ("genpkey -algorithm ed25519 -out key.pem", "pkey -in key.pem -pubout -out other.pem"):
        subprocess.run(["openssl", *command.split()], cwd=kept.place, check=True, capture_output=True)
    assert "no public key here" in kept.verify("--public-key", other, code=1)
    # A new key of the site leaves what the old one signed.
    kept.public.write_text(site.tool("keys", "signing", "--new"))
    kept.checkpoint()
    assert "checkpoints: 2, all fit" in kept.verify()
    assert "checkpoints: 2, all fit" in kept.verify("--public-key", kept.public)


# -- on another machine


def tool(*words, code=0, env=None):
    ran = subprocess.run([program("optout"), *map(str, words)], capture_output=True, text=True, env=env)
    check_sanitizer(ran.stderr)
    assert ran.returncode == code, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def test_a_copy_is_verified_without_configuration_and_keys(kept):
    kept.site.opt_out(*people(30))
    kept.checkpoint()
    copy = kept.copy()
    asked = ("verify", "--data", copy, "--public-key", kept.public, "--checkpoint", kept.lines)
    said = tool("-c", "/nowhere", *asked)
    assert "list: " in said and "all fit" in said and "Without the secret keys" in said
    assert "needs --public-key" in tool("verify", "--data", copy, "--checkpoint", kept.lines, code=2)
    with lmdb.open(str(copy / "list"), max_dbs=16, map_size=1 << 26) as env:
        choices = env.open_db(b"choice")
        with env.begin(write=True) as txn:
            txn.delete(next(iter(txn.cursor(db=choices)))[0], db=choices)
    assert "does not follow from it" in tool(*asked, code=1)


def test_a_store_that_crashes_its_reader_is_damaged(kept):
    """All pages behind the first three are made of ones. A sanitizer must not catch the crash."""
    path = kept.site.data / "ledger/data.mdb"
    octets = bytearray(path.read_bytes())
    octets[3 * 4096 :] = b"\xff" * (len(octets) - 3 * 4096)
    path.write_bytes(octets)
    signals = ":".join(f"handle_{name}=0" for name in ("segv", "sigbus", "abort", "sigill", "sigfpe"))
    said = tool("-c", kept.site.conf, "verify", code=1, env={**os.environ, "ASAN_OPTIONS": signals})
    assert "list: 2 events, whole" in said and "damaged" in said


def test_an_exported_journal_is_verified_by_itself(kept):
    site = kept.site
    site.opt_out(*people(5))
    line = kept.checkpoint()
    asked = ("--public-key", kept.public, "--checkpoint", kept.lines)
    for store in ("list", "ledger"):
        ran = subprocess.run([program("optout"), "-c", site.conf, "log", "--journal", store],
                             capture_output=True, check=True)  # fmt: skip
        path = kept.place / f"{store}.cbor"
        path.write_bytes(ran.stdout)
        said = tool("verify", "--journal", path, *asked)
        assert f"journal of a {store}" in said and "all fit" in said
        # Its last event is the one of which the checkpoint has the hash.
        last = ran.stdout.rindex(b"\x00\x58\x20") - 1
        assert hashlib.sha256(ran.stdout[last:]).hexdigest() in line
        path.write_bytes(ran.stdout[:last])
        said = tool("verify", "--journal", path, *asked, code=1 if last else 2)
        assert ("1 fit" not in said and "do not" in said) if last else "is empty" in said
        path.write_bytes(ran.stdout[:-1] + b"?")
        tool("verify", "--journal", path, *asked, code=1)
    site.tool("log", "--journal", "both", code=2)
    site.tool("log", "--journal", "list", "--json", code=2)


def test_a_line_is_checked_by_hand_as_the_manual_says(kept):
    """Its commands, and nothing of ours."""
    kept.site.opt_out(person(0))
    kept.checkpoint()
    manual = (CHECKOUT / "doc/man/optout.1").read_text()
    text = manual.partition("nothing but\n.Xr openssl 1 :\n")[2].partition(".Ed")[0]
    script = text.partition("\n")[2].replace("\\e", "\\")
    script = script.replace("optout keys", f"{program('optout')} -c {kept.site.conf} keys")
    run = ["sh", "-euc", script]
    ran = subprocess.run(run, cwd=kept.place, capture_output=True, text=True)
    assert ran.returncode == 0 and "Signature Verified Successfully" in ran.stdout, ran
    kept.lines.write_text(kept.lines.read_text().replace("list=", "list=0", 1))
    ran = subprocess.run(run, cwd=kept.place, capture_output=True, text=True)
    assert ran.returncode != 0, ran


# -- handing over


def test_a_checkpoint_is_handed_to_each_place(kept, lab):
    site, sink = kept.site, lab.sink()
    keep = kept.place / "keep"
    keep.write_text(f"#!/bin/sh\ncat >>{kept.lines}\n")
    keep.chmod(0o755)
    site.tool("checkpoint", "--deliver", code=2)
    assert "names no place in checkpoint_to" in site.last.stderr
    places = '{"mail:auditor@example.org", "command:%s"}'
    site.configure(policy=f"checkpoint_to = {places % keep}\n" + MARKETING,
                   settings={"smtp_server": f"127.0.0.1:{sink.port}"})  # fmt: skip
    line = site.tool("checkpoint", "--deliver")
    assert kept.lines.read_text() == line
    (mail,) = sink.all()
    assert mail.sender == "" and mail.recipients == ["auditor@example.org"]
    assert mail.raw.endswith(b"\r\n\r\n" + line.strip().encode() + b"\r\n")
    kept.lines.write_bytes(mail.raw)
    assert "checkpoints: 1, all fit" in kept.verify()
    # Whoever does not take it makes it fail; the others get it all the same.
    kept.lines.unlink()
    site.configure(settings={"smtp_server": f"127.0.0.1:{free_port()}"})
    site.tool("checkpoint", "--deliver", code=2)
    assert "mail to auditor@example.org" in site.last.stderr
    assert kept.lines.read_text() == site.last.stdout
    keep.write_text("#!/bin/sh\nexit 1\n")
    site.tool("checkpoint", "--deliver", code=2)
    assert "did not take it" in site.last.stderr


@pytest.mark.parametrize("place", ["fax", "mail:nobody", "command:relative"])
def test_a_place_that_is_none_is_refused(kept, place):
    kept.site.configure(policy=f'checkpoint_to = {{"{place}"}}\n' + MARKETING)
    kept.site.tool("config", "check", code=1)
    assert "checkpoint_to" in kept.site.last.stderr
