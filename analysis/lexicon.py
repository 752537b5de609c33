"""The catalogue's own vocabulary: what a query is read against. Fitted with each index, kept as an artifact."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis.spelling import CORRECTABLE, Spellings, mistakes_in
from analysis.text import Analyser
from core.errors import BrokenArtifact

SCHEMA = 1  # of the files below
TITLE_WEIGHT = 3  # a document whose title has a word counts this much, one that has it elsewhere counts 1

Kind = Literal["brand", "category", "colour"]


@dataclass(frozen=True, slots=True)
class Name:
    """Something of the catalogue that can be named: a brand, a colour, or a category by its path.

    `tokens` are its words as analysed (of a category those of its last level). `clear` is whether they mostly mean
    it where titles say them: the brand Apple does among telephones, and does not among fruit.
    """

    kind: Kind
    value: str
    tokens: tuple[str, ...]
    documents: int
    clear: bool = True


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a lexicon is made of.

    `words` are folded, sorted and not stemmed, `tokens` their stems, `counts` how often each is met
    (documents, titles counting TITLE_WEIGHT), all of shape [words]. `pairs` are neighbours in titles and names,
    as the place of the first word times 2^32 plus that of the second, sorted; `pair_counts` the documents of
    each; both of shape [pairs]. `syllables` and `spoken` are the pinyin of the characters and of the whole words
    of Chinese titles. `currency` is the one that most products are priced in, empty where most have no price.
    """

    words: Sequence[str]
    tokens: Sequence[str]
    counts: npt.NDArray[np.uint32]
    pairs: npt.NDArray[np.uint64]
    pair_counts: npt.NDArray[np.uint32]
    names: Sequence[Name]
    syllables: frozenset[str]
    spoken: frozenset[str]
    currency: str


class Lexicon:
    """Looks words, pairs of words and names up. Safe to share between threads."""

    version = "1"

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._place = {word: place for place, word in enumerate(vocabulary.words)}
        self._stems: dict[str, int] = {}
        for token, count in zip(vocabulary.tokens, vocabulary.counts.tolist(), strict=True):
            self._stems[token] = self._stems.get(token, 0) + count
        self.names: dict[tuple[str, ...], tuple[Name, ...]] = {}
        for name in vocabulary.names:
            self.names[name.tokens] = (*self.names.get(name.tokens, ()), name)
        self.longest_name = max(map(len, self.names), default=0)
        self.similar = lru_cache(maxsize=4096)(self._similar)

    @property
    def has_chinese(self) -> bool:
        """Whether any title is in Chinese."""
        return bool(self.vocabulary.syllables)

    def count(self, word: str) -> int:
        """How often a word is met as it is written; 0 for an unknown one."""
        place = self._place.get(word)
        return 0 if place is None else int(self.vocabulary.counts[place])

    def stem_count(self, token: str) -> int:
        """How often any word with this stem is met."""
        return self._stems.get(token, 0)

    def pair(self, first: str, second: str) -> int:
        """How many titles have the two words next to each other, in this order."""
        left, right = self._place.get(first), self._place.get(second)
        if left is None or right is None:
            return 0
        pairs = self.vocabulary.pairs
        key = np.uint64((left << 32) | right)
        place = int(np.searchsorted(pairs, key))
        return int(self.vocabulary.pair_counts[place]) if place < len(pairs) and pairs[place] == key else 0

    def token(self, word: str) -> str:
        """The stem of a word of the lexicon; raises KeyError for any other."""
        return self.vocabulary.tokens[self._place[word]]

    def begins(self, start: str) -> bool:
        """Whether any word begins so."""
        words = self.vocabulary.words
        place = bisect_left(words, start)
        return place < len(words) and words[place].startswith(start)

    def begins_sound(self, start: str) -> bool:
        """Whether the pinyin of a word of a Chinese title begins so."""
        place = bisect_left(self._spoken, start)
        return place < len(self._spoken) and self._spoken[place].startswith(start)

    def beginning(self, start: str, *, size: int) -> list[str]:
        """The most frequent words that begin so."""
        words = self.vocabulary.words
        first, end = bisect_left(words, start), bisect_left(words, start + "\U0010ffff")
        order = sorted(range(first, end), key=lambda place: (-int(self.vocabulary.counts[place]), place))
        return [words[place] for place in order[:size]]

    def similar_starts(self, start: str) -> list[tuple[str, int]]:
        """The beginnings of words that are spelt like an unfinished word, with the distance."""
        mistakes = mistakes_in(start)
        return self._starts(len(start)).near(start, mistakes=mistakes) if mistakes else []

    def _similar(self, word: str) -> tuple[tuple[str, int], ...]:
        """The words that are spelt like this one, with the distance; none for a code or a short word."""
        mistakes = mistakes_in(word)
        return tuple(self._spellings.near(word, mistakes=mistakes)) if mistakes else ()

    @cached_property
    def _spoken(self) -> list[str]:
        return sorted(self.vocabulary.spoken)

    @cached_property
    def _spellings(self) -> Spellings:
        return Spellings(self._trusted)

    @cached_property
    def _trusted(self) -> list[str]:
        """The words worth correcting to: in a title, or often enough elsewhere not to be slips themselves."""
        counts = self.vocabulary.counts.tolist()
        pairs = zip(self.vocabulary.words, counts, strict=True)
        return [word for word, count in pairs if count >= TITLE_WEIGHT and CORRECTABLE.fullmatch(word)]

    @lru_cache(maxsize=16)  # noqa: B019  # a lexicon lives as long as the process, or a generation
    def _starts(self, length: int) -> Spellings:
        return Spellings({word[:length] for word in self._trusted if len(word) >= length})

    def save(self, folder: Path) -> None:
        """Write the lexicon's files into a folder; the same vocabulary gives the same bytes."""
        held = self.vocabulary
        for name in ("counts", "pairs", "pair_counts"):
            np.save(folder / f"{name}.npy", getattr(held, name))
        plain = {
            "schema": SCHEMA,
            "analyser": Analyser.version,
            "words": " ".join(held.words),
            "tokens": " ".join(held.tokens),
            "names": [
                [name.kind, name.value, list(name.tokens), name.documents, name.clear] for name in held.names
            ],
            "syllables": sorted(held.syllables),
            "spoken": sorted(held.spoken),
            "currency": held.currency,
        }
        (folder / "lexicon.json").write_text(json.dumps(plain, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Lexicon:
        """Read what `save` wrote; raises BrokenArtifact for a file cut short or of another schema."""
        try:
            plain = json.loads((folder / "lexicon.json").read_text(encoding="utf-8"))
            if (plain["schema"], plain["analyser"]) != (SCHEMA, Analyser.version):
                raise BrokenArtifact(f"the lexicon in {folder.name} was made by another version of Merx")
            counts, pairs, pair_counts = (
                np.load(folder / f"{name}.npy") for name in ("counts", "pairs", "pair_counts")
            )
            words, tokens = plain["words"].split(), plain["tokens"].split()
            if not len(words) == len(tokens) == len(counts) or len(pairs) != len(pair_counts):
                raise BrokenArtifact(f"the lexicon in {folder.name} has parts of different sizes")
            names = [Name(kind, value, tuple(said), *rest) for kind, value, said, *rest in plain["names"]]
            sounds = frozenset(plain["syllables"]), frozenset(plain["spoken"])
            return cls(Vocabulary(words, tokens, counts, pairs, pair_counts, names, *sounds, plain["currency"]))
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            raise BrokenArtifact(f"the lexicon in {folder.name} cannot be read: {error}") from error


def known_names(lexicon: Lexicon, tokens: Sequence[str]) -> Mapping[int, tuple[tuple[Name, ...], int]]:
    """The names that the tokens say, by the position they begin at: the longest first, none within another.

    A value is the names (several categories may be called the same) and the number of their tokens.
    """
    found: dict[int, tuple[tuple[Name, ...], int]] = {}
    place = 0
    while place < len(tokens):
        for length in range(min(lexicon.longest_name, len(tokens) - place), 0, -1):
            names = lexicon.names.get(tuple(tokens[place : place + length]))
            if names:
                found[place] = names, length
                place += length - 1
                break
        place += 1
    return found
