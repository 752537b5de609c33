"""What the sample shop is for: tastes, seasons, substitutes and complements that a model can find."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from pipelines.sample.shop import SampleShop, generate_shop
from pipelines.sample.vocabulary import vocabulary

Floats = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def shop() -> SampleShop:
    return generate_shop(products=600, users=1500)


@pytest.fixture(scope="module")
def lines(shop: SampleShop) -> pl.DataFrame:
    """One row an order line: `order`, `user`, `product`, `kind`, `at`."""
    frames = shop.frames
    assert frames.order_lines is not None
    assert frames.orders is not None
    assert frames.variants is not None
    assert frames.products is not None
    kinds = frames.products.select(product="public_id", kind=pl.col("category").list.last())
    return (
        frames.order_lines.join(frames.variants.select(variant="public_id", product="product"), on="variant")
        .join(frames.orders.select(order="public_id", user="user", at="placed_at"), on="order")
        .join(kinds, on="product")
        .sort("at", "order", "line_number")
    )


def events(shop: SampleShop) -> pl.DataFrame:
    """The events with the kind of their product."""
    assert shop.frames.events is not None
    assert shop.frames.products is not None
    kinds = shop.frames.products.select(product="public_id", category=pl.col("category").list.last())
    return shop.frames.events.join(kinds, on="product", how="left", maintain_order="left")


def follows(lines: pl.DataFrame, first: str, then: str, *, days: int) -> float:
    """Share of the buyers of `first` who buy `then` in a later order within so many days."""
    starts = lines.filter(pl.col("kind") == first).group_by("user").agg(pl.col("at").min())
    after = starts.join(lines.filter(pl.col("kind") == then).select("user", then="at"), on="user", how="left")
    gap = pl.col("then") - pl.col("at")
    within = after.group_by("user").agg(
        gap.is_between(timedelta(hours=1), timedelta(days=days)).any().fill_null(False)
    )
    share = within["then"].mean()
    assert isinstance(share, float)
    return share


@pytest.mark.parametrize(
    ("first", "then", "days"),
    [
        ("Smartphones", "Phone Cases", 10),
        ("Printers", "Ink Cartridges", 60),
        ("Tents", "Sleeping Bags", 25),
        ("Coffee Machines", "Coffee Beans", 20),
    ],
)
def test_complements_follow_and_not_the_other_way_round(
    lines: pl.DataFrame, first: str, then: str, days: int
) -> None:
    users = lines["user"].n_unique()
    window = days / 730
    by_chance = lines.filter(pl.col("kind") == then).height / users * window
    with_lift = follows(lines, first, then, days=days)
    assert with_lift > 0.1
    assert with_lift > 4 * by_chance
    assert with_lift > 2 * follows(lines, then, first, days=days)


@pytest.mark.parametrize(
    ("one", "other"), [("Lamps", "Light Bulbs"), ("Smartphones", "Phone Cases"), ("Notebooks", "Pens")]
)
def test_complements_share_baskets(lines: pl.DataFrame, one: str, other: str) -> None:
    orders = lines["order"].n_unique()
    with_one, with_other = (set(lines.filter(pl.col("kind") == kind)["order"]) for kind in (one, other))
    assert len(with_one & with_other) > 20
    assert len(with_one & with_other) * orders > 3 * len(with_one) * len(with_other)


def test_accessories_fit_what_was_bought(shop: SampleShop, lines: pl.DataFrame) -> None:
    assert shop.frames.products is not None
    products = shop.frames.products.with_columns(
        suits=pl.col("attributes").str.json_path_match("$.suits"),
        brand_line=pl.Series(g.series for g in shop.goods),
    ).select(product="public_id", suits="suits", series="brand_line")
    both = lines.join(products, on="product")
    phones = both.filter(pl.col("kind") == "Smartphones").select("user", "series", bought="at")
    cases = both.filter(pl.col("kind") == "Phone Cases").drop("series").join(phones, on="user")
    soon = cases.filter((pl.col("at") - pl.col("bought")).is_between(timedelta(0), timedelta(days=10)))
    assert soon.height > 20
    # The rest were bought without regard to the phone.
    assert (soon["suits"] == soon["series"]).mean() > 0.75  # type: ignore[operator]


def test_substitutes_are_looked_at_together_and_not_bought_together(shop: SampleShop, lines: pl.DataFrame) -> None:
    baskets = lines.group_by("order", "kind").agg(pl.col("product").n_unique())
    assert (baskets["product"] > 1).mean() < 0.005  # type: ignore[operator]
    looks = events(shop).filter(pl.col("kind") == "view").with_columns(day=pl.col("at").dt.date())
    visits = looks.drop_nulls("user").group_by("user", "day", "category").agg(pl.col("product").n_unique())
    assert (visits["product"] > 1).mean() > 0.4  # type: ignore[operator]


@pytest.mark.parametrize(
    ("kind", "high", "low"),
    [
        ("Swimwear", (5, 6, 7, 8), (11, 12, 1, 2)),
        ("Christmas Decorations", (11, 12), (4, 5)),
        ("Tents", (5, 6, 7), (11, 12, 1)),
        ("Tea", (11, 12, 1), (6, 7, 8)),
    ],
)
def test_seasons_are_there(lines: pl.DataFrame, kind: str, high: tuple[int, ...], low: tuple[int, ...]) -> None:
    months = lines.filter(pl.col("kind") == kind)["at"].dt.month()
    in_season, out_of_season = months.is_in(high).sum() / len(high), months.is_in(low).sum() / len(low)
    assert in_season > 20
    assert in_season > 2 * out_of_season


def test_consumables_are_bought_again_after_their_time(lines: pl.DataFrame) -> None:
    coffee = lines.filter(pl.col("kind") == "Coffee Beans")
    gaps = coffee.select(
        (pl.col("at").diff().over("user", "product").dt.total_hours() / 24).alias("days")
    ).drop_nulls()
    expected = next(kind.repeat for kind in vocabulary().kinds if kind.name.en == "Coffee Beans")
    assert gaps.height > 100
    assert 0.75 * expected < gaps["days"].median() < 1.35 * expected  # type: ignore[operator]
    phones = lines.filter(pl.col("kind") == "Smartphones").group_by("user").len()
    assert (phones["len"] == 1).mean() > 0.8  # type: ignore[operator]


def test_popularity_has_a_long_tail_and_moves(lines: pl.DataFrame) -> None:
    sales = lines.group_by("product").len()["len"].sort(descending=True).to_numpy()
    assert 0.3 < sales[: len(sales) // 10].sum() / sales.sum() < 0.65
    assert np.median(sales) < 0.75 * sales.mean()
    halves = lines.with_columns(late=pl.col("at") > lines["at"].median()).group_by("product", "late").len()
    early_best = halves.filter(~pl.col("late")).top_k(30, by="len")["product"]
    late_best = halves.filter("late").top_k(30, by="len")["product"]
    assert 5 < len(set(early_best) & set(late_best)) < 29


def test_searches_are_what_shoppers_type_and_lead_to_what_matches(shop: SampleShop) -> None:
    seen = events(shop)
    queries = seen.filter(pl.col("kind") == "query")
    clicks = seen.filter(pl.col("kind") == "click").select("request_id", clicked="category", position="position")
    texts = queries["query"]
    chinese = texts.str.contains(r"\p{Han}").mean()
    assert 0.03 < chinese < 0.3  # type: ignore[operator]
    followed = queries.join(clicks, on="request_id", how="left")
    assert followed["clicked"].is_not_null().mean() > 0.9  # type: ignore[operator]
    assert followed.group_by("request_id").agg(pl.col("clicked").drop_nulls().n_unique())["clicked"].max() == 1
    for text, kind in (("tent", "Tents"), ("手机", "Smartphones"), ("olive oil", "Olive Oil")):
        found = followed.filter(pl.col("query") == text)
        assert found.height > 0
        assert (found["clicked"].drop_nulls() == kind).all()
    again = (
        queries.group_by("request_id", maintain_order=True).agg("query").filter(pl.col("query").list.len() == 2)
    )
    assert again.height > 10
    assert (again["query"].list.first() != again["query"].list.last()).all()


def test_a_query_for_a_colour_leads_to_that_colour(shop: SampleShop) -> None:
    assert shop.frames.products is not None
    colours = shop.frames.products.select(
        product="public_id", colour=pl.col("attributes").str.json_path_match("$.colour")
    )
    seen = events(shop)
    asked = seen.filter(pl.col("query").str.contains(r"^(red|navy) ")).select("request_id", asked="query")
    found = seen.filter(pl.col("kind") == "click").join(asked, on="request_id").join(colours, on="product")
    assert found.height > 10
    assert (found["asked"].str.split(" ").list.first() == found["colour"].str.to_lowercase()).all()


def hit_rates(shop: SampleShop, lines: pl.DataFrame) -> tuple[float, float]:
    """HR@10 of popularity and of a cosine item-item model on the new purchases of the last sixty days."""
    assert shop.frames.products is not None
    assert shop.frames.users is not None
    cut = lines["at"].max() - timedelta(days=60)  # type: ignore[operator]
    users = shop.frames.users.select(user="public_id", row=pl.int_range(pl.len()))
    items = shop.frames.products.select(product="public_id", column=pl.int_range(pl.len()))
    looks = events(shop).filter(pl.col("kind") == "view").select("user", "product", "at", weight=pl.lit(0.2))
    acts = pl.concat([lines.select("user", "product", "at", weight=pl.lit(1.0)), looks.drop_nulls()])
    acts = acts.join(users, on="user").join(items, on="product")

    def matrix(rows: pl.DataFrame) -> Floats:
        dense = np.zeros((users.height, items.height))
        np.add.at(dense, (rows["row"].to_numpy(), rows["column"].to_numpy()), rows["weight"].to_numpy())
        return dense

    past = np.minimum(matrix(acts.filter(pl.col("at") < cut)), 2)
    bought = matrix(acts.filter((pl.col("at") < cut) & (pl.col("weight") == 1))) > 0
    target = (matrix(acts.filter((pl.col("at") >= cut) & (pl.col("weight") == 1))) > 0) & ~bought
    scaled = past / np.maximum(np.linalg.norm(past, axis=0), 1e-9)
    similar = scaled.T @ scaled
    np.fill_diagonal(similar, 0)
    tested = target.any(axis=1) & bought.any(axis=1)
    assert tested.sum() > 200
    recent = matrix(acts.filter(pl.col("at").is_between(cut - timedelta(days=90), cut) & (pl.col("weight") == 1)))
    rates = []
    for scores in (np.broadcast_to(recent.sum(axis=0), past.shape), past @ similar):
        unseen = np.where(bought, -np.inf, scores)[tested]
        best = np.argsort(-unseen, axis=1, kind="stable")[:, :10]
        rates.append(float(np.take_along_axis(target[tested], best, axis=1).any(axis=1).mean()))
    return rates[0], rates[1]


def test_a_good_model_visibly_beats_a_bad_one(shop: SampleShop, lines: pl.DataFrame) -> None:
    popularity, item_item = hit_rates(shop, lines)
    assert item_item > 1.5 * popularity
