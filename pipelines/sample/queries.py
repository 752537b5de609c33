"""What shoppers type when they look for a product: in their language, more or less exact, sometimes misspelt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.sample.chance import Ints
from pipelines.sample.goods import Good
from pipelines.sample.people import Tastes
from pipelines.sample.vocabulary import Word

MISSPELT = 0.1
CORRECTED = 0.6  # part of the misspelt queries that are typed again
# How queries are built, with their chances.
FORMS = ("generic", "style", "colour", "brand", "series", "style_colour")
FORM_WEIGHTS = (0.42, 0.22, 0.14, 0.1, 0.07, 0.05)


@dataclass(frozen=True, slots=True)
class Query:
    """`typed` first, then `corrected` unless empty; `facets`: what the clicked products share with the target."""

    typed: str
    corrected: str
    facets: tuple[str, ...]  # of "style", "colour", "brand" and "series"


def write_queries(
    random: np.random.Generator, goods: Sequence[Good], tastes: Tastes, users: Ints, items: Ints
) -> list[Query]:
    """One query for each user who looks for each of `items`."""
    forms = random.choice(len(FORMS), size=len(items), p=FORM_WEIGHTS)
    draws = random.random((len(items), 4))
    written = []
    for user, item, form, draw in zip(users, items, forms, draws, strict=True):
        chinese = bool(tastes.chinese[user]) and draw[0] < 0.75
        text, facets = _text(goods[item], FORMS[form], chinese=chinese, draw=draw[1])
        typed = text if chinese or draw[2] >= MISSPELT else misspell(text, random)
        again = text if typed != text and draw[3] < CORRECTED else ""
        written.append(Query(typed, again, facets))
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


def _text(good: Good, form: str, *, chinese: bool, draw: float) -> tuple[str, tuple[str, ...]]:
    kind = good.kind
    if form in ("colour", "style_colour") and kind.colour == "none":
        form = "style"
    if form == "series" and (kind.is_titled or kind.fits):
        form = "brand" if not kind.is_titled else "title"
    if form == "generic":
        fitting = [text for text in kind.queries if text.isascii() != chinese and _suits(text, good)]
        text = (
            fitting[int(draw * len(fitting))] if fitting else (kind.noun.zh if chinese else kind.noun.en.lower())
        )
        return text, ("style",) if any(_mentions(text, style) for style in kind.styles) else ()
    if form == "title":
        return (good.line.zh if chinese else good.line.en.lower()), ("series",)
    colour, style, brand, noun = good.colours[0].word, good.style, good.brand.word, kind.noun
    if chinese:
        texts = {
            "style": style.zh + noun.zh,
            "colour": colour.zh + noun.zh,
            "brand": brand.zh + noun.zh,
            "series": f"{brand.zh} {good.line.zh}",
            "style_colour": f"{colour.zh}{style.zh}{noun.zh}",
        }
        return texts[form], tuple(form.split("_"))
    texts = {
        "style": f"{style.en} {noun.en}",
        "colour": f"{colour.en} {noun.en}",
        "brand": f"{brand.en} {noun.en}",
        "series": f"{brand.en} {good.line.en}",
        "style_colour": f"{colour.en} {style.en} {noun.en}",
    }
    return texts[form].lower(), tuple(form.split("_"))


def _suits(text: str, good: Good) -> bool:
    """Whether a query of the kind may mean this product: one for "green tea" does not mean black tea."""
    mentioned = [style for style in good.kind.styles if _mentions(text, style)]
    return not mentioned or good.style in mentioned


def _mentions(text: str, style: Word) -> bool:
    if not text.isascii():
        return style.zh.lower() in text.lower()
    words = style.en.lower().replace("-", " ").split()
    return any(len(word) > 2 and word in text.lower().replace("-", " ").split() for word in words)
