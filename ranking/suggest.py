"""Suggestions as you type: how a query may go on, and what it points at.

Nothing is suggested that leads to an empty page. Products, categories and brands are asked of the live index,
and so are their counts. A query of the nightly list carries some products that have all of its words; it is
shown while one of them is in the index and still has them, which one request tells of all queries at once. So a
product that is new is found at once, and what is deleted is not offered any more.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import get_args

from analysis.text import analyser, has_han
from core.errors import InvalidInput
from index.documents import Document
from index.query import AnyOf, Facet, OneOf, Query
from ranking.highlight import Piece, surface_words
from ranking.search import Searcher, SearchRequest
from ranking.suggest_build import first_documents, holds
from ranking.suggest_entries import Entry, Kind, folded, same_key
from ranking.suggest_match import Match, SuggestionIndex
from ranking.suggest_taste import NOBODY, Taste
from ranking.understanding import clean_query

KINDS: tuple[Kind, ...] = get_args(Kind)
PERSONAL = 0.6  # how much a past of one brand alone adds to a score
MOST_VALUES = 2000  # of a facet, when the categories and brands to be shown are counted
_CHECKED = 12  # queries whose products are looked up
_FRESH = 24  # products that match, for the words that go on from what was typed
_SOLD_OUT = 0.5  # what a query counts of which nothing known is in stock
Facets = Mapping[str, Sequence[tuple[str, int]]]

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One line under the search box; `id` is the product's id, the brand's name or the category's path.

    `pieces` are the text cut where it matched. `category` is a path within which a query is to be searched.
    `count` is how many products a category or a brand has now. `reason` says why it stands higher for somebody.
    """

    kind: Kind
    text: str
    id: str | None = None
    pieces: Sequence[Piece] = ()
    count: int | None = None
    category: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Scored:
    entry: Entry
    score: float
    corrected: bool = False
    reason: str | None = None
    documents: Sequence[Document] = field(default_factory=tuple)


def suggest(
    searcher: Searcher,
    typed: str,
    *,
    index: SuggestionIndex | None = None,
    taste: Taste = NOBODY,
    size: int = 8,
    kinds: Collection[Kind] = KINDS,
    scopes: bool = False,
) -> list[Suggestion]:
    """Up to `size` suggestions for an unfinished query: queries first, then categories, brands and products.

    `index` is the nightly list; without one they are made of the products that match. `taste` settles the order
    among what fits equally well. With `scopes` the first query is offered within one of its categories too.
    Raises InvalidInput for a query that is too long; an empty one has no suggestions.
    """
    if unknown := set(kinds) - set(KINDS):
        raise InvalidInput(f"kinds are {', '.join(KINDS)}, not {', '.join(sorted(unknown))}")
    typed = clean_query(typed)
    tokens = analyser().query_tokens(typed)
    if not tokens:
        return []
    facets = (Facet("category", 20), Facet("brand", 20))
    now = searcher.find(SearchRequest(typed, prefix=True, facets=facets))
    documents = first_documents(now, size=_FRESH)
    matches = index.find(typed) if index is not None else []
    found: dict[Kind, list[Suggestion]] = {}
    if "query" in kinds:
        found["query"] = _queries(searcher, typed, matches, documents, taste=taste, scopes=scopes)
    if "category" in kinds or "brand" in kinds:
        found |= _places(searcher, typed, matches, now.result.facets, taste=taste)
    if "product" in kinds:
        found["product"] = _products(typed, documents, taste=taste)
    shown = _shared({kind: found.get(kind, []) if kind in kinds else [] for kind in KINDS}, size=size)
    return [replace(line, pieces=_pieces(line.text, typed)) for line in shown]


def _queries(
    searcher: Searcher,
    typed: str,
    matches: Sequence[Match],
    documents: Sequence[Document],
    *,
    taste: Taste,
    scopes: bool,
) -> list[Suggestion]:
    """Queries of the list that still find something, then what the titles of matching products say."""
    best = _by_taste((match for match in matches if match.entry.kind == "query"), taste)[:_CHECKED]
    witnesses = dict.fromkeys(id_ for scored in best for id_ in scored.entry.products)
    live = searcher.engine.get(list(witnesses)) if witnesses else {}
    checked = [scored for one in best if (scored := _alive(one, live)) is not None]
    checked.sort(key=lambda scored: (scored.corrected, -scored.score))
    fresh = [_Scored(Entry("query", text, 0.0), 0.0) for text in _completions(typed, documents)]
    seen = {same_key(typed)} if any(folded(one.entry.text) == folded(typed) for one in checked + fresh) else set()
    found = []
    for scored in (
        *(one for one in checked if not one.corrected),
        *fresh,
        *(one for one in checked if one.corrected),
    ):
        key = same_key(scored.entry.text)
        if key not in seen:
            seen.add(key)
            found.append(_line(scored))
            if scopes and len(found) == 1:
                found += _scoped(scored)
    return found


def _alive(scored: _Scored, live: dict[str, Document]) -> _Scored | None:
    """The query with those of its products that are still there; None where none of them has its words now."""
    tokens = analyser().query_tokens(scored.entry.text)
    there = [live[id_] for id_ in scored.entry.products if id_ in live]
    if not any(holds(document, tokens) for document in there):
        return None
    share = 1.0 if any(document.in_stock for document in there) else _SOLD_OUT
    return replace(scored, documents=there, score=scored.score * share)


def _scoped(scored: _Scored) -> list[Suggestion]:
    """The query within the category most of its products are in, where they are in several."""
    tokens = analyser().query_tokens(scored.entry.text)
    there = [document for document in scored.documents if document.category and holds(document, tokens)]
    paths = Counter(" > ".join(document.category) for document in there)
    if len(paths) < 2:
        return []
    return [replace(_line(scored), category=paths.most_common(1)[0][0])]


def _places(
    searcher: Searcher, typed: str, matches: Sequence[Match], facets: Facets, *, taste: Taste
) -> dict[Kind, list[Suggestion]]:
    """Categories and brands by name, those of the list and those of the products that match, as they are now."""
    scored = _by_taste((match for match in matches if match.entry.kind in ("category", "brand")), taste)
    known = {(one.entry.kind, one.entry.id) for one in scored}
    tokens = analyser().query_tokens(typed)
    for kind in ("category", "brand"):
        names = [name for name, _ in facets.get(kind, ()) if _speaks_of(name.split(" > ")[-1], tokens)]
        scored += [_Scored(_place(kind, name), 0.0) for name in names if (kind, name) not in known]
    chosen: dict[Kind, list[_Scored]] = {
        "category": [one for one in scored if one.entry.kind == "category"][:4],
        "brand": [one for one in scored if one.entry.kind == "brand"][:4],
    }
    counts = _counts(searcher, {kind: [one.entry.id for one in some] for kind, some in chosen.items()})
    return {
        kind: [
            replace(_line(one), count=counts[kind, one.entry.id]) for one in some if (kind, one.entry.id) in counts
        ]
        for kind, some in chosen.items()
    }


def _counts(searcher: Searcher, names: dict[Kind, list[str]]) -> dict[tuple[Kind, str], int]:
    """How many products these categories and brands have now; those without any are left out."""
    wanted = {kind: tuple(values) for kind, values in names.items() if values}
    if not wanted:
        return {}
    result = searcher.engine.search(
        Query(
            where=OneOf(tuple(AnyOf(kind, values) for kind, values in wanted.items())),
            facets=tuple(Facet(kind, MOST_VALUES) for kind in wanted),
            sort="-popularity",
            limit=0,
        )
    )
    return {
        (kind, name): count
        for kind, values in wanted.items()
        for name, count in result.facets.get(kind, ())
        if name in values and count > 0
    }


def _products(typed: str, documents: Sequence[Document], *, taste: Taste) -> list[Suggestion]:
    """The products that match; somebody's taste moves one up by a few places."""
    found = []
    for place, document in enumerate(documents):
        share, name = taste.likes(brand=document.brand, category=" > ".join(document.category))
        reason = f"like what you look at: {name}" if name else None
        text = document.title_zh if document.title_zh and has_han(typed) else document.title
        line = Suggestion("product", text, document.id, reason=reason)
        found.append(((1 + PERSONAL * share) / (place + 3), line))
    return [line for _, line in sorted(found, key=lambda pair: -pair[0])]


def _shared(found: dict[Kind, list[Suggestion]], *, size: int) -> list[Suggestion]:
    """Some of each kind: half of the lines are queries, a quarter categories, the brand, then products."""
    most = {"query": max(1, size // 2), "category": max(1, size // 4), "brand": 1, "product": size}
    room = size
    taken: dict[Kind, int] = {}
    for kind in KINDS:
        taken[kind] = min(len(found[kind]), most[kind], room)
        room -= taken[kind]
    for kind in KINDS:  # what other kinds left over
        more = min(len(found[kind]) - taken[kind], room)
        taken[kind] += more
        room -= more
    return [line for kind in KINDS for line in found[kind][: taken[kind]]]


def _by_taste(matches: Iterable[Match], taste: Taste) -> list[_Scored]:
    """What was typed so before what was corrected, then by how much it is asked for and liked."""
    found = []
    for match in matches:
        share, name = taste.likes(brand=match.entry.brand, category=match.entry.category)
        score = match.quality * match.entry.weight * (1 + PERSONAL * share)
        reason = f"like what you look at: {name}" if name else None
        found.append(_Scored(match.entry, score, match.corrected, reason))
    return sorted(found, key=lambda scored: (scored.corrected, -scored.score, scored.entry.text, scored.entry.id))


def _line(scored: _Scored) -> Suggestion:
    entry = scored.entry
    return Suggestion(entry.kind, entry.text, entry.id or None, reason=scored.reason)


def _place(kind: str, name: str) -> Entry:
    if kind == "brand":
        return Entry("brand", name, 0.0, id=name, brand=name)
    return Entry("category", name.split(" > ")[-1], 0.0, id=name, category=name)


def _pieces(text: str, typed: str) -> list[Piece]:
    """The text cut where one of its words begins with one that was typed, as far as it was typed."""
    wanted = sorted(folded(typed).split(), key=len, reverse=True)
    pieces: list[Piece] = []
    end = 0
    for word in _WORD.finditer(text):
        plain = folded(word.group())
        begun = next((start for start in wanted if plain.startswith(start)), "")
        # Only where folding kept the letters in their places does the cut fall between the right ones.
        if begun and len(plain) == len(word.group()):
            stop = word.start() + len(begun)
            pieces += [Piece(text[end : word.start()], False), Piece(text[word.start() : stop], True)]
            end = stop
    pieces.append(Piece(text[end:], False))
    return [piece for piece in pieces if piece.text]


def _completions(typed: str, documents: Sequence[Document]) -> list[str]:
    """The typed text with its last word finished by words of products that have the earlier ones.

    The better the product, the more its words count.
    """
    before, _, last = typed.rpartition(" ")
    lead = f"{before} " if before else ""
    earlier = analyser().query_tokens(before)
    counts: Counter[str] = Counter()
    for place, document in enumerate(documents):
        text = " ".join((document.title, document.title_zh, document.brand, *document.category))
        words = {word.lower() for word in surface_words(text)}
        going = [word for word in words if word.startswith(last.lower())]
        if going and holds(document, earlier):
            counts.update({word: len(documents) - place for word in going})
    return [f"{lead}{word}" for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:3]]


def _speaks_of(name: str, tokens: Sequence[str]) -> bool:
    words = analyser().tokens(name)
    return all(any(word.startswith(token) for word in words) for token in tokens)
