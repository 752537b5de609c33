"""The shop's own synonyms: kept by staff, known to the search without a restart, and noted."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.synonyms import LiveSynonyms
from core.database import open_database
from core.errors import InvalidInput
from core.settings import Settings
from core.synonyms import put_synonym
from tests.api.people import member

ROOT = "/v1/staff/synonyms"


def test_staff_keep_rules(empty_client: TestClient) -> None:
    staff = member(empty_client, "tom@example.com", role="staff").headers
    assert empty_client.get(ROOT, headers=staff).json() == {"synonyms": []}
    for rule in ("wug, blicket", "wug => gavagai"):  # the second in the place of the first
        assert empty_client.put(f"{ROOT}/wugs", json={"rule": rule}, headers=staff).status_code == 204
    held = empty_client.get(ROOT, headers=staff).json()["synonyms"]
    assert [(one["id"], one["rule"]) for one in held] == [("wugs", "wug => gavagai")]
    assert empty_client.delete(f"{ROOT}/wugs", headers=staff).status_code == 204
    assert empty_client.delete(f"{ROOT}/wugs", headers=staff).status_code == 404
    actions = [entry["action"] for entry in empty_client.get("/v1/staff/audit", headers=staff).json()["entries"]]
    assert [action for action in actions if action.startswith("synonym")].count("synonym.put") == 2


@pytest.mark.parametrize("rule", ["alone", "a => b => c", "a,,b", "", "x" * 501, "a\x00, b", "a\nb, c"])
def test_a_rule_that_cannot_be_read_changes_nothing(empty_client: TestClient, rule: str) -> None:
    staff = member(empty_client, "tom@example.com", role="staff").headers
    answer = empty_client.put(f"{ROOT}/wugs", json={"rule": rule}, headers=staff)
    assert answer.status_code in (400, 422)
    assert empty_client.get(ROOT, headers=staff).json() == {"synonyms": []}


def test_what_is_changed_is_known_at_the_next_look(tmp_path: Path) -> None:
    own = tmp_path / "own.txt"
    own.write_text("toma => dax", encoding="utf-8")
    settings = Settings(home=tmp_path, synonyms=own)
    database = open_database(settings)
    database.migrate()
    live = LiveSynonyms(database, own=own)
    first = live.current()
    assert first.of(["toma"]) == [(0, 1, ("dax",))]
    assert live.current() is first

    with database.write() as session:
        put_synonym(session, "w", rule="wug, blicket", actor="staff:1", at=datetime(2026, 1, 1, tzinfo=UTC))
    live.forget()
    second = live.current()
    assert second.of(["wug"]) == [(0, 1, ("blicket",))]

    own.write_text("broken", encoding="utf-8")
    live.forget()
    assert live.current() is second, "what was read before goes on serving"
    with pytest.raises(InvalidInput, match=r"own\.txt, line 1"):
        LiveSynonyms(database, own=own).current()
    database.close()
