"""Judgment sets are kept under a name, and leave in the form of the Search Relevance Workbench."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.artifacts import Artifacts
from core.errors import BrokenArtifact, InvalidInput, NotFound
from ranking.judgment_sets import (
    import_judgments,
    judgment_sets,
    named_judgments,
    workbench_judgments,
    workbench_queries,
)

NOW = datetime(2026, 2, 1, tzinfo=UTC)
JUDGED = {"red dress": {"B1": 3, "B2": 0}, "红茶, 散装": {"B3": 2}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "given.csv"
    path.write_text('query,product_id,grade\nred dress,B1,3\nred dress,B2,0\n"红茶, 散装",B3,2\n')
    return path


def test_the_newest_set_of_a_name_counts(file: Path, tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path / "artifacts")
    import_judgments(file, artifacts, name="canary", at=NOW)
    assert named_judgments(artifacts, "canary") == JUDGED
    file.write_text("query,product_id,grade\nlamp,B9,1\n")
    import_judgments(file, artifacts, name="canary", at=NOW + timedelta(days=1))
    import_judgments(file, artifacts, name="another", at=NOW)
    assert named_judgments(artifacts, "canary") == {"lamp": {"B9": 1}}
    listed = [(version.about["name"], version.about["queries"]) for version in judgment_sets(artifacts)]
    assert listed == [("another", 1), ("canary", 1)]


def test_what_cannot_be_kept_or_found_is_said(file: Path, tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path / "artifacts")
    for name in ("", "Two Words", "../x", "x" * 51):
        with pytest.raises(InvalidInput):
            import_judgments(file, artifacts, name=name, at=NOW)
    with pytest.raises(NotFound):
        named_judgments(artifacts, "canary")
    version = import_judgments(file, artifacts, name="canary", at=NOW)
    (version.path / "judgments.csv").write_text("query,product_id,grade\nlamp,B9,1\n")
    with pytest.raises(BrokenArtifact):
        named_judgments(artifacts, "canary")
    file.write_text("nothing\n")
    with pytest.raises(InvalidInput):
        import_judgments(file, artifacts, name="canary", at=NOW)


def test_the_workbench_can_import_both() -> None:
    """By the documented requests: ratings are texts, queries objects, a description has 250 letters."""
    body = workbench_judgments(JUDGED, name="canary")
    assert set(body) == {"name", "description", "type", "judgmentRatings"}
    assert (body["name"], body["type"]) == ("canary", "IMPORT_JUDGMENT")
    assert body["judgmentRatings"] == [
        {
            "query": "red dress",
            "ratings": [{"docId": "B1", "rating": "3.000"}, {"docId": "B2", "rating": "0.000"}],
        },
        {"query": "红茶, 散装", "ratings": [{"docId": "B3", "rating": "2.000"}]},
    ]
    queries = workbench_queries(JUDGED, name="canary")
    assert set(queries) == {"name", "description", "sampling", "querySetQueries"}
    assert queries["sampling"] == "manual"
    assert queries["querySetQueries"] == [{"queryText": "red dress"}, {"queryText": "红茶, 散装"}]
    assert len(queries["description"]) <= 250
