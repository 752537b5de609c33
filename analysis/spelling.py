"""Words that are spelt like another one, found among a hundred thousand in well under a millisecond."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

CORRECTABLE = re.compile("[a-z]{4,}")  # a shorter word has too many neighbours, one with digits is a code
_LONG = 8  # letters from which two mistakes are allowed for


def mistakes_in(word: str) -> int:
    """How many mistakes are allowed for in a word: 0 in one that is not to be corrected."""
    if CORRECTABLE.fullmatch(word) is None:
        return 0
    return 2 if len(word) >= _LONG else 1


class Spellings:
    """Words of the letters a to z, by length, each with the set of its letters.

    One mistake puts at most one letter into that set and takes one out, so that most words can be told apart
    from a typed one by two machine operations each before any distance is worked out.
    """

    def __init__(self, words: Iterable[str]) -> None:
        by_length: dict[int, list[str]] = {}
        for word in words:
            by_length.setdefault(len(word), []).append(word)
        self._words = by_length
        self._letters = {length: _letters(words, length) for length, words in by_length.items()}

    def near(self, word: str, *, mistakes: int) -> list[tuple[str, int]]:
        """The words within `mistakes` inserted, deleted, swapped or replaced letters, with the distance.

        The distance is optimal string alignment (Damerau, "A technique for computer detection and correction of
        spelling errors", CACM 7(3), 1964).
        """
        typed = _letters([word], len(word))[0]
        found: list[tuple[str, int]] = []
        for length in range(len(word) - mistakes, len(word) + mistakes + 1):
            if length not in self._words:
                continue
            differing = np.bitwise_count(self._letters[length] ^ typed)
            words = self._words[length]
            likely = [words[place] for place in np.flatnonzero(differing <= 2 * mistakes)]
            near = extract(word, likely, scorer=OSA.distance, score_cutoff=mistakes, limit=None)
            found += [(other, int(distance)) for other, distance, _ in near if distance]
        return found


def _letters(words: list[str], length: int) -> npt.NDArray[np.uint32]:
    """The set of the letters of each word, as bits; shape [words]."""
    signs = np.frombuffer("".join(words).encode("ascii"), dtype=np.uint8).reshape(len(words), length)
    bits = np.left_shift(np.uint32(1), (signs - ord("a")).astype(np.uint32))
    sets: npt.NDArray[np.uint32] = np.bitwise_or.reduce(bits, axis=1)
    return sets
