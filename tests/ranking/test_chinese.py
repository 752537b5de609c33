"""The same need in either script, in pinyin and in initials finds the same product; Han queries have no sounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.artifacts import Artifacts
from core.settings import Settings
from index.documents import Document
from index.factory import open_engine
from index.sources import read_documents
from pipelines.house import open_house
from ranking.evaluate_chinese import evaluate_chinese, ways_of_typing
from ranking.opening import open_searcher
from ranking.search import Searcher, SearchRequest

MUST = 0.95
WAYS = ("traditional", "pinyin", "pinyin_joined", "initials")


@pytest.fixture
def sample(shop_settings: Settings) -> Iterator[tuple[Searcher, list[Document]]]:
    """The sample shop's live index, and its products."""
    engine = open_engine(shop_settings)
    generation = engine.live()
    assert generation is not None
    with open_house(shop_settings) as house, house.database.read() as session:
        documents = read_documents(session)
    yield open_searcher(engine, generation, artifacts=Artifacts(shop_settings.artifacts)), documents
    engine.close()


def test_every_way_of_typing_finds_the_product(sample: tuple[Searcher, list[Document]]) -> None:
    searcher, documents = sample
    result = evaluate_chinese(searcher, documents, sample=60)
    assert result["needs"] >= 20
    assert {way: result[way] for way in WAYS if result[way] < MUST} == {}


def test_a_han_query_is_the_same_without_sounds(sample: tuple[Searcher, list[Document]]) -> None:
    searcher, documents = sample
    assert searcher.lexicon is not None
    silent = replace(searcher.lexicon.vocabulary, syllables=frozenset(), spoken=frozenset())
    mute = Searcher(
        searcher.engine,
        encoder=searcher.encoder,
        lexicon=type(searcher.lexicon)(silent),
        synonyms=searcher.synonyms,
    )
    titles = [document.title_zh for document in documents if document.title_zh][:20]
    for title in titles:
        for query in (ways_of_typing(title)["simplified"], ways_of_typing(title)["traditional"]):
            assert searcher.find(SearchRequest(query)).ids == mute.find(SearchRequest(query)).ids
