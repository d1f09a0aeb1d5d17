"""A port that takes connections and never says a word, or none after a greeting by SMTP."""

import socket
import threading


class Hole:
    def __init__(self, greets=False):
        self._greets = greets
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.taken = []
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self):
        try:
            while True:
                connection = self._listener.accept()[0]
                if self._greets:
                    connection.sendall(b"220 hole.example\r\n")
                    connection.recv(1024)
                    connection.sendall(b"250 hole.example\r\n")
                self.taken.append(connection)
        except OSError:
            return

    def close(self):
        self._listener.close()
        for connection in self.taken:
            connection.close()
