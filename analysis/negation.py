"""What a text says is there, and what it says is not: "sugar free", "no sugar", "without sugar", 无糖."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.text import analyser

# As the analyser leaves them. "less" stands alone in "hoodie-less"; "stemless" is one word, taken apart below.
_BEFORE = frozenset(("no", "without", "non", "不含", "无", "免", "没有", "不带"))
_AFTER = frozenset(("free", "less"))
_FROM = frozenset(("from", "of"))  # "free from gluten"
_ADDED = frozenset(("add", "ani", "extra", "添加", "任何"))  # "no added sugar": it is the sugar that is not there
_LINKS = frozenset(("and", "or"))  # "gluten and dairy free"
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
    found: set[int] = set()
    for place, token in enumerate(tokens):
        after = tokens[place + 1] if place + 1 < len(tokens) else ""
        if token in _BEFORE or (token == "不" and after in _ADDED):
            found.update(_behind(tokens, place + 1))
        elif token == "free" and after in _FROM:
            found.update(_behind(tokens, place + 2))
        elif token in _AFTER and place > 0:
            found.add(place - 1)
            if place > 2 and tokens[place - 2] in _LINKS:
                found.add(place - 3)
    return found


def _behind(tokens: Sequence[str], place: int) -> Iterator[int]:
    """What is denied from a place on: the first word that says what it is, and those before it."""
    for at in range(place, len(tokens)):
        yield at
        if tokens[at] not in _ADDED:
            return
