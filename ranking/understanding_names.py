"""What a query names: brands, categories and colours of the catalogue, and sizes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from analysis.lexicon import Lexicon, Name, known_names
from ranking.understanding_phrases import Words

_MOST = 3  # of one kind that are called the same
_SIZES = frozenset(("size", "sizes", "尺码", "尺寸"))
_SIZES_AFTER = frozenset(("码", "号"))


@dataclass(frozen=True, slots=True)
class Entity:
    """What a stretch of the query names.

    `value` is a brand or a colour as the catalogue writes it, a category's path, a size, a price as typed, or the
    tokens of what must not be there.
    """

    kind: Literal["brand", "category", "colour", "size", "price", "without"]
    value: str
    text: str  # as typed


def named(
    words: Words, searched: Sequence[int], corrections: Mapping[int, str], *, lexicon: Lexicon | None
) -> Iterator[Entity]:
    """The entities that the searched places of `words` name; corrected words count as corrected.

    A brand that titles mostly say in another sense is one only where it is all that is searched.
    """
    yield from _sizes(words)
    if lexicon is None:
        return
    tokens: list[str] = []
    origin: list[int] = []
    for place in searched:
        instead = corrections.get(place)
        said = [lexicon.token(part) for part in instead.split()] if instead else [words[place][1]]
        tokens += said
        origin += [place] * len(said)
    for start, (names, length) in known_names(lexicon, tokens).items():
        text = " ".join(words[place][0] for place in dict.fromkeys(origin[start : start + length]))
        for name in _clear(names, alone=length == len(tokens)):
            yield Entity(name.kind, name.value, text)


def _clear(names: Iterable[Name], *, alone: bool) -> list[Name]:
    """The most frequent of each kind."""
    kept = sorted((name for name in names if name.clear or alone), key=lambda name: (-name.documents, name.value))
    return [
        name for kind in ("brand", "colour", "category") for name in [n for n in kept if n.kind == kind][:_MOST]
    ]


def _sizes(words: Words) -> Iterator[Entity]:
    for (first, _), (second, _) in pairwise(words):
        if first in _SIZES and len(second) <= 4:
            yield Entity("size", second, f"{first} {second}")
        elif second in _SIZES_AFTER and first.isdigit():
            yield Entity("size", first, first + second)
