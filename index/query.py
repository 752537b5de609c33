"""The typed query: what `ranking` understood, in a form that every search engine can carry out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

# Keyword fields are compared whole and can be facets; `attributes.<name>` is a keyword field too, and `attribute`
# holds the names. `code` holds SKUs and EANs as `analysis.text.code_key` compares them.
KEYWORD_FIELDS = ("id", "code", "brand", "category", "seller", "currency", "in_stock", "attribute")
# Numeric fields can be ranged over and sorted by. Prices are in minor units, moments in epoch seconds.
NUMERIC_FIELDS = (
    *("price", "discount", "rating", "rating_count", "rating_bayes"),
    *("popularity", "stock", "released_at"),
)

Sort = Literal["relevance", "price", "-price", "-popularity", "-rating", "-released_at", "-discount"]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The keyword field holds at least one of the values. `category` values are paths ("Home > Lamps")."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """The numeric field lies in [low, high]; None is open. A document without a value never matches."""

    field: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Says:
    """The text field (one of index.lexical.INDEXED_FIELDS) holds every one of the analysed tokens."""

    field: str
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The document does not match the clause."""

    clause: Filter


@dataclass(frozen=True, slots=True)
class AllOf:
    """The document matches every clause; an empty one matches all."""

    clauses: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class OneOf:
    """The document matches at least one clause; an empty one matches none."""

    clauses: tuple[Filter, ...]


Filter = AnyOf | Between | Says | Not | AllOf | OneOf


@dataclass(frozen=True, slots=True)
class Facet:
    """Counts of the `size` most frequent values of a keyword field, ties by value.

    Facets are disjunctive: the counts of a field are taken without the query's refinement on that same field.
    With `search` only those values count of which a word begins with it, in whatever case.
    """

    field: str
    size: int = 20
    search: str = ""


@dataclass(frozen=True, slots=True)
class Alternative:
    """What counts as a word too, `weight` times as much: a synonym, a correction, the word in one or two pieces.

    All `tokens` have to be there. With `sound` the one token is Latin letters, and counts where a token of the
    field `sounds` begins with it: the pinyin, or its initials, of Chinese words.
    """

    tokens: tuple[str, ...]
    weight: float = 0.8
    sound: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """The analysed words of the query.

    `tokens` come from the one analyser, in order. `prefix` says that the last token may be an unfinished word.
    `alternatives` holds, by position, what counts as the token there too.
    `minimum` is the number of tokens a document must match; 0 leaves the choice to the engine's default rule.

    The rest only lifts what matches: `named` says of positions in which field (brand, category, attributes) the
    catalogue has that word, `lacking` are tokens that a document had better say it does without.
    """

    tokens: tuple[str, ...]
    prefix: bool = False
    alternatives: Mapping[int, tuple[Alternative, ...]] = field(default_factory=dict)
    minimum: int = 0
    named: Mapping[int, str] = field(default_factory=dict)
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """One search, engine-neutral.

    The matching set is: (lexical matches of `text`, united with the `vector_size` documents nearest to `vector`
    whose cosine is at least `vector_floor`), cut down by `where` and by every refinement. Without text and vector
    it is all documents. `refinements` are what the shopper ticked, by field (an AnyOf or Between each).

    With `among` only these documents can match, and theirs are the cosines; there is no `vector` then, and a text
    cuts the set down to its lexical matches.

    Ties in every order are broken by document id, ascending. `in_stock_first` puts what can be bought before what
    cannot, in any order. `stats` asks for the bounds of numeric fields over the matching set, each without the
    refinement on that same field.
    """

    text: Text | None = None
    vector: npt.NDArray[np.float32] | None = None  # shape [dimensions], unit length
    vector_size: int = 100
    vector_floor: float = 0.2
    among: Mapping[str, float] | None = None  # document id -> cosine
    where: Filter | None = None
    refinements: Mapping[str, Filter] = field(default_factory=dict)
    facets: tuple[Facet, ...] = ()
    stats: tuple[str, ...] = ()
    sort: Sort = "relevance"
    in_stock_first: bool = False
    offset: int = 0
    limit: int = 20
    parts: bool = False  # whether hits carry the named shares of their lexical score

    @property
    def asked(self) -> tuple[Filter, ...]:
        """Everything that a hit has to pass."""
        return (*([] if self.where is None else [self.where]), *self.refinements.values())
