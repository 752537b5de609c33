"""Finding entries by what was typed of them so far: beginnings of words, slips of the fingers, pinyin."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA

from analysis.sounds import sounds
from analysis.text import HAN, analyser, has_han
from ranking.suggest_entries import Entry, folded

# How good a way of matching is: what begins the text, a later word of it, its words in any order, its sound.
WHOLE, LATER, ANYHOW, SOUND = 1.0, 0.7, 0.6, 0.5
MOST = 200  # entries that are looked at further
_STARTS = 6  # words of an entry that something typed may begin with
_FUZZY = 4  # letters from which a mistake is one
_TWICE = 8  # letters from which two are
_FEW = 3  # so few without a correction, and corrections are looked for
_LAST = "\U0010ffff"
_PART = re.compile(f"[{HAN}]+|[^\\s{HAN}]+")

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Match:
    """An entry that goes on from what was typed; `quality` is 0 to 1, `corrected` where letters had to change."""

    entry: Entry
    quality: float
    corrected: bool = False


class _Beginnings:
    """Sorted keys, each leading to an entry's number: what begins with a text is one stretch of them."""

    def __init__(self, keys: Iterable[tuple[str, int, float]]) -> None:
        ordered = sorted(keys)
        self._keys = [key for key, _, _ in ordered]
        self._numbers = np.array([number for _, number, _ in ordered], dtype=np.int64)
        self._qualities = np.array([quality for _, _, quality in ordered], dtype=np.float64)

    def find(self, start: str) -> tuple[Numbers, npt.NDArray[np.float64]]:
        """Numbers and qualities, both of shape [keys that begin with `start`]."""
        where = slice(bisect_left(self._keys, start), bisect_left(self._keys, start + _LAST))
        return self._numbers[where], self._qualities[where]


class SuggestionIndex:
    """Entries in memory, never changed: safe to share between threads."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self._weights = np.array([entry.weight for entry in entries], dtype=np.float64)
        texts = [folded(entry.text) for entry in entries]
        self._texts = _Beginnings(
            (text[at:], number, LATER if at else WHOLE)
            for number, text in enumerate(texts)
            for at in _word_starts(text)[:_STARTS]
        )
        self._sounds = _Beginnings(
            (sound, number, SOUND) for number, text in enumerate(texts) if has_han(text) for sound in sounds(text)
        )
        numbers: dict[str, list[int]] = {}
        for number, text in enumerate(texts):
            for word in set(text.split()):
                numbers.setdefault(word, []).append(number)
        self._words = sorted(numbers)
        self._numbers = [np.array(numbers[word], dtype=np.int64) for word in self._words]
        self._prefixes: dict[int, list[str]] = {}

    def find(self, typed: str) -> list[Match]:
        """Up to MOST entries, as they were typed before those that were corrected, the most asked for first."""
        start = folded(typed)
        if not start:
            return []
        quality = np.zeros(len(self.entries))
        np.maximum.at(quality, *self._texts.find(start))
        if start.isascii() and len(start) > 1:
            np.maximum.at(quality, *self._sounds.find(start.replace(" ", "")))
        words = start.split()
        if len(words) > 1:
            np.maximum.at(quality, self._with(words), ANYHOW)
        found = self._best(quality, corrected=False)
        if len(found) < _FEW:
            known = {id(match.entry) for match in found}
            found += [match for match in self._corrected(words) if id(match.entry) not in known]
        return found

    def _corrected(self, words: Sequence[str]) -> list[Match]:
        """Entries that have the words when letters are changed, the fewest of them."""
        quality = np.zeros(len(self.entries))
        whole = [self._nearest(word) for word in words[:-1]]
        for last, distance in self._begun(words[-1]):
            if all(whole):
                numbers = self._with([*(word[0] for word in whole), last])
                np.maximum.at(quality, numbers, ANYHOW / (1 + distance))
        return self._best(quality, corrected=True)

    def _best(self, quality: npt.NDArray[np.float64], *, corrected: bool) -> list[Match]:
        score = quality * self._weights
        numbers = np.flatnonzero(quality)
        if len(numbers) > MOST:
            numbers = numbers[np.argpartition(-score[numbers], MOST)[:MOST]]
        numbers = numbers[np.lexsort((numbers, -score[numbers]))]
        return [Match(self.entries[number], float(quality[number]), corrected) for number in numbers.tolist()]

    def _with(self, words: Sequence[str]) -> Numbers:
        """The entries that have a word for each of these that begins with it, in any order."""
        found: Numbers | None = None
        for word in sorted(set(words), key=len, reverse=True):
            parts = self._numbers[bisect_left(self._words, word) : bisect_left(self._words, word + _LAST)]
            if not parts:
                return np.zeros(0, dtype=np.int64)
            numbers = np.unique(np.concatenate(parts))
            found = numbers if found is None else np.intersect1d(found, numbers, assume_unique=True)
        return np.zeros(0, dtype=np.int64) if found is None else found

    def _nearest(self, word: str) -> list[str]:
        """The word itself where it is known, or the known one that the fewest letters tell from it; none: []."""
        at = bisect_left(self._words, word)
        if at < len(self._words) and self._words[at] == word:
            return [word]
        slips = _slips(word)
        if not slips:
            return []
        near = process.extract(word, self._words, scorer=OSA.distance, score_cutoff=slips, limit=1)
        return [found for found, _, _ in near]

    def _begun(self, word: str) -> list[tuple[str, int]]:
        """Beginnings of known words that a few letters tell from what was typed, with how many."""
        slips = _slips(word)
        if not slips:
            at = bisect_left(self._words, word)
            return [(word, 0)] if at < len(self._words) and self._words[at].startswith(word) else []
        found: list[tuple[str, int]] = []
        for length in (len(word), len(word) + 1, len(word) - 1):
            near = process.extract(word, self._of_length(length), scorer=OSA.distance, score_cutoff=slips, limit=5)
            found += [(start, int(distance)) for start, distance, _ in near]
        return found

    def _of_length(self, length: int) -> list[str]:
        """The different beginnings of that length; made when a word of that length is first mistyped."""
        if length not in self._prefixes:
            self._prefixes[length] = sorted({word[:length] for word in self._words if len(word) >= length})
        return self._prefixes[length]


def _slips(word: str) -> int:
    """How many letters may be wrong; none in codes, sizes and Chinese."""
    if len(word) < _FUZZY or not word.isascii() or not word.isalpha():
        return 0
    return 2 if len(word) >= _TWICE else 1


def _word_starts(text: str) -> list[int]:
    """Where the words of a folded text begin, Chinese ones too."""
    starts = []
    for part in _PART.finditer(text):
        at = part.start()
        if not has_han(part.group()):
            starts.append(at)
            continue
        for word in analyser().segment(part.group()):
            starts.append(at)
            at += len(word)
    return starts
