"""The webhooks that an owner has: kinds, secrets, how many there may be, and what goes with a removed one."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from sqlalchemy import func, select, text
from sqlmodel import col

from core.database import Database
from core.errors import Conflict, InvalidInput, NotFound
from core.goods import Keeper
from core.posting import signed
from core.tables import WebhookDelivery
from core.webhooks import create_endpoint, deliveries, list_endpoints, remove_endpoint, rotate_secret
from tests.core.posting_desk import SHOP, Desk
from tests.core.receiving import Receiver, receiving


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as listening:
        yield listening


def test_after_a_new_secret_both_are_good_for_a_day(desk: Desk, receiver: Receiver) -> None:
    name = desk.add(receiver)
    old = receiver.secret
    with desk.database.write() as session:
        new = rotate_secret(session, SHOP, name, at=desk.now)
    assert new != old
    desk.happen()
    assert desk.courier.round() == (1, 0)  # the receiver knows the old one alone
    receiver.secret = new
    desk.happen()
    assert desk.courier.round() == (1, 0)
    assert len(receiver.seen[-1]["webhook-signature"].split()) == 2
    desk.pass_by(hours=24)
    receiver.secret = ""
    desk.happen()
    desk.courier.round()
    content, told = receiver.raw[-1].decode(), receiver.seen[-1]
    expected = signed(content, id=told["webhook-id"], secrets=[new], at=desk.now)
    assert told["webhook-signature"] == expected["webhook-signature"]


def test_secrets_are_sealed_and_another_owners_endpoint_is_not_there(desk: Desk, receiver: Receiver) -> None:
    name = desk.add(receiver)
    with desk.database.write() as session:
        rotate_secret(session, SHOP, name, at=desk.now)
    with desk.database.read() as session:
        assert "whsec_" not in str(session.execute(text("SELECT * FROM webhook_endpoint")).all())
        seller = Keeper("user:sue", 1)
        with pytest.raises(NotFound, match=f"there is no webhook '{name}'"):
            deliveries(session, seller, name)
        assert list_endpoints(session, seller) == []


def test_a_removed_endpoint_takes_its_deliveries_with_it(desk: Desk, receiver: Receiver) -> None:
    name = desk.add(receiver)
    other = desk.add(receiver)
    desk.happen(2)
    with desk.database.write() as session:
        remove_endpoint(session, SHOP, name, at=desk.now)
    with desk.database.read() as session:
        assert [one.id for one in list_endpoints(session, SHOP)] == [other]
        assert session.execute(select(func.count(col(WebhookDelivery.id)))).scalar_one() == 2


def test_an_endpoint_removed_while_it_is_called_ends_quietly(desk: Desk, receiver: Receiver) -> None:
    name = desk.add(receiver)
    desk.happen()
    receiver.answers = [500]

    def remove(_handler: BaseHTTPRequestHandler) -> None:
        with desk.database.write() as session:
            remove_endpoint(session, SHOP, name, at=desk.now)

    receiver.before = remove
    assert desk.courier.round() == (0, 1)
    with desk.database.read() as session:
        assert list_endpoints(session, SHOP) == []


def test_there_is_an_end_of_endpoints(desk: Desk) -> None:
    with desk.database.write() as session:
        for _ in range(20):
            create_endpoint(session, SHOP, url="https://x.example", kinds=["order.paid"], at=desk.now)
        with pytest.raises(Conflict, match="20 webhooks"):
            create_endpoint(session, SHOP, url="https://x.example", kinds=["order.paid"], at=desk.now)


@pytest.mark.parametrize("kinds", [[], ["nonsense"], ["order.paid", "test"]])
def test_kinds_are_those_that_there_are(desk: Desk, kinds: list[str]) -> None:
    with desk.database.write() as session, pytest.raises(InvalidInput):
        create_endpoint(session, SHOP, url="https://x.example", kinds=kinds, at=desk.now)
