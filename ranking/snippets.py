"""Snippets: the stretch of a description in which the query is answered best, in pieces that are safe to show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.text import has_han
from ranking.highlight import Mark, Needles, Piece, marks_of, pieces_of

WORDS = 30  # two Chinese characters count as a word
LEAD = 8  # words before the first match
SCANNED = 2_000  # characters of a description that are looked at
_LONGEST = 400  # characters of a snippet: not all that stands between two spaces is a word
_REACH = 5 * WORDS  # characters within which matches count together
_MARKS = 100  # matches that are weighed

_LATIN = re.compile(r"[0-9A-Za-z]")
_SENTENCE = re.compile(r"[.!?]+\s+|[。！？；]+\s*|\n\s*")
_CLOSING = re.compile(r"[.!?。！？…\")”’]+")


@dataclass(frozen=True, slots=True)
class Snippet:
    """Pieces that joined together are a part of the text; `before` and `after` say whether more of it is there."""

    pieces: Sequence[Piece]
    before: bool
    after: bool

    @property
    def shown(self) -> list[Piece]:
        """The pieces, with an ellipsis where the text was cut."""
        first = [Piece("… ", False)] if self.before else []
        return [*first, *self.pieces, *([Piece(" …", False)] if self.after else [])]


def snippet(text: str, *, needles: Needles) -> Snippet | None:
    """About WORDS words of a text around its best match; None where nothing in it matches.

    The best place has the most different words of the query, then the most matches, then comes first. A snippet
    begins and ends with a sentence where one does so nearby.
    """
    looked = text[:SCANNED]
    marks = marks_of(looked, needles=needles)
    if not marks:
        return None
    first, last = _best(marks[:_MARKS])
    start = _start(looked, first.start)
    stop = _stop(looked, start, least=max(last.stop, first.stop))
    return Snippet(pieces_of(looked, marks, start=start, stop=stop), start > 0, stop < len(text.rstrip()))


def _best(marks: Sequence[Mark]) -> tuple[Mark, Mark]:
    """The first and the last match of the place with the best ones."""
    best, chosen = (0, 0), (marks[0], marks[0])
    for place, first in enumerate(marks):
        near = [mark for mark in marks[place : place + WORDS] if mark.stop <= first.start + _REACH] or [first]
        worth = (len({mark.needle for mark in near}), len(near))
        if worth > best:
            best, chosen = worth, (first, near[-1])
    return chosen


def _start(text: str, match: int) -> int:
    """Where a snippet with this match begins: with the sentence, or LEAD words before."""
    begin = max(0, match - 12 * LEAD)
    before = text[begin:match]
    if has_han(before):
        start = _whole_word(text, max(begin, match - 2 * LEAD))
    else:
        words = before.split()
        known = words if begin == 0 else words[1:]  # the first may be the end of a word
        if begin == 0 and len(known) <= LEAD:
            start = 0
        else:
            start = match - len(before.split(None, len(words) - min(LEAD, len(known)))[-1]) if known else match
    for sentence in _SENTENCE.finditer(text, start, match):
        start = sentence.end()
    return start


def _stop(text: str, start: int, *, least: int) -> int:
    """Where a snippet ends: with a sentence behind the last match, or after WORDS words."""
    window = text[start : start + _LONGEST]
    if has_han(window):
        stop = _whole_word(text, min(len(text), start + 2 * WORDS))
    else:
        words = window.split(None, WORDS)
        stop = start + len(window) - (len(words[WORDS]) if len(words) > WORDS else 0)
    stop = start + len(text[start : max(stop, min(least, start + _LONGEST))].rstrip())
    enough = max(least, start + (stop - start) // 2)
    for sentence in _SENTENCE.finditer(text, enough - 1, min(len(text), stop + 2)):
        end = sentence.start() + len(sentence.group().rstrip())
        if enough <= end < len(text.rstrip()):
            stop = end
    closing = _CLOSING.match(text, stop)
    return closing.end() if closing else stop


def _whole_word(text: str, place: int) -> int:
    """The place, or the end of the Latin word that it lies within."""
    while 0 < place < len(text) and _LATIN.match(text[place]) and _LATIN.match(text[place - 1]):
        place += 1
    return place
