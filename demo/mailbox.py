"""A mail server that keeps what it gets: the other end of a real SMTP client."""

import socketserver
import threading
import time
from typing import Self


class _Session(socketserver.StreamRequestHandler):
    """One SMTP conversation, in as many words as a client needs (RFC 5321)."""

    server: "_Server"

    def handle(self) -> None:
        """Say yes to everything, and count the messages."""
        self._say("220 ready")
        for raw in self.rfile:
            word = raw[:4].upper().strip()
            if word == b"DATA":
                self._say("354 go on")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                self.server.received += 1
            elif word == b"QUIT":
                self._say("221 goodbye")
                return
            self._say("250 yes")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    received = 0


class Mailbox:
    """Takes mail on a free port of the loopback, for the block."""

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _Session)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, count: int, seconds: float = 20.0) -> int:
        """Wait until so many messages have come, for a while; return how many did."""
        until = time.monotonic() + seconds
        while self._server.received < count and time.monotonic() < until:
            time.sleep(0.1)
        return self._server.received
