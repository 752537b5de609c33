"""What shoppers type when they look for a product: in their language, more or less exact, sometimes misspelt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.sample.chance import Ints
from pipelines.sample.goods import Good
from pipelines.sample.people import Tastes

MISSPELT = 0.1
CORRECTED = 0.6  # part of the misspelt queries that are typed again
# How queries are built, with their chances.
FORMS = ("generic", "style", "colour", "brand", "series", "style_colour")
FORM_WEIGHTS = (0.42, 0.22, 0.14, 0.1, 0.07, 0.05)


@dataclass(frozen=True, slots=True)
class Query:
    """`typed` first, then `corrected` unless empty; `facet` is what the clicked products share with the target."""

    typed: str
    corrected: str
    facet: str  # "", "style", "colour", "brand" or "series"


def write_queries(
    random: np.random.Generator, goods: Sequence[Good], tastes: Tastes, users: Ints, items: Ints
) -> list[Query]:
    """One query for each user who looks for each of `items`."""
    forms = random.choice(len(FORMS), size=len(items), p=FORM_WEIGHTS)
    draws = random.random((len(items), 4))
    written = []
    for user, item, form, draw in zip(users, items, forms, draws, strict=True):
        chinese = bool(tastes.chinese[user]) and draw[0] < 0.75
        text, facet = _text(goods[item], FORMS[form], chinese=chinese, draw=draw[1])
        if chinese or draw[2] >= MISSPELT:
            written.append(Query(text, "", facet))
        else:
            again = text if draw[3] < CORRECTED else ""
            written.append(Query(misspell(text, random), again, facet))
    return written


def misspell(text: str, random: np.random.Generator) -> str:
    """`text` with one slip of the fingers in a word of four letters or more; unchanged where there is none."""
    words = text.split(" ")
    long = [number for number, word in enumerate(words) if len(word) >= 4 and word.isascii() and word.isalpha()]
    if not long:
        return text
    number = long[int(random.integers(len(long)))]
    word = words[number]
    place = 1 + int(random.integers(len(word) - 2))
    slip = int(random.integers(4))
    if slip == 0:
        word = word[:place] + word[place + 1 :]
    elif slip == 1:
        word = word[:place] + word[place] + word[place:]
    elif slip == 2:
        word = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    else:
        word = word[:place] + "aeiou"[int(random.integers(5))] + word[place + 1 :]
    return " ".join([*words[:number], word, *words[number + 1 :]])


def _text(good: Good, form: str, *, chinese: bool, draw: float) -> tuple[str, str]:
    kind = good.kind
    generic = [text for text in kind.queries if text.isascii() != chinese]
    if form in ("colour", "style_colour") and kind.colour == "none":
        form = "style"
    if form == "series" and (kind.is_titled or kind.fits):
        form = "brand" if not kind.is_titled else "title"
    if form == "generic":
        return generic[int(draw * len(generic))], ""
    if form == "title":
        return (good.line.zh if chinese else good.line.en.lower()), "series"
    colour, style, brand, noun = good.colours[0].word, good.style, good.brand.word, kind.noun
    if chinese:
        texts = {
            "style": style.zh + noun.zh,
            "colour": colour.zh + noun.zh,
            "brand": brand.zh + noun.zh,
            "series": f"{brand.zh} {good.line.zh}",
            "style_colour": f"{colour.zh}{style.zh}{noun.zh}",
        }
        return texts[form], form.split("_")[0]
    texts = {
        "style": f"{style.en} {noun.en}",
        "colour": f"{colour.en} {noun.en}",
        "brand": f"{brand.en} {noun.en}",
        "series": f"{brand.en} {good.line.en}",
        "style_colour": f"{colour.en} {style.en} {noun.en}",
    }
    return texts[form].lower(), form.split("_")[0]
