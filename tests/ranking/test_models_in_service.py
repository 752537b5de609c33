"""From a snapshot to a version, through the gate, into service, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from core.artifacts import Artifacts
from core.clock import frozen_clock
from core.errors import BrokenArtifact, InvalidInput, NotFound, RefusedPromotion
from ranking.evaluate_recs import evaluate_sequences, evaluate_snapshot
from ranking.serving import Served, load_live, models_stamp
from ranking.training import MODELS, promote_version, train_version
from recsys.evaluation.baselines import baselines
from recsys.evaluation.splits import keep_rows
from recsys.models import MODELS as KINDS
from tests.ranking.shop_snapshot import snapshot_of
from tests.recsys.shops import history, shop

BASELINES = {baseline.name for baseline in baselines()}
CLOCK = frozen_clock(datetime(2024, 6, 1, tzinfo=UTC))


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    return Artifacts(tmp_path)


def test_a_version_says_what_made_it_and_what_it_measured(artifacts: Artifacts) -> None:
    stages = []
    snapshot = snapshot_of(shop(users=1500), artifacts)
    version = train_version(
        snapshot, artifacts=artifacts, seed=5, clock=CLOCK, progress=lambda *said: stages.append(said)
    )
    about = version.about
    assert (about["snapshot"], about["seed"], about["created_at"]) == ("first", 5, "2024-06-01T00:00:00+00:00")
    assert about["code"]
    assert about["parameters"]["models"]["als"]["factors"] == 256
    assert set(about["metrics"]) == {*KINDS, *BASELINES, "blend"}
    assert about["metrics"]["blend"]["ndcg@10"] > about["metrics"]["popularity"]["ndcg@10"]
    asked = about["metrics"]["blend"]["cases"] + about["metrics"]["blend"]["cold_cases"]
    assert asked > 30
    assert ("measure", asked, asked) in stages
    artifacts.verify(version)


def test_no_shopper_is_in_a_version(artifacts: Artifacts) -> None:
    version = train_version(snapshot_of(shop(), artifacts), artifacts=artifacts, clock=CLOCK)
    files = [path for path in version.path.rglob("*") if path.is_file()]
    assert files
    assert not any(b"shopper1" in path.read_bytes() for path in files)


def test_the_same_snapshot_gives_the_same_files(artifacts: Artifacts, tmp_path: Path) -> None:
    other = Artifacts(tmp_path / "other")
    versions = [
        train_version(snapshot_of(shop(), home), artifacts=home, seed=1, threads=threads, clock=CLOCK)
        for home, threads in ((artifacts, 1), (other, 2))
    ]
    first, second = (
        {str(path.relative_to(v.path)): path.read_bytes() for path in sorted(v.path.rglob("*")) if path.is_file()}
        for v in versions
    )
    del first["manifest.json"], second["manifest.json"]  # it says how long fitting took
    assert first == second


def test_forgetting_a_shopper_is_as_if_they_had_never_been(artifacts: Artifacts, tmp_path: Path) -> None:
    whole = shop()
    there = whole.users != 119
    without = keep_rows(whole, there)
    one = train_version(snapshot_of(without, artifacts), artifacts=artifacts, clock=CLOCK)
    never = Artifacts(tmp_path / "never")
    two = train_version(snapshot_of(keep_rows(shop(), there), never), artifacts=never, clock=CLOCK)
    assert _models(one.path) == _models(two.path)
    full = Artifacts(tmp_path / "full")
    assert _models(train_version(snapshot_of(whole, full), artifacts=full, clock=CLOCK).path) != _models(one.path)


def test_a_promoted_version_serves_and_the_pointer_tells(artifacts: Artifacts) -> None:
    assert load_live(artifacts) is None
    stamp = models_stamp(artifacts)
    data = shop()
    version = train_version(snapshot_of(data, artifacts), artifacts=artifacts, clock=CLOCK)
    assert load_live(artifacts) is None
    promote_version(artifacts, version.name)
    assert models_stamp(artifacts) != stamp
    served = load_live(artifacts)
    assert served is not None
    assert served.version == version.name
    assert list(served.items.ids) == sorted(data.items.ids)
    found = served.blend.recommend(history(0, 4), now=0, size=4)
    assert len(found.items) == 4


def test_a_history_is_put_in_order_and_what_is_unknown_left_out(artifacts: Artifacts) -> None:
    version = train_version(snapshot_of(shop(), artifacts), artifacts=artifacts, clock=CLOCK)
    served = load_live_after(artifacts, version.name)
    at = datetime(2024, 1, 1, tzinfo=UTC)
    past = served.history(
        [("p3", "view", at + timedelta(days=1)), ("p7", "purchase", at), ("gone", "view", at), ("p1", "wave", at)]
    )
    assert [served.items.ids[item] for item in past.items] == ["p7", "p3"]
    assert past.weights.tolist() == pytest.approx([1.0, 0.1])
    assert len(served.history([])) == 0
    with pytest.raises(NotFound):
        served.number("gone")


def test_a_damaged_version_is_not_promoted_and_the_old_one_serves_on(artifacts: Artifacts) -> None:
    snapshot = snapshot_of(shop(), artifacts)
    good = train_version(snapshot, artifacts=artifacts, clock=CLOCK)
    promote_version(artifacts, good.name)
    bad = train_version(snapshot, artifacts=artifacts, seed=2, clock=CLOCK)
    arrays = bad.path / "blend" / "als" / "arrays.npz"
    arrays.write_bytes(arrays.read_bytes()[:-200])
    with pytest.raises(RefusedPromotion, match="broken"):
        promote_version(artifacts, bad.name)
    served = load_live(artifacts)
    assert served is not None
    assert served.version == good.name
    with pytest.raises(NotFound):
        promote_version(artifacts, "nothing")


def test_rollback_serves_the_version_before(artifacts: Artifacts) -> None:
    snapshot = snapshot_of(shop(), artifacts)
    names = [train_version(snapshot, artifacts=artifacts, seed=seed, clock=CLOCK).name for seed in (0, 1)]
    for name in names:
        promote_version(artifacts, name)
    artifacts.rollback(MODELS)
    served = load_live(artifacts)
    assert served is not None
    assert served.version == names[0]


def test_a_damaged_snapshot_is_not_trained_on(artifacts: Artifacts) -> None:
    snapshot = snapshot_of(shop(), artifacts)
    (snapshot.path / "interactions.parquet").write_bytes(b"PAR1")
    with pytest.raises(BrokenArtifact):
        train_version(snapshot, artifacts=artifacts, clock=CLOCK)
    assert artifacts.versions(MODELS) == []


def test_a_shop_that_sold_nothing_still_gets_what_is_alike(artifacts: Artifacts) -> None:
    data = shop()
    nothing = keep_rows(data, np.zeros(len(data.users), dtype=np.bool_))
    version = train_version(snapshot_of(nothing, artifacts), artifacts=artifacts, clock=CLOCK)
    promote_version(artifacts, version.name)
    served = load_live(artifacts)
    assert served is not None
    assert len(served.blend.similar(0, size=5).items) == 5
    with pytest.raises(InvalidInput):
        evaluate_snapshot(artifacts.get("snapshots", "first"))


def test_a_shop_is_evaluated_with_baselines_and_intervals(artifacts: Artifacts) -> None:
    table = evaluate_snapshot(snapshot_of(shop(users=1500), artifacts))
    assert set(table) == {*KINDS, *BASELINES, "blend"}
    for row in table.values():
        low, high = row["ndcg@10_interval"]
        assert low <= row["ndcg@10"] <= high
        assert 0 <= row["coverage"] <= 1
        assert row.get("novelty", 0.0) >= 0  # a model that knows nothing lists nothing
        assert row["hr@5"] <= row["hr@10"] <= row["hr@20"]
    assert table["blend"]["cases"] > 30
    assert table["blend"]["ndcg@10"] > table["popularity"]["ndcg@10"]


def test_sequences_are_evaluated(tmp_path: Path) -> None:
    data = shop(users=200)
    lines = [f"{name} {' '.join(str(i) for i in data.history(u).items)}" for u, name in enumerate(data.user_ids)]
    (tmp_path / "s.txt").write_text("\n".join(lines))
    table = evaluate_sequences(tmp_path / "s.txt", threads=1)
    assert set(table) == {*KINDS, *BASELINES, "blend"}
    expected = {f"{metric}@{k}" for metric in ("hr", "ndcg") for k in (5, 10, 20)} | {"fit_s"}
    assert all(expected <= set(row) for row in table.values())
    assert table["blend"]["hr@10"] > table["popularity"]["hr@10"]
    (tmp_path / "s.txt").write_text("u 1\n")
    with pytest.raises(InvalidInput):
        evaluate_sequences(tmp_path / "s.txt")


@pytest.mark.data
@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_beauty_is_better_than_what_was_published_for_it(shared_data: Path) -> None:
    folder = shared_data / "recsys" / "beauty"
    table = evaluate_sequences(
        folder / "sequences.txt", attributes=folder / "attributes.json", titles=folder / "titles.csv"
    )
    assert table["blend"]["hr@10"] > 0.0928  # eSASRec
    assert table["blend"]["ndcg@10"] > 0.0531  # GRAM
    assert table["blend"]["ndcg@10"] >= max(row["ndcg@10"] for row in table.values())


def load_live_after(artifacts: Artifacts, name: str) -> Served:
    promote_version(artifacts, name)
    served = load_live(artifacts)
    assert served is not None
    return served


def _models(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.glob("blend/**/*.npz"))}
