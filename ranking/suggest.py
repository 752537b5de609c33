"""Suggestions as you type: how the query may go on, and the categories, brands and products it points at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from analysis.text import analyser
from index.query import Facet
from ranking.highlight import surface_words
from ranking.search import Searcher, SearchHit, SearchRequest
from ranking.understanding import clean_query

Kind = Literal["query", "category", "brand", "product"]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One line under the search box; `id` is the product's id or the category's path."""

    kind: Kind
    text: str
    id: str | None = None


def suggest(searcher: Searcher, typed: str, *, size: int = 8) -> list[Suggestion]:
    """Up to `size` suggestions for an unfinished query, each taken from products that match it.

    Raises InvalidInput for a query that is too long; an empty one has no suggestions.
    """
    typed = clean_query(typed)
    tokens = analyser().query_tokens(typed)
    if not tokens:
        return []
    facets = (Facet("category", 20), Facet("brand", 20))
    page = searcher.search(SearchRequest(typed, size=24, prefix=True, facets=facets))
    queries = _completions(typed, page.hits)
    brands = [name for name, _ in page.facets.get("brand", ()) if _speaks_of(name, tokens)][:1]
    paths = [path for path, _ in page.facets.get("category", ()) if _speaks_of(path.split(" > ")[-1], tokens)][:2]
    found = [Suggestion("query", text) for text in queries]
    found += [Suggestion("category", path.split(" > ")[-1], path) for path in paths]
    found += [Suggestion("brand", name, name) for name in brands]
    documents = [hit.scored.hit.document for hit in page.hits]
    found += [Suggestion("product", document.title, document.id) for document in documents]
    return found[:size]


def _completions(typed: str, hits: Sequence[SearchHit]) -> list[str]:
    """The typed text with its last word finished by words of the hits, the most frequent first."""
    before, _, last = typed.rpartition(" ")
    lead = f"{before} " if before else ""
    counts: Counter[str] = Counter()
    for place, hit in enumerate(hits):
        document = hit.scored.hit.document
        text = " ".join((document.title, document.title_zh, document.brand, *document.category))
        for word in {word.lower() for word in surface_words(text)}:
            if word.startswith(last.lower()):
                counts[word] += len(hits) - place  # the better the hit, the more its words count
    return [f"{lead}{word}" for word, _ in counts.most_common(3)]


def _speaks_of(name: str, tokens: Sequence[str]) -> bool:
    words = analyser().tokens(name)
    return all(any(word.startswith(token) for word in words) for token in tokens)
