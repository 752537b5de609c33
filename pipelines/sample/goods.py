"""What the sample shop sells: products drawn from the vocabulary, each title once, and what moves their demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.sample.chance import Floats, Ints, generator, shares
from pipelines.sample.vocabulary import Brand, Colour, Kind, Vocabulary, Word

AESTHETICS = 6  # dimensions of the taste that brands, lines and colours of all departments share
GENDERS = (Word("", ""), Word("Women's", "女士"), Word("Men's", "男士"))


@dataclass(frozen=True, slots=True)
class Good:
    """One product in words. `fits` is the brand and line of the kind it is made for; prices in minor units."""

    kind: Kind
    brand: Brand
    line: Word
    style: Word
    colours: Sequence[Colour]
    gender: int
    fits: str
    author: Word
    price_minor: int
    list_price_minor: int | None
    attributes: dict[str, str]
    closer: str

    @property
    def series(self) -> str:
        """Brand and line: what accessories are made for."""
        return f"{self.brand.word.en} {self.line.en}"

    @property
    def title(self) -> str:
        """The English title."""
        return self._title(self.kind.title, "en")

    @property
    def title_zh(self) -> str:
        """The Chinese title."""
        return self._title(self.kind.title_zh, "zh")

    @property
    def description(self) -> str:
        """Two or three English sentences."""
        origin = (
            f"Published by {self.brand.word.en}."
            if self.kind.is_titled
            else f"Part of the {self.line.en} range by {self.brand.word.en}."
        )
        if self.fits:
            origin = f"Made by {self.brand.word.en} for every {self.fits}."
        return f"{self.style.note} {self.closer} {origin}"

    def _title(self, pattern: str, language: str) -> str:
        gender: str = getattr(GENDERS[self.gender], language)
        return pattern.format(
            brand=getattr(self.brand.word, language),
            line=getattr(self.line, language),
            gender=f"{gender} " if gender and language == "en" else gender,
            style=getattr(self.style, language),
            noun=getattr(self.kind.noun, language),
            colour=getattr(self.colours[0].word, language),
            author=getattr(self.author, language),
            fits=self.fits,
            article="An" if self.style.en[0] in "AEIOU" else "A",
        )


@dataclass(frozen=True, slots=True)
class Traits:
    """What moves demand, one row a good.

    `appeal` is log popularity, `level` the place within the kind's prices (0 to 1), `trend` the change of appeal a
    year. `released` and times everywhere are days since the start of the sample (negative: before it).
    """

    kind: Ints
    brand: Ints
    colour: Ints
    gender: Ints
    series: Ints  # number of the good's brand and line
    fits: Ints  # number of the brand and line it is made for, -1 for none
    level: Floats
    appeal: Floats
    quality: Floats
    trend: Floats
    released: Floats
    aesthetic: Floats  # shape [goods, AESTHETICS]


def draw_goods(words: Vocabulary, *, seed: int, products: int, days: int) -> tuple[list[Good], Traits]:
    """`products` different goods; kinds that others are made for come first, so that cases fit phones on sale."""
    counts = shares(products, np.array([kind.share for kind in words.kinds]))
    order = sorted(range(len(words.kinds)), key=lambda number: bool(words.kinds[number].fits))
    drawn: dict[int, list[Good]] = {}
    for number in order:
        kind = words.kinds[number]
        made_for = drawn[words.number(kind.fits)] if kind.fits else []
        drawn[number] = _of_kind(words, kind, count=int(counts[number]), made_for=made_for, seed=seed)
    goods = [good for number in range(len(words.kinds)) for good in drawn[number]]
    return goods, _traits(words, goods, seed=seed, days=days)


def _of_kind(words: Vocabulary, kind: Kind, *, count: int, made_for: Sequence[Good], seed: int) -> list[Good]:
    random = generator(seed, f"goods/{kind.name.en}")
    series = sorted({good.series for good in made_for}) if kind.fits else [""]
    colours = len(kind.colours) if kind.colour == "title" else 1
    # Drawn without replacement, each title comes once: of a titled kind by its lines, of the others by all axes.
    shape = (len(kind.lines), 1, 1) if kind.is_titled else (len(kind.lines), len(kind.brands), len(kind.styles))
    shape += (len(series), colours)  # type: ignore[assignment]
    genders = 2 if kind.gender else 1
    space = int(np.prod(shape)) * genders
    goods: list[Good] = []
    if not space:
        return goods
    for edition in range(-(-count // space)):
        wanted = min(count - edition * space, space)
        for cell in random.choice(space, size=wanted, replace=False):
            place, gender = divmod(int(cell), genders)
            line, brand, style, fit, colour = (int(axis) for axis in np.unravel_index(place, shape))
            if kind.is_titled:
                brand, style = int(random.integers(len(kind.brands))), int(random.integers(len(kind.styles)))
            goods.append(
                _good(
                    words,
                    kind,
                    random,
                    brand=kind.brands[brand],
                    line=_edition(kind.lines[line], edition),
                    style=kind.styles[style],
                    colour=colour,
                    gender=gender + 1 if kind.gender else 0,
                    fits=series[fit],
                )
            )
    return goods


def _edition(line: Word, number: int) -> Word:
    return line if number == 0 else Word(f"{line.en} {number + 1}", f"{line.zh} {number + 1}")


def _good(
    words: Vocabulary,
    kind: Kind,
    random: np.random.Generator,
    *,
    brand: Brand,
    line: Word,
    style: Word,
    colour: int,
    gender: int,
    fits: str,
) -> Good:
    if kind.colour == "title":
        colours = [kind.colours[colour]]
    else:
        several = int(random.integers(2, 4)) if kind.colour == "options" else 1
        chosen = random.choice(len(kind.colours), size=several, replace=False)
        colours = [kind.colours[int(number)] for number in chosen]
    low, high = kind.price
    level = float(np.clip(0.65 * brand.level + 0.35 * random.random() + random.normal(0, 0.06), 0, 1))
    price = _price_tag(low * (high / low) ** level)
    dearer = _price_tag(price * random.uniform(1.12, 1.45)) if random.random() < 0.3 else None
    attributes = {kind.style_name: style.en}
    if kind.colour != "none":
        attributes["colour"] = colours[0].word.en
    if gender:
        attributes["for"] = GENDERS[gender].en.removesuffix("'s")
    if fits:
        attributes["suits"] = fits
    author = Word("", "")
    if "{author}" in kind.title:
        author = Word.parse(words.people["authors"][int(random.integers(len(words.people["authors"])))])
        attributes["author"] = author.en
    for name, values in kind.attributes.items():
        attributes[name] = values[int(random.integers(len(values)))]
    closer = kind.closers[int(random.integers(len(kind.closers)))]
    return Good(kind, brand, line, style, colours, gender, fits, author, price, dearer, attributes, closer)


def _price_tag(amount: float) -> int:
    """A price as shops write it: 4.95, 12.49, 129.00."""
    if amount < 1000:
        return max(95, round(amount / 50) * 50 - 5)
    if amount < 10000:
        return round(amount / 100) * 100 - 1
    return round(amount / 1000) * 1000 - 100


def _traits(words: Vocabulary, goods: Sequence[Good], *, seed: int, days: int) -> Traits:
    random = generator(seed, "traits")
    count = len(goods)
    brands = sorted({good.brand.word.en for good in goods})
    colours = sorted({colour.word.en for kind in words.kinds for colour in kind.colours})
    series = sorted({good.series for good in goods} | {good.fits for good in goods if good.fits})
    series_number = {name: number for number, name in enumerate(series)}
    brand_number = {name: number for number, name in enumerate(brands)}
    colour_number = {name: number for number, name in enumerate(colours)}
    of_series = np.array([series_number[good.series] for good in goods])
    of_brand = np.array([brand_number[good.brand.word.en] for good in goods])
    of_colour = np.array([colour_number[good.colours[0].word.en] for good in goods])
    span = np.array([good.kind.price for good in goods], dtype=float)
    price = np.array([good.price_minor for good in goods], dtype=float)
    parts = [random.normal(size=(len(names), AESTHETICS)) for names in (brands, series, colours)]
    aesthetic = 0.6 * parts[0][of_brand] + 0.7 * parts[1][of_series] + 0.4 * parts[2][of_colour]
    is_new = random.random(count) < 0.35
    released = np.where(is_new, random.uniform(5, max(days - 20, 6), count), -random.uniform(10, 900, count))
    return Traits(
        kind=np.array([words.kinds.index(good.kind) for good in goods]),
        brand=of_brand,
        colour=np.where([good.kind.colour == "none" for good in goods], -1, of_colour),
        gender=np.array([{"women": 1}.get(good.kind.audience, good.gender) for good in goods]),
        series=of_series,
        fits=np.array([series_number[good.fits] if good.fits else -1 for good in goods]),
        level=np.clip(np.log(price / span[:, 0]) / np.log(span[:, 1] / span[:, 0]), 0, 1),
        appeal=random.normal(0, 1.0, count),
        quality=random.normal(0, 1.0, count),
        trend=random.normal(0, 0.7, count),
        released=np.floor(released) + 8 / 24,
        aesthetic=aesthetic / np.sqrt(AESTHETICS),
    )
