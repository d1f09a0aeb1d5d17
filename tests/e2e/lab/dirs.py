"""Private directories that other users can reach."""

import os
import pathlib
import shutil
import tempfile


class PrivateDir:
    """A directory below /tmp, mode 0755 so that the users postfix and dovecot can pass it.

    It is removed at close() unless OPTOUT_KEEP is set; then its path is printed.
    """

    def __init__(self, name):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix=f"optout-{name}-", dir="/tmp"))
        self.path.chmod(0o755)

    def sub(self, name, mode=0o755, user=None, group=None):
        """A directory below it; user and group by name, unset: unchanged."""
        path = self.path / name
        path.mkdir(parents=True, exist_ok=True)
        if user or group:
            shutil.chown(path, user, group)
        path.chmod(mode)  # after chown, which takes the setgid bit away
        return path

    def close(self):
        if os.environ.get("OPTOUT_KEEP"):
            print(f"kept: {self.path}")
        else:
            shutil.rmtree(self.path, ignore_errors=True)
