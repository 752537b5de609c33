"""A provider's notification, a hundred times at once: one effect. One that is not right: none, and no write."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlmodel import col

from api.app import create_app
from api.sandbox.protocol import Outgoing
from core.tables import AuditEntry, MoneyMovement, OutboxEvent, PaymentEvent, StockMovement
from tests.core.trade import broken_invariants, counted
from tests.services.paying import PROVIDERS, PaidTrade

TIMES = 100
WRITES = ("INSERT", "UPDATE", "DELETE")


@pytest.fixture
def client(paid: PaidTrade) -> TestClient:
    return TestClient(create_app(paid.shop.settings, shop=paid.shop), raise_server_exceptions=False)


def post(client: TestClient, provider: str, word: Outgoing) -> int:
    return client.post(
        f"/v1/payments/notify/{provider}", content=word.body, headers=dict(word.headers)
    ).status_code


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_hundred_at_once_are_one(paid: PaidTrade, client: TestClient, provider: str) -> None:
    order = paid.order(0, {"v0": 2})
    attempt = paid.start(0, order, provider)
    paid.sandbox.bank.decide(provider, paid.id_there(attempt), "captured")
    word = paid.words(attempt)[-1]
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: post(client, provider, word), range(TIMES)))
    assert {answer // 100 for answer in answers} == {2}
    seen = paid.see(order)
    assert (seen.status, seen.payments[0].status) == ("paid", "captured")
    assert paid.levels()["v0"] == (48, 0)
    with paid.database.read() as session:
        assert broken_invariants(session) == []

        def count(table: type, *where: object) -> int:
            return session.execute(select(func.count()).select_from(table).where(*where)).scalar_one()  # type: ignore[arg-type]

        assert count(MoneyMovement) == count(PaymentEvent) == 1
        assert count(StockMovement, col(StockMovement.reason) == "sale") == 1
        assert count(AuditEntry, col(AuditEntry.action) == "payment-captured") == 1
        events = select(col(OutboxEvent.key)).where(
            col(OutboxEvent.aggregate) == "order", col(OutboxEvent.kind) == "paid"
        )
        assert len(set(session.execute(events).scalars())) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_refunds_word_a_hundred_times_at_once_is_one(paid: PaidTrade, client: TestClient, provider: str) -> None:
    order = paid.order(0, {"v0": 2})
    attempt = paid.buy(0, order, provider)
    answer = client.post(
        f"/v1/orders/{order}/cancel", json={}, headers={**paid.headers(0), "Idempotency-Key": "just-once"}
    )
    assert answer.status_code == 200
    with ThreadPoolExecutor(2) as pool:  # the relay's own request and reconciling, both at once
        list(pool.map(lambda work: work(), [paid.ask_providers, paid.reconcile]))
    for word in paid.words(attempt)[1:]:
        with ThreadPoolExecutor(32) as pool:
            answers = pool.map(lambda _, word=word: post(client, provider, word), range(TIMES))  # type: ignore[misc]
            assert {answer // 100 for answer in answers} == {2}
    paid.reconcile()
    seen = paid.see(order)
    assert [refund.status for refund in seen.refunds] == ["settled"]
    assert paid.given_back(attempt) == seen.total_minor
    with paid.database.read() as session:
        assert broken_invariants(session) == []


def wrong_ones(paid: PaidTrade, provider: str) -> Mapping[str, Outgoing]:
    """Notifications of a payment that was made, each with one thing wrong; all but the flipped are well signed."""
    order, other = paid.order(0, {"v0": 1}), paid.order(0, {"v0": 1})
    attempt, elsewhere = paid.start(0, order, provider), paid.start(0, other, provider)
    bank, protocol = paid.sandbox.bank, paid.sandbox.protocols[provider]
    bank.decide(provider, paid.id_there(attempt), "captured")
    record = bank.get(provider, paid.id_there(attempt))
    event = record.events[-1]

    def made(**other: object) -> Outgoing:
        word = protocol.notification(replace(record, **other), event)  # type: ignore[arg-type]
        assert word is not None
        return word

    right = made()
    keys = bank.keys
    found = {
        "amount": made(amount_minor=record.amount_minor - 1),
        "currency": made(currency="USD"),
        "payment": replace(right, body=right.body[:-1] + b"~"),
    }
    if provider != "stripe":
        found["reference-of-another"] = made(id=paid.id_there(elsewhere), amount_minor=record.amount_minor + 1)
    for name, change in {
        "alipay": {"app": {"alipay_app_id": "2099"}, "seller": {"alipay_seller_id": "2088999"}},
        "wechatpay": {
            "app": {"wechatpay_app_id": "wx0"},
            "merchant": {"wechatpay_merchant_id": "1"},
            "serial": {"wechatpay_platform_serial": "ABCDEF"},
            "api-key": {"wechatpay_api_key": "0" * 32},
        },
        "stripe": {"secret": {"stripe_webhook_secret": "whsec_other"}},
    }[provider].items():
        bank.keys = replace(keys, **change)
        try:
            found[name] = made()
        finally:
            bank.keys = keys
    for n, where in enumerate((0.05, 0.3, 0.5, 0.7, 0.95)):
        body = bytearray(right.body)
        body[int(len(body) * where)] ^= 1 << n
        found[f"flipped-{n}"] = replace(right, body=bytes(body))
    for name in right.headers:
        if name.lower() != "content-type":
            value = right.headers[name]
            found[f"header-{name}"] = replace(right, headers={**right.headers, name: value[:-1] + "!"})
            found[f"without-{name}"] = replace(
                right, headers={key: text for key, text in right.headers.items() if key != name}
            )
    return found


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_is_not_right_writes_nothing(paid: PaidTrade, client: TestClient, provider: str) -> None:
    wrong = wrong_ones(paid, provider)
    for name, word in wrong.items():
        with counted(paid.database) as statements:
            assert post(client, provider, word) == 400, name
        assert [line for line in statements if line.startswith(WRITES)] == [], name
    attempt = next(iter(paid.sandbox.bank.ledger.all()))
    assert attempt.state in ("captured", "pending")
    with paid.database.read() as session:
        assert session.execute(select(func.count()).select_from(MoneyMovement)).scalar_one() == 0


@pytest.mark.parametrize(("provider", "late"), [("alipay", 26 * 60), ("wechatpay", 6), ("stripe", 6)])
def test_a_stale_one_and_one_from_the_future_write_nothing(paid: PaidTrade, provider: str, late: int) -> None:
    order = paid.order(0, {"v0": 1})
    attempt = paid.start(0, order, provider)
    paid.sandbox.bank.decide(provider, paid.id_there(attempt), "captured")
    word = paid.words(attempt)[-1]
    now = paid.now
    for moment in (now + timedelta(minutes=late), now - timedelta(minutes=late)):
        paid.shop.clock = lambda moment=moment: moment  # type: ignore[misc]
        client = TestClient(create_app(paid.shop.settings, shop=paid.shop), raise_server_exceptions=False)
        with counted(paid.database) as statements:
            assert post(client, provider, word) == 400
        assert [line for line in statements if line.startswith(WRITES)] == []
    paid.shop.clock = lambda: now
    assert post(client, provider, word) // 100 == 2
    assert paid.see(order).status == "paid"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_notification_is_nothing_to_another_provider(paid: PaidTrade, client: TestClient, provider: str) -> None:
    order = paid.order(0, {"v0": 1})
    attempt = paid.start(0, order, provider)
    paid.sandbox.bank.decide(provider, paid.id_there(attempt), "captured")
    word = paid.words(attempt)[-1]
    for other in {*PROVIDERS, "test"} - {provider}:
        assert post(client, other, word) == 400
    assert paid.see(order).status == "pending"
