"""What counts as each word of a query too: corrections, the word in two or as one with the next, how it sounds."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from analysis.lexicon import TITLE_WEIGHT, Lexicon
from analysis.spelling import mistakes_in
from analysis.text import HAN, HAN_RUN, STOP_WORDS, analyser
from index.query import Alternative
from ranking.understanding_phrases import Words
from ranking.understanding_sounds import sound_alternatives

CORRECTION = 0.8  # what a correction counts of the word as typed; the others that are close count _SECOND
JOINED = 0.6  # what two words count as one, and one as two: they may well be meant as they are typed
_SECOND = 0.6
_MOST = 3  # corrections of one word
_CLOSE = 2.5  # how far below the best correction another may be, in the logarithm of how often it is met
_PAIR = 5.0  # what a neighbour that titles have too is worth, on the same scale
_FAR = 6.0  # what a second mistake costs
_FIRST_LETTER = 2.0  # what a mistake in the first letter costs: people rarely make one
_RARER = 50  # how many times more frequent a word has to be to be offered for one that is known
_RARE = 2 * TITLE_WEIGHT  # the most that such a known word is met
_LONG_HALF = 3  # letters of each half of a word that is taken apart into words that are no neighbours anywhere
_COMMON = 5 * TITLE_WEIGHT  # the least that these halves are met
_UNFINISHED = 3  # words that a corrected beginning stands for

_LETTER = rf"(?![{HAN}])[^\W_]"
_WRITTEN = re.compile(rf"(?:{_LETTER})+(?:['\u2019](?:{_LETTER})+)*")  # a word as typed, Chinese left out

Knows = Callable[[str], bool]


@dataclass(slots=True)
class Reading:
    """The alternatives of each word of a query by its place, and what was put right."""

    alternatives: dict[int, list[Alternative]] = field(default_factory=dict)
    corrections: dict[int, str] = field(default_factory=dict)  # place -> what is searched as well
    offered: dict[int, str] = field(default_factory=dict)  # place -> what may be meant by a word that is known

    def add(self, place: int, alternative: Alternative) -> None:
        """Let a word at a place count too; what was said before stands."""
        held = self.alternatives.setdefault(place, [])
        if all(other.tokens != alternative.tokens for other in held):
            held.append(alternative)


def read_words(words: Words, *, lexicon: Lexicon, prefix: bool, bold: bool, known: Knows | None) -> Reading:
    """Hold the words of a query against the catalogue's own.

    Only words that neither the lexicon nor `known` (asked with the token) has are corrected; with `bold` known
    ones are too. With `prefix` the last word may be unfinished: it is corrected when no word, and no pinyin,
    begins with it.
    """
    reading = Reading()
    typed = [word for word, _ in words]
    unknown = {
        place
        for place, (word, token) in enumerate(words)
        if not lexicon.count(word) and not lexicon.stem_count(token) and not (known is not None and known(token))
    }
    _join(words, lexicon, reading)
    for place, (word, token) in enumerate(words):
        if len(word) < 4 or HAN_RUN.search(word) or word in STOP_WORDS:
            continue
        unfinished = prefix and place == len(words) - 1
        if unfinished and (lexicon.begins(word) or lexicon.begins_sound(word)):
            continue
        split = _split(word, lexicon, known=place not in unknown)
        if split is not None:
            weight = CORRECTION if place in unknown else JOINED
            reading.add(place, Alternative(tuple(lexicon.token(part) for part in split), weight))
            if place in unknown:
                reading.corrections[place] = " ".join(split)
        if place in unknown or bold:
            _correct(typed, place, token, lexicon, reading, split=split is not None, unfinished=unfinished)
        else:
            _offer(word, place, lexicon, reading)
    if unknown and lexicon.has_chinese:
        sound_alternatives(typed, unknown, lexicon, reading.add, reading.corrections)
    return reading


def _join(words: Words, lexicon: Lexicon, reading: Reading) -> None:
    """ "head set" is "headset" too where the catalogue writes it so."""
    for place, ((first, _), (second, _)) in enumerate(pairwise(words)):
        joined = first + second
        if len(joined) > 3 and joined.isascii() and not joined.isdigit() and lexicon.count(joined) >= TITLE_WEIGHT:
            for at in (place, place + 1):
                reading.add(at, Alternative((lexicon.token(joined),), JOINED))


def _split(word: str, lexicon: Lexicon, *, known: bool) -> tuple[str, str] | None:
    """The two words that a word is written together: neighbours in titles, else both of them common.

    A known word is taken apart only where titles often have it in two.
    """
    if not word.isascii() or word.isdigit():
        return None
    halves = [(word[:at], word[at:]) for at in range(1, len(word))]
    count, best = max((lexicon.pair(*pair), pair) for pair in halves)
    enough = lexicon.count(word) / (4 * TITLE_WEIGHT) if known else 0
    if count > enough:
        return best
    if known or not word.isalpha():
        return None
    longer = [pair for pair in halves if min(map(len, pair)) >= _LONG_HALF]
    count, best = max(((min(map(lexicon.count, pair)), pair) for pair in longer), default=(0, ("", "")))
    return best if count >= _COMMON else None


def _correct(
    typed: Sequence[str],
    place: int,
    token: str,
    lexicon: Lexicon,
    reading: Reading,
    *,
    split: bool,
    unfinished: bool,
) -> None:
    word = typed[place]
    near = [(other, far) for other, far in lexicon.similar(word) if not split or far == 1]
    ranked = rank(typed, place, near, lexicon=lexicon)
    if not ranked and unfinished:
        starts = sorted(lexicon.similar_starts(word), key=lambda start: (start[1], start[0]))[:_UNFINISHED]
        finished = [(whole, far) for start, far in starts for whole in lexicon.beginning(start, size=_UNFINISHED)]
        ranked = rank(typed, place, finished, lexicon=lexicon)
    best = ranked[0][1] if ranked else 0.0
    for at, (other, score) in enumerate(ranked[:_MOST]):
        if score < best - _CLOSE:
            break
        instead = lexicon.token(other)
        if instead != token:
            reading.add(place, Alternative((instead,), _SECOND if at else CORRECTION))
    if ranked and place not in reading.corrections and lexicon.token(ranked[0][0]) != token:
        reading.corrections[place] = ranked[0][0]


def rank(
    typed: Sequence[str], place: int, near: Sequence[tuple[str, int]], *, lexicon: Lexicon
) -> list[tuple[str, float]]:
    """Words that are spelt like the one typed there, the likeliest first, on a logarithmic scale.

    How often a word is met stands for how likely it is meant, the distance for how likely the mistake is made
    (the noisy channel of Kernighan, Church, Gale, "A spelling correction program based on a noisy channel model",
    COLING 1990); neighbours that titles have too tell more than either.
    """
    before = typed[place - 1] if place else ""
    after = typed[place + 1] if place + 1 < len(typed) else ""
    scored = []
    for word, distance in near:
        pairs = lexicon.pair(before, word) + lexicon.pair(word, after)
        score = math.log1p(lexicon.count(word)) + _PAIR * math.log1p(pairs) - _FAR * (distance - 1)
        scored.append((word, score - _FIRST_LETTER * (word[0] != typed[place][0])))
    return sorted(scored, key=lambda item: (-item[1], item[0]))


def _offer(word: str, place: int, lexicon: Lexicon, reading: Reading) -> None:
    """A far more frequent neighbour of a known but rare word is offered, not searched."""
    count = lexicon.count(word)
    if not 0 < count <= _RARE or not mistakes_in(word):
        return
    near = [(lexicon.count(other), other) for other, distance in lexicon.similar(word) if distance == 1]
    most, other = max(near, default=(0, ""))
    if most >= _RARER * count and lexicon.token(other) != lexicon.token(word):
        reading.offered[place] = other


def put_right(words: Sequence[str], changes: Mapping[int, str]) -> str:
    """The words with some of them changed."""
    return " ".join(changes.get(place, word) for place, word in enumerate(words))


def rewritten(typed: str, changes: Mapping[str, str]) -> str:
    """What was typed with some of its words, by how they are folded, changed; all around them stays as it is."""

    def instead(match: re.Match[str]) -> str:
        return changes.get("".join(analyser().words(match.group())), match.group())

    return _WRITTEN.sub(instead, typed)
