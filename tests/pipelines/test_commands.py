"""The jobs: what each does, the one line it ends with, and how it fails."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.artifacts import Artifacts
from core.settings import Settings, load_settings
from index.engine import SearchEngine
from index.factory import open_engine
from index.query import Query
from tests.pipelines.conftest import Ran
from tests.pipelines.feeds import made_up

Merx = Callable[..., Ran]

FEED = made_up("Red", "Blue", "Green", "White")


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    path = tmp_path / "goods.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in FEED))
    return path


def live(settings: Settings) -> str:
    engine = open_engine(settings)
    generation = engine.live()
    engine.close()
    assert generation is not None
    return generation.name


def count(settings: Settings) -> int:
    engine: SearchEngine = open_engine(settings)
    total = engine.search(Query()).total
    engine.close()
    return total


def test_a_feed_becomes_an_index(merx: Merx, feed: Path) -> None:
    imported = merx("import", "jsonl", feed)
    assert imported.code == 0
    assert "16 lines read = 16 loaded + 0 merged + 0 rejected" in imported.said
    assert "16 lines read = 0 loaded + 16 merged + 0 rejected" in merx("import", "jsonl", feed).said
    assert merx("snapshot").code == 0
    built = merx("index", "build")
    assert (built.code, "16 documents, now serving" in built.said) == (0, True), built.said
    assert count(load_settings()) == 16


def test_a_bad_line_is_named_and_the_rest_is_loaded(merx: Merx, feed: Path) -> None:
    with feed.open("a") as file:
        file.write('{"type": "product", "id": "broken"}\nnot json\n')
    imported = merx("import", "jsonl", feed)
    assert imported.code == 0
    assert "18 lines read = 16 loaded + 0 merged + 2 rejected" in imported.said
    rejects = next((load_settings().home / "rejects").iterdir()).read_text().splitlines()
    assert len(rejects) == 2
    assert {json.loads(line)["line"] for line in rejects} == {17, 18}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("import", "xml", "goods.xml"), "unknown format"),
        (("import", "jsonl", "/nowhere/goods.jsonl"), "goods.jsonl"),
        (("import", "online-retail", __file__), "test_commands.py"),
        (("train",), "merx snapshot"),
        (("evaluate", "shop"), "merx snapshot"),
        (("index", "build"), "import some first"),
        (("index", "rollback"), ""),
        (("index", "publish", "never-built"), "never-built"),
        (("promote", "never-trained"), "never-trained"),
        (("rollback",), "no earlier"),
        (("evaluate", "search", "--products", __file__, "--judgments", "/nowhere.csv"), "nowhere.csv"),
        (("evaluate", "recs", "--sequences", "/nowhere.txt"), "nowhere.txt"),
    ],
    ids=lambda value: " ".join(map(str, value))[:30] if isinstance(value, tuple) else "",
)
def test_what_cannot_be_done_is_said_in_a_line(merx: Merx, words: tuple[str, ...], says: str) -> None:
    ran = merx(*words)
    assert ran.code == 1
    assert "merx: " in ran.said
    assert says in ran.said
    assert "Traceback" not in ran.said


@pytest.mark.parametrize("words", [("nonsense",), ("import",), ("index", "publish"), ("demo", "--products", "1")])
def test_a_call_that_makes_no_sense_ends_with_2(merx: Merx, words: tuple[str, ...]) -> None:
    assert merx(*words).code == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [("MERX_ENGINE", "solr"), ("MERX_PORT", "x"), ("MERX_TYPO", "1"), ("MERX_MODE", "production")],
)
def test_wrong_settings_stop_every_job(merx: Merx, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    ran = merx("snapshot")
    assert ran.code == 1
    assert name in ran.said or "MERX_SECRET" in ran.said


def test_a_port_that_is_taken_is_named(merx: Merx, sample: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = merx("serve", "--port", port)
    assert (ran.code, f"127.0.0.1:{port}" in ran.said) == (1, True), ran.said


def test_a_home_that_cannot_be_used_is_named(merx: Merx, monkeypatch: pytest.MonkeyPatch, feed: Path) -> None:
    monkeypatch.setenv("MERX_HOME", str(feed / "home"))
    ran = merx("snapshot")
    assert (ran.code, "MERX_HOME" in ran.said) == (1, True), ran.said


def test_an_opensearch_that_is_away_changes_nothing(
    merx: Merx, sample: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = live(sample)
    monkeypatch.setenv("MERX_ENGINE", "opensearch")
    monkeypatch.setenv("MERX_OPENSEARCH_URL", "http://127.0.0.1:1")
    for words in (("index", "build"), ("index", "sync")):
        ran = merx(*words)
        assert ran.code == 1
        assert "127.0.0.1:1" in ran.said
    assert live(sample) == before


def test_generations_are_switched_forth_and_back(merx: Merx, sample: Settings) -> None:
    first = live(sample)
    assert merx("index", "build", "--no-publish").code == 0
    assert live(sample) == first
    listed = merx("index", "list").said
    second = next(word for word in listed.split() if word[8:9] == "t" and word != first)
    assert merx("index", "publish", second).code == 0
    assert live(sample) == second
    assert merx("index", "rollback").code == 0
    assert live(sample) == first


def test_the_same_shop_gives_the_same_snapshot(merx: Merx, sample: Settings) -> None:
    artifacts = Artifacts(sample.artifacts)
    names = [version.name for version in artifacts.versions("snapshots")]
    assert merx("snapshot").code == 0
    assert [version.name for version in artifacts.versions("snapshots")] == names


def test_models_are_promoted_and_rolled_back(merx: Merx, sample: Settings) -> None:
    artifacts = Artifacts(sample.artifacts)
    first = artifacts.live("models")
    assert first is not None
    trained = merx("train", "--seed", 5)
    assert trained.code == 0, trained.said
    assert "blend" in trained.output
    second = artifacts.live("models")
    assert second is not None
    assert second.name != first.name
    assert merx("rollback").code == 0
    assert artifacts.live("models") == first
    assert merx("promote", second.name).code == 0
    damaged = next((artifacts.root / "models" / first.name).rglob("*.json"))
    damaged.write_text("{")
    ran = merx("promote", first.name)
    assert ran.code == 1
    assert artifacts.live("models") == second


def test_the_demo_is_not_built_twice(merx: Merx, sample: Settings) -> None:
    before = live(sample)
    ran = merx("demo")
    assert ran.code == 0
    assert "sample shop:" not in ran.said
    assert live(sample) == before


def start(*words: str, home: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "MERX_HOME": str(home)}
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", *words],
        cwd=Path(__file__).parents[2],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("index", "build"), "index/products"),
        (("train", "--seed", "9"), "models"),
        (("index", "build"), "encoders"),
    ],
    ids=["index", "models", "encoder"],
)
def test_a_job_killed_while_it_writes_leaves_what_serves(
    sample: Settings, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], kind: str
) -> None:
    artifacts = Artifacts(sample.artifacts)
    if kind == "encoders":
        monkeypatch.setenv("MERX_TEXT_DIMENSIONS", "32")  # so that the encoder has to be fitted anew
    before = live(sample), artifacts.live("models"), count(sample)
    versions = {version.name for version in artifacts.versions(kind)}
    job = start(*words, home=sample.home)
    try:
        while job.poll() is None and not list((artifacts.root / kind).glob(".making-*")):
            time.sleep(0.001)
    finally:
        job.send_signal(signal.SIGKILL)
        job.wait()
    assert (live(sample), artifacts.live("models"), count(sample)) == before
    assert {version.name for version in artifacts.versions(kind)} >= versions
    for version in artifacts.versions(kind):
        artifacts.verify(version)


def test_evaluate_search_prints_one_object(merx: Merx, feed: Path, tmp_path: Path) -> None:
    judgments = tmp_path / "judgments.csv"
    judgments.write_text("query,product_id,grade\nred lamp,p0,3\nred lamp,p4,1\nvase,p2,3\nvase,p6,3\n")
    ran = merx("evaluate", "search", "--products", feed, "--judgments", judgments, "--json")
    assert ran.code == 0, ran.said
    result: dict[str, Any] = json.loads(ran.output)
    keys = {"queries", "ndcg@10", "condensed_ndcg@10", "judged@10", "recall@100", "rr@10", "p50_ms", "p99_ms"}
    assert keys <= result.keys()
    assert result["queries"] == 2
    assert result["recall@100"] == 1.0
    assert not load_settings().home.exists() or not (load_settings().home / "artifacts").exists()


def test_evaluate_recs_prints_a_row_for_each_model(merx: Merx, tmp_path: Path) -> None:
    sequences = tmp_path / "sequences.txt"
    sequences.write_text(
        "".join(f"{user} {' '.join(str((user + step) % 12) for step in range(6))}\n" for user in range(60))
    )
    ran = merx("evaluate", "recs", "--sequences", sequences, "--json")
    assert ran.code == 0, ran.said
    result = json.loads(ran.output)
    assert {"popularity", "als", "blend"} <= result.keys()
    for row in result.values():
        assert {"hr@5", "ndcg@5", "hr@10", "ndcg@10", "hr@20", "ndcg@20", "fit_s"} <= row.keys()
    assert result["blend"]["ndcg@5"] > result["popularity"]["ndcg@5"] > 0
    assert {"latest", "after_last", "item_item", "trending"} <= result.keys()
    assert result["popularity"]["ndcg@10_ahead_interval"][0] > 0


def test_evaluate_shop_leaves_the_shop_alone(merx: Merx, sample: Settings) -> None:
    before = live(sample), Artifacts(sample.artifacts).versions("models")
    ran = merx("evaluate", "shop", "--json")
    assert ran.code == 0, ran.said
    result = json.loads(ran.output)
    assert {"coverage", "novelty", "hr@10", "ndcg@10"} <= result["blend"].keys()
    assert (live(sample), Artifacts(sample.artifacts).versions("models")) == before
