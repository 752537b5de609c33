"""Fitting a lexicon: one pass over the texts of a catalogue."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from analysis.lexicon import TITLE_WEIGHT, Kind, Lexicon, Name, Vocabulary
from analysis.sounds import syllables
from analysis.text import STOP_WORDS, analyser, has_han

_COLOUR = re.compile(r"(?:^|[_\W])colou?rs?$|^颜色$|^顏色$", re.IGNORECASE)
_BETWEEN_COLOURS = re.compile(r"[,;/|、，]")
_LONGEST_COLOUR = 3  # words; a longer value describes something
_SHORTEST_COLOUR = 3  # letters
_CLEAR = 0.5  # the share of the titles that say a name which have to mean it
_LONGEST_NAME = 6  # words


@dataclass(frozen=True, slots=True)
class Entry:
    """The texts of a product as a lexicon reads them.

    `title` is all titles, `other` every other text but codes, `attributes` what may name a colour. `codes` are
    known as words, so that none is ever corrected.
    """

    title: str
    brand: str = ""
    category: tuple[str, ...] = ()
    other: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    codes: tuple[str, ...] = ()
    currency: str = ""


def fit_lexicon(entries: Sequence[Entry]) -> Lexicon:
    """The lexicon of a catalogue: the same entries give the same lexicon, whatever their order."""
    read = analyser().words
    counts: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    spoken_words: set[str] = set()
    for entry in entries:
        title = read(entry.title)
        runs = [title, *(_short(name) for name in (entry.brand, *entry.category))]
        said = {word for run in runs for word in run}
        counts.update(dict.fromkeys(said, TITLE_WEIGHT))
        counts.update({*read(entry.other), *read(" ".join(entry.codes))} - said)
        pairs.update({pair for run in runs for pair in pairwise(run)})
        spoken_words.update(word for word in title if not word.isascii() and has_han(word))
    words = sorted(counts)
    keys, pair_counts = _packed(pairs, words)
    sounds = [syllables(word) for word in sorted(spoken_words)]
    return Lexicon(
        Vocabulary(
            words=words,
            tokens=[_stem(word) for word in words],
            counts=np.array([counts[word] for word in words], dtype=np.uint32),
            pairs=keys,
            pair_counts=pair_counts,
            names=_names(entries),
            syllables=frozenset(part for parts in sounds for part in parts if part),
            spoken=frozenset("".join(parts) for parts in sounds if len(parts) > 1),
            currency=_currency(entries),
        )
    )


def _stem(word: str) -> str:
    return "".join(analyser().tokens(word)) or word


@lru_cache(maxsize=20_000)
def _short(name: str) -> list[str]:
    return analyser().words(name)


def _packed(
    pairs: Counter[tuple[str, str]], words: Sequence[str]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32]]:
    place = {word: index for index, word in enumerate(words)}
    keys = np.fromiter(((place[a] << 32) | place[b] for a, b in pairs), dtype=np.uint64, count=len(pairs))
    values = np.fromiter(pairs.values(), dtype=np.uint32, count=len(pairs))
    order = np.argsort(keys)
    return keys[order], values[order]


def _names(entries: Sequence[Entry]) -> list[Name]:
    brands = Counter(entry.brand for entry in entries if entry.brand)
    paths = Counter(
        " > ".join(entry.category[: depth + 1]) for entry in entries for depth in range(len(entry.category))
    )
    colours = Counter(colour for entry in entries for colour in _colours(entry))
    own = _own_share(entries, {tuple(analyser().tokens(brand)) for brand in brands})
    names = [_name("brand", brand, brand, n, clear=_is_clear(own, brand)) for brand, n in brands.items()]
    names += [_name("category", path, path.split(" > ")[-1], n) for path, n in paths.items()]
    names += [_name("colour", colour, colour, n) for colour, n in colours.items()]
    kept = (name for name in names if name is not None)
    return sorted(kept, key=lambda name: (name.kind, name.tokens, -name.documents, name.value))


def _name(kind: Kind, value: str, said: str, documents: int, *, clear: bool = True) -> Name | None:
    tokens = tuple(analyser().tokens(said))
    speaks = any(token not in STOP_WORDS and not token.isdigit() for token in tokens)
    longest = _LONGEST_COLOUR if kind == "colour" else _LONGEST_NAME
    short = kind == "colour" and value.isascii() and len(value) < _SHORTEST_COLOUR  # "no", "n/a"
    if not speaks or short or len(tokens) > longest:
        return None
    return Name(kind, value, tokens, documents, clear)


def _colours(entry: Entry) -> set[str]:
    return {
        colour.strip()
        for name, value in entry.attributes
        if _COLOUR.search(name)
        for colour in _BETWEEN_COLOURS.split(value)
        if colour.strip()
    }


def _own_share(entries: Iterable[Entry], brands: set[tuple[str, ...]]) -> dict[tuple[str, ...], tuple[int, int]]:
    """Of each brand's tokens: how many titles say them, and how many of those are of that brand."""
    by_first: dict[str, list[tuple[str, ...]]] = {}
    for name in brands:
        by_first.setdefault(name[0] if name else "", []).append(name)
    said: Counter[tuple[str, ...]] = Counter()
    own: Counter[tuple[str, ...]] = Counter()
    for entry in entries:
        title, brand = analyser().tokens(entry.title), tuple(analyser().tokens(entry.brand))
        named = {
            name
            for at, token in enumerate(title)
            for name in by_first.get(token, ())
            if tuple(title[at : at + len(name)]) == name
        }
        said.update(named)
        own[brand] += brand in named
    return {name: (said[name], own[name]) for name in brands}


def _is_clear(own: dict[tuple[str, ...], tuple[int, int]], brand: str) -> bool:
    said, meant = own[tuple(analyser().tokens(brand))]
    return meant >= _CLEAR * said


def _currency(entries: Sequence[Entry]) -> str:
    currencies = Counter(entry.currency for entry in entries)
    common = sorted(currencies.items(), key=lambda item: (-item[1], item[0]))
    return common[0][0] if common else ""
