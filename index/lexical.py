"""What both engines search for: a text query as a tree of clauses with weights, and the tokens they index.

The score of a document is a sum of named parts. `words` asks every token of the catch-all field `all`, where a
token has one document frequency whichever field it stands in (the title's tokens are repeated there: the simple
form of BM25F, after Robertson, Zaragoza, Taylor, "Simple BM25 extension to multiple weighted fields", CIKM 2004).
The other parts add to it: the same tokens in the title, brand, category or codes, and neighbouring tokens that
are neighbours in the title.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis.negation import claims, lacks
from analysis.sounds import sounds
from analysis.text import Analyser
from analysis.titles import head_nouns, main_text
from index.documents import ALL, Document, searchable_text
from index.query import Alternative, Text

# An unfinished word is looked for where everything is, and counts more in titles: each field more costs a walk
# through its words.
_BEGUN_IN = (ALL, "title")

# BM25 as both engines compute it.
K1 = 1.2
B = 0.75


@dataclass(frozen=True, slots=True)
class LexicalWeights:
    """The weights of the parts; the defaults were chosen on two public product sets, ESCI and Icecat.

    `fields` weighs the parts beside `words` (weight 1); `phrase` weighs neighbours. `prefix` is what an unfinished
    last token, or a sound, is worth where it begins a word (BM25 has no say there). `named` weighs a word in the
    field that it is known to name, `lacking` a word that the document says it does without. Of `small` tokens or
    fewer all must match, of more the share `minimum`, rounded down. `repeats` says how often a field's tokens are
    in the catch-all field: it is fixed when a generation is built.
    """

    fields: Mapping[str, float] = field(
        default_factory=lambda: {
            **{"title": 0.3, "main": 0.7, "heads": 0.3, "category": 0.4, "brand": 0.5},
            **{"attributes": 0.6, "codes": 0.5},
        }
    )
    phrase: float = 0.5
    prefix: float = 1.0
    named: float = 0.5
    lacking: float = 0.5
    small: int = 3
    minimum: float = 0.8
    repeats: Mapping[str, int] = field(default_factory=lambda: {"title": 3, "brand": 2})

    def required(self, tokens: int) -> int:
        """How many of `tokens` tokens a document must match when the query does not say."""
        return tokens if tokens <= self.small else max(1, math.floor(tokens * self.minimum + 1e-9))


@dataclass(frozen=True, slots=True)
class Term:
    """A token of a field, scored by BM25 times `boost`."""

    field: str
    token: str
    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class Prefix:
    """Any token of a field that starts with `start`, scored `boost` whichever it is."""

    field: str
    start: str
    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class Phrase:
    """Tokens that stand next to each other in a field, scored by BM25 times `boost`."""

    field: str
    tokens: tuple[str, ...]
    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class Best:
    """The highest score of the clauses that match."""

    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of the clauses that match, of which at least `minimum` must; `boost` times as much."""

    clauses: tuple[Clause, ...]
    minimum: int = 1
    boost: float = 1.0


Clause = Term | Prefix | Phrase | Best | Sum


@dataclass(frozen=True, slots=True)
class Plan:
    """`words` decides what matches; the score is that of `words` plus those of the `parts` that match."""

    words: Clause
    parts: Mapping[str, Clause]


def plan(text: Text, *, weights: LexicalWeights) -> Plan | None:
    """The clauses for a text; None for a text without tokens, which asks nothing."""
    if not text.tokens:
        return None
    positions = _positions(text)
    minimum = min(text.minimum or weights.required(len(positions)), len(positions))
    parts: dict[str, Clause] = {
        name: Sum(tuple(_at(position, name, weight, weights) for position in positions))
        for name, weight in weights.fields.items()
        if weight > 0
    }
    pairs = [pair for pair in zip(text.tokens, text.tokens[1:], strict=False) if pair[0] != pair[1]]
    if pairs and weights.phrase > 0:
        parts["phrase"] = Sum(tuple(Phrase("title", pair, weights.phrase) for pair in dict.fromkeys(pairs)))
    named = {(place, name) for place, name in text.named.items() if 0 <= place < len(text.tokens)}
    if named and weights.named > 0:
        terms = (Term(name, text.tokens[place], weights.named) for place, name in sorted(named))
        parts["named"] = Sum(tuple(dict.fromkeys(terms)))
    if text.lacking and weights.lacking > 0:
        parts["lacking"] = Sum(
            tuple(Term("lacks", token, weights.lacking) for token in dict.fromkeys(text.lacking))
        )
    return Plan(Sum(tuple(_at(position, ALL, 1.0, weights) for position in positions), minimum), parts)


def indexed_tokens(document: Document, *, analyser: Analyser, weights: LexicalWeights) -> dict[str, list[str]]:
    """The tokens of each of INDEXED_FIELDS. Every field is analysed once."""
    tokens = {name: analyser.tokens(text) if text else [] for name, text in searchable_text(document).items()}
    everything: list[str] = []
    for name, found in tokens.items():
        everything += found * weights.repeats.get(name, 1)
    main = " ".join(main_text(title) for title in (document.title, document.title_zh) if title)
    denied = dict.fromkeys(token for found in tokens.values() for token in lacks(found))
    return {
        **tokens,
        "main": analyser.tokens(main),
        "heads": head_nouns(main),
        "sounds": sounds(document.title_zh or document.title),
        "claims": claims(tokens["title"]),
        "lacks": list(denied),
        ALL: everything,
    }


@dataclass(frozen=True, slots=True)
class _Position:
    token: str
    others: tuple[Alternative, ...]
    prefix: bool


def _positions(text: Text) -> list[_Position]:
    """One for each different token: a word said twice does not count twice."""
    last = len(text.tokens) - 1
    found: dict[str, _Position] = {}
    for index, token in enumerate(text.tokens):
        others = tuple(
            other for other in text.alternatives.get(index, ()) if other.sound or other.tokens != (token,)
        )
        before = found.get(token)
        found[token] = _Position(
            token,
            tuple(dict.fromkeys((*(before.others if before else ()), *others))),
            (text.prefix and index == last) or (before is not None and before.prefix),
        )
    return list(found.values())


def _at(position: _Position, name: str, boost: float, weights: LexicalWeights) -> Clause:
    clauses: list[Clause] = [Term(name, position.token, boost)]
    clauses += [
        _instead(other, name, boost, weights) for other in position.others if not other.sound or name == ALL
    ]
    if position.prefix and name in _BEGUN_IN:
        clauses.append(Prefix(name, position.token, boost * weights.prefix))
    return clauses[0] if len(clauses) == 1 else Best(tuple(clauses))


def _instead(other: Alternative, name: str, boost: float, weights: LexicalWeights) -> Clause:
    """What an alternative scores in a field: all of its tokens, as much as the mean of them."""
    if other.sound:
        return Prefix("sounds", other.tokens[0], boost * other.weight * weights.prefix)
    if len(other.tokens) == 1:
        return Term(name, other.tokens[0], boost * other.weight)
    terms = tuple(Term(name, token) for token in other.tokens)
    return Sum(terms, len(terms), boost * other.weight / len(terms))
