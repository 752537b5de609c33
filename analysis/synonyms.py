"""Synonyms: groups of words that mean the same, and words that others count as.

A rule is a line of text. Its sides are words, or several words, between commas:

    laptop, notebook            each finds the others too
    trainers => sneakers        what stands left finds what stands right too, not the other way round

Blank lines, and what follows a `#`, are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from analysis.text import HAN_RUN, analyser, has_han
from core.errors import InvalidInput

SHIPPED = Path(__file__).with_name("synonyms.txt")
MAX_RULE = 500  # characters
MAX_WORDS = 30  # synonyms on a side
_MAX_TOKENS = 6  # words of one
_COMMA = re.compile("[,，、]")

Tokens = tuple[str, ...]


class Phrase(NamedTuple):
    """A synonym as it is typed and as it is looked for: of Chinese the words, not the words within them."""

    typed: Tokens
    wanted: Tokens


@dataclass(frozen=True, slots=True)
class Rule:
    """What each of `left` finds too: all of `right` that it is not itself."""

    left: tuple[Phrase, ...]
    right: tuple[Phrase, ...]

    @property
    def pairs(self) -> Iterable[tuple[Tokens, Tokens]]:
        """Every (typed, found too)."""
        return ((one.typed, other.wanted) for one in self.left for other in self.right if one != other)


class Synonyms:
    """What counts as runs of tokens, looked up by the first of them."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._found: dict[Tokens, dict[Tokens, None]] = {}
        for rule in rules:
            for typed, also in rule.pairs:
                self._found.setdefault(typed, {})[also] = None
        self._longest: dict[str, int] = {}
        for typed in self._found:
            self._longest[typed[0]] = max(len(typed), self._longest.get(typed[0], 0))

    def __len__(self) -> int:
        return len(self._found)

    def of(self, tokens: Sequence[str]) -> list[tuple[int, int, Tokens]]:
        """Begin, end and synonym of every run of tokens that has one; of runs within runs only the longest."""
        found: list[tuple[int, int, Tokens]] = []
        place = 0
        while place < len(tokens):
            for length in range(min(self._longest.get(tokens[place], 0), len(tokens) - place), 0, -1):
                others = self._found.get(tuple(tokens[place : place + length]))
                if others:
                    found += [(place, place + length, other) for other in others]
                    place += length - 1
                    break
            place += 1
        return found


def parse_rule(line: str) -> Rule:
    """Read one rule; raises InvalidInput saying what is wrong with it."""
    if len(line) > MAX_RULE:
        raise InvalidInput(f"a rule has at most {MAX_RULE} characters, this one has {len(line)}")
    left, arrow, right = line.partition("=>")
    if "=>" in right:
        raise InvalidInput(f"a rule has one arrow: {line!r}")
    first = _phrases(left, line)
    if arrow:
        return Rule(first, _phrases(right, line))
    if len(first) < 2:
        raise InvalidInput(f"synonyms are at least two different ones, between commas: {line!r}")
    return Rule(first, first)


def read_rules(text: str, *, source: str) -> list[Rule]:
    """Read the lines of a file; raises InvalidInput naming `source` and the line that is wrong."""
    rules = []
    for number, line in enumerate(text.splitlines(), 1):
        said = line.partition("#")[0].strip()
        if said:
            try:
                rules.append(parse_rule(said))
            except InvalidInput as error:
                raise InvalidInput(f"{source}, line {number}: {error.message}") from error
    return rules


def read_file(path: Path) -> list[Rule]:
    """Read a file of rules in UTF-8; raises InvalidInput for one that is missing or wrong."""
    try:
        return read_rules(path.read_text(encoding="utf-8-sig"), source=path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"the synonyms in {path.name} cannot be read: {error}") from error


@lru_cache(maxsize=1)
def shipped_rules() -> tuple[Rule, ...]:
    """The rules that come with Merx: words of retail in English and Chinese."""
    return tuple(read_file(SHIPPED))


def load_synonyms(*, own: Path | None = None, edited: Mapping[str, str] | None = None) -> Synonyms:
    """The shipped rules, those of the shop's own file, and those edited in the back office, by name.

    Raises InvalidInput for a rule that is wrong.
    """
    rules = [*shipped_rules(), *(read_file(own) if own is not None else ())]
    rules += [parse_rule(rule) for rule in (edited or {}).values()]
    return Synonyms(rules)


def _phrases(side: str, line: str) -> tuple[Phrase, ...]:
    said = _COMMA.split(side)
    if len(said) > MAX_WORDS:
        raise InvalidInput(f"a rule has at most {MAX_WORDS} synonyms on a side: {line!r}")
    phrases = [_phrase(part) for part in said]
    if not all(phrase.typed for phrase in phrases):
        raise InvalidInput(f"there is nothing between two commas, or beside the arrow: {line!r}")
    if any(len(phrase.typed) > _MAX_TOKENS for phrase in phrases):
        raise InvalidInput(f"a synonym has at most {_MAX_TOKENS} words: {line!r}")
    return tuple(dict.fromkeys(phrases))


def _phrase(said: str) -> Phrase:
    typed = tuple(analyser().query_tokens(said))
    if not has_han(said):
        return Phrase(typed, typed)
    words = HAN_RUN.sub(lambda run: f" {' '.join(analyser().segment(run.group()))} ", said)
    return Phrase(typed, tuple(token for word in words.split() for token in _whole(word)))


def _whole(word: str) -> list[str]:
    return [word] if has_han(word) else analyser().tokens(word)
