"""Query understanding: what was typed becomes the words and the vector of a typed query, for any engine."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.encoder import TextEncoder
from analysis.lexicon import Lexicon
from analysis.synonyms import Synonyms
from analysis.text import STOP_WORDS, analyser, code_key, has_han
from core.errors import InvalidInput
from index.query import AllOf, Alternative, Filter, Not, Says, Text
from ranking.understanding_names import Entity, named
from ranking.understanding_phrases import Denied, Words, drop_politeness, take_denied
from ranking.understanding_price import Priced, take_price
from ranking.understanding_words import Knows, Reading, put_right, read_words, rewritten

__all__ = ["MAX_QUERY_LENGTH", "Entity", "UnderstoodQuery", "clean_query", "literally", "understand"]

MAX_QUERY_LENGTH = 512  # characters; nobody types more, and analysis takes time in proportion
SYNONYM = 0.5  # what a synonym counts of the word as typed: what was typed stands first
_SHORTEST_CODE, _LONGEST_CODE = 3, 64  # letters and digits


@dataclass(frozen=True, slots=True)
class UnderstoodQuery:
    """`typed` is the text as cleaned; `text` is None without words, `vector` is None where no word is known.

    `where` is what the query asks of price and of what must not be there; `without` are the tokens of the latter.
    `code` is the key of a code that the whole query may be. `corrections` are (typed word, what is searched as
    well). `did_you_mean` is a query that was not searched, and may be meant.
    """

    typed: str
    text: Text | None
    vector: npt.NDArray[np.float32] | None
    where: Filter | None = None
    code: str | None = None
    corrections: tuple[tuple[str, str], ...] = ()
    did_you_mean: str | None = None
    entities: tuple[Entity, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def corrected(self) -> str | None:
        """The typed query with its corrections in place; None without any."""
        return rewritten(self.typed, dict(self.corrections)) if self.corrections else None


def clean_query(query: str) -> str:
    """White space folded and control characters dropped; raises InvalidInput above MAX_QUERY_LENGTH characters."""
    if len(query) > MAX_QUERY_LENGTH:
        raise InvalidInput(f"a query has at most {MAX_QUERY_LENGTH} characters, this one has {len(query)}")
    kept = (" " if letter.isspace() else letter for letter in query if letter.isspace() or _is_visible(letter))
    return " ".join("".join(kept).split())


def understand(
    query: str,
    *,
    encoder: TextEncoder | None,
    prefix: bool = False,
    lexicon: Lexicon | None = None,
    synonyms: Synonyms | None = None,
    currency: str | None = None,
    known: Knows | None = None,
    bold: bool = False,
) -> UnderstoodQuery:
    """Read a query. `prefix` says that its last word may be unfinished (results as you type).

    Without a `lexicon` nothing is corrected and no brand, category or colour is known. `currency` is that of
    prices in the query (the catalogue's own when left out). `known` says of a token whether the live index has
    it: what was added after the lexicon was fitted is not corrected. `bold` corrects words that are known too,
    for a query that finds nothing as it is. Raises InvalidInput above MAX_QUERY_LENGTH characters.
    """
    typed = clean_query(query)
    plain = _plain(typed)
    if currency is None:
        currency = lexicon.vocabulary.currency if lexicon is not None else ""
    priced = take_price(plain, lexicon=lexicon, currency=currency)
    rest = drop_politeness(priced.rest if priced is not None else plain, lexicon=lexicon)
    denied = take_denied(rest, lexicon=lexicon)
    words, unfinished = _searched(denied.words), prefix and priced is None and not denied.groups
    reading = Reading()
    if lexicon is not None:
        reading = read_words(denied.words, lexicon=lexicon, prefix=unfinished, bold=bold, known=known)
    tokens = tuple(denied.words[place][1] for place in words)
    folded = [word for word, _ in denied.words]
    right = put_right(folded, reading.corrections)
    vector = encoder.encode([right])[0] if encoder is not None and tokens else None
    return UnderstoodQuery(
        typed,
        Text(tokens, prefix=unfinished, alternatives=_alternatives(tokens, words, reading, synonyms))
        if tokens
        else None,
        vector if vector is not None and vector.any() else None,
        where=_where(priced, denied),
        code=_code(typed) if priced is None else None,
        corrections=tuple((folded[place], word) for place, word in sorted(reading.corrections.items())),
        did_you_mean=_meant(typed, folded, reading),
        entities=(
            *([Entity("price", priced.text, priced.text)] if priced is not None and priced.range else []),
            *(
                Entity("without", " ".join(group), text)
                for group, text in zip(denied.groups, denied.texts, strict=True)
            ),
            *named(denied.words, words, reading.corrections, lexicon=lexicon),
        ),
        without=tuple(dict.fromkeys(token for group in denied.groups for token in group)),
    )


def literally(query: str, *, encoder: TextEncoder | None, prefix: bool = False) -> UnderstoodQuery:
    """A query as it stands: nothing is corrected, left out or read as a filter; raises as `understand`."""
    typed = clean_query(query)
    tokens = tuple(analyser().query_tokens(typed))
    vector = encoder.encode([typed])[0] if encoder is not None and tokens else None
    return UnderstoodQuery(
        typed,
        Text(tokens, prefix=prefix) if tokens else None,
        vector if vector is not None and vector.any() else None,
        code=_code(typed),
    )


def _plain(typed: str) -> str:
    if typed.isascii():
        return typed.lower()
    return analyser().simplify(unicodedata.normalize("NFKC", typed)).lower()


def _searched(words: Words) -> list[int]:
    """The places of the words that are searched: all but stop words, unless nothing else is left."""
    kept = [place for place, (_, token) in enumerate(words) if token not in STOP_WORDS]
    return kept or list(range(len(words)))


def _alternatives(
    tokens: Sequence[str], places: Sequence[int], reading: Reading, synonyms: Synonyms | None
) -> dict[int, tuple[Alternative, ...]]:
    found = {at: list(reading.alternatives.get(place, ())) for at, place in enumerate(places)}
    for start, end, other in synonyms.of(tokens) if synonyms is not None else ():
        for at in range(start, end):
            found[at].append(Alternative(other, SYNONYM))
    return {at: tuple(others) for at, others in found.items() if others}


def _meant(typed: str, folded: Sequence[str], reading: Reading) -> str | None:
    """The typed query, its price and all, with the words that may be meant; None where none is offered."""
    changes = {folded[place]: word for place, word in {**reading.corrections, **reading.offered}.items()}
    return rewritten(typed, changes) if reading.offered else None


def _where(priced: Priced | None, denied: Denied) -> Filter | None:
    clauses: list[Filter] = [Not(Says("claims", group)) for group in denied.groups]
    if priced is not None and priced.range is not None:
        clauses.append(priced.range)
    return clauses[0] if len(clauses) == 1 else AllOf(tuple(clauses)) if clauses else None


def _code(typed: str) -> str | None:
    """The key of the code that a query is when each of its words has a digit in it."""
    words = typed.split()
    if (
        not 0 < len(words) <= 4
        or has_han(typed)
        or not all(any(sign.isdigit() for sign in word) for word in words)
    ):
        return None
    key = code_key(typed)
    return key if _SHORTEST_CODE <= len(key) <= _LONGEST_CODE else None


def _is_visible(letter: str) -> bool:
    return unicodedata.category(letter) not in ("Cc", "Cs", "Cn", "Co")
