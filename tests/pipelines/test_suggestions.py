"""The nightly list of the sample shop, in both languages: what is suggested is there, and nobody's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core.artifacts import Artifacts
from core.behaviour import NewEvent, admit_shopper, record_events
from core.settings import Settings
from index.query import AnyOf, Query
from pipelines.house import House, open_house
from pipelines.suggesting import build_suggestions
from ranking.opening import open_searcher
from ranking.search import Searcher, SearchRequest
from ranking.suggest import Suggestion, suggest
from ranking.suggest_entries import SUGGESTIONS, read_entries
from ranking.suggest_match import SuggestionIndex
from tests.pipelines.conftest import Ran

Merx = Callable[..., Ran]
OWN = "gift for aunt mirabelliana"
BEST = Query(sort="-popularity", limit=1)


def typed(house: House, query: str, *, shoppers: int, times: int = 1) -> None:
    now = house.clock()
    with house.database.write() as session:
        for number in range(shoppers):
            key = f"typist-{number:04d}"
            admit_shopper(session, key, at=now)
            events = [
                NewEvent(
                    id=f"{query[:20]}-{number}-{time}", kind="query", at=now - timedelta(days=time), query=query
                )
                for time in range(times)
            ]
            record_events(session, events, shopper=key)


def test_nothing_suggested_leads_to_an_empty_page(sample: Settings) -> None:
    with open_house(sample) as house, house.engine() as engine:
        generation = engine.live()
        assert generation is not None
        searcher = open_searcher(engine, generation, artifacts=house.artifacts)
        entries = read_entries(build_suggestions(house, engine))
        index = SuggestionIndex(entries)
        listed = [entry.text for entry in entries if entry.kind == "query"]
        begun = {text[:length] for text in listed[::3] for length in (1, 2, 4, 7)}
        assert any(not text.isascii() for text in begun)
        followed: set[tuple[Any, ...]] = set()
        for start in sorted(begun):
            for one in suggest(searcher, start, index=index, scopes=True):
                if (key := (one.kind, one.text, one.id, one.category)) not in followed:
                    followed.add(key)
                    assert total(searcher, one) > 0, (start, one)
        assert {kind for kind, *_ in followed} == {"query", "category", "brand", "product"}


def total(searcher: Searcher, one: Suggestion) -> int:
    if one.kind == "query":
        where = {"category": AnyOf("category", (one.category,))} if one.category else {}
        return searcher.search(SearchRequest(one.text, refinements=where)).total
    name = "id" if one.kind == "product" else one.kind
    found = searcher.search(SearchRequest(where=AnyOf(name, (str(one.id),)))).total
    assert one.count in (None, found)
    return found


def test_what_one_person_typed_is_in_no_byte_of_the_list(sample: Settings, merx: Merx) -> None:
    with open_house(sample) as house, house.engine() as engine:
        title = engine.search(BEST).hits[0].document.title.lower()
        typed(house, OWN, shoppers=1, times=40)
        typed(house, title, shoppers=2, times=40)
        first = build_suggestions(house, engine)
        assert title not in {entry.text for entry in read_entries(first)}
        typed(house, title, shoppers=3)
    ran = merx("suggestions", "build")
    assert ran.code == 0
    assert "searched for" in ran.said
    artifacts = Artifacts(sample.artifacts)
    version = artifacts.live(SUGGESTIONS)
    assert version is not None
    texts = [entry.text for entry in read_entries(version) if entry.kind == "query"]
    assert title in texts
    assert OWN not in texts
    files = [path for path in (sample.artifacts / SUGGESTIONS).rglob("*") if path.is_file()]
    assert files
    assert not any(OWN.encode() in path.read_bytes() for path in files)


@pytest.mark.parametrize("threshold", [2, 50])
def test_how_many_is_a_setting(sample: Settings, threshold: int) -> None:
    settings = sample.model_copy(update={"suggest_shoppers": threshold})
    with open_house(settings) as house, house.engine() as engine:
        title = engine.search(BEST).hits[0].document.title.lower()
        typed(house, title, shoppers=5)
        listed = {entry.text for entry in read_entries(build_suggestions(house, engine))}
    assert (title in listed) == (threshold == 2)
