"""A receiver of webhooks: a real HTTP server that checks signatures, and answers as it is told."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook


@dataclass
class Receiver:
    """`answers` are the statuses of the next requests, then it is 204; `before` runs before it answers."""

    url: str = ""
    secret: str = ""
    answers: list[int] = field(default_factory=list)
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    before: Callable[[BaseHTTPRequestHandler], None] = lambda _handler: None
    taken: list[dict[str, Any]] = field(default_factory=list)
    seen: list[dict[str, str]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)

    def ids(self) -> list[str]:
        """The ids of all requests."""
        return [headers["webhook-id"] for headers in self.seen]


@contextmanager
def receiving(receiver: Receiver, *, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Let it listen on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            receiver.seen.append({name.lower(): value for name, value in self.headers.items()})
            receiver.raw.append(content)
            receiver.before(self)
            status = receiver.answers.pop(0) if receiver.answers else 204
            if status < 300:
                told = receiver.seen[-1]
                checked = (
                    Webhook(receiver.secret).verify(content, told) if receiver.secret else json.loads(content)
                )
                receiver.taken.append(checked)
            self.send_response(status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            body = receiver.body if status != 204 else b""
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815  (a redirect that is followed would be seen)

        def log_message(self, *_told: object) -> None:
            pass

        def handle(self) -> None:
            with suppress(OSError):  # who asked did not wait
                super().handle()

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_told: object) -> None:
            pass  # the test sees that nothing was taken

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    receiver.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}/hooks?shop=1"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
