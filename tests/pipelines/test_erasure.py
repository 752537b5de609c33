"""Erasing somebody out of a real home: every byte of it is searched afterwards, whenever the work was killed."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import select
from sqlmodel import SQLModel, col

from core import audit, erasure
from core.artifacts import Artifacts, Version
from core.behaviour import shopper_of
from core.clock import system_clock
from core.database import open_database
from core.errors import Conflict, NotFound
from core.leases import take
from core.logs import configure_logging
from core.settings import load_settings
from core.tables import User
from ingest.snapshot import read_snapshot, write_snapshot
from pipelines import erasing
from pipelines.commands.index import build_index
from pipelines.commands.models import train_models
from pipelines.erasing import LEASE, Finished, finish_erasures, writing
from pipelines.house import House
from pipelines.sample.load import load_sample_shop
from ranking.serving import load_live
from ranking.training import MODELS, promote_version, train_version
from recsys.versions import SERVED
from tests.pipelines.planting import found, leave_half_a_snapshot, opened, plant, stocked_variants

SECRET = "a secret of the shop that forgets"
ON_SQLITE = pytest.mark.parametrize("house", ["sqlite"], indirect=True)  # rules that no database changes
LEDGER = {
    "customer_order": (
        "public_id",
        "user_id",
        "status",
        "goods_minor",
        "discount_minor",
        "total_minor",
        "placed_at",
    ),
    "payment": ("public_id", "order_id", "status", "amount_minor", "captured_minor", "refunded_minor"),
    "refund": ("public_id", "order_id", "payment_id", "user_id", "status", "amount_minor"),
    "transition": ("subject", "subject_id", "before", "after", "actor", "at"),
    "order_line": ("order_id", "line_number", "variant_id", "title", "quantity", "unit_price_minor", "shipped"),
    **dict.fromkeys(("refund_line", "money_movement", "stock_movement", "shipment_line"), ()),
}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A small sample shop with a snapshot, an index and models that serve."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("new_postgres")()
    settings = load_settings(
        home=tmp_path / "shop", database_url=url, secret=SECRET, text_dimensions=16, threads=1, log_level="debug"
    )
    settings.home.mkdir()
    configure_logging(level="debug", style="json")
    made = House(settings, open_database(settings), Artifacts(settings.artifacts), system_clock)
    made.database.migrate()
    load_sample_shop(made, products=120, users=50, seed=3, pictures=False)
    snapshot_and_train(made)
    yield made
    made.database.close()


def snapshot_and_train(house: House, *, seed: int = 0) -> None:
    write_snapshot(house.database, house.artifacts, clock=house.clock)
    with house.engine() as engine:
        build_index(house, engine, publish=True)
    # What is planted comes months after the sample: on its last part alone nothing can be measured.
    promote_version(house.artifacts, train_models(house, promote=False, seed=seed).name, compared=False)


def erase(house: House, user: str) -> erasure.Erased:
    return house.database.transact(lambda session: erasure.erase(session, user, actor="system", at=house.clock()))


def anybody(house: House) -> tuple[str, str]:
    """Public id and key of a shopper of the sample whose deeds are in the snapshot."""
    newest = read_snapshot(house.artifacts.versions("snapshots")[-1])
    known = set(newest.interactions["shopper"].drop_nulls())
    with house.database.read() as session:
        for user in session.execute(select(col(User.public_id)).order_by(col(User.id))).scalars():
            key = shopper_of(session, user)
            if key in known:
                return user, key
    raise AssertionError("the sample has no shoppers")


def ledger(house: House) -> dict[str, list[str]]:
    rows = {}
    with house.database.read() as session:
        for name, columns in LEDGER.items():
            table = SQLModel.metadata.tables[name]
            wanted = [table.c[one] for one in columns] or [table]
            rows[name] = sorted(repr(tuple(row)) for row in session.execute(select(*wanted)))
    return rows


def of_others(house: House, key: str) -> list[pl.DataFrame]:
    """What the newest snapshot that serves knows of everybody else."""
    live = house.artifacts.live("snapshots")
    assert live is not None
    frames = read_snapshot(live)
    others = pl.col("shopper").ne_missing(key)
    return [frame.filter(others) for frame in (frames.interactions, frames.reviews, frames.queries)]


def model_bytes(version: Version) -> dict[str, bytes]:
    """Every file of the models of a version."""
    folder = version.path / "blend"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def killed_at(house: House, stage: str, *, share: float, minutes: int) -> None:
    """Run the batch part, minutes from now, in a process of its own, killed when a stage has come so far."""
    script = f"""
import dataclasses, datetime, os, signal
from core.clock import system_clock
from core.settings import load_settings
from pipelines.erasing import finish_erasures
from pipelines.house import open_house

def progress(stage, done, total):
    if stage == {stage!r} and done >= {share} * total:
        os.kill(os.getpid(), signal.SIGKILL)

with open_house(load_settings(text_dimensions=16, threads=1)) as house:
    then = lambda: system_clock() + datetime.timedelta(minutes={minutes})
    finish_erasures(dataclasses.replace(house, clock=then), progress=progress)
"""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MERX_")}
    settings = {"HOME": str(house.home), "DATABASE_URL": house.settings.url, "SECRET": SECRET}
    env = kept | {f"MERX_{name}": value for name, value in settings.items()}
    run = subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == -9, run.stderr


def later(house: House) -> House:
    """The same home some minutes on: the lease of whoever was killed is over."""
    return House(house.settings, house.database, house.artifacts, lambda: system_clock() + timedelta(minutes=5))


def test_no_trace_is_left_of_a_person_whenever_the_batch_part_is_killed(
    house: House, capfd: pytest.CaptureFixture[str]
) -> None:
    planted = plant(house, stocked_variants(house))
    assert len(found(house, planted)) > 5
    # With a seed of their own: without the user the snapshot is the one of before, whose models would do.
    snapshot_and_train(house, seed=5)
    leave_half_a_snapshot(house)
    before, others = ledger(house), of_others(house, planted.shopper)
    places = "\n".join(found(house, planted))
    for place in (
        "artifacts/snapshots",
        "/queries.parquet",
        "rejects/",
        "pictures/",
        "table event",
        "table app_user",
    ):
        assert place in places, place
    assert opened(house, planted, house.settings.vault)
    pending = [line for line in before["customer_order"] if "pending" in line]
    assert len(pending) == 1
    done = erase(house, planted.user)
    assert opened(house, planted, house.settings.vault) == []
    killed_at(house, "snapshots", share=1.0, minutes=0)
    killed_at(house, "fit on everything", share=1.0, minutes=1)
    killed_at(house, "database", share=0.0, minutes=2)
    finished = finish_erasures(later(house))
    assert finished.erasures == 1
    captured = capfd.readouterr()
    (house.home / "log").write_text(captured.out + captured.err)
    assert found(house, planted) == []
    after = ledger(house)
    for name, rows in before.items():
        lost = set(rows) - set(after[name])
        assert lost == (set(pending) if name == "customer_order" else set())
    for kept, now in zip(others, of_others(house, planted.shopper), strict=True):
        assert kept.equals(now)
    with house.database.read() as session:
        assert [(one.id, one.finished_at is not None) for one in erasure.erasures(session)] == [(done.id, True)]
        assert audit.verify(session).fault == ""
    with house.engine() as engine:
        assert engine.live() is not None
    assert load_live(house.artifacts) is not None


def test_old_versions_say_why_they_are_gone_and_nothing_is_done_twice(house: House) -> None:
    user, key = anybody(house)
    snapshot, model = (house.artifacts.live(kind) for kind in ("snapshots", MODELS))
    assert snapshot is not None
    assert model is not None
    done = erase(house, user)
    others = of_others(house, key)
    finished = finish_erasures(house)
    assert (finished.erasures, finished.snapshots, finished.models) == (1, 1, 1)
    for kind, version in (("snapshots", snapshot), (MODELS, model)):
        with pytest.raises(NotFound, match=f"cannot be made again: .*{done.id}"):
            house.artifacts.get(kind, version.name)
        with pytest.raises(Conflict):
            house.artifacts.rollback(kind)
    fresh = house.artifacts.live("snapshots")
    assert fresh is not None
    assert fresh.about["created_at"] == snapshot.about["created_at"]
    assert not read_snapshot(fresh).interactions["shopper"].is_in([key]).any()
    for kept, now in zip(others, of_others(house, key), strict=True):
        assert kept.equals(now)
    served = load_live(house.artifacts)
    assert served is not None
    assert served.version == finished.served
    assert served.about["snapshot"] == fresh.name
    assert finish_erasures(house) == Finished()
    assert house.artifacts.live("snapshots") == fresh
    # A snapshot of the shop as it is now knows nobody by that key either.
    newest = write_snapshot(house.database, house.artifacts, clock=house.clock)
    assert not read_snapshot(newest).interactions["shopper"].is_in([key]).any()


@ON_SQLITE
def test_new_models_serve_even_when_they_are_worse(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    live = house.artifacts.live(MODELS)
    assert live is not None
    boast = live.path / "manifest.json"
    measured = live.about["metrics"][SERVED]["ndcg@10"]
    boast.write_text(boast.read_text().replace(f'"ndcg@10": {measured}', '"ndcg@10": 0.999'))
    asked = []

    def promote(*given: Any, compared: bool = True) -> Version:
        asked.append(compared)
        return promote_version(*given, compared=compared)

    monkeypatch.setattr(erasing, "promote_version", promote)
    erase(house, anybody(house)[0])
    finished = finish_erasures(house)
    assert asked == [True, False]  # refused at the gate
    assert finished.served not in ("", "none", live.name)
    served = house.artifacts.live(MODELS)
    assert served is not None
    assert served.name == finished.served


@ON_SQLITE
def test_models_are_trained_anew_with_the_parameters_they_had(house: House) -> None:
    tuned = {"popularity": {"half_life_days": 30.0}}
    promote_version(house.artifacts, train_models(house, promote=False, parameters=tuned).name, compared=False)
    erase(house, anybody(house)[0])
    finish_erasures(house)
    served = house.artifacts.live(MODELS)
    assert served is not None
    assert served.about["parameters"]["models"]["popularity"] == tuned["popularity"]
    assert served.about["parameters"]["models"]["trending"] == {"half_life_days": 7.0}


@ON_SQLITE
def test_models_trained_anew_are_those_of_a_shop_that_never_had_the_user(house: House, tmp_path: Path) -> None:
    user, key = anybody(house)
    whole = read_snapshot(house.artifacts.versions("snapshots")[-1])
    live = house.artifacts.live(MODELS)
    assert live is not None
    with_the_user = model_bytes(live)
    never = Artifacts(tmp_path / "never")
    kept = whole.interactions.filter(pl.col("shopper").ne_missing(key))
    assert kept.height < whole.interactions.height
    with never.create("snapshots", name="never", about={}) as folder:
        whole.products.write_parquet(folder / "products.parquet")
        renumbered = pl.col("basket").rank("dense").cast(pl.Int64) - 1  # no gap where the user's orders would be
        kept.with_columns(renumbered).write_parquet(folder / "interactions.parquet")
    expected = train_version(never.get("snapshots", "never"), artifacts=never, threads=2, clock=house.clock)
    erase(house, user)
    finish_erasures(house)
    served = house.artifacts.live(MODELS)
    assert served is not None
    assert model_bytes(served) == model_bytes(expected)
    assert model_bytes(served) != with_the_user


@ON_SQLITE
def test_where_nothing_can_be_trained_nothing_serves_what_has_to_go(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object, **_more: object) -> None:
        raise Conflict("no models today")

    monkeypatch.setattr(erasing, "train_version", broken)
    erase(house, anybody(house)[0])
    assert finish_erasures(house).served == "none"
    assert house.artifacts.live(MODELS) is None
    assert house.artifacts.versions(MODELS) == []


@ON_SQLITE
def test_a_snapshot_that_cannot_be_read_goes_as_a_whole(house: House) -> None:
    live = house.artifacts.live("snapshots")
    assert live is not None
    user, _key = anybody(house)
    (live.path / "queries.parquet").write_bytes(b"PAR1")
    erase(house, user)
    finished = finish_erasures(house)
    assert finished.snapshots == 1
    assert house.artifacts.gone("snapshots", live.name)
    fresh = house.artifacts.live("snapshots")
    assert fresh is not None
    assert load_live(house.artifacts) is not None


@ON_SQLITE
def test_one_run_for_any_number_and_one_at_a_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "PATIENCE", 0.2)
    with house.database.read() as session:
        users = list(session.execute(select(col(User.public_id)).order_by(col(User.id)).limit(3)).scalars())
    for user in users:
        erase(house, user)
    with house.database.write() as session:
        assert take(session, name=LEASE, holder="another", now=house.clock(), seconds=60)
    with pytest.raises(Conflict, match="being written"):
        finish_erasures(house)
    with pytest.raises(Conflict, match="being written"), writing(house):
        raise AssertionError("two at once")
    assert finish_erasures(later(house)).erasures == 3


def test_the_commands(house: House, monkeypatch: pytest.MonkeyPatch, merx: Callable[..., Any]) -> None:
    for name, value in {"HOME": house.home, "DATABASE_URL": house.settings.url, "SECRET": SECRET}.items():
        monkeypatch.setenv(f"MERX_{name}", str(value))
    monkeypatch.setenv("MERX_TEXT_DIMENSIONS", "16")
    user, _key = anybody(house)
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert merx("users", "erase", user).code == 1  # nobody said yes
    assert merx("users", "erase", "nobody@example.com", "--yes").code == 1
    ran = merx("users", "erase", user, "--yes", "--later")
    assert (ran.code, "batch outputs are open" in ran.said) == (0, True)
    assert "open" in merx("erasures").output
    ran = merx("snapshot")
    assert (ran.code, "1 erasures, 1 snapshots written anew" in ran.said) == (0, True)
    assert "finished" in merx("erasures").output
    assert "nothing to do" in merx("erasures", "finish").said
    again = merx("users", "erase", user, "--yes")
    assert "was erased before, batch outputs are clean" in again.said
    assert merx("train").code == 0
