"""Signed stock reports over HTTP: one flipped bit and nothing is written, and the documented device works."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import socket
import string
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.testclient import TestClient
from httpx import Response
from PIL import Image

from tests.api.curl import DOCS, requested, shell_lines
from tests.api.people import Person, member

PAGE = (DOCS / "sellers.md").read_text()
PRICE = {"price_minor": 100, "currency": "GBP"}


class Scanner:
    """A device with its key, of a seller with one product."""

    def __init__(self, client: TestClient, seller: Person) -> None:
        self.client, self.key = client, Ed25519PrivateKey.generate()
        public = base64.b64encode(self.key.public_key().public_bytes_raw()).decode()
        body = {"name": "Scanner", "public_key": public}
        answer = client.post("/v1/seller/devices", json=body, headers=seller.headers)
        assert answer.status_code == 201, answer.text
        self.id: str = answer.json()["id"]

    def headers(self, body: bytes) -> dict[str, str]:
        signature = base64.b64encode(self.key.sign(body)).decode()
        return {"Merx-Device": self.id, "Merx-Signature": signature}

    def send(self, reports: Any) -> Response:
        body = json.dumps(reports).encode()
        return self.client.post("/v1/stock-reports", content=body, headers=self.headers(body))


@pytest.fixture
def ann(empty_client: TestClient) -> Person:
    return member(empty_client, role="seller", seller="Ann")


@pytest.fixture
def variant(empty_client: TestClient, ann: Person) -> str:
    return stocked(empty_client, ann)


@pytest.fixture
def scanner(empty_client: TestClient, ann: Person) -> Scanner:
    return Scanner(empty_client, ann)


def stocked(client: TestClient, seller: Person) -> str:
    name = client.post("/v1/seller/products", json={"title": "x"}, headers=seller.headers).json()["id"]
    answer = client.post(f"/v1/seller/products/{name}/variants", json=PRICE, headers=seller.headers)
    return str(answer.json()["variants"][0]["id"])


def report(number: int, variant: str, quantity: int = 5, kind: str = "count", **more: Any) -> dict[str, Any]:
    taken_at = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    return {"number": number, "variant": variant, "kind": kind, "quantity": quantity, "taken_at": taken_at, **more}


def tables(client: TestClient) -> list[int]:
    """How many rows there are of all that a report writes."""
    database = client.app.state.shop.database  # type: ignore[attr-defined]
    with database.engine.connect() as connection:
        return [
            connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()
            for table in ("stock_report", "stock_movement", "stock_level", "outbox_event")
        ]


def test_one_report_and_a_list(empty_client: TestClient, scanner: Scanner, variant: str) -> None:
    first = report(1, variant, 5)
    answer = scanner.send(first)
    assert (answer.status_code, answer.json()) == (200, {"number": 1, "outcome": "applied"})
    assert scanner.send(first).json() == answer.json()
    answer = scanner.send([first, report(1, variant, 6), report(2, variant, 2, "delta"), report(3, "none")])
    assert answer.json() == {
        "reports": [
            {"number": 1, "outcome": "applied"},
            {
                "number": 1,
                "outcome": "refused",
                "code": "conflict",
                "detail": "number 1 was used for another report",
            },
            {"number": 2, "outcome": "applied"},
            {"number": 3, "outcome": "refused", "code": "not-found", "detail": "there is no variant 'none'"},
        ]
    }
    assert scanner.send(report(1, variant, 6)).status_code == 409


def test_what_is_not_signed_by_the_device_writes_nothing(
    empty_client: TestClient, ann: Person, scanner: Scanner, variant: str
) -> None:
    other = Scanner(empty_client, ann)
    body = json.dumps(report(1, variant)).encode()
    good = scanner.headers(body)
    before = tables(empty_client)
    tried: list[tuple[bytes, dict[str, str]]] = [
        (body, {}),
        (body, {**good, "Merx-Device": other.id}),
        (body, {**good, "Merx-Signature": other.headers(body)["Merx-Signature"]}),
        (body + b" ", good),
        (b"", good),
        (b"{", {**good, "Merx-Signature": ""}),
    ]
    for bit in range(0, len(body) * 8, 5):
        flipped = bytearray(body)
        flipped[bit // 8] ^= 1 << bit % 8
        tried.append((bytes(flipped), good))
    for content, headers in tried:
        answer = empty_client.post("/v1/stock-reports", content=content, headers=headers)
        assert answer.status_code == 401, answer.text
        assert answer.json()["detail"] == "no active device signed this"
    assert tables(empty_client) == before
    assert empty_client.post("/v1/stock-reports", content=body, headers=good).status_code == 200
    stopped = empty_client.delete(f"/v1/seller/devices/{scanner.id}", headers=ann.headers)
    assert stopped.json()["active"] is False
    assert scanner.send(report(2, variant)).status_code == 401


def test_others_goods_are_as_if_they_were_not_there(empty_client: TestClient, scanner: Scanner) -> None:
    bob = member(empty_client, "bob@example.com", role="seller", seller="Bob")
    theirs = stocked(empty_client, bob)
    answer = scanner.send(report(1, theirs))
    assert (answer.status_code, answer.json()["detail"]) == (404, f"there is no variant {theirs!r}")
    assert empty_client.delete(f"/v1/seller/devices/{scanner.id}", headers=bob.headers).status_code == 404
    assert empty_client.get("/v1/seller/devices", headers=bob.headers).json() == {"devices": []}


NO_REPORTS: list[Any] = [
    [],
    [report(1, "v")] * 501,
    "text",
    report(1, "v", -1),
    report(1, "v", 100_001),
    report(-1, "v"),
    report(2**63, "v"),
    report(1, "a\0b"),
    report(1, "\ud800"),
    report(1, "v", kind="guess"),
    report(1, "v", taken_at="2026-01-01T00:00:00"),
    report(1, "v", taken_at="9999-12-31T23:59:59-23:59"),
    report(1, "v", more="x"),
]


def test_what_is_no_report_is_refused(empty_client: TestClient, scanner: Scanner) -> None:
    for wrong in NO_REPORTS:
        answer = scanner.send(wrong)
        assert answer.status_code == 400, f"{wrong}: {answer.text}"
    for body in (b"", b"{", b"\xff\xfe", b"[" * 100_000, b" " * (2**20 + 1)):
        answer = scanner.client.post("/v1/stock-reports", content=body, headers=scanner.headers(body))
        assert answer.status_code == 400, f"{body[:9]!r}: {answer.text}"
    assert tables(empty_client)[0] == 0


def test_what_is_no_key_is_refused(empty_client: TestClient, ann: Person) -> None:
    for key, status in (("", 422), ("ä" * 44, 422), ("AAAA", 400), ("A" * 44, 400)):
        body = {"name": "x", "public_key": key}
        answer = empty_client.post("/v1/seller/devices", json=body, headers=ann.headers)
        assert answer.status_code == status, answer.text


def test_the_documented_device_reports(
    empty_client: TestClient, ann: Person, variant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
    monkeypatch.chdir(tmp_path)
    device: dict[str, Callable[..., Any]] = {}
    exec(code, device)
    body = {"name": "Documented", "public_key": device["public_key"]()}
    name = empty_client.post("/v1/seller/devices", json=body, headers=ann.headers).json()["id"]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(empty_client.app, lifespan="off", log_level="error"))
        running = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        running.start()
        try:
            address = f"http://127.0.0.1:{listening.getsockname()[1]}"
            one = device["report"](1, variant, "count", 12)
            assert device["send"](address, name, one) == {"number": 1, "outcome": "applied"}
            answer = device["send"](address, name, [one, device["report"](2, variant, "delta", -2)])
        finally:
            server.should_exit = True
            running.join(timeout=30)
    assert [told["outcome"] for told in answer["reports"]] == ["applied", "applied"]
    page = empty_client.get(f"/v1/seller/variants/{variant}/movements", headers=ann.headers).json()
    assert [movement["delta"] for movement in page["movements"]] == [-2, 12]


def test_the_documented_requests_are_answered(empty_client: TestClient, ann: Person, tmp_path: Path) -> None:
    written = BytesIO()
    Image.new("RGB", (8, 8)).save(written, "JPEG")
    files = {"lamp.jpg": written.getvalue(), "feed.jsonl": b'{"type": "product", "id": "p", "title": "P"}'}
    known = {
        "TOKEN": ann.login["access_token"],
        "PUBLIC_KEY": base64.b64encode(os.urandom(32)).decode(),
    }
    lines = shell_lines("sellers.md")
    assert len(lines) >= 12
    for line in lines:
        answer = requested(empty_client, shlex.split(string.Template(line).substitute(known)), files)
        assert answer.is_success, f"{line}\n{answer.text}"
        told = answer.json()
        if "variants" in told and "status" in told:
            known["PRODUCT"] = told["id"]
            known["VARIANT"] = told["variants"][0]["id"] if told["variants"] else ""
