"""`merx explain`, `merx judgments` and `merx evaluate search --compare`, as a person runs them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.settings import Settings
from index.factory import open_engine
from index.query import Query
from tests.pipelines.conftest import Ran
from tests.pipelines.feeds import made_up

Merx = Callable[..., Ran]

FEED = made_up("Red", "Blue", "Green")


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    path = tmp_path / "judged.csv"
    path.write_text("query,product_id,grade\nred lamp,p0,3\nred lamp,p1,1\nblue vase,p6,3\nrug,p1,2\nrug,p5,2\n")
    return path


def test_a_place_is_explained(sample: Settings, merx: Merx) -> None:
    engine = open_engine(sample)
    best = engine.search(Query(sort="-popularity", limit=1)).hits[0].document
    engine.close()
    ran = merx("explain", best.title, best.id, "--json")
    assert ran.code == 0, ran.said
    told = json.loads(ran.output)
    assert (told["product"], told["matches"], told["rank"]) == (best.id, True, 1)
    assert told["score"] == pytest.approx(sum(part["value"] for part in told["parts"]), abs=1e-4)
    assert told["lexical"]["words"] > 0
    shown = merx("explain", best.title, best.id).output
    assert "place 1 of" in shown
    assert "its words match" in " ".join(shown.split())
    ran = merx("explain", "zzyzx qqq", best.id)
    assert (ran.code, "not shown" in ran.output) == (0, True)
    ran = merx("explain", "lamp", "nobody")
    assert (ran.code, "no product 'nobody'" in ran.said) == (1, True)


def test_nothing_is_explained_before_there_is_an_index(merx: Merx) -> None:
    ran = merx("explain", "lamp", "p0")
    assert (ran.code, "merx index build" in ran.said) == (1, True)


def test_judgments_are_kept_listed_and_exported(merx: Merx, judged: Path, tmp_path: Path) -> None:
    ran = merx("judgments", "import", judged, "--name", "canary")
    assert (ran.code, "3 queries, 5 judgments" in ran.said) == (0, True)
    assert "canary" in merx("judgments", "list").output
    assert merx("judgments", "export", "canary", "--to-workbench", tmp_path / "out.json").code == 0
    ratings = json.loads((tmp_path / "out.json").read_text())["judgmentRatings"]
    assert [row["query"] for row in ratings] == ["red lamp", "blue vase", "rug"]
    queries = json.loads((tmp_path / "out.queries.json").read_text())["querySetQueries"]
    assert queries == [{"queryText": "red lamp"}, {"queryText": "blue vase"}, {"queryText": "rug"}]
    assert merx("judgments", "export", "another", "--to-workbench", tmp_path / "no.json").code == 1
    assert not (tmp_path / "no.json").exists()
    assert merx("judgments", "import", judged, "--name", "NOT A NAME").code == 1


def test_runs_are_kept_and_compared(merx: Merx, judged: Path, tmp_path: Path) -> None:
    feed, run, poor = tmp_path / "goods.jsonl", tmp_path / "run.json", tmp_path / "poor.json"
    feed.write_text("".join(json.dumps(line) + "\n" for line in FEED))
    given = ("evaluate", "search", "--judgments", judged)
    ran = merx(*given, "--products", feed, "--save-run", run, "--json")
    assert ran.code == 0, ran.said
    assert json.loads(ran.output)["queries"] == 3
    kept = json.loads(run.read_text())
    assert kept["run"]["red lamp"][0] == "p0"
    poor.write_text(json.dumps({"run": {**kept["run"], "red lamp": ["p7", "p0"]}}))
    told = json.loads(merx(*given, "--compare", poor, run, "--json").output)
    assert (told["wins"], told["losses"], told["ties"]) == (1, 0, 2)
    assert told["queries"][0]["query"] == "red lamp"
    assert told["gain"] > 0
    weights = tmp_path / "weights.toml"
    weights.write_text("meaning = 0.0\n")
    told = json.loads(merx(*given, "--products", feed, "--compare", weights, "now", "--json").output)
    assert told["wins"] + told["losses"] + told["ties"] == 3
    shown = merx(*given, "--compare", poor, run)
    assert "red lamp" in shown.output
    for names in ((run, "now"), (run, tmp_path / "nowhere.json")):
        ran = merx(*given, "--compare", *names)
        assert (ran.code, "merx: " in ran.said) == (1, True)
    assert merx(*given).code == 1
