"""Erasing a user in the tables: what goes, what stays, and when it is refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlmodel import Session, SQLModel, col

from core import audit, behaviour, cancel, erasure, lockout, logins, profiles
from core.bulk import table_of
from core.database import Database
from core.erasure import Erased, erase
from core.errors import Conflict, NotFound
from core.shown import Shown, hide, record_shown
from core.tables import (
    Erasure,
    Event,
    Notification,
    Order,
    OrderLine,
    Payment,
    Refund,
    Review,
    ReviewPicture,
    ReviewVote,
    Seller,
    Shipment,
    ShopperKey,
    Transition,
    User,
)
from core.transitions import Cause
from tests.core.people import LIFE, account, add_user
from tests.core.trade import Trade, broken_invariants
from tests.keys import TEST_VAULT

LEDGER = ("order_line", "shipment_line", "refund_line", "money_movement", "stock_movement", "stock_level")


@pytest.fixture
def trade(database: Database, tmp_path: Path) -> Trade:
    return Trade(database, tmp_path).stocked([50, 50])


def erase_user(trade: Trade, n: int = 0, *, actor: str = "") -> Erased:
    return trade.do(lambda session: erase(session, f"u{n}", actor=actor or f"user:u{n}", at=trade.now))


def rows(trade: Trade, model: type[SQLModel], **where: Any) -> list[Any]:
    table = table_of(model)
    wanted = (
        select(table)
        .where(*(table.c[name] == value for name, value in where.items()))
        .order_by(*table.primary_key)
    )
    with trade.database.read() as session:
        return list(session.execute(wanted).all())


def ledger(trade: Trade) -> dict[str, list[Any]]:
    """What the law asks to keep: every row of the ledger, of other tables the columns that are part of it."""
    orders = [
        *("id", "public_id", "user_id", "status", "source", "currency", "goods_minor", "discount_minor"),
        *("shipping_minor", "tax_minor", "total_minor", "country", "voucher_id", "placed_at"),
    ]
    parts = {
        "customer_order": orders,
        "payment": [*("public_id", "order_id", "provider", "provider_reference", "status", "amount_minor")],
        "refund": ["public_id", "order_id", "payment_id", "user_id", "status", "amount_minor", "at"],
        "transition": ["subject", "subject_id", "before", "after", "actor", "at"],
    }
    tables = SQLModel.metadata.tables
    columns = {name: [column.name for column in tables[name].c] for name in LEDGER} | parts
    with trade.database.read() as session:
        return {
            name: sorted(
                (tuple(row) for row in session.execute(select(*(tables[name].c[one] for one in kept)))), key=repr
            )
            for name, kept in columns.items()
        }


def settled(trade: Trade) -> str:
    """An order of u0 that was paid, cancelled with a reason, and whose money went back."""
    order = trade.order(0, {"v0": 2})
    trade.pay(0, order)
    why = Cause("user:u0", trade.now, "Ann moves to Leeds")
    trade.do(lambda session: cancel.cancel(session, order, cause=why))
    trade.ask_providers()
    return order


def test_the_ledger_stays_and_the_person_goes(trade: Trade) -> None:
    order = settled(trade)
    theirs = trade.order(1, {"v1": 1})
    before = ledger(trade)
    assert [row.reason for row in rows(trade, Transition, subject="refund", actor="user:u0")] == [
        "Ann moves to Leeds"
    ]
    done = erase_user(trade)
    assert not done.again
    assert ledger(trade) == before
    user = rows(trade, User, public_id="u0")[0]
    assert user.status == "erased"
    personal = (
        "email",
        "email_hash",
        "name",
        "phone",
        "phone_hash",
        "password_hash",
        "country",
        "email_verified_at",
    )
    assert [getattr(user, name) for name in personal] == [None] * len(personal)
    assert rows(trade, Order, public_id=order)[0].address is None
    assert rows(trade, Order, public_id=theirs)[0].address is not None
    assert "Ann" not in repr([*rows(trade, Transition), *rows(trade, Refund)])
    assert all(payment.action == {} for payment in rows(trade, Payment))
    kept = erasure.unfinished
    with trade.database.read() as session:
        assert [(one.id, one.user) for one in kept(session)] == [(done.id, "u0")]
        last = audit.entries(session, limit=1)[0]
        assert audit.verify(session).fault == ""
        assert broken_invariants(session) == []
    assert (last.actor, last.action, last.subject) == ("user:u0", "user-erased", "u0")


def test_once_more_says_when_it_was_done(trade: Trade) -> None:
    first = erase_user(trade)
    told = len(trade.told("product"))
    trade.now += timedelta(days=1)
    again = erase_user(trade, actor="system")
    assert (again.id, again.erased_at, again.again) == (first.id, first.erased_at, True)
    assert len(rows(trade, Erasure)) == 1
    assert len(trade.told("product")) == told


def test_unpaid_orders_are_cancelled_first(trade: Trade) -> None:
    order = trade.order(0, {"v0": 3})
    trade.begin(0, order)
    erase_user(trade)
    assert trade.see(order).status == "cancelled"
    assert trade.levels()["v0"] == (50, 0)
    assert trade.ask_providers().delivered == 1  # the payment is ended with its provider
    with trade.database.read() as session:
        assert broken_invariants(session) == []


def test_money_that_comes_after_all_goes_back_to_nobody_in_particular(trade: Trade) -> None:
    order = trade.order(0, {"v0": 1})
    attempt = trade.begin(0, order)
    told = trade.provider.decide(attempt.id, "captured", now=trade.now)
    erase_user(trade)
    assert trade.notify(*told)
    trade.ask_providers()
    assert [refund.status for refund in rows(trade, Refund)] == ["settled"]
    with trade.database.read() as session:
        assert broken_invariants(session) == []


def test_an_order_on_its_way_holds_it_up(trade: Trade) -> None:
    order = trade.order(0, {"v0": 1})
    trade.pay(0, order)
    with pytest.raises(Conflict, match="paid and not delivered"):
        erase_user(trade)
    assert rows(trade, User, public_id="u0")[0].status == "active"
    trade.deliver(order)
    erase_user(trade)
    assert {shipment.tracking_number for shipment in rows(trade, Shipment)} == {""}


def test_money_that_is_owed_holds_it_up(trade: Trade) -> None:
    order = trade.order(0, {"v0": 1})
    trade.pay(0, order)
    trade.do(lambda session: cancel.cancel(session, order, cause=trade.cause("user:u0")))
    with pytest.raises(Conflict, match="not been paid out"):
        erase_user(trade)
    trade.ask_providers()
    assert not erase_user(trade).again


def test_what_was_imported_does_not_hold_it_up(trade: Trade) -> None:
    order = trade.order(0, {"v0": 1})
    trade.pay(0, order)
    with trade.database.write() as session:
        session.execute(update(Order).values(source="feed"))
    assert not erase_user(trade).again


def test_sellers_and_staff_hand_over_first(trade: Trade) -> None:
    with trade.database.write() as session:
        session.execute(update(User).where(col(User.public_id) == "u0").values(role="staff"))
        first = select(col(User.id)).where(col(User.public_id) == "u1").scalar_subquery()
        session.execute(update(Seller).values(user_id=first))
    with pytest.raises(Conflict, match="staff"):
        erase_user(trade, actor="system")
    with pytest.raises(Conflict, match="handed over"):
        erase_user(trade, 1, actor="system")
    with pytest.raises(NotFound):
        erase_user(trade, 9, actor="system")
    assert rows(trade, Erasure) == []


def review(session: Session, trade: Trade, n: int, name: str, **more: Any) -> int:
    told = {
        "subject": "product",
        "product_id": 1,
        "score": 2,
        "title": "Ann's",
        "text": "I am Ann",
        "created_at": trade.now,
    }
    user = trade.user(session, n)
    values = {"public_id": name, "user_id": user, **told, **more}
    return session.execute(insert(Review).values(values).returning(col(Review.id))).scalar_one() or 0


def test_reviews_keep_their_score_alone(trade: Trade) -> None:
    with trade.database.write() as session:
        shown = review(session, trade, 0, "shown", answer="Dear Ann", verdict="Ann, no", helpful=1)
        review(session, trade, 0, "hidden", status="pending")
        about = {"subject": "buyer", "product_id": None, "seller_id": 1}
        review(session, trade, 0, "about", **about)
        other = review(session, trade, 1, "other", helpful=2)
        vote = {"kind": "helpful", "at": trade.now}
        votes = [(shown, 1), (other, 0), (other, 1)]
        for where, who in votes:
            session.execute(insert(ReviewVote).values(review_id=where, user_id=trade.user(session, who), **vote))
        pictures = [(shown, "uploaded/a-600.webp"), (other, "uploaded/b-600.webp")]
        for place, (where, url) in enumerate(pictures):
            size = {"width": 1, "height": 1, "position": 0}
            session.execute(insert(ReviewPicture).values(public_id=f"k{place}", review_id=where, url=url, **size))
    erase_user(trade)
    left = {row.public_id: row for row in rows(trade, Review)}
    assert set(left) == {"shown", "other"}
    mine = left["shown"]
    assert (mine.score, mine.user_id, mine.helpful) == (2, None, 1)
    assert (mine.title, mine.text, mine.answer, mine.verdict) == ("", "", "", "")
    assert (left["other"].text, left["other"].helpful) == ("I am Ann", 1)
    assert [picture.url for picture in rows(trade, ReviewPicture)] == ["uploaded/b-600.webp"]
    assert rows(trade, Erasure)[0].files == ["uploaded/a-600.webp"]
    assert trade.told("product")[-1] == ("p0", "reviewed")


def test_all_that_is_theirs_alone_is_gone_and_nothing_of_others(database: Database, tmp_path: Path) -> None:
    trade = Trade(database, tmp_path).stocked([5])
    people = {name: add_user(database, f"{name}@example.com", name=name.title()) for name in ("ann", "ben")}
    keys = {}
    for name, person in people.items():
        with database.write() as session:
            keys[name] = behaviour.shopper_of(session, person.user)
            event = behaviour.NewEvent(f"event-{name}", "query", trade.now, query=f"a lamp for {name}")
            behaviour.record_events(session, [event], shopper=keys[name])
            hide(session, "p0", shopper=keys[name], at=trade.now)
            record_shown(session, [Shown(name, keys[name], "home", "m", trade.now, [])])
            logins.open_login(session, person, at=trade.now, life=LIFE)
            lockout.begin(session, [lockout.account(person.email), lockout.mail(person.email)], at=trade.now)
            told = {
                "public_id": name,
                "user_id": person.row,
                "channel": "log",
                "kind": "x",
                "created_at": trade.now,
            }
            session.execute(insert(Notification).values(payload=TEST_VAULT.seal(name), **told))
            profiles.add_favourite(session, person.row, "p0", at=trade.now)
    counted = (
        *("app_user", "shopper_key", "event", "hidden_product", "exposure"),
        *("login_session", "refresh_token", "login_lock", "notification"),
    )

    def sizes() -> list[int]:
        with database.read() as session:
            tables = [SQLModel.metadata.tables[name] for name in (*counted, "favourite")]
            return [len(session.execute(select(table)).all()) for table in tables]

    before = sizes()
    ann = people["ann"].user
    trade.do(lambda session: erase(session, ann, actor="system", at=trade.now))
    assert [was - now for was, now in zip(before, sizes(), strict=True)] == [0, 1, 1, 1, 1, 1, 1, 2, 1, 1]
    assert [row.key for row in rows(trade, ShopperKey)] == [keys["ben"]]
    assert [row.query for row in rows(trade, Event)] == ["a lamp for ben"]
    with database.read() as session:
        assert account(session, "ben@example.com").status == "active"
        with pytest.raises(NotFound):
            erasure.find_user(session, "ann@example.com")
        assert erasure.find_user(session, ann) == ann
    # The address may be anybody's again.
    assert add_user(database, "ann@example.com").user != ann


def test_what_was_on_its_way_in_is_swept_up(trade: Trade) -> None:
    erase_user(trade)
    with trade.database.write() as session:  # a request that had come in before
        user = trade.user(session, 0)
        parts = dict.fromkeys(("recipient", "lines", "city", "postcode", "phone"), "Ann")
        profiles.add_address(session, user, parts=parts, country="GB", at=trade.now)
        late = review(session, trade, 0, "late")
        size = {"width": 1, "height": 1, "position": 0}
        session.execute(
            insert(ReviewPicture).values(public_id="k", review_id=late, url="uploaded/c-600.webp", **size)
        )
    with trade.database.write() as session:
        found = erasure.unfinished(session)[0]
        assert erasure.sweep(session, found, at=trade.now) == ["uploaded/c-600.webp"]
    with trade.database.read() as session:
        assert profiles.addresses(session, trade.user(session, 0)) == []
        assert erasure.unfinished(session)[0].files == ("uploaded/c-600.webp",)


def test_finished_is_finished(trade: Trade) -> None:
    done, other = erase_user(trade), erase_user(trade, 1)
    with trade.database.write() as session:
        erasure.forget_keys(session, [done.id])
        erasure.finish(session, [done.id], at=trade.now)
    with trade.database.read() as session:
        assert [one.id for one in erasure.erasures(session)] == [other.id, done.id]
        assert [one.id for one in erasure.unfinished(session)] == [other.id]
    assert erase_user(trade).finished_at == trade.now


def test_nothing_of_a_person_is_in_the_outbox_or_the_audit_log(trade: Trade) -> None:
    settled(trade)
    erase_user(trade)
    lines = [repr(row) for name in ("outbox_event", "audit_entry") for row in _all(trade, name)]
    assert lines
    assert not [line for line in lines if "Ann" in line or "Leeds" in line]
    assert len(rows(trade, OrderLine)) == 1


def _all(trade: Trade, name: str) -> list[Any]:
    with trade.database.read() as session:
        return list(session.execute(select(SQLModel.metadata.tables[name])).all())
