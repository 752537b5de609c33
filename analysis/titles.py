"""What a title is about: the words of the thing itself, and the nouns that name it.

"Leather Case for Fitbit Charge 3, Black" is about a case. What stands behind "for" or "compatible with" is what it
goes with, and the English (and the Chinese) name of a thing ends in its noun: a laptop lock is a lock.
"""

from __future__ import annotations

import re

from analysis.text import analyser

_COMPANION = re.compile(
    r"\b(?:for|fits|compatible with|works with|replacement for|designed for|suitable for)\b|适用于?|适配|兼容",
    re.IGNORECASE,
)
# Where a noun phrase ends: at a mark, at a word that begins another phrase, at a word with a digit.
_END = re.compile(
    r"[,;:()\[\]{}|/\u2013\u2014\u2022!\u3001\u3002\uff0c\uff08\uff09\u3010\u3011]+|\s-\s"
    r"|\b(?:for|with|without|in|of|by|from|to|and|on|w)\b|&|\b\S*\d\S*\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
# What sellers put behind the noun.
_TRAILING = frozenset(
    "black white red blue green grey gray silver gold pink yellow purple brown orange beige clear multicolor "  # noqa: SIM905
    "multicolour small medium large new original pc pcs pack inch".split()
)


def main_text(title: str) -> str:
    """A title up to where it says what the thing is for; the whole title where nothing stands before that."""
    before = _COMPANION.split(title, maxsplit=1)[0]
    return before if _WORD.search(before) else title


def head_nouns(title: str) -> list[str]:
    """The last word of each noun phrase of a title, as analysed."""
    found: list[str] = []
    for phrase in _END.split(title):
        words = _WORD.findall(analyser().fold(phrase))
        while words and words[-1].lower() in _TRAILING:
            words.pop()
        if words:
            found += analyser().tokens(words[-1])
    return found
