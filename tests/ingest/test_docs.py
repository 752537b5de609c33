"""The examples of docs/feed.md are lines that work."""

from __future__ import annotations

import re
from pathlib import Path

from core.database import Database
from tests.ingest.shop import import_files

DOCS = Path(__file__).parents[2] / "docs"


def test_the_examples_of_the_feed_can_be_imported_as_they_stand(sqlite: Database, tmp_path: Path) -> None:
    blocks = re.findall(r"```json\n(.*?)```", (DOCS / "feed.md").read_text(encoding="utf-8"), re.S)
    feed = tmp_path / "docs.jsonl"
    feed.write_text("".join(blocks), encoding="utf-8")
    report = import_files(sqlite, tmp_path, feed)
    assert report.read == 7
    assert (report.loaded, report.reasons) == (7, {})


def test_every_reason_is_in_the_docs() -> None:
    checks = (DOCS.parent / "ingest" / "feed_checks.py").read_text(encoding="utf-8")
    retail = (DOCS.parent / "ingest" / "online_retail.py").read_text(encoding="utf-8")
    told = re.findall(r'"((?:duplicate|reviewed)-[a-z-]+)"', checks)
    assert len(told) == 3
    for reason in told:
        assert f"`{reason}`" in (DOCS / "feed.md").read_text(encoding="utf-8")
    named = re.findall(r'\.then\(pl\.lit\("([a-z-]+)"\)\)', retail.split("def _reason")[1])
    assert len(named) >= 6
    for reason in named:
        assert f"`{reason}`" in (DOCS / "imports.md").read_text(encoding="utf-8")
