"""Judgment sets: graded judgments under a name, kept as artifacts, and in the form of OpenSearch's workbench."""

from __future__ import annotations

import csv
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from core.artifacts import Artifacts, Version, content_name
from core.errors import InvalidInput, NotFound
from ranking.judgments import Judgments, read_judgments

JUDGMENTS = "judgments"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}")  # the workbench takes 50 characters
_FILE = "judgments.csv"


def import_judgments(path: Path, artifacts: Artifacts, *, name: str, at: datetime) -> Version:
    """Keep a judgment file under a name; the newest of that name counts. Raises InvalidInput."""
    if not NAME.fullmatch(name):
        raise InvalidInput("a name has 1 to 50 small letters, digits, - and _")
    judged = read_judgments(path)
    rows = [(query, product, grade) for query in judged for product, grade in judged[query].items()]
    told = {"name": name, "created_at": at.isoformat(), "queries": len(judged), "judgments": len(rows)}
    # The moment is part of the name: a set that is imported again after another one counts again.
    version = content_name(name, sorted(rows), at.isoformat())
    with (
        artifacts.create(JUDGMENTS, name=version, about=told) as folder,
        (folder / _FILE).open("w", encoding="utf-8", newline="") as file,
    ):
        csv.writer(file).writerows([("query", "product_id", "grade"), *rows])
    return artifacts.get(JUDGMENTS, version)


def judgment_sets(artifacts: Artifacts) -> list[Version]:
    """The newest set of each name, by name."""
    newest = {version.about["name"]: version for version in artifacts.versions(JUDGMENTS)}
    return [newest[name] for name in sorted(newest)]


def named_judgments(artifacts: Artifacts, name: str) -> Judgments:
    """The judgments of the newest set of that name; raises NotFound, or BrokenArtifact for a changed file."""
    for version in judgment_sets(artifacts):
        if version.about["name"] == name:
            artifacts.verify(version)
            return read_judgments(version.path / _FILE)
    raise NotFound(f"there is no judgment set {name!r}: `merx judgments import` makes one", name=name)


def workbench_judgments(judgments: Judgments, *, name: str) -> dict[str, Any]:
    """The body of `PUT _plugins/_search_relevance/judgments` of OpenSearch's Search Relevance Workbench."""
    return {
        "name": name,
        "description": "graded judgments, 0 irrelevant to 3 exact",
        "type": "IMPORT_JUDGMENT",
        "judgmentRatings": [
            {
                "query": query,
                "ratings": [{"docId": product, "rating": f"{grade:.3f}"} for product, grade in judged.items()],
            }
            for query, judged in judgments.items()
        ],
    }


def workbench_queries(judgments: Judgments, *, name: str) -> dict[str, Any]:
    """The body of `PUT _plugins/_search_relevance/query_sets`: the judged queries."""
    return {
        "name": name,
        "description": "the queries of a judgment set",
        "sampling": "manual",
        "querySetQueries": [{"queryText": query} for query in judgments],
    }
