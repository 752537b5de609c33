"""`merx audit` and `merx outbox`, as an operator runs them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from core import audit, outbox
from core import outbox_delivery as delivery
from core.database import Database, open_database
from core.settings import load_settings
from tests.pipelines.conftest import Ran

Merx = Callable[..., Ran]
NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def house() -> Iterator[Database]:
    """The database that `merx` finds."""
    database = open_database(load_settings())
    database.migrate()
    yield database
    database.close()


def note(database: Database, *subjects: str) -> str:
    """Append to the audit log; returns its last hash."""
    for subject in subjects:
        with database.write() as session:
            audit.record(session, actor="user:u", action="refund", subject=subject, detail={"n": 1}, at=NOW)
    with database.read() as session:
        return audit.verify(session).hash


def bury(database: Database, *names: str) -> list[str]:
    """Leave dead letters about these products; returns their keys, the newest first."""
    with database.write() as session:
        outbox.emit(session, *(outbox.News("product", name, "changed") for name in names), at=NOW)
        for _ in range(delivery.MAX_ATTEMPTS):
            ids = session.execute(text("SELECT id FROM outbox_event")).scalars().all()
            delivery.failed(session, ids, reason="no", now=NOW)
    with database.read() as session:
        return [letter.key for letter in delivery.dead_letters(session)]


def test_a_whole_log_is_verified_and_shown(merx: Merx, house: Database) -> None:
    head = note(house, "order:a", "order:b")
    verified = merx("audit", "verify", "--expect", head)
    assert verified.code == 0
    assert f"2 entries, unbroken, head {head}" in verified.said
    lines = [json.loads(line) for line in merx("audit", "show", "--limit", 1).output.splitlines()]
    assert [(line["number"], line["subject"], line["hash"]) for line in lines] == [(2, "order:b", head)]


def test_a_changed_row_is_named_and_the_command_fails(merx: Merx, house: Database) -> None:
    note(house, "order:a", "order:b", "order:c")
    with house.write() as session:
        session.execute(text("UPDATE audit_entry SET subject = 'order:z' WHERE id = 2"))
    verified = merx("audit", "verify")
    assert verified.code == 1
    assert "entry 2 was changed" in verified.said


def test_a_hash_that_is_not_in_the_log_any_more_fails(merx: Merx, house: Database) -> None:
    note(house, "order:a")
    assert merx("audit", "verify", "--expect", "f" * 64).code == 1
    assert "64 hexadecimal" in merx("audit", "verify", "--expect", "nonsense").said


def test_dead_letters_are_shown_and_sent_again(merx: Merx, house: Database) -> None:
    newest, oldest = bury(house, "a", "b")
    assert json.loads(merx("outbox", "status").output)["dead"] == 2
    shown = [json.loads(line) for line in merx("outbox", "dead").output.splitlines()]
    assert [(line["key"], line["last_error"]) for line in shown] == [(newest, "no"), (oldest, "no")]
    assert "1 will be sent again" in merx("outbox", "resend", newest).said
    assert merx("outbox", "resend", newest).code == 1
    assert "1 will be sent again" in merx("outbox", "resend", "--all").said
    assert json.loads(merx("outbox", "status").output)["pending"] == 2
    assert merx("audit", "verify").code == 0
    assert json.loads(merx("audit", "show").output.splitlines()[-1])["subject"] == f"event:{newest}"


@pytest.mark.parametrize("words", [(), ("x-1", "--all"), ("x-none",)], ids=["nothing", "both", "unknown"])
def test_what_is_sent_again_has_to_be_named(merx: Merx, house: Database, words: tuple[str, ...]) -> None:
    assert merx("outbox", "resend", *words).code == 1
