"""The two loads: smtp-source against Postfix, milter-drive against a milter.

Both number their recipients, "1user@bench.example", "2user@..." and on, and both begin anew with
each run: where every number that SHARE divides is on a list, one recipient in SHARE is kept back.
"""

import os
import re
import subprocess
import threading
import time

RECIPIENT = "user@bench.example"
FREE = "u@bench.example"  # behind any number: not on the list
SENDER = "news@acme.example"
LIST_ID = "news.newsletter.acme.example"
SHARE = 50
SESSIONS = 20
SIZE = 4096

HEAD = f"""\
Date: Mon, 6 Jan 2025 10:00:00 +0000
From: Acme Newsletter <news@acme.example>
To: undisclosed-recipients:;
Reply-To: service@acme.example
Subject: What is new at Acme this week
Message-ID: <20250106100000.1@app.acme.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=us-ascii
List-Id: <{LIST_ID}>
Precedence: bulk
X-Mailer: Acme Mailings 1.0

"""


def listed(count):
    """The first `count` addresses of the list."""
    return (f"{number * SHARE}{RECIPIENT}" for number in range(1, count + 1))


def write_letter(path):
    """The message that is sent, SIZE bytes: eleven fields (the twelfth is Postfix's Received)."""
    line = "All that is new at Acme, in a line of seventy-two characters, as usual.\n"
    text = HEAD + line * (SIZE // len(line))
    path.write_text(text[: SIZE - 1] + "\n")


def through_postfix(port, letter, messages, recipients, keep_open):
    """Sends and returns the seconds it took. Nothing but a lost connection is an error here: the
    caller looks into the queue."""
    command = ["/usr/sbin/smtp-source", "-A", "-N", "-s", str(min(SESSIONS, messages))]
    command += ["-d"] if keep_open else []
    command += ["-m", str(messages), "-r", str(recipients), "-f", SENDER, "-t", RECIPIENT]
    start = time.monotonic()
    ran = subprocess.run(
        [*command, "-F", str(letter), f"127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace",
    )  # fmt: skip
    seconds = time.monotonic() - start
    if ran.returncode != 0 or "fatal" in ran.stderr:
        raise RuntimeError(f"smtp-source: {ran.returncode}\n{ran.stderr[-2000:]}")
    return seconds


def direct(program, socket, connections, messages, recipients, recipient):
    """Drives a milter; what milter-drive printed, name -> number."""
    ran = subprocess.run(
        [program, "--connections", str(connections), "--messages", str(messages),
         "--recipients", str(recipients), "--recipient", recipient, "--sender", SENDER,
         "--list-id", f"<{LIST_ID}>", f"unix:{socket}"],
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return {name: float(number) for name, number in re.findall(r"(\S+) (\S+)", ran.stdout)}


class Sampler(threading.Thread):
    """Calls read() every few milliseconds until it is left; `highest` is the largest it saw."""

    def __init__(self, read, pause=0.005):
        super().__init__(daemon=True)
        self._read, self._pause, self._over = read, pause, threading.Event()
        self.highest = 0

    def run(self):
        while not self._over.wait(self._pause):
            self.highest = max(self.highest, self._read())

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self.join()


def held(spool):
    """How many messages lie in the hold queue; takes them out."""
    folder = os.path.join(spool, "hold")
    names = os.listdir(folder)
    for name in names:
        os.unlink(os.path.join(folder, name))
    return len(names)
