"""What a text says is there, and what it says is not: "sugar free", "no sugar", "without sugar", 无糖."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.text import analyser

# As the analyser leaves them. "less" stands alone in "hoodie-less"; "stemless" is one word, taken apart below.
_BEFORE = frozenset(("no", "without", "non", "不含", "无", "免", "没有", "不带"))
_AFTER = frozenset(("free", "less"))
_LEAST = 3  # letters of a word that "less" is taken off


def claims(tokens: Sequence[str]) -> list[str]:
    """The tokens of a text less those that it denies."""
    denied = _denied(tokens)
    return [token for place, token in enumerate(tokens) if place not in denied]


def lacks(tokens: Sequence[str]) -> list[str]:
    """The tokens that a text denies, in order, each once."""
    denied = [tokens[place] for place in sorted(_denied(tokens))]
    for token in tokens:
        stem = token.removesuffix("less")
        if stem != token and len(stem) >= _LEAST:
            denied += analyser().tokens(stem)
        elif token[:1] == "无" and len(token) > 1:
            denied.append(token[1:])
    return list(dict.fromkeys(denied))


def _denied(tokens: Sequence[str]) -> set[int]:
    found = set()
    for place, token in enumerate(tokens):
        if token in _BEFORE and place + 1 < len(tokens):
            found.add(place + 1)
        elif token in _AFTER and place > 0:
            found.add(place - 1)
    return found
