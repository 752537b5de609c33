"""A process of the API that does one request and dies in the middle of it, without any chance to clean up.

    python -m tests.faults.victim    # one JSON object a line on standard input, one answer a line

A line says where the shop is (`url`, `home`), what is asked (`method`, `path`, `body`, `headers`), and at which
point to die (`fatal`, a name; none to live). Each line is done in a process of its own. The answer says whether it
was killed, the status it got, and the names of the points it came by.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event
from sqlalchemy.orm import Session

from api.app import create_app
from api.state import Shop
from core.settings import Settings

SECRET = "a secret for the victims of the tests"


class Points:
    """Names every point of a request: before and after each statement and each commit."""

    def __init__(self, fatal: str | None) -> None:
        self.fatal = fatal
        self.seen: list[str] = []

    def listen(self, shop: Shop) -> None:
        """Follow what the shop asks of its database."""
        engine = shop.database.engine
        event.listen(engine, "before_cursor_execute", lambda *told: self.reach(f"before {_named(told[2])}"))
        event.listen(engine, "after_cursor_execute", lambda *told: self.reach(f"after {_named(told[2])}"))
        event.listen(engine, "commit", lambda _connection: self.reach("before commit"))
        event.listen(Session, "after_commit", lambda _session: self.reach("after commit"))

    def reach(self, name: str) -> None:
        """Come by a point, and die there if it is the one."""
        numbered = f"{len(self.seen) + 1:02d} {name}"
        self.seen.append(numbered)
        if numbered == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)


def _named(statement: str) -> str:
    """ "insert customer_order" for a statement that inserts there."""
    words = statement.replace("\n", " ").split()
    verb = words[0].lower()
    markers = {"select": "FROM", "insert": "INTO", "update": "UPDATE", "delete": "FROM"}
    if verb not in markers:
        return verb
    return f"{verb} {words[words.index(markers[verb]) + 1] if markers[verb] in words else ''}"


def ask(app: FastAPI, told: dict[str, Any]) -> dict[str, Any]:
    """Do one request; returns the answer's status and the points it came by."""
    settings = Settings(home=Path(told["home"]), database_url=told["url"], secret=SECRET)
    at = datetime.fromisoformat(told["at"]).astimezone(UTC)
    shop = app.state.shop = Shop(settings, clock=lambda: at)
    points = Points(told.get("fatal"))
    points.listen(shop)
    client = TestClient(app, raise_server_exceptions=False)
    answer = client.request(told["method"], told["path"], json=told.get("body"), headers=told["headers"])
    return {"status": answer.status_code, "text": answer.text, "points": points.seen}


def main() -> None:
    """Answer line by line."""
    # The routes are built once: that takes longer than a request. The shop is not opened here: its engine starts
    # threads, which a fork would leave behind with what they had locked.
    settings = Settings(secret=SECRET)
    closed: Any = SimpleNamespace(settings=settings, pictures=settings.home / "pictures")
    app = create_app(settings, shop=closed)
    assert TestClient(app).post("/v1/orders").status_code == 401  # what the first request makes, this one makes
    for line in sys.stdin:
        told = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            os.write(writing, json.dumps(ask(app, told)).encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            said = pipe.read()
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print(json.dumps({"killed": killed, **(json.loads(said) if said else {})}), flush=True)


if __name__ == "__main__":
    main()
