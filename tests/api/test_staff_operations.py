"""What staff see of the shop's working: the audit log, page by page, and dead letters that are sent again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from core import audit, outbox
from core import outbox_delivery as delivery
from core.database import Database
from tests.api.people import Person, member, shop_of

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def staff(empty_client: TestClient) -> Person:
    return member(empty_client, "sue@example.com", role="staff")


def bury(database: Database, name: str) -> str:
    """Leave a dead letter about a product; returns its key."""
    with database.write() as session:
        outbox.emit(session, outbox.News("product", name, "changed"), at=NOW)
        (event,) = [
            found for found in delivery.due(session, consumer="index", now=NOW) if found.aggregate_id == name
        ]
        for _ in range(delivery.MAX_ATTEMPTS):
            delivery.failed(session, [event.id], reason="no", now=NOW)
    return event.key


def test_the_audit_log_is_read_page_by_page(empty_client: TestClient, staff: Person) -> None:
    shop = shop_of(empty_client)
    for number in range(5):
        with shop.database.write() as session:
            audit.record(
                session, actor=f"user:{number}", action="a", subject="s", detail={"n": number}, at=shop.clock()
            )
    seen, before = [], None
    while True:
        parameters = {"limit": 2} | ({"before": before} if before else {})
        answer = empty_client.get("/v1/staff/audit", params=parameters, headers=staff.headers)
        assert answer.status_code == 200, answer.text
        seen += [entry["number"] for entry in answer.json()["entries"]]
        before = answer.json()["next"]
        if before is None:
            break
    assert seen == list(range(len(seen), 0, -1))
    assert len(seen) >= 5


def test_a_dead_letter_is_sent_again_and_that_is_audited(empty_client: TestClient, staff: Person) -> None:
    shop = shop_of(empty_client)
    older, newer = bury(shop.database, "a"), bury(shop.database, "b")
    answer = empty_client.get("/v1/staff/outbox/dead", headers=staff.headers).json()
    assert [(event["key"], event["last_error"]) for event in answer["events"]] == [(newer, "no"), (older, "no")]
    page = empty_client.get("/v1/staff/outbox/dead", params={"limit": 1}, headers=staff.headers).json()
    rest = empty_client.get("/v1/staff/outbox/dead", params={"before": page["next"]}, headers=staff.headers)
    assert [event["key"] for event in rest.json()["events"]] == [older]
    path = f"/v1/staff/outbox/dead/{older}/resend"
    assert empty_client.post(path, headers=staff.headers).json() == {"events": 1}
    assert empty_client.post(path, headers=staff.headers).status_code == 409
    assert empty_client.post("/v1/staff/outbox/dead/x-none/resend", headers=staff.headers).status_code == 404
    entry = empty_client.get("/v1/staff/audit", headers=staff.headers).json()["entries"][0]
    assert (entry["actor"], entry["action"], entry["subject"]) == (
        f"user:{staff.id}",
        "outbox.resend",
        f"event:{older}",
    )


@pytest.mark.parametrize("role", ["", "customer", "seller"])
def test_it_is_for_staff_alone(empty_client: TestClient, role: str) -> None:
    headers = member(empty_client, role=role).headers if role else {}
    for method, path in (
        ("GET", "/v1/staff/audit"),
        ("GET", "/v1/staff/outbox/dead"),
        ("POST", "/v1/staff/outbox/dead/x-1/resend"),
    ):
        answer = empty_client.request(method, path, headers=headers)
        assert answer.status_code == (403 if role else 401)


@pytest.mark.parametrize("parameters", [{"limit": 0}, {"limit": 501}, {"before": 0}, {"before": 2**31}])
def test_pages_have_bounds(empty_client: TestClient, staff: Person, parameters: dict[str, int]) -> None:
    for path in ("/v1/staff/audit", "/v1/staff/outbox/dead"):
        assert empty_client.get(path, params=parameters, headers=staff.headers).status_code == 422
