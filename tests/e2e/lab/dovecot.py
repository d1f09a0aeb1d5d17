"""A private Dovecot that does nothing but check passwords for Postfix's SASL."""

import os
import shlex
import stat

from lab.proc import Process

CONFIGURATION = """\
base_dir = {root}/run
state_dir = {root}/run
log_path = {root}/log
protocols =
ssl = no
default_login_user = dovenull
default_internal_user = dovecot
disable_plaintext_auth = no
auth_mechanisms = plain login
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {root}/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}}
service auth {{
  unix_listener {root}/socket/auth {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
"""


class Dovecot:
    """users: login (with its realm) -> password."""

    def __init__(self, directory, users):
        self.root = directory.sub("dovecot")
        directory.sub("dovecot/run")
        directory.sub("dovecot/socket")
        self.socket = self.root / "socket/auth"
        lines = "".join(f"{login}:{{PLAIN}}{password}\n" for login, password in users.items())
        (self.root / "users").write_text(lines)
        (self.root / "dovecot.conf").write_text(CONFIGURATION.format(root=self.root))
        self._process = None

    def start(self):
        command = ["/usr/sbin/dovecot", "-F", "-c", self.root / "dovecot.conf"]
        self._process = Process(command, self.root / "output")
        self._process.wait_ready(
            lambda: os.path.exists(self.socket) and stat.S_ISSOCK(os.stat(self.socket).st_mode)
        )
        return self

    def stop(self):
        if self._process:
            self._process.stop()
            self._process.kill_group()

    def log(self):
        log = self.root / "log"
        return log.read_text() if log.exists() else ""

    def listener_options(self):
        """What an smtpd needs to let people log in by this Dovecot."""
        return {
            "smtpd_sasl_auth_enable": "yes",
            "smtpd_sasl_type": "dovecot",
            "smtpd_sasl_path": str(self.socket),
            "smtpd_sasl_security_options": "noanonymous",
            "smtpd_relay_restrictions": "permit_sasl_authenticated, reject",
        }
