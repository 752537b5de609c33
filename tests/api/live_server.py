"""The real server on a free port, and a page that listens to a stream of it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import polars as pl

from api.app import create_app
from api.server import Server
from api.state import Shop
from core.clock import system_clock
from core.database import Database
from core.frames import Frames
from core.loading import load


@dataclass
class Running:
    """A server in a thread of this process."""

    shop: Shop
    server: Server
    thread: threading.Thread

    @property
    def url(self) -> str:
        host, port = self.server.servers[0].sockets[0].getsockname()[:2]
        return f"http://{host}:{port}"

    def stop(self) -> float:
        """Ask it to stop; returns the seconds it took."""
        started = time.monotonic()
        self.server.should_exit = True
        self.thread.join(timeout=30)
        assert not self.thread.is_alive()
        return time.monotonic() - started


@contextmanager
def running(shop: Shop, *, port: int = 0) -> Iterator[Running]:
    """Serve a shop until the block ends, on a free port by default."""
    server = Server(create_app(shop.settings, shop=shop), host="127.0.0.1", port=port)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started and time.monotonic() < until:
        time.sleep(0.01)
    made = Running(shop, server, thread)
    try:
        yield made
    finally:
        made.stop()


def put(database: Database, name: str, *, price: int = 1000, **product: Any) -> None:
    """Load a product with one variant, as an import would: its rows and its event in one transaction."""
    variant = {"public_id": f"{name}-v", "product": name, "sku": name, "price_minor": price, "currency": "EUR"}
    frames = Frames(
        sellers=pl.DataFrame({"public_id": ["shop"], "name": ["The Shop"]}),
        products=pl.DataFrame([{"public_id": name, "title": f"{name} lamp", **product}]),
        variants=pl.DataFrame([variant]),
        stock=pl.DataFrame({"variant": [f"{name}-v"], "quantity": [5]}),
    )
    with database.write() as session:
        load(session, frames, at=system_clock())


@dataclass
class Frame:
    """One server-sent event; a comment has the name ""."""

    name: str
    id: str
    data: Any


class Page:
    """An open stream."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.iter_lines()

    def next(self) -> Frame | None:
        """The next frame; None when the server has ended the stream."""
        fields: dict[str, str] = {}
        for line in self._lines:
            if not line:
                return Frame(fields.get("event", ""), fields.get("id", ""), json.loads(fields.get("data", "null")))
            name, _, value = line.partition(": ")
            fields[name] = value
        return None

    def until_price(self, minor: int) -> Frame:
        """The first frame with a product at this price."""
        while (frame := self.next()) is not None:
            if frame.data and frame.data["price"]["minor"] == minor:
                return frame
        raise AssertionError(f"the stream ended without a price of {minor}")


@contextmanager
def opened(url: str, **options: Any) -> Iterator[Page]:
    """A page that listens."""
    with httpx.stream("GET", url, timeout=30, **options) as answer:
        yield Page(answer)
