"""Training data: from a snapshot's Parquet files, and from public files of purchase sequences."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from core.errors import InvalidInput, Unavailable
from ingest.snapshot_schema import INTERACTIONS, PRODUCTS, completed
from recsys.data import KIND_WEIGHTS, Items, TrainingData


def training_data(folder: Path) -> TrainingData:
    """The training data of a snapshot folder; only kinds of KIND_WEIGHTS count.

    Raises Unavailable where a Parquet file is missing or cannot be read, InvalidInput where it lacks a column.
    """
    products = _read(folder / "products.parquet", PRODUCTS).sort("product_id")
    interactions = _read(folder / "interactions.parquet", INTERACTIONS)
    numbers = products.select("product_id", pl.int_range(pl.len(), dtype=pl.Int32).alias("item"))
    weights = pl.DataFrame({"kind": list(KIND_WEIGHTS), "weight": list(KIND_WEIGHTS.values())})
    rows = interactions.join(numbers, on="product_id", maintain_order="left").join(
        weights, on="kind", maintain_order="left"
    )
    shoppers = rows["shopper"].drop_nulls().unique().sort()
    countries = rows["country"].drop_nulls().unique().sort()
    places = pl.DataFrame({"country": countries, "place": np.arange(len(countries), dtype=np.int32)})
    users = pl.DataFrame({"shopper": shoppers, "user": np.arange(len(shoppers), dtype=np.int32)})
    rows = (
        rows.join(users, on="shopper", how="left", maintain_order="left")
        .join(places, on="country", how="left", maintain_order="left")
        .with_columns(
            pl.col("user", "place").fill_null(-1), pl.col("at").dt.epoch("s"), pl.col("basket").fill_null(-1)
        )
        .sort("user", "at", maintain_order=True)
    )
    return TrainingData(
        items=_items(products),
        user_ids=shoppers.to_list(),
        users=rows["user"].to_numpy().astype(np.int32),
        item_numbers=rows["item"].to_numpy().astype(np.int32),
        at=rows["at"].to_numpy().astype(np.int64),
        weights=rows["weight"].to_numpy().astype(np.float32),
        baskets=rows["basket"].to_numpy().astype(np.int32),
        now=int(rows["at"].max() or 0),  # type: ignore[arg-type]
        countries=rows["place"].to_numpy().astype(np.int32),
        country_names=countries.to_list(),
    )


def read_sequences(path: Path, *, attributes: Path | None = None, titles: Path | None = None) -> TrainingData:
    """Purchase sequences, one shopper a line: the shopper's id, then item ids, oldest first.

    There are no times, so the place in the sequence counts as seconds. `attributes` is JSON, item id -> label ids
    (an unordered set: they become categories); `titles` is CSV with the columns item_id and title. Raises
    InvalidInput naming the file and line that cannot be read.
    """
    try:
        lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        labels = json.loads(attributes.read_text(encoding="utf-8")) if attributes else {}
        named = _titles(titles) if titles else {}
    except (OSError, ValueError) as error:
        raise InvalidInput(f"the sequences cannot be read: {error}") from error
    for number, words in enumerate(lines, start=1):
        if len(words) < 2:
            raise InvalidInput(f"{path.name}, line {number}: a shopper without items")
    ids = sorted({item for words in lines for item in words[1:]}, key=lambda item: (len(item), item))
    place = {item: number for number, item in enumerate(ids)}
    lengths = np.array([len(words) - 1 for words in lines], dtype=np.int64)
    total = int(lengths.sum())
    at = np.arange(total) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    unknown = np.full(len(ids), -1, dtype=np.int64)
    return TrainingData(
        items=Items(
            ids=ids,
            titles=[named.get(item, "") for item in ids],
            texts=[named.get(item, "") for item in ids],
            brands=[""] * len(ids),
            categories=[tuple(str(label) for label in labels.get(item, ())) for item in ids],
            prices=unknown,
            sellable=np.ones(len(ids), dtype=np.bool_),
            released_at=unknown,
        ),
        user_ids=[words[0] for words in lines],
        users=np.repeat(np.arange(len(lines), dtype=np.int32), lengths),
        item_numbers=np.fromiter((place[item] for words in lines for item in words[1:]), np.int32, total),
        at=at,
        weights=np.ones(total, dtype=np.float32),
        baskets=np.full(total, -1, dtype=np.int32),
        now=int(lengths.max(initial=0)),
    )


def _items(products: pl.DataFrame) -> Items:
    texts = products.select(pl.concat_str("title", "title_zh", separator=" ", ignore_nulls=True)).to_series()
    paths = products["category"].fill_null("").to_list()
    return Items(
        ids=products["product_id"].to_list(),
        titles=products["title"].fill_null("").to_list(),
        texts=[text.strip() for text in texts.fill_null("").to_list()],
        brands=products["brand"].fill_null("").to_list(),
        categories=[tuple(name.strip() for name in path.split(">") if name.strip()) for path in paths],
        prices=products["price_minor"].fill_null(-1).to_numpy().astype(np.int64),
        sellable=products["sellable"].fill_null(False).to_numpy().astype(np.bool_),
        released_at=products["released_at"].dt.epoch("s").fill_null(-1).to_numpy().astype(np.int64),
        descriptions=products["description"].fill_null("").to_list(),
    )


def _read(path: Path, schema: Mapping[str, object]) -> pl.DataFrame:
    try:
        frame = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise Unavailable(f"{path.name} of the snapshot {path.parent.name} cannot be read: {error}") from error
    frame = completed(frame, file=path.stem)
    missing = [name for name in schema if name not in frame.columns]
    if missing:
        raise InvalidInput(f"{path.name} of the snapshot {path.parent.name} lacks {', '.join(missing)}")
    return frame.select(list(schema))


def _titles(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if not {"item_id", "title"} <= set(rows.fieldnames or ()):
            raise InvalidInput(f"{path.name} needs the columns item_id and title")
        return {row["item_id"]: row["title"] or "" for row in rows}
