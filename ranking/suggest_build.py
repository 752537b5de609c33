"""What shoppers may be offered while they type: what others searched for, and what the catalogue speaks of.

A search is somebody's own until several people have typed the very same words: a text is offered only when
`shoppers` different ones have typed it (the k of Sweeney, "k-anonymity: a model for protecting privacy", 2002),
and only when it does not look like an address, a number or a message.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import polars as pl

from analysis.text import STOP_WORDS, analyser, has_han
from index.documents import Document, searchable_text
from ranking.highlight import surface_words
from ranking.search import Found, Searcher, SearchRequest
from ranking.suggest_entries import Entry, same_key
from ranking.understanding import clean_query

HALF_LIFE = 30.0  # days after which a search counts half
LONGEST = 60  # characters: what is longer is a message, not a search
MOST_QUERIES = 20_000
MOST_PHRASES = 20_000
WITNESSES = 8  # products kept for each query that have all of its words
_SEARCHED = 0.3  # what was searched for stands above every phrase of the catalogue
_REPEATED = 3  # titles that have to share a phrase
# Addresses, and what may be a telephone, card or customer number: seven digits, however they are grouped.
_PERSONAL = re.compile(r"[^\s@]+@|://|www\.|\d(?:[\s()/.-]{0,2}\d){6}")

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Popular:
    """A query as most typed it, and how much it is asked for: its shoppers, each by how long ago it was."""

    text: str
    weight: float


def popular_queries(searches: pl.DataFrame, *, shoppers: int, most: int = MOST_QUERIES) -> list[Popular]:
    """The queries that at least `shoppers` different shoppers typed in the same words, the most asked for first.

    `searches` has the columns shopper, query, at. A shopper counts once for a query, by the newest of them.
    Singular and plural, simplified and traditional are one query, in the spelling of most.
    """
    if searches.is_empty():
        return []
    typed = {query: _normal(query) for query in searches["query"].unique()}
    named = searches.with_columns(text=pl.col("query").replace_strict(typed, return_dtype=pl.String))
    named = named.filter(pl.col("text").str.len_chars() > 0)
    said = named.group_by("text").agg(pl.col("shopper").n_unique().alias("shoppers"))
    said = said.filter(pl.col("shoppers") >= shoppers)
    if said.is_empty():
        return []
    kept = named.join(said, on="text")
    keys = {text: "\x1f".join(same_key(text)) for text in said["text"]}
    kept = kept.with_columns(key=pl.col("text").replace_strict(keys, return_dtype=pl.String))
    kept = kept.filter(pl.col("key") != "")
    age = (pl.col("at").max() - pl.col("at")).dt.total_seconds() / 86_400.0
    one = kept.with_columns(share=0.5 ** (age / HALF_LIFE)).group_by("key", "shopper").agg(pl.col("share").max())
    weights = one.sort("key", "shopper").group_by("key", maintain_order=True).agg(pl.col("share").sum())
    spelt = kept.sort(["shoppers", "text"], descending=[True, False]).group_by("key").agg(pl.col("text").first())
    found = spelt.join(weights, on="key").sort(["share", "text"], descending=[True, False]).head(most)
    return [Popular(text, weight) for text, weight in found.select("text", "share").iter_rows()]


def query_entries(
    popular: Sequence[Popular], *, searcher: Searcher, progress: Progress | None = None
) -> list[Entry]:
    """The queries that find something as they are typed: uncorrected, nothing given up, by all of their words."""
    entries = []
    highest = max((query.weight for query in popular), default=1.0)
    for place, query in enumerate(popular, 1):
        found = searcher.find(SearchRequest(query.text, facets=()))
        wanted = analyser().query_tokens(query.text)
        having = [document for document in first_documents(found, size=2 * WITNESSES) if holds(document, wanted)]
        if having and not found.relaxed and not found.understood.corrections:
            share = np.log1p(query.weight) / np.log1p(highest)
            entries.append(_about(query.text, _SEARCHED + (1 - _SEARCHED) * float(share), having))
        if progress is not None and (place % 100 == 0 or place == len(popular)):
            progress(place, len(popular))
    return entries


def catalogue_entries(documents: Sequence[Document]) -> list[Entry]:
    """The categories and brands, and phrases that several titles share: for a shop that nobody searched yet."""
    return [*_phrases(documents), *_categories(documents), *_brands(documents)]


def merged(entries: Iterable[Entry]) -> list[Entry]:
    """Without queries that are the same to a shopper: the first of them stays. Ordered, so that equal is equal."""
    found: dict[tuple[str, ...], Entry] = {}
    for entry in entries:
        key = same_key(entry.text) if entry.kind == "query" else (entry.id,)
        found.setdefault((entry.kind, *key), entry)
    return sorted(found.values(), key=lambda entry: (entry.kind, -entry.weight, entry.text, entry.id))


def holds(document: Document, tokens: Iterable[str]) -> bool:
    """Whether a document has every one of the analysed words in some text of its own."""
    wanted = frozenset(tokens)
    # Most of the time the title says it all, and is soon read.
    return wanted <= _tokens(f"{document.title} {document.title_zh}") or wanted <= _tokens(
        " ".join(searchable_text(document).values())
    )


def first_documents(found: Found, *, size: int) -> list[Document]:
    """The best documents of a search, without all that a page of them needs besides."""
    places = found.order[:size]
    found.result.prefetch([found.candidates.ids[place] for place in places])
    return [found.result.hits[place].document for place in places]


@lru_cache(maxsize=10_000)
def _tokens(text: str) -> frozenset[str]:
    return frozenset(analyser().tokens(text))


def _normal(query: str) -> str:
    """A search in lower case and single spaces; empty for one that may be personal, or that is no query."""
    if len(query) > 4 * LONGEST:
        return ""
    text = clean_query(query).lower()
    return "" if len(text) > LONGEST or _PERSONAL.search(text) else text


def _about(text: str, weight: float, documents: Sequence[Document]) -> Entry:
    """A query with the products that have its words, those in stock first, and what most of them are."""
    best = sorted(documents, key=lambda document: not document.in_stock)[:WITNESSES]
    brand, brands = Counter(document.brand for document in best).most_common(1)[0]
    category, categories = Counter(" > ".join(document.category) for document in best).most_common(1)[0]
    most = len(best) / 2
    return Entry(
        kind="query",
        text=text,
        weight=weight,
        brand=brand if brands > most else "",
        category=category if categories > most else "",
        products=tuple(document.id for document in best),
    )


def _phrases(documents: Sequence[Document]) -> list[Entry]:
    """Two and three neighbouring words that several titles share, neither end a stop word or a bare number."""
    having: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, document in enumerate(documents):
        for title in (document.title, document.title_zh):
            words = [word.lower() for word in surface_words(title)]
            runs = {tuple(words[at : at + length]) for length in (2, 3) for at in range(len(words) - length + 1)}
            for run in sorted(runs):
                one_script = len({has_han(word) for word in run}) == 1
                if one_script and all(end not in STOP_WORDS and not end.isdigit() for end in (run[0], run[-1])):
                    having[run].append(number)
    shared = [(run, numbers) for run, numbers in having.items() if len(numbers) >= _REPEATED]
    shared.sort(key=lambda item: (-len(item[1]), item[0]))
    entries = []
    for run, numbers in shared[:MOST_PHRASES]:
        some = sorted((documents[number] for number in numbers), key=lambda one: (-one.popularity, one.id))
        text = ("" if has_han(run[0]) else " ").join(run)
        # What a title says, its tokens say too; but words that only touch in one language part in another.
        some = [document for document in some[: 2 * WITNESSES] if holds(document, analyser().query_tokens(text))]
        if some and len(text) <= LONGEST:
            weight = _SEARCHED * np.log1p(len(numbers)) / np.log1p(len(documents))
            entries.append(_about(text, float(weight), some))
    return entries


def _categories(documents: Sequence[Document]) -> list[Entry]:
    sales: Counter[str] = Counter()
    for document in documents:
        for path in document.category_paths:
            sales[path] += 1 + document.popularity  # type: ignore[assignment]  # counts may be fractions
    return _ranked(sales, "category")


def _brands(documents: Sequence[Document]) -> list[Entry]:
    sales: Counter[str] = Counter()
    for document in documents:
        if document.brand:
            sales[document.brand] += 1 + document.popularity  # type: ignore[assignment]
    return _ranked(sales, "brand")


def _ranked(sales: Counter[str], kind: str) -> list[Entry]:
    highest = np.log1p(max(sales.values(), default=1))
    entries = []
    for name, value in sales.items():
        about = Entry("brand", name, float(np.log1p(value) / highest), id=name, brand=name)
        if kind == "category":
            about = replace(about, kind="category", text=name.split(" > ")[-1], brand="", category=name)
        entries.append(about)
    return entries
