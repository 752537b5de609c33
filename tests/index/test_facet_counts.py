"""Counts describe exactly the documents that match, on random queries of everything a query can hold.

The matching set is worked out here in plain Python, as `index.query.Query` defines it: from the analysed tokens of
the documents, the cosines of their vectors, and filters. Nothing of an engine is asked for it.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from analysis.text import analyser
from index.documents import Document
from index.lexical import LexicalWeights, indexed_tokens
from index.query import (
    AllOf,
    Alternative,
    AnyOf,
    Between,
    Facet,
    Filter,
    Not,
    OneOf,
    Query,
    Says,
    Text,
)
from tests.index import shop as plain
from tests.index.conftest import Shop

_WORDS = (
    "red",
    "blue",
    "steel",
    "hang",
    "heart",
    "vintag",
    "small",
    "glass",
    "travel",
    "lamp",
    "tent",
    "mug",
    "zzz",
)
_FIELDS = (
    "brand",
    "category",
    "seller",
    "in_stock",
    "currency",
    "code",
    "id",
    "attributes.colour",
    "attributes.width cm",
)
_NUMBERS = {
    "price": (499.0, 999.0, 1500.0),
    "rating": (3.5, 4.0, 4.5),
    "stock": (0.0, 1.0, 5.0),
    "discount": (0.0, 0.25, 0.5),
    "popularity": (0.0, 0.5, 2.25),
    "released_at": (1_600_000_000.0, 1_700_000_000.0),
}
_SEARCHES = ("", "", "", "a", "S", "lam", "red", "k", "p00", "so", "GREEN")


@dataclass
class Brute:
    """The catalogue, and what matches a query."""

    documents: list[Document]
    matrix: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        weights = LexicalWeights()
        self.tokens = [
            {
                name: set(found)
                for name, found in indexed_tokens(each, analyser=analyser(), weights=weights).items()
            }
            for each in self.documents
        ]
        self.places = {document.id: place for place, document in enumerate(self.documents)}

    def candidates(self, query: Query) -> set[int]:
        """What text, vector and `among` find."""
        everything = set(range(len(self.documents)))
        by_text = {place for place in everything if query.text and self._says(place, query.text)}
        if query.among is not None:
            among = {self.places[id_] for id_ in query.among if id_ in self.places}
            return among & by_text if query.text else among
        if query.text is None and query.vector is None:
            return everything
        if query.vector is None:
            return by_text
        cosine = self.matrix.astype(np.float64) @ query.vector
        near = sorted(everything, key=lambda place: (-cosine[place], self.documents[place].id))
        return by_text | {place for place in near[: query.vector_size] if cosine[place] >= query.vector_floor}

    def lets(self, place: int, clause: Filter) -> bool:
        """Whether a filter lets a document through."""
        if isinstance(clause, Says):
            return set(clause.tokens) <= self.tokens[place][clause.field]
        if isinstance(clause, Not):
            return not self.lets(place, clause.clause)
        if isinstance(clause, AllOf):
            return all(self.lets(place, part) for part in clause.clauses)
        if isinstance(clause, OneOf):
            return any(self.lets(place, part) for part in clause.clauses)
        return plain.matches(self.documents[place], clause)

    def matching(self, query: Query, *, but: str | None = None) -> list[Document]:
        """The documents under every filter, less the refinement of one field."""
        filters = [clause for name, clause in query.refinements.items() if name != but]
        if query.where is not None:
            filters.append(query.where)
        return [
            self.documents[place]
            for place in self.candidates(query)
            if all(self.lets(place, clause) for clause in filters)
        ]

    def _says(self, place: int, text: Text) -> bool:
        said = self.tokens[place]
        found = {}
        for at, token in enumerate(text.tokens):
            here = token in said["all"]
            if text.prefix and at == len(text.tokens) - 1:
                here = here or any(other.startswith(token) for other in said["all"])
            for other in text.alternatives.get(at, ()):
                if other.sound:
                    here = here or any(sound.startswith(other.tokens[0]) for sound in said["sounds"])
                else:
                    here = here or set(other.tokens) <= said["all"]
            found[token] = found.get(token, False) or here
        least = min(text.minimum or LexicalWeights().required(len(found)), len(found))
        return sum(found.values()) >= least


class Dice:
    """Draws queries."""

    def __init__(self, brute: Brute, *, seed: int) -> None:
        self._brute = brute
        self._dice = random.Random(seed)
        self._chance = np.random.default_rng(seed)

    def query(self) -> Query:
        """Everything that a query can hold, each part more often than not left out."""
        dice = self._dice
        found = dice.choice(("text", "vector", "both", "among", "among", "all"))
        among = None
        if found == "among":
            names = dice.sample([*self._brute.places, "gone"], dice.randint(0, 60))
            among = {name: round(dice.random(), 3) for name in names}
        fields = dice.sample(_FIELDS, 4)
        return Query(
            text=self._text() if found in ("text", "both") or (among and dice.random() < 0.4) else None,
            vector=self._vector() if found in ("vector", "both") else None,
            vector_size=dice.choice((1, 10, 40)),
            vector_floor=dice.choice((0.2, 0.5, 0.9)),
            among=among,
            where=self._filter(depth=3) if dice.random() < 0.6 else None,
            refinements={
                name: self._refinement(name) for name in dice.sample([*_FIELDS, *_NUMBERS], dice.randint(0, 3))
            },
            facets=tuple(Facet(name, dice.choice((3, 20, 500)), dice.choice(_SEARCHES)) for name in fields),
            stats=tuple(dice.sample(list(_NUMBERS), 2)),
            sort=dice.choice(("relevance", "price", "-popularity")),
            in_stock_first=dice.random() < 0.2,
            limit=dice.choice((1, 500)),
        )

    def _text(self) -> Text:
        dice = self._dice
        tokens = tuple(dice.sample(_WORDS, dice.randint(1, 4)))
        others: dict[int, tuple[Alternative, ...]] = {}
        if dice.random() < 0.4:
            several = Alternative(tuple(dice.sample(_WORDS, 2)))
            others[0] = dice.choice(
                ((Alternative((dice.choice(_WORDS),)),), (several,), (Alternative(("taid",), sound=True),))
            )
        prefix = dice.random() < 0.3
        if prefix:
            tokens = (*tokens[:-1], tokens[-1][: dice.randint(1, 3)])
        return Text(tokens, prefix=prefix, alternatives=others, minimum=dice.choice((0, 0, 1, 2)))

    def _vector(self) -> npt.NDArray[np.float32]:
        base = self._brute.matrix[self._dice.randrange(len(self._brute.documents))]
        moved = base + self._chance.normal(size=len(base)) * 0.1
        return (moved / np.linalg.norm(moved)).astype(np.float32)

    def _refinement(self, name: str) -> Filter:
        return self._between(name) if name in _NUMBERS else self._any_of(name)

    def _any_of(self, name: str) -> Filter:
        known = sorted({value for document in self._brute.documents for value in plain.values(document, name)})
        return AnyOf(
            name, tuple(self._dice.sample([*known, "nobody"], min(len(known) + 1, self._dice.randint(0, 3))))
        )

    def _between(self, name: str) -> Filter:
        low, high = sorted(self._dice.choices(_NUMBERS[name], k=2))
        return Between(name, self._dice.choice((None, low)), self._dice.choice((None, high)))

    def _filter(self, *, depth: int) -> Filter:
        dice = self._dice
        kind = dice.choice(
            ("any", "between", "says", "not", "all", "one") if depth else ("any", "between", "says")
        )
        if kind == "any":
            return self._any_of(dice.choice(_FIELDS))
        if kind == "between":
            return self._between(dice.choice(list(_NUMBERS)))
        if kind == "says":
            return Says(
                dice.choice(("title", "all", "description", "claims")),
                tuple(dice.sample(_WORDS, dice.randint(0, 2))),
            )
        if kind == "not":
            return Not(self._filter(depth=depth - 1))
        parts = tuple(self._filter(depth=depth - 1) for _ in range(dice.randint(0, 3)))
        return AllOf(parts) if kind == "all" else OneOf(parts)


def assert_exact(shop: Shop, brute: Brute, query: Query) -> None:
    """What the engine says of the matching set is what can be counted by hand."""
    found = shop.engine.search(query)
    matching = brute.matching(query)
    assert found.total == len(matching), query
    ids = {hit.id for hit in found.hits}
    assert ids <= {document.id for document in matching}, query
    assert len(ids) == min(query.limit, len(matching)), query
    for facet in query.facets:
        begins = re.compile(rf"(?<!\w){re.escape(facet.search)}", re.IGNORECASE)
        counted = plain.counts(brute.matching(query, but=facet.field), facet.field, size=100_000)
        expected = [pair for pair in counted if begins.search(pair[0])][: facet.size]
        assert list(found.facets[facet.field]) == expected, (facet, query)
    for name in query.stats:
        values = [plain.number(document, name) for document in brute.matching(query, but=name)]
        known = [value for value in values if value is not None]
        said = found.stats.get(name)
        assert (said is None) == (not known), (name, query)
        if said is not None:
            assert (said.low, said.high, said.count) == (min(known), max(known), len(known)), (name, query)


@pytest.fixture(scope="module")
def brute(served: Shop) -> Brute:
    """The catalogue with vectors of which no two are as near to anything: a tie at the last place is a draw."""
    chance = np.random.default_rng(2)
    matrix = plain.vectors(served.documents) + chance.normal(size=(len(served.documents), plain.DIMENSIONS)) * 0.2
    matrix = (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).astype(np.float32)
    served.engine.publish(served.engine.build(served.documents, vectors=matrix, about={}).name)
    return Brute(served.documents, matrix)


def test_counts_are_those_of_the_matching_documents(served: Shop, brute: Brute) -> None:
    dice = Dice(brute, seed=1)
    for _ in range(300 if served.engine.name == "embedded" else 60):
        assert_exact(served, brute, dice.query())


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(10))
def test_counts_on_ten_thousand_queries(served: Shop, brute: Brute, seed: int) -> None:
    dice = Dice(brute, seed=100 + seed)
    for _ in range(1_000):
        assert_exact(served, brute, dice.query())
