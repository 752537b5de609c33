"""A shop that only listens: what providers tell it, as it came over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Message:
    """What was posted; header names are lower-case."""

    headers: dict[str, str]
    body: bytes


@dataclass
class Ear:
    """What was heard so far at `url`. The first `deaf` messages are answered with an error."""

    url: str = ""
    deaf: int = 0
    heard: list[Message] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def wait(self, count: int) -> list[Message]:
        """The first `count` messages, when they have come."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.heard) >= count, timeout=20), self.heard
            return self.heard[:count]

    def take(self, message: Message) -> bool:
        with self._changed:
            self.heard.append(message)
            self.deaf -= 1
            self._changed.notify_all()
            return self.deaf < 0


@contextmanager
def listening(answer: str) -> Iterator[Ear]:
    """Listen until the block ends, taking messages with `answer`."""
    ear = Ear()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken = ear.take(Message({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(200 if taken else 503)
            self.send_header("Content-Length", str(len(answer) if taken else 0))
            self.end_headers()
            if taken:
                self.wfile.write(answer.encode())

        def log_message(self, *_args: object) -> None:
            """Not on the tests' output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ear.url = f"http://127.0.0.1:{server.server_address[1]}/notify"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield ear
    server.shutdown()
    server.server_close()
    thread.join(timeout=10)
