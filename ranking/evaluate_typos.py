"""Typo evaluation: what one wrong letter costs, on queries made from a catalogue's own titles.

A query is the first words of a product's title, four at most: as many as a shopper types, and too few to find the
product by the right ones alone. One letter of one word of five letters or more is inserted, deleted, swapped with
the next or replaced. A query counts when the right spelling finds the product in the first ten.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Literal, get_args

from analysis.text import analyser
from index.documents import Document, searchable_text
from ranking.search import Found, Searcher, SearchRequest
from ranking.understanding import UnderstoodQuery

WORDS = 4  # of a title that make a query
LETTERS = 5  # the shortest word that a mistake is made in
FIRST = 10  # hits
CODES = 500

Kind = Literal["insert", "delete", "swap", "replace"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Progress = Callable[[int, int], None]

_WORD = re.compile(f"[A-Za-z]{{{LETTERS},}}")


@dataclass(frozen=True, slots=True)
class Mistake:
    """A query made from the title of the product `id`, spelt right and with one letter wrong."""

    id: str
    right: str
    typed: str
    kind: Kind


def mistakes(documents: Sequence[Document], *, sample: int, seed: int = 0) -> list[Mistake]:
    """A fixed sample: products in turn in a random order, a random word of each query, the kinds in turn.

    Fewer than `sample` only where no title has a word that is long enough.
    """
    chance = random.Random(seed)
    queries = [(document.id, document.title.split()[:WORDS]) for document in documents]
    usable = [(id_, words) for id_, words in queries if any(_WORD.fullmatch(word) for word in words)]
    chance.shuffle(usable)
    found = []
    for number in range(sample if usable else 0):
        id_, words = usable[number % len(usable)]
        place = chance.choice([at for at, word in enumerate(words) if _WORD.fullmatch(word)])
        kind = KINDS[number % len(KINDS)]
        wrong = misspelt(words[place].lower(), kind, chance=chance)
        typed = [wrong if at == place else word for at, word in enumerate(words)]
        found.append(Mistake(id_, " ".join(words), " ".join(typed), kind))
    return found


def misspelt(word: str, kind: Kind, *, chance: random.Random) -> str:
    """The word (lower case, two different letters at least next to each other, or "swap" becomes "replace")."""
    at = chance.randrange(len(word))
    letter = chance.choice([other for other in ascii_lowercase if other != word[at]])
    if kind == "insert":
        return word[:at] + letter + word[at:]
    if kind == "delete":
        return word[:at] + word[at + 1 :]
    swaps = [place for place in range(len(word) - 1) if word[place] != word[place + 1]]
    if kind == "swap" and swaps:
        at = chance.choice(swaps)
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + letter + word[at + 1 :]


def evaluate_typos(
    searcher: Searcher,
    documents: Sequence[Document],
    *,
    sample: int = 5000,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, float | int]:
    """`found@10`: of the queries whose right spelling finds the product, the share whose wrong one does too.

    `exact_below_corrected` counts queries where a product with all words as they were typed stands below one
    that only has a correction; `codes_fuzzed` counts codes (one digit of each is wrong) of which any part was
    corrected. Both must be 0.
    """
    by_id = {document.id: document for document in documents}
    tried, found = Counter[str](), Counter[str]()
    below = 0
    drawn = mistakes(documents, sample=sample, seed=seed)
    for place, mistake in enumerate(drawn):
        if mistake.id in _find(searcher, mistake.right).ids[:FIRST]:
            tried[mistake.kind] += 1
            answer = _find(searcher, mistake.typed)
            ids = answer.ids[:FIRST]
            found[mistake.kind] += mistake.id in ids
            below += _exact_below(answer.understood, [by_id[id_] for id_ in ids if id_ in by_id])
        if progress is not None:
            progress(place + 1, len(drawn))
    codes = _wrong_codes(documents, seed=seed)
    return {
        "mistakes": len(drawn),
        "queries": tried.total(),
        "found@10": round(found.total() / max(1, tried.total()), 4),
        **{kind: round(found[kind] / max(1, tried[kind]), 4) for kind in KINDS},
        "exact_below_corrected": below,
        "codes": len(codes),
        "codes_fuzzed": sum(_is_fuzzed(searcher, code) for code in codes),
    }


def _find(searcher: Searcher, query: str) -> Found:
    return searcher.find(SearchRequest(query, size=FIRST, facets=()))


def _exact_below(understood: UnderstoodQuery, documents: Sequence[Document]) -> bool:
    """Whether a document with every token as typed stands below one that lacks a token that was corrected."""
    text = understood.text
    if text is None or not understood.corrections:
        return False
    corrected = {token for typed, _ in understood.corrections for token in analyser().tokens(typed)}
    above = False
    for document in documents:
        tokens = {token for said in searchable_text(document).values() for token in analyser().tokens(said)}
        if above and tokens.issuperset(text.tokens):
            return True
        above = above or not tokens.issuperset(corrected)
    return False


def _wrong_codes(documents: Sequence[Document], *, seed: int) -> list[str]:
    chance = random.Random(seed)
    codes = sorted({code for document in documents for code in document.codes if re.search(r"\d", code)})
    wrong = []
    for code in chance.sample(codes, min(CODES, len(codes))):
        at = chance.choice([place for place, sign in enumerate(code) if sign.isdigit()])
        wrong.append(code[:at] + str((int(code[at]) + 1 + chance.randrange(9)) % 10) + code[at + 1 :])
    return wrong


def _is_fuzzed(searcher: Searcher, code: str) -> bool:
    corrections = _find(searcher, code).understood.corrections
    return any(any(sign.isdigit() for sign in typed) for typed, _ in corrections)
