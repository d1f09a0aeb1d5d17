"""A private OpenDKIM: signs what passes it, and verifies a message without any DNS."""

import re
import subprocess

from lab.proc import Process

DOMAIN, SELECTOR = "acme.example", "lab"

SIGNER = """\
Syslog no
LogResults yes
Mode s
Domain {domain}
Selector {selector}
KeyFile {root}/{selector}.private
Canonicalization relaxed/simple
InternalHosts 127.0.0.0/8
ExternalIgnoreList 127.0.0.0/8
RequireSafeKeys no
Socket local:{socket}
UMask 0
PidFile {root}/signer.pid
{more}
"""

VERIFIER = """\
Syslog no
Mode v
AlwaysAddARHeader yes
AuthservID verifier.test
TestDNSData refile:{root}/dns
"""


class OpenDkim:
    """settings: further lines of opendkim.conf for the signer, e.g. SignHeaders."""

    def __init__(self, directory, settings=""):
        self.root = directory.sub("opendkim")
        self.socket = directory.sub("opendkim/socket") / "signer.sock"
        self._settings = settings
        self._process = None
        subprocess.run(
            ["opendkim-genkey", "-b", "2048", "-d", DOMAIN, "-s", SELECTOR, "-D", self.root],
            check=True, capture_output=True,
        )  # fmt: skip
        self._write()

    def _write(self):
        names = {"root": self.root, "domain": DOMAIN, "selector": SELECTOR}
        signer = SIGNER.format(**names, socket=self.socket, more=self._settings)
        (self.root / "signer.conf").write_text(signer)
        (self.root / "verifier.conf").write_text(VERIFIER.format(**names))
        zone = (self.root / f"{SELECTOR}.txt").read_text()
        record = "".join(zone.split('"')[1::2])
        (self.root / "dns").write_text(f"{SELECTOR}._domainkey.{DOMAIN} {record}\n")

    def start(self):
        command = ["/usr/sbin/opendkim", "-f", "-x", self.root / "signer.conf"]
        self._process = Process(command, self.root / "output")
        self._process.wait_ready(self.socket.exists)
        return self

    def stop(self):
        if self._process:
            self._process.kill()  # libmilter takes five seconds to hear TERM

    def verify(self, raw):
        """What OpenDKIM says of a message's signature: "pass", "fail", "none"..."""
        message = self.root / "message"
        message.write_bytes(raw)
        ran = subprocess.run(
            ["/usr/sbin/opendkim", "-t", message, "-x", self.root / "verifier.conf", "-vv"],
            capture_output=True, text=True,
        )  # fmt: skip
        result = re.search(r"verifier\.test;\s+dkim=(\w+)", ran.stdout)
        assert result, f"opendkim -t said: {ran.stdout}{ran.stderr}"
        return result.group(1)


def signed_fields(arrived):
    """The names in the h= of a message's DKIM signature, in lower case."""
    value = "".join(arrived.field("DKIM-Signature").split())
    return re.search(r";h=([^;]+)", value).group(1).lower().split(":")
