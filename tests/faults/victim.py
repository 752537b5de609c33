"""A process of the shop that does one thing and dies in the middle of it, without any chance to clean up.

    python -m tests.faults.victim    # one JSON object a line on standard input, one answer a line

A line says where the shop is (`url`, `home`, `sandbox`), what is asked (`method`, `path`, `body` or `content`, and
`headers`; or a `job`: "relay" or "reconcile"), and at which point to die (`fatal`, a name; none to live). Each
line is done in a process of its own. The answer says whether it was killed, the status it got, and the names of
the points it came by.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event
from sqlalchemy.orm import Session

from api.app import create_app
from api.state import Shop
from core.providers import PaymentProvider
from core.providers.opening import open_providers
from core.reconcile import reconcile
from core.relay import deliver
from core.settings import Settings
from core.settlement import Settlement

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

    def around(self, provider: PaymentProvider) -> PaymentProvider:
        """The provider, whose every call is a point before and one after."""
        return cast(PaymentProvider, _Watched(provider, self))

    def reach(self, name: str) -> None:
        """Come by a point, and die there if it is the one."""
        numbered = f"{len(self.seen) + 1:02d} {name}"
        self.seen.append(numbered)
        if numbered == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)


class _Watched:
    """Stands before a provider."""

    def __init__(self, provider: PaymentProvider, points: Points) -> None:
        self._provider, self._points = provider, points

    def __getattr__(self, name: str) -> Any:
        held = getattr(self._provider, name)
        if name not in ("create", "query", "refund", "query_refund", "close"):
            return held

        def call(*given: Any, **named: Any) -> Any:
            self._points.reach(f"before {name} at {self._provider.name}")
            answer = held(*given, **named)
            self._points.reach(f"after {name} at {self._provider.name}")
            return answer

        return call


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
    if "sandbox" in told:
        opened = providers_of(told["home"], told["sandbox"])
        shop.providers = {name: points.around(provider) for name, provider in opened.items()}
    if "job" in told:
        do(told["job"], shop)
        return {"status": 200, "points": points.seen}
    client = TestClient(app, raise_server_exceptions=False)
    content = told["content"].encode() if "content" in told else None
    answer = client.request(
        told["method"], told["path"], json=told.get("body"), content=content, headers=told["headers"]
    )
    return {"status": answer.status_code, "text": answer.text, "points": points.seen}


@cache
def providers_of(home: str, sandbox: str) -> dict[str, PaymentProvider]:
    """The sandbox's providers, opened once: their keys take longer to read than a request."""
    return open_providers(Settings(home=Path(home), secret=SECRET, sandbox_url=sandbox))


def do(job: str, shop: Shop) -> None:
    """What a process beside the API does with payments."""
    settlement = Settlement(shop.database, shop.clock, shop.providers)
    if job == "relay":
        deliver(settlement, database=shop.database, clock=shop.clock)
    else:
        reconcile(settlement, patience=timedelta(0))


def main() -> None:
    """Answer line by line."""
    # The routes are built once: that takes longer than a request. The shop is not opened here: its engine starts
    # threads, which a fork would leave behind with what they had locked.
    settings = Settings(secret=SECRET)
    closed: Any = SimpleNamespace(settings=settings, pictures=settings.home / "pictures", providers={})
    app = create_app(settings, shop=closed)
    assert TestClient(app).post("/v1/orders").status_code == 401  # what the first request makes, this one makes
    for line in sys.stdin:
        told = json.loads(line)
        if "sandbox" in told:
            providers_of(told["home"], told["sandbox"])
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
