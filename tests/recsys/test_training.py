"""Training data from snapshots and sequence files; versions and their gate."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from core.artifacts import Artifacts, Version
from core.errors import BrokenArtifact, InvalidInput, RefusedPromotion, Unavailable
from ingest.snapshot_schema import INTERACTIONS, PRODUCTS
from recsys.training import read_sequences, training_data
from recsys.versions import KIND, check_promotion, load_items, save_items
from tests.recsys.shops import shop


def day(number: int) -> datetime:
    return datetime(2024, 5, number, tzinfo=UTC)


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    products = {name: [None, None] for name in PRODUCTS} | {
        "product_id": ["b", "a"],
        "title": ["Mug", "Lamp"],
        "title_zh": ["", "灯"],
        "category": ["Home > Mugs", None],
        "price_minor": [None, 1999],
        "sellable": [False, True],
        "released_at": [day(1), None],
    }
    pl.DataFrame(products, schema=PRODUCTS).write_parquet(tmp_path / "products.parquet")
    rows = [
        ("y", "a", "purchase", day(3), 1, 1999, 7, "GB"),
        (None, "a", "purchase", day(4), 2, 3998, 8, "DE"),
        ("x", "b", "view", day(5), 1, 0, None, None),
        ("x", "a", "purchase", day(2), 1, 1999, 6, "GB"),
        ("x", "a", "wave", day(2), 1, 0, None, None),
    ]
    pl.DataFrame(rows, schema=INTERACTIONS, orient="row").write_parquet(tmp_path / "interactions.parquet")
    return tmp_path


def test_a_snapshot_becomes_sorted_columns(snapshot: Path) -> None:
    data = training_data(snapshot)
    assert list(data.items.ids) == ["a", "b"]
    assert list(data.items.titles) == ["Lamp", "Mug"]
    assert list(data.items.texts) == ["Lamp 灯", "Mug"]
    assert list(data.items.categories) == [(), ("Home", "Mugs")]
    assert data.items.prices.tolist() == [1999, -1]
    assert data.items.sellable.tolist() == [True, False]
    assert data.items.released_at.tolist() == [-1, int(day(1).timestamp())]
    assert list(data.user_ids) == ["x", "y"]
    assert data.users.tolist() == [-1, 0, 0, 1]
    assert data.item_numbers.tolist() == [0, 0, 1, 0]
    assert data.weights.tolist() == pytest.approx([1.0, 1.0, 0.1, 1.0])
    assert data.baskets.tolist() == [8, 6, -1, 7]
    assert data.country_names == ["DE", "GB"]
    assert data.countries is not None
    assert data.countries.tolist() == [0, 1, -1, 1]
    assert data.now == int(day(5).timestamp())
    assert data.history(0).items.tolist() == [0, 1]


def test_a_snapshot_from_before_countries_is_trained_on(snapshot: Path) -> None:
    file = snapshot / "interactions.parquet"
    pl.read_parquet(file).drop("country").write_parquet(file)
    data = training_data(snapshot)
    assert data.countries is not None
    assert data.countries.tolist() == [-1] * 4
    assert data.country_names == []


def test_a_snapshot_that_cannot_be_read_is_named(snapshot: Path) -> None:
    whole = (snapshot / "interactions.parquet").read_bytes()
    (snapshot / "interactions.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Unavailable, match=r"interactions\.parquet"):
        training_data(snapshot)
    pl.DataFrame({"product_id": ["a"]}).write_parquet(snapshot / "products.parquet")
    with pytest.raises(InvalidInput, match="lacks title"):
        training_data(snapshot)


def test_sequences_are_read_oldest_first(tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text("u1 10 2 3\nu2 2 10\n")
    (tmp_path / "a.json").write_text('{"10": [4, 5], "2": [4]}')
    (tmp_path / "t.csv").write_text('item_id,asin,title\n2,B1,"Mug, red"\n')
    data = read_sequences(tmp_path / "s.txt", attributes=tmp_path / "a.json", titles=tmp_path / "t.csv")
    assert list(data.items.ids) == ["2", "3", "10"]
    assert list(data.items.titles) == ["Mug, red", "", ""]
    assert list(data.items.categories) == [("4",), (), ("4", "5")]
    assert data.history(0).items.tolist() == [2, 0, 1]
    assert data.history(1).at.tolist() == [0, 1]
    assert data.now == 3


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [("s.txt", "u1 1 2\nu2\n", "line 2"), ("a.json", "{oops", "cannot be read"), ("t.csv", "a,b\n", "item_id")],
)
def test_unreadable_sequences_are_refused(tmp_path: Path, name: str, text: str, said: str) -> None:
    files = {"s.txt": "u1 1 2\n", "a.json": "{}", "t.csv": "item_id,title\n"} | {name: text}
    for file, content in files.items():
        (tmp_path / file).write_text(content)
    with pytest.raises(InvalidInput, match=said):
        read_sequences(tmp_path / "s.txt", attributes=tmp_path / "a.json", titles=tmp_path / "t.csv")
    with pytest.raises(InvalidInput):
        read_sequences(tmp_path / "missing.txt")


def test_items_are_read_as_they_were_written(tmp_path: Path) -> None:
    items = shop().items
    save_items(items, tmp_path)
    read = load_items(tmp_path)
    assert list(read.ids) == list(items.ids)
    assert list(read.categories) == list(items.categories)
    assert read.prices.tolist() == items.prices.tolist()
    text = (tmp_path / "items.json").read_text()
    (tmp_path / "items.json").write_text(text[:-10])
    with pytest.raises(BrokenArtifact):
        load_items(tmp_path)


def version(artifacts: Artifacts, name: str, ndcg: float | None, *, half: float = 0.01) -> Version:
    row = {} if ndcg is None else {"ndcg@10": ndcg, "ndcg@10_interval": [ndcg - half, ndcg + half]}
    with artifacts.create(KIND, name=name, about={"metrics": {"blend": row}}) as folder:
        (folder / "file").write_text(name)
    return artifacts.get(KIND, name)


def test_the_gate_lets_chance_pass_and_holds_back_what_is_worse(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    live = version(artifacts, "live", 0.10)
    check_promotion(artifacts, version(artifacts, "first", None), live=None)
    check_promotion(artifacts, version(artifacts, "better", 0.12), live=live)
    check_promotion(artifacts, version(artifacts, "within", 0.087), live=live)
    with pytest.raises(RefusedPromotion, match="worse by more than chance"):
        check_promotion(artifacts, version(artifacts, "worse", 0.085), live=live)
    with pytest.raises(RefusedPromotion, match="no measure"):
        check_promotion(artifacts, version(artifacts, "unmeasured", None), live=live)


def test_the_gate_holds_back_changed_files(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    candidate = version(artifacts, "candidate", 0.2)
    (candidate.path / "file").write_text("cand")
    with pytest.raises(RefusedPromotion, match="broken"):
        check_promotion(artifacts, candidate, live=None)
