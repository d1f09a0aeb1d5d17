"""Persons who work as root."""

import os
import pwd

LOGIN = "/proc/self/loginuid"
NOBODY = 2**32 - 1


def as_person(name, login=None):
    """How a program is run by somebody who works as root. Where somebody logged in to run these
    tests, the kernel knows, and has to be told of another one. `login` is the number of one who has no name."""
    with open(LOGIN, encoding="ascii") as file:
        logged_in = int(file.read()) != NOBODY
    if login is None:
        login = pwd.getpwnam(name).pw_uid if name else NOBODY

    def log_in():
        with open(LOGIN, "w", encoding="ascii") as file:
            file.write(str(login))

    env = {key: value for key, value in os.environ.items() if not key.startswith("SUDO_")}
    if login != NOBODY:
        env.update(SUDO_USER=name or f"#{login}", SUDO_UID=str(login))
    return {"env": env, "preexec_fn": log_in if logged_in else None}
