"""Products: each seller's own, from draft to published and back, with every change told."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from core.accounts import Caller
from core.database import Database
from core.errors import Changed, Conflict, Forbidden, InvalidInput, NotFound
from core.goods import create_product, edit_product, keeper_of, publish, withdraw
from core.goods_views import list_products, read_product
from core.offers import add_variant
from tests.core.keeping import NOW, people, product, rows

PRICE = {"price_minor": 500, "list_price_minor": 700, "currency": "GBP", "expected": None}


def test_a_product_from_draft_to_withdrawn(database: Database) -> None:
    own = people(database).anns
    fields = {"title": "Lamp", "attributes": {"watts": 8, "dim": True}, "category": ["Home", "Lamps"]}
    with database.write() as session:
        name = create_product(session, own, fields=fields, at=NOW)
        with pytest.raises(Conflict, match="no active variant"):
            publish(session, own, name, expected=None, at=NOW)
        add_variant(session, own, name, **PRICE, sku="L1", at=NOW)
        publish(session, own, name, expected=None, at=NOW)
        with pytest.raises(Conflict, match="published already"):
            publish(session, own, name, expected=None, at=NOW)
        withdraw(session, own, name, expected=None, at=NOW)
        with pytest.raises(Conflict, match="is withdrawn"):
            withdraw(session, own, name, expected=None, at=NOW)
        publish(session, own, name, expected=None, at=NOW)
    with database.read() as session:
        seen = read_product(session, own, name)
    assert (seen.summary.status, seen.summary.category) == ("published", ["Home", "Lamps"])
    assert seen.attributes == {"watts": 8, "dim": True}
    assert [(v.sku, v.price_minor, v.list_price_minor, v.stock) for v in seen.variants] == [("L1", 500, 700, 0)]
    told = rows(database, "SELECT kind FROM outbox_event ORDER BY id")
    assert [kind for (kind,) in told] == ["created", "changed", "changed", "withdrawn", "changed"]
    assert rows(database, "SELECT count(*) FROM audit_entry") == [(0,)]


def test_others_products_are_as_if_they_were_not_there(database: Database) -> None:
    who = people(database)
    name, _ = product(database, who.anns)
    with database.write() as session:
        for work in (
            lambda: read_product(session, who.bobs, name),
            lambda: edit_product(session, who.bobs, name, fields={"title": "Mine"}, expected=None, at=NOW),
            lambda: publish(session, who.bobs, name, expected=None, at=NOW),
            lambda: withdraw(session, who.bobs, name, expected=None, at=NOW),
            lambda: add_variant(session, who.bobs, name, **PRICE, at=NOW),
        ):
            with pytest.raises(NotFound) as refused:
                work()
            assert refused.value.message == f"there is no product {name!r}"
        assert list_products(session, who.bobs) == []
        assert read_product(session, who.anns, name).summary.title == "Lamp"


def test_staff_act_for_any_seller_and_are_written_down(database: Database) -> None:
    who = people(database)
    name, _ = product(database, who.anns)
    with database.write() as session:
        edit_product(session, who.staff, name, fields={"title": "Checked"}, expected=None, at=NOW)
        with pytest.raises(InvalidInput, match="name the seller"):
            create_product(session, who.staff, fields={"title": "Whose?"}, at=NOW)
        for_bob = keeper_of(session, who.clerk, seller="bob-shop")
        made = create_product(session, for_bob, fields={"title": "Bob's"}, at=NOW)
    with database.read() as session:
        assert [found.id for found in list_products(session, who.bobs)] == [made]
    written = rows(database, "SELECT actor, action, subject FROM audit_entry ORDER BY id")
    assert written == [
        ("user:clerk", "product.edit", f"product:{name}"),
        ("user:clerk", "product.create", f"product:{made}"),
    ]


def test_who_may_keep_what(database: Database) -> None:
    who = people(database)
    with database.read() as session:
        with pytest.raises(Forbidden):
            keeper_of(session, Caller(user="c", row=who.ann.row, role="customer", session="s"))
        with pytest.raises(Forbidden, match="has no seller"):
            keeper_of(session, Caller(user="x", row=who.clerk.row, role="seller", session="s"))
        for caller, seller in ((who.ann, "bob-shop"), (who.ann, "nobody"), (who.clerk, "nobody")):
            with pytest.raises(NotFound, match="there is no seller"):
                keeper_of(session, caller, seller=seller)
        assert keeper_of(session, who.ann, seller="ann-shop") == who.anns


def test_a_change_made_from_an_old_version_is_refused(database: Database) -> None:
    own = people(database).anns
    name, _ = product(database, own)
    with database.read() as session:
        first = read_product(session, own, name).summary.version
    with database.write() as session:
        edit_product(session, own, name, fields={"title": "One"}, expected=first, at=NOW)
    with pytest.raises(Changed) as refused, database.write() as session:
        edit_product(session, own, name, fields={"title": "Two"}, expected=first, at=NOW)
    with database.read() as session:
        seen = read_product(session, own, name).summary
    assert seen.title == "One"
    assert refused.value.ids["version"] == seen.version != first


def test_of_two_changes_from_one_version_one_wins(database: Database) -> None:
    own = people(database).anns
    name, _ = product(database, own)
    with database.read() as session:
        version = read_product(session, own, name).summary.version
    ended: list[str] = []
    ready = threading.Barrier(6)

    def change(title: str) -> None:
        ready.wait()
        try:
            with database.write() as session:
                edit_product(session, own, name, fields={"title": title}, expected=version, at=NOW)
            ended.append(title)
        except Changed:
            pass

    threads = [threading.Thread(target=change, args=(f"T{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert [read_product(session, own, name).summary.title] == ended


def test_new_categories_are_made_once(database: Database) -> None:
    own = people(database).anns
    ready = threading.Barrier(4)

    def make() -> None:
        ready.wait()
        database.transact(
            lambda session: create_product(
                session, own, fields={"title": "x", "category": ["A", "B", "C"]}, at=NOW
            )
        )

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows(database, "SELECT path FROM category ORDER BY path") == [("A",), ("A > B",), ("A > B > C",)]
    assert rows(database, "SELECT count(*) FROM product WHERE category_id IS NOT NULL") == [(4,)]


def test_lists_go_on_where_they_ended(sqlite: Database) -> None:
    own = people(sqlite).anns
    with sqlite.write() as session:
        names = [create_product(session, own, fields={"title": f"P{n}"}, at=NOW + timedelta(n)) for n in range(5)]
    shown, _ = product(sqlite, own)
    with sqlite.read() as session:
        first = list_products(session, own, limit=2)
        rest = list_products(session, own, after=first[-1].id)
        assert [found.id for found in (*first, *rest)] == [*names, shown]
        assert [found.id for found in list_products(session, own, status="published")] == [shown]
