"""Frames in and out of both databases keep every value as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from core.bulk import MOMENT, insert_frame, json_text, read_frame, update_frame, with_ids
from core.database import Database
from core.errors import InvalidInput
from core.tables import Category, Product, Seller, User, Variant

NOW = datetime(2026, 3, 29, 0, 59, 59, 123456, tzinfo=UTC)

AWKWARD = [
    "",
    " ",
    "a,b",
    'say "hi"',
    "it's",
    "two\nlines",
    "\r\n",
    "\\N",
    "\\.",
    "NULL",
    "红色的灯",
    "🎁",
    "%s {x}",
]


def users(names: list[str], *, emails: list[str | None] | None = None) -> pl.DataFrame:
    count = len(names)
    return pl.DataFrame(
        {
            "public_id": [f"u{n}" for n in range(count)],
            "email": pl.Series(emails or [None] * count, dtype=pl.String),
            "name": names,
            "role": ["customer"] * count,
            "status": ["active"] * count,
            "created_at": pl.Series([NOW] * count, dtype=MOMENT),
        }
    )


def goods(database: Database, attributes: list[Any]) -> None:
    count = len(attributes)
    with database.write() as session:
        session.add(Seller(id=1, public_id="s", name="Shop", created_at=NOW))
        session.flush()
        products = pl.DataFrame(
            {
                "public_id": [f"p{n}" for n in range(count)],
                "seller_id": [1] * count,
                "title": ["thing"] * count,
                "title_zh": [""] * count,
                "brand": [""] * count,
                "description": [""] * count,
                "attributes": [json_text(value) for value in attributes],
                "status": ["published"] * count,
                "rating_count": [0] * count,
                "rating_mean": pl.Series([None] * count, dtype=pl.Float64),
                "created_at": pl.Series([NOW] * count, dtype=MOMENT),
                "updated_at": pl.Series([NOW] * count, dtype=MOMENT),
            }
        )
        insert_frame(session, Product, with_ids(session, Product, products))


def test_text_comes_back_as_it_was(database: Database) -> None:
    frame = users(AWKWARD, emails=[None, "", *[f"{n}@x" for n in range(len(AWKWARD) - 2)]])
    with database.write() as session:
        assert insert_frame(session, User, frame) == len(AWKWARD)
    with database.read() as session:
        columns = [col(getattr(User, name)) for name in frame.columns]
        back = read_frame(session, select(*columns).order_by(col(User.id)))
        by_orm = [user.name for user in session.execute(select(User).order_by(col(User.id))).scalars()]
    assert_frame_equal(back, frame)
    assert by_orm == AWKWARD


@given(
    st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8), min_size=1)
)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_comes_back(database: Database, names: list[str]) -> None:
    with database.write() as session:
        insert_frame(session, User, users(names))
        back = read_frame(session, select(col(User.name)).order_by(col(User.id)))["name"].to_list()
        session.rollback()
    assert back == names


def test_json_comes_back_to_both_readers(database: Database) -> None:
    values = [{}, {"colour": "blå", "n": 2.5, "on": True, "off": None}, {'q"': "x\ny", "\\": "\\N"}]
    goods(database, values)
    with database.read() as session:
        texts = read_frame(session, select(col(Product.attributes)).order_by(col(Product.id)))["attributes"]
        by_orm = [product.attributes for product in session.execute(select(Product)).scalars()]
    assert [json.loads(text) for text in texts] == values
    assert by_orm == values


def test_booleans_and_numbers_keep_their_kind(database: Database) -> None:
    goods(database, [{}])
    variants = pl.DataFrame(
        {
            "public_id": ["a", "b"],
            "product_id": [1, 1],
            "sku": ["a", "b"],
            "options": ["{}", "{}"],
            "price_minor": [2**40, 0],
            "list_price_minor": pl.Series([None, 7], dtype=pl.Int64),
            "currency": ["GBP", "GBP"],
            "active": [True, False],
        }
    )
    with database.write() as session:
        insert_frame(session, Variant, variants)
    with database.read() as session:
        columns = [col(getattr(Variant, name)) for name in variants.columns]
        back = read_frame(session, select(*columns).order_by(col(Variant.id)))
        active = session.execute(select(col(Variant.public_id)).where(col(Variant.active))).scalars().all()
        mean = read_frame(session, select(col(Product.rating_mean)))
    assert_frame_equal(back, variants)
    assert active == ["a"]
    assert mean["rating_mean"].to_list() == [None]
    assert mean.schema["rating_mean"] == pl.Float64


def test_a_moment_is_the_same_moment_in_any_zone(database: Database) -> None:
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    frame = users(["a"]).with_columns(pl.col("created_at").dt.convert_time_zone("Asia/Tokyo"))
    with database.write() as session:
        insert_frame(session, User, frame)
    with database.read() as session:
        statement = select(col(User.created_at))
        assert read_frame(session, statement)["created_at"].to_list() == [NOW]
        assert session.execute(statement).scalar_one() == NOW
        for moment, found in ((tokyo, 1), (NOW + timedelta(microseconds=1), 0)):
            assert read_frame(session, statement.where(col(User.created_at) >= moment)).height == found
        with pytest.raises(ValueError, match="naive"):
            read_frame(session, statement.where(col(User.created_at) >= datetime(2026, 1, 1)))  # noqa: DTZ001


def test_an_empty_result_keeps_its_types(database: Database) -> None:
    with database.read() as session:
        back = read_frame(session, select(Variant.active, Variant.price_minor, Variant.options, Variant.sku))  # type: ignore[call-overload]
        assert back.schema == {
            "active": pl.Boolean,
            "price_minor": pl.Int64,
            "options": pl.String,
            "sku": pl.String,
        }
        assert back.height == 0


def test_more_rows_than_one_batch(database: Database) -> None:
    count = 100_001
    with database.write() as session:
        assert insert_frame(session, User, users([str(n) for n in range(count)])) == count
        back = read_frame(session, select(col(User.name)).order_by(col(User.id)))
    assert back["name"].to_list() == [str(n) for n in range(count)]


def test_parameters_and_lists_of_them(database: Database) -> None:
    with database.write() as session:
        insert_frame(session, User, users(["a", "it's", "c"]))
        statement = select(col(User.name)).where(
            col(User.name).in_(["it's", "c", "z"]), col(User.role) == "customer"
        )
        assert set(read_frame(session, statement)["name"]) == {"it's", "c"}


def test_a_known_key_is_left_alone_when_conflicts_are_ignored(database: Database) -> None:
    with database.write() as session:
        insert_frame(session, User, users(["first"]))
    with database.write() as session:
        assert insert_frame(session, User, users(["second", "new"]), on_conflict="ignore") == 1
        assert insert_frame(session, User, users(["third", "third"]), on_conflict="ignore") == 0
    with database.read() as session:
        names = read_frame(session, select(col(User.name)).order_by(col(User.public_id)))["name"].to_list()
    assert names == ["first", "new"]


def test_a_known_key_is_an_error_otherwise_and_nothing_stays(database: Database) -> None:
    with database.write() as session:
        insert_frame(session, User, users(["first"]))
    with pytest.raises(Exception, match=r"(?i)unique"), database.write() as session:
        insert_frame(session, User, users(["second", "new"]))
    with database.read() as session:
        assert session.execute(select(func.count()).select_from(User)).scalar_one() == 1


def test_ignoring_conflicts_still_refuses_what_breaks_a_check(database: Database) -> None:
    broken = users(["a"]).with_columns(role=pl.lit("king"))
    with pytest.raises(Exception, match=r"(?i)role_known"), database.write() as session:
        insert_frame(session, User, broken, on_conflict="ignore")


def test_ids_go_on_after_a_bulk_insert(database: Database) -> None:
    with database.write() as session:
        insert_frame(session, User, with_ids(session, User, users(["a", "b"])))
    with database.write() as session:
        session.add(User(public_id="later", created_at=NOW))
        session.flush()
        insert_frame(session, User, with_ids(session, User, users(["c"]).with_columns(public_id=pl.lit("c"))))
    with database.read() as session:
        assert read_frame(session, select(col(User.id)).order_by(col(User.id)))["id"].to_list() == [1, 2, 3, 4]


@pytest.mark.postgres
def test_ids_keep_out_of_the_way_of_rows_written_meanwhile(new_postgres: Callable[[], str]) -> None:
    database = Database(new_postgres())
    with database.write() as slow:
        numbered = with_ids(slow, User, users(["a", "b"]))
        with database.write() as quick:
            quick.add(User(public_id="meanwhile", created_at=NOW))
        insert_frame(slow, User, numbered)
    with database.write() as session:
        session.add(User(public_id="after", created_at=NOW))
        session.flush()
        names = read_frame(session, select(col(User.public_id)).order_by(col(User.id)))["public_id"].to_list()
    database.close()
    assert names == ["u0", "u1", "meanwhile", "after"]


def test_update_writes_only_the_rows_and_columns_named(database: Database) -> None:
    with database.write() as session:
        insert_frame(session, User, with_ids(session, User, users(["a", "b", "c"])))
        changes = pl.DataFrame(
            {"id": [3, 1], "name": ["C", ""], "email": pl.Series([None, "a@x"], dtype=pl.String)}
        )
        assert update_frame(session, User, changes) == 2
        statement = select(col(User.name), col(User.email), col(User.role)).order_by(col(User.id))
        assert read_frame(session, statement).rows() == [
            ("", "a@x", "customer"),
            ("b", None, "customer"),
            ("C", None, "customer"),
        ]
        by_key = pl.DataFrame({"public_id": ["u1"], "created_at": pl.Series([NOW - timedelta(1)], dtype=MOMENT)})
        assert update_frame(session, User, by_key, key="public_id") == 1
        assert update_frame(session, User, by_key.clear(), key="public_id") == 0
        assert session.execute(select(func.min(col(User.created_at)))).scalar_one() == NOW - timedelta(1)


def test_unknown_columns_are_refused(database: Database) -> None:
    wrong = pl.DataFrame({"public_id": ["c"], "colour": ["red"]})
    with database.write() as session:
        for write in (insert_frame, update_frame):
            with pytest.raises(InvalidInput, match="category has no column colour"):
                write(session, Category, wrong)


def test_a_broken_reference_is_an_error(database: Database) -> None:
    frame = pl.DataFrame({"public_id": ["x"], "parent_id": [99], "name": ["n"], "name_zh": [""], "path": ["n"]})
    with pytest.raises(Exception, match=r"(?i)foreign"), database.write() as session:
        insert_frame(session, Category, frame)


def test_the_orm_sees_the_same_constraint(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(User(public_id="u", role="king", created_at=NOW))
