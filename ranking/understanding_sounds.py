"""Pinyin in a query: Latin words that the catalogue does not have may be how its Chinese titles sound."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from functools import lru_cache

from analysis.lexicon import Lexicon
from analysis.text import HAN_RUN
from index.query import Alternative

EXACT = 1.0  # letters that are the pinyin of a word of the catalogue
LIKELY = 0.8  # letters that can be read as pinyin, or as initials
_LEAST = 2  # letters: one is nobody's pinyin
_MOST = 48  # letters of a run


def sound_alternatives(
    typed: Sequence[str],
    unknown: set[int],
    lexicon: Lexicon,
    add: Callable[[int, Alternative], None],
    corrections: MutableMapping[int, str],
) -> None:
    """Let words of Latin letters, and neighbours run together, count by their sound as well.

    A word that is exactly the pinyin of a word of the catalogue is taken for that, whatever it is spelt like. A
    query with Chinese characters has no sounds: those who can type them mean them.
    """
    if any(HAN_RUN.search(word) for word in typed):
        return
    spelt = [_spelt(word, lexicon) for word in typed]
    for start, end in _runs(typed, unknown, spelt):
        whole = "".join(typed[start:end])
        if end - start > 1 and len(whole) <= _MOST:
            for place in range(start, end):
                add(place, Alternative((whole,), EXACT, sound=True))
        for place in range(start, end):
            word = typed[place]
            exact = word in lexicon.vocabulary.spoken
            if exact:
                corrections.pop(place, None)
            if len(word) >= _LEAST and (place in unknown or exact):
                add(place, Alternative((word,), EXACT if exact else LIKELY, sound=True))


def is_pinyin(word: str, syllables: frozenset[str]) -> bool:
    """Whether a word is made of the syllables and nothing else."""
    ends = {0}
    longest = max(map(len, syllables), default=0)
    for start in range(len(word)):
        if start in ends:
            ends.update(
                end
                for end in range(start + 1, min(start + longest, len(word)) + 1)
                if word[start:end] in syllables
            )
    return len(word) in ends


def _spelt(word: str, lexicon: Lexicon) -> bool:
    return word.isascii() and word.isalpha() and _is_pinyin(word, lexicon.vocabulary.syllables)


_is_pinyin = lru_cache(maxsize=4096)(is_pinyin)


def _runs(typed: Sequence[str], unknown: set[int], spelt: Sequence[bool]) -> list[tuple[int, int]]:
    """Where words follow each other that may all be pinyin or initials, and at least one is unknown."""
    runs: list[tuple[int, int]] = []
    start = 0
    for place in range(len(typed) + 1):
        fits = place < len(typed) and typed[place].isascii() and typed[place].isalpha()
        if not fits or not (spelt[place] or place in unknown):
            if any(at in unknown for at in range(start, place)):
                runs.append((start, place))
            start = place + 1
    return runs
