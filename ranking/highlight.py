"""Highlighting, done once for every engine: a text in pieces, each matched by the query or not.

Pieces, not markup: whoever shows them escapes them, so nothing a merchant typed can become code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import rjieba

from analysis.text import analyser, has_han

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the text, and whether the query matched it."""

    text: str
    match: bool


def highlight(text: str, *, tokens: Iterable[str], prefix: str = "") -> list[Piece]:
    """Cut a text into pieces that joined together are the text again.

    `tokens` are the query's analysed words; `prefix` is an unfinished last word, matched at the start of words.
    """
    wanted = frozenset(tokens)
    if not text or not (wanted or prefix):
        return [Piece(text, False)] if text else []
    pieces: list[Piece] = []
    end = 0
    for start, stop in _words(text):
        word = text[start:stop]
        own = _tokens_of(word)
        if not wanted.isdisjoint(own) or (prefix and any(token.startswith(prefix) for token in own)):
            pieces += [Piece(text[end:start], False), Piece(word, True)]
            end = stop
    pieces.append(Piece(text[end:], False))
    return [piece for piece in pieces if piece.text]


def surface_words(text: str) -> list[str]:
    """The words of a text as they are written, Chinese ones segmented."""
    return [text[start:stop] for start, stop in _words(text)]


def _words(text: str) -> Iterable[tuple[int, int]]:
    plain = text.isascii()
    for word in _WORD.finditer(text):
        if plain or not has_han(word.group()):
            yield word.span()
            continue
        start = word.start()
        for part in rjieba.cut(word.group()):
            yield start, start + len(part)
            start += len(part)


@lru_cache(maxsize=50_000)
def _tokens_of(word: str) -> tuple[str, ...]:
    return tuple(analyser().tokens(word))
