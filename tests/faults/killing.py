"""Killing a process of the shop at every point of what it does, on copies of a shop as it was before."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select
from sqlmodel import col

from core.tables import Order, OutboxEvent, Refund
from core.tokens import Tokens
from tests.core.trade import Trade, broken_invariants
from tests.faults.victim import SECRET

ROOT = Path(__file__).parents[2]
Request = dict[str, Any]


class Victim:
    """A process that dies in the middle of requests, again and again."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.victim"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, request: Request, *, fatal: str | None = None) -> dict[str, Any]:
        """Do a request; what the process says it saw, or that it was killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({**request, "fatal": fatal}) + "\n")
        self._process.stdin.flush()
        return dict(json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """Let it go."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


@pytest.fixture(scope="module")
def victim() -> Iterator[Victim]:
    made = Victim()
    yield made
    made.close()


@dataclass(frozen=True)
class Databases:
    """The url of a database, and a function that copies it (close its connections first).

    `first` and `step` say at which points there is to be a kill: at all of them takes minutes.
    """

    url: str
    copy: Callable[[], str]
    first: int
    step: int

    def drawn(self, points: Sequence[Any]) -> Sequence[Any]:
        """The points of a scene to kill at: by default one in four, others on each kind of database."""
        return points[self.first :: self.step]


_KINDS = [
    pytest.param(("sqlite", 0, 4), id="sqlite"),
    pytest.param(("postgres", 2, 4), id="postgres", marks=pytest.mark.postgres),
    pytest.param(("sqlite", 0, 1), id="sqlite-everywhere", marks=pytest.mark.nightly),
    pytest.param(("postgres", 0, 1), id="postgres-everywhere", marks=[pytest.mark.postgres, pytest.mark.nightly]),
]


@pytest.fixture(params=_KINDS)
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Databases]:
    """A migrated database, on both kinds, and copies of it as it is at the moment."""
    kind, first, step = request.param
    url = request.getfixturevalue(f"new_{kind}")()
    made: list[str] = []

    def copy() -> str:
        name = f"{kind}_{len(made)}"
        made.append(name)
        if kind == "sqlite":
            path = tmp_path / f"{name}.db"
            shutil.copyfile(url.removeprefix("sqlite:///"), path)
            return f"sqlite:///{path}"
        base, _, own = url.partition("?")[0].rpartition("/")
        server = request.getfixturevalue("postgres_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {own}_{len(made)} TEMPLATE {own}")
        query = f"?{url.partition('?')[2]}" if "?" in url else ""
        return f"{base}/{own}_{len(made)}{query}"

    yield Databases(url, copy, first, step)
    if kind == "postgres":
        own = url.partition("?")[0].rpartition("/")[2]
        with psycopg.connect(request.getfixturevalue("postgres_server"), autocommit=True) as connection:
            for number in range(1, len(made) + 1):
                connection.execute(f"DROP DATABASE {own}_{number} WITH (FORCE)")


def signed_in(path: str, body: Any, *, at: str, user: str = "u0", session: str = "l") -> Request:
    """A request of a user."""
    token = Tokens(SECRET, access_minutes=60).access(user=user, session=session, at=datetime.fromisoformat(at))
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "the-same-key"}
    return {"method": "POST", "path": path, "body": body, "headers": headers, "at": at}


def told_of_everything(trade: Trade) -> list[str]:
    """What is broken, and what happened without the outbox knowing."""
    with trade.database.read() as session:
        faults = broken_invariants(session)

        def events(kind: str, aggregate: str = "order") -> set[str]:
            found = select(col(OutboxEvent.aggregate_id)).where(
                col(OutboxEvent.kind) == kind, col(OutboxEvent.aggregate) == aggregate
            )
            return set(session.execute(found).scalars())

        for order in session.execute(select(Order)).scalars():
            due = {"pending": "placed", "paid": "paid", "cancelled": "cancelled"}[order.status]
            if order.public_id not in events(due):
                faults.append(f"nobody was told that {order.public_id} is {order.status}")
        placed = session.execute(select(func.count(col(Order.id)))).scalar_one()
        if len(events("placed")) != placed:
            faults.append("orders and the news of them differ")
        for refund in session.execute(select(Refund)).scalars():
            if refund.public_id not in events("requested", "refund"):
                faults.append(f"nobody was told of refund {refund.public_id}")
        return faults
