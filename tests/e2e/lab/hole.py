"""A port that takes connections and never says a word."""

import socket
import threading


class Hole:
    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.taken = []
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self):
        try:
            while True:
                self.taken.append(self._listener.accept()[0])
        except OSError:
            return

    def close(self):
        self._listener.close()
        for connection in self.taken:
            connection.close()
