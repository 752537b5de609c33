"""Highlighting, done once for every engine: a text in pieces, each matched by the query or not.

Pieces, not markup: whoever shows them escapes them, so nothing a merchant typed can become code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from analysis.sounds import spoken
from analysis.text import HAN_RUN, analyser, has_han
from index.query import Text

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_APOSTROPHES = ("'", "\u2019")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the text, and whether the query matched it."""

    text: str
    match: bool


@dataclass(frozen=True)
class Needles:
    """What is looked for in texts: analysed tokens, the beginning of one, and how Chinese words may sound."""

    tokens: frozenset[str] = frozenset()
    prefix: str = ""
    sounds: tuple[str, ...] = field(default=())

    def __bool__(self) -> bool:
        return bool(self.tokens or self.prefix or self.sounds)

    @cached_property
    def heads(self) -> tuple[bytes, ...]:
        """What words begin with whose tokens are looked for: stemming changes the end, and no more than this."""
        heads = {_head(token) for token in (*self.tokens, self.prefix) if token.isascii() and token}
        shortest = [head for head in heads if not any(head.startswith(other) for other in heads - {head})]
        return tuple(head.encode() for head in shortest)

    @cached_property
    def only_latin(self) -> bool:
        """Whether nothing made of Chinese characters alone can match."""
        return not self.sounds and all(token.isascii() for token in (*self.tokens, self.prefix))


@dataclass(frozen=True, slots=True)
class Mark:
    """A word of a text that matches, and what it matches."""

    start: int
    stop: int
    needle: str


def needles_of(text: Text | None) -> Needles:
    """What a query's text looks for: its words, and all that counts as one of them."""
    if text is None:
        return Needles()
    others = [other for found in text.alternatives.values() for other in found]
    return Needles(
        frozenset((*text.tokens, *(token for other in others if not other.sound for token in other.tokens))),
        text.tokens[-1] if text.prefix and text.tokens else "",
        tuple(dict.fromkeys(token for other in others if other.sound for token in other.tokens)),
    )


def highlight(text: str, *, needles: Needles) -> list[Piece]:
    """Cut a text into pieces that joined together are the text again."""
    return pieces_of(text, marks_of(text, needles=needles), start=0, stop=len(text))


def pieces_of(text: str, marks: Iterable[Mark], *, start: int, stop: int) -> list[Piece]:
    """The pieces of `text[start:stop]`, of which the marks (in order) that lie within it match."""
    pieces = []
    end = start
    for mark in marks:
        if mark.start < end or mark.stop > stop:
            continue
        if mark.start > end:
            pieces.append(Piece(text[end : mark.start], False))
        pieces.append(Piece(text[mark.start : mark.stop], True))
        end = mark.stop
    if end < stop:
        pieces.append(Piece(text[end:stop], False))
    return pieces


def marks_of(text: str, *, needles: Needles) -> list[Mark]:
    """The words of a text that match, in their order.

    Only words that begin like something looked for are analysed, and those with letters beyond ASCII: there are
    hundreds in a description, and two dozen descriptions on a page.
    """
    if not text or not needles:
        return []
    plain = text.encode("ascii", "replace").lower()  # one byte for each character, a question mark for others
    found: dict[int, Mark] = {}
    for word in (*_likely(text, plain, needles), *_strange(text, plain, needles)):
        if word.start() in found:
            continue
        for mark in _marks(word.group(), word.start(), needles):
            found[mark.start] = mark
    return [found[start] for start in sorted(found)]


def surface_words(text: str) -> list[str]:
    """The words of a text as they are written, Chinese ones segmented."""
    found: list[str] = []
    for word in _WORD.finditer(text):
        run = word.group()
        found += [run] if run.isascii() or not has_han(run) else [part for part, _ in _segments(run)]
    return found


def _likely(text: str, plain: bytes, needles: Needles) -> Iterator[re.Match[str]]:
    """The words that begin like something looked for."""
    for head in needles.heads:
        at = plain.find(head)
        while at >= 0:
            if not _within(text, at) and (word := _WORD.match(text, at)):
                yield word
            at = plain.find(head, at + 1)


def _strange(text: str, plain: bytes, needles: Needles) -> Iterator[re.Match[str]]:
    """The words with an apostrophe or with letters beyond ASCII: their tokens may begin otherwise than they do."""
    for sign in (b"'", b"?"):
        at = plain.find(sign)
        while at >= 0:
            end = at + 1
            if needles.only_latin and (han := HAN_RUN.match(text, at)):
                end = han.end()
            elif text[at].isalnum() or (text[at] in _APOSTROPHES and _within(text, at)):
                start = at
                while _within(text, start):
                    start -= 1
                if word := _WORD.match(text, start):
                    yield word
                    end = max(end, word.end())
            at = plain.find(sign, end)


def _within(text: str, place: int) -> bool:
    """Whether the place lies in a word that began before it."""
    before = text[place - 1] if place > 0 else ""
    return before.isalnum() or (before in _APOSTROPHES and place > 1 and text[place - 2].isalnum())


def _head(token: str) -> str:
    if token in ("die", "lie", "tie", "sky"):  # of dying, lying, tying, skies
        return token[0]
    return token[:-1] if len(token) > 1 and token[-1] in "ie" else token  # battery: batteri, hoping: hope


def _marks(word: str, start: int, needles: Needles) -> Iterator[Mark]:
    if word.isascii() or not has_han(word):
        if needle := _needle(_tokens_of(word), needles):
            yield Mark(start, start + len(word), needle)
        return
    segments = _segments(word)
    heard = _heard(segments, needles.sounds)
    for place, (part, tokens) in enumerate(segments):
        if needle := _needle(tokens, needles) or heard.get(place, ""):
            yield Mark(start, start + len(part), needle)
        start += len(part)


def _needle(tokens: tuple[str, ...], needles: Needles) -> str:
    for token in tokens:
        if token in needles.tokens:
            return token
    if needles.prefix and any(token.startswith(needles.prefix) for token in tokens):
        return needles.prefix
    return ""


def _heard(segments: tuple[tuple[str, tuple[str, ...]], ...], sounds: tuple[str, ...]) -> dict[int, str]:
    """The segments that a sound goes over, in whole syllables or in initials."""
    found: dict[int, str] = {}
    for sound in sounds:
        for way in (0, 1):
            said = [spoken(part)[way] for part, _ in segments]
            for first in range(len(said)):
                last, heard = first, ""
                while last < len(said) and len(heard) < len(sound):
                    heard += said[last]
                    last += 1
                if heard.startswith(sound):
                    found.update(dict.fromkeys(range(first, last), sound))
    return found


@lru_cache(maxsize=50_000)
def _tokens_of(word: str) -> tuple[str, ...]:
    return tuple(analyser().tokens(word))


@lru_cache(maxsize=20_000)
def _segments(run: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The words of a run with Chinese in it, as they are written, each with its tokens."""
    simplified = analyser().segment(run)
    if sum(map(len, simplified)) != len(run):
        return ((run, _tokens_of(run)),)
    found, start = [], 0
    for part in simplified:
        written = run[start : start + len(part)]
        found.append((written, _tokens_of(written)))
        start += len(part)
    return tuple(found)
