"""The audit log: one unbroken chain whoever writes to it, in which no meddling goes unnoticed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from core import audit
from core.database import Database
from core.errors import BadSettings, BrokenArtifact
from core.vault import Vault

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
DETAIL = {"amount": 1250, "why": "damaged – 破损", "lines": [1, 2], "part": True, "rate": 1e20, "at": NOW}


def append(database: Database, *names: str) -> None:
    for place, name in enumerate(names):
        at = NOW + timedelta(seconds=place)
        with database.write() as session:
            audit.record(session, actor="user:u1", action="refund", subject=f"order:{name}", detail=DETAIL, at=at)


def verify(database: Database, expect: str | None = None) -> audit.Verdict:
    with database.read() as session:
        return audit.verify(session, expect=expect)


def meddle(database: Database, *statements: str) -> None:
    with database.write() as session:
        for statement in statements:
            session.execute(text(statement))


def test_an_empty_log_is_unbroken(database: Database) -> None:
    assert verify(database) == audit.Verdict(0, audit.GENESIS)


def test_a_log_is_read_back_and_verified(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "BATCH", 2)
    append(database, "a", "b", "c", "d", "e")
    with database.read() as session:
        newest, before = audit.entries(session, limit=2)
        older = audit.entries(session, before=before.number)
    assert (newest.number, newest.subject, newest.at) == (5, "order:e", NOW + timedelta(seconds=4))
    assert newest.detail == DETAIL | {"rate": "1e+20", "at": NOW.isoformat()}
    assert [entry.number for entry in older] == [3, 2, 1]
    assert verify(database) == audit.Verdict(5, newest.hash)


def test_what_is_not_committed_is_not_in_the_log(database: Database) -> None:
    append(database, "a")
    with pytest.raises(RuntimeError, match="stop"), database.write() as session:
        audit.record(session, actor="system", action="x", subject="y", detail={}, at=NOW)
        raise RuntimeError("stop")
    append(database, "b")
    assert verify(database).entries == 2
    assert verify(database).fault == ""


def test_what_the_log_cannot_give_back_the_same_is_refused(database: Database) -> None:
    with pytest.raises(TypeError, match="object"), database.write() as session:
        audit.record(session, actor="system", action="x", subject="y", detail={"a": object()}, at=NOW)


def test_many_at_once_make_one_chain_from_the_very_first_entry(database: Database) -> None:
    def work(worker: int) -> None:
        for number in range(5):
            database.transact(
                lambda session, number=number: audit.record(  # type: ignore[misc]
                    session, actor=f"user:{worker}", action="n", subject=f"s:{number}", detail={}, at=NOW
                )
            )

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    found = verify(database)
    assert (found.entries, found.fault) == (80, "")


COLUMNS = {
    "at": "'2026-01-02 03:04:06.678902+00:00'",
    "actor": "'user:u2'",
    "action": "'cancel'",
    "subject": "'order:z'",
    "detail": "'{\"amount\": 1}'",
    "previous_hash": "'0f'",
    "hash": "'0f'",
}


def after(database: Database, *statements: str) -> audit.Verdict:
    """What the log would be found to be after some meddling, which is then undone."""
    with database.read() as session:
        for statement in statements:
            session.execute(text(statement))
        return audit.verify(session)


def test_a_changed_column_is_found_in_any_entry(database: Database) -> None:
    append(database, "a", "b", "c", "d", "e")
    for column, value in COLUMNS.items():
        for number in (1, 3, 5):
            found = after(database, f"UPDATE audit_entry SET {column} = {value} WHERE id = {number}")
            assert (found.entry, found.fault) == (number, "was changed"), column
    assert verify(database).fault == ""


MEDDLING: list[tuple[list[str], int | None, str]] = [
    (["DELETE FROM audit_entry WHERE id = 1"], 1, "removed"),
    (["DELETE FROM audit_entry WHERE id = 3"], 3, "removed"),
    (["DELETE FROM audit_entry WHERE id = 5"], 5, "cut off"),
    (["DELETE FROM audit_entry"], 1, "cut off"),
    (["DELETE FROM audit_head"], 1, "head"),
    (["UPDATE audit_entry SET id = 9 WHERE id = 2"], 2, "removed"),
    (["UPDATE audit_entry SET id = 0 WHERE id = 2"], 0, "inserted"),
    (["DELETE FROM audit_entry WHERE id = 5", "UPDATE audit_head SET entries = 4"], None, "forged"),
    (["UPDATE audit_head SET hash = '0f'"], None, "forged"),
    (["UPDATE audit_head SET entries = 6"], 6, "cut off"),
    (["UPDATE audit_head SET entries = 4"], 5, "inserted"),
    (["UPDATE audit_head SET seal = 'nothing'"], None, "forged"),
    (
        [
            "UPDATE audit_entry SET id = 99 WHERE id = 2",
            "UPDATE audit_entry SET id = 2 WHERE id = 4",
            "UPDATE audit_entry SET id = 4 WHERE id = 99",
        ],
        2,
        "changed",
    ),
    (
        [
            "UPDATE audit_entry SET id = id + 100 WHERE id >= 3",
            "INSERT INTO audit_entry SELECT 3, at, actor, action, subject, detail, 'p', 'h' FROM audit_entry"
            " WHERE id = 2",
            "UPDATE audit_entry SET id = id - 99 WHERE id > 100",
        ],
        3,
        "changed",
    ),
    (
        [
            "INSERT INTO audit_entry SELECT 6, at, actor, action, subject, detail, 'p', 'h' FROM audit_entry"
            " WHERE id = 5"
        ],
        6,
        "inserted",
    ),
]


def test_meddling_is_found(database: Database) -> None:
    append(database, "a", "b", "c", "d", "e")
    for statements, entry, says in MEDDLING:
        found = after(database, *statements)
        assert found.entry == entry, statements
        assert says in found.fault, statements
        assert says in audit.described(found)
    assert verify(database).fault == ""


def test_a_suffix_rewritten_with_fitting_hashes_is_found(database: Database) -> None:
    append(database, "a", "b", "c")
    kept = verify(database)
    # Another log of the same length, honest in itself but for the key.
    foreign = Database(database.url, vault=Vault(["the meddler's own secret"]))
    meddle(database, "DELETE FROM audit_entry", "DELETE FROM audit_head")
    append(foreign, "a", "b", "z")
    foreign.close()
    assert "forged" in verify(database).fault
    meddle(database, f"UPDATE audit_head SET hash = '{kept.hash}'")
    assert verify(database).fault


def test_a_head_that_was_forged_stays_so_however_the_log_goes_on(database: Database) -> None:
    append(database, "a", "b", "c")
    meddle(
        database,
        "UPDATE audit_head SET entries = 2, hash = (SELECT hash FROM audit_entry WHERE id = 2)",
        "DELETE FROM audit_entry WHERE id = 3",
    )
    append(database, "d", "e")
    assert "forged" in verify(database).fault


def test_a_log_put_back_to_an_earlier_state_misses_the_hash_that_was_noted(database: Database) -> None:
    append(database, "a", "b")
    with database.read() as session:
        head = session.execute(text("SELECT entries, hash, seal FROM audit_head")).one()
    append(database, "c")
    noted = verify(database).hash
    append(database, "d")
    assert verify(database, noted).fault == ""
    meddle(
        database,
        "DELETE FROM audit_entry WHERE id > 2",
        f"UPDATE audit_head SET entries = 2, hash = '{head.hash}', seal = '{head.seal}'",
    )
    assert verify(database).fault == ""
    assert noted in verify(database, noted).fault


def test_a_rotated_key_takes_over(database: Database) -> None:
    append(database, "a")
    old, new = "a secret for the tests of the shop", "the next secret"
    both = Database(database.url, vault=Vault([new, old]))
    with both.write() as session:
        assert audit.reseal(session).entries == 1
    append(both, "b")
    only = Database(database.url, vault=Vault([new]))
    assert verify(only) == verify(both)
    assert verify(only).fault == ""
    assert "MERX_DATA_KEYS" in verify(database).fault
    with pytest.raises(BadSettings, match="MERX_DATA_KEYS"):
        append(database, "c")
    both.close()
    only.close()


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_entry SET actor = 'user:u9' WHERE id = 1", "UPDATE audit_head SET seal = 'x'"],
    ids=["entry", "head"],
)
def test_a_broken_log_is_not_sealed_again(database: Database, statement: str) -> None:
    append(database, "a", "b")
    meddle(database, statement)
    with pytest.raises(BrokenArtifact, match="audit log"), database.write() as session:
        audit.reseal(session)
    assert verify(database).fault
