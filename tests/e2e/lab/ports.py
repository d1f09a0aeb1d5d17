"""Free TCP ports on loopback."""

import os
import random
import socket

# Below Linux's range for outgoing connections (32768 and up), so that no client takes one of them
# between our look and the server's bind.
FIRST, LAST = 20000, 32000

_given = set()
_random = random.Random(os.getpid())


def _is_free(port):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port():
    """A port nobody listens on, never given out twice in one run."""
    for _ in range(1000):
        port = _random.randrange(FIRST, LAST)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port
    raise RuntimeError("no free port on loopback")


def is_open(port, host="127.0.0.1"):
    """Whether somebody accepts connections there."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
