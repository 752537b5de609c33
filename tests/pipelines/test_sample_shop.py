"""The sample shop as a whole: the same arguments give the same shop, and what it says of itself is consistent."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from core.errors import InvalidInput
from core.frames import Frames
from pipelines.sample.shop import DAYS, SampleShop, generate_shop
from pipelines.sample.tables import ean13
from pipelines.sample.vocabulary import vocabulary

SMALL = {"products": 300, "users": 150}
UNTIL = datetime(2025, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop() -> SampleShop:
    return generate_shop(seed=3, until=UNTIL, **SMALL)


def frame(frames: Frames, name: str) -> pl.DataFrame:
    found = getattr(frames, name)
    assert isinstance(found, pl.DataFrame)
    return found


def sold(shop: SampleShop) -> pl.DataFrame:
    """Order lines with their product and the moment and user of their order."""
    lines = frame(shop.frames, "order_lines")
    owners = frame(shop.frames, "variants").select(variant="public_id", product="product")
    orders = frame(shop.frames, "orders").select(order="public_id", user="user", at="placed_at", status="status")
    return lines.join(owners, on="variant").join(orders, on="order")


def test_the_same_arguments_give_the_same_shop(shop: SampleShop) -> None:
    again = generate_shop(seed=3, until=UNTIL + timedelta(hours=9), **SMALL)
    for field in fields(Frames):
        assert_frame_equal(getattr(again.frames, field.name), getattr(shop.frames, field.name))


def test_another_seed_gives_another_shop(shop: SampleShop) -> None:
    other = generate_shop(seed=4, until=UNTIL, **SMALL)
    mine, theirs = frame(shop.frames, "products"), frame(other.frames, "products")
    assert set(mine["public_id"]).isdisjoint(theirs["public_id"])
    assert mine["title"].to_list() != theirs["title"].to_list()


def test_sizes_that_make_no_shop_are_refused() -> None:
    with pytest.raises(InvalidInput, match="at least"):
        generate_shop(products=5, users=100)
    with pytest.raises(InvalidInput, match="timezone"):
        generate_shop(until=datetime(2025, 3, 1), **SMALL)  # noqa: DTZ001


def test_every_kind_is_on_sale_and_every_title_comes_once(shop: SampleShop) -> None:
    products = frame(shop.frames, "products")
    assert products.height == SMALL["products"]
    assert products["title"].n_unique() == products["title_zh"].n_unique() == products.height
    paths = set(products["category"].list.join(" > "))
    assert paths == {f"{kind.department.en} > {kind.name.en}" for kind in vocabulary().kinds}
    assert paths <= set(shop.categories_zh)
    chinese = products["title_zh"].str.contains(r"\p{Han}")
    assert chinese.all()


def test_a_title_is_still_new_when_all_words_have_been_combined() -> None:
    many = frame(generate_shop(products=6_000, users=10).frames, "products")
    assert many["title"].n_unique() == many.height == 6_000


def test_variants_can_be_sold(shop: SampleShop) -> None:
    variants = frame(shop.frames, "variants")
    assert variants["sku"].n_unique() == variants["public_id"].n_unique() == variants.height
    assert set(variants["product"]) == set(frame(shop.frames, "products")["public_id"])
    assert (variants["price_minor"] > 0).all()
    dearer = variants.filter(pl.col("list_price_minor").is_not_null())
    assert 0.15 < dearer.height / variants.height < 0.45
    assert (dearer["list_price_minor"] > dearer["price_minor"]).all()
    assert variants.group_by("product").agg(pl.col("options").n_unique() == pl.len())["options"].all()
    stock = frame(shop.frames, "stock")
    assert set(stock["variant"]) == set(variants["public_id"])
    assert 0.02 < (stock["quantity"] == 0).mean() < 0.2  # type: ignore[operator]


def test_eans_have_their_check_digit(shop: SampleShop) -> None:
    assert ean13(5_901_234) == "2900059012345"  # 2+0+0+9+1+3 + 3 * (9+0+5+0+2+4) = 75: 5 to the next ten
    for code in frame(shop.frames, "variants")["ean"]:
        weighted = sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(code))
        assert len(code) == 13
        assert weighted % 10 == 0


def test_nothing_happens_before_its_time(shop: SampleShop) -> None:
    released = frame(shop.frames, "products").select(product="public_id", released="released_at")
    joined = frame(shop.frames, "users").select(user="public_id", joined="created_at")
    events = frame(shop.frames, "events").filter(pl.col("product").is_not_null()).join(released, on="product")
    lines = sold(shop).join(released, on="product").join(joined, on="user")
    assert (events["at"] >= events["released"]).all()
    assert (lines["at"] >= lines["released"]).all()
    assert (lines["at"] >= lines["joined"]).all()
    for moments in (events["at"], lines["at"], frame(shop.frames, "reviews")["created_at"]):
        assert moments.min() >= UNTIL - timedelta(days=DAYS)  # type: ignore[operator]
        assert moments.max() < UNTIL  # type: ignore[operator]
    assert (released["released"] > UNTIL - timedelta(days=DAYS)).mean() > 0.2  # type: ignore[operator]


def test_orders_add_up(shop: SampleShop) -> None:
    orders, lines = frame(shop.frames, "orders"), frame(shop.frames, "order_lines")
    goods = lines.group_by("order").agg(total=(pl.col("quantity") * pl.col("unit_price_minor")).sum())
    both = orders.join(goods, left_on="public_id", right_on="order")
    assert both.height == orders.height
    assert (both["goods_minor"] == both["total"]).all()
    numbers = lines.group_by("order").agg((pl.col("line_number").sort() == pl.int_range(1, pl.len() + 1)).all())
    assert numbers["line_number"].all()
    refunds = frame(shop.frames, "refund_lines").join(
        lines.rename({"line_number": "order_line"}), on=["order", "order_line", "variant"]
    )
    assert refunds.height == frame(shop.frames, "refund_lines").height > 0
    assert (refunds["amount_minor"] == refunds["quantity"] * refunds["unit_price_minor"]).all()


def test_recorded_purchases_were_in_the_cart_before(shop: SampleShop) -> None:
    events = frame(shop.frames, "events").filter(pl.col("kind") == "add_to_cart")
    carts = events.select("user", "product", put="at").drop_nulls()
    lines = sold(shop).join(carts, on=["user", "product"], how="left")
    lines = lines.with_columns(before=pl.col("put").is_between(pl.col("at") - pl.duration(hours=2), pl.col("at")))
    found = lines.group_by("order", "line_number").agg(pl.col("before").any())
    share = found["before"].fill_null(False).mean()
    # Four of five shoppers let themselves be recorded, and of their visits about as many are.
    assert 0.5 < share < 0.8  # type: ignore[operator]


def test_reviews_are_of_goods_that_came_and_make_the_ratings(shop: SampleShop) -> None:
    reviews = frame(shop.frames, "reviews")
    lines = sold(shop).rename({"line_number": "order_line"})
    both = reviews.join(lines, on=["order", "order_line", "product", "user"])
    assert both.height == reviews.height > 100
    assert (both["created_at"] > both["at"]).all()
    assert (both["status_right"] == "delivered").all()
    assert reviews["score"].n_unique() >= 4
    counted = reviews.group_by("product").agg(count=pl.len(), mean=pl.col("score").mean())
    rated = frame(shop.frames, "products").join(counted, left_on="public_id", right_on="product", how="left")
    assert (rated["rating_count"] == rated["count"].fill_null(0)).all()
    assert (rated["rating_mean"] - rated["mean"]).abs().max() <= 0.0051  # type: ignore[operator]


def test_addresses_are_nobodys(shop: SampleShop) -> None:
    users = frame(shop.frames, "users")
    assert users["email"].str.ends_with("@example.org").all()
    assert users["email"].n_unique() == users.height
    assert users["country"].n_unique() > 3
