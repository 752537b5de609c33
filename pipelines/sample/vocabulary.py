"""The words of the sample shop, read from the TOML files beside this module, one a department."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "catalogue"
SHARED = "shop.toml"


@dataclass(frozen=True, slots=True)
class Word:
    """The same thing in English and in Chinese; `note` is a sentence about it, if there is one."""

    en: str
    zh: str
    note: str = ""

    @classmethod
    def parse(cls, text: str) -> Word:
        """Read "Mug|马克杯" or "Glass|玻璃|A sentence."; one word alone stands for both languages."""
        en, *rest = text.split("|")
        return cls(en, rest[0] if rest else en, rest[1] if len(rest) > 1 else "")


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour with the RGB value its pictures are painted in."""

    word: Word
    rgb: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Brand:
    """`level` is how dear the brand is, 0 to 1."""

    word: Word
    level: float


@dataclass(frozen=True, slots=True)
class Options:
    """The axis along which a product's variants differ, and what each value does to the price."""

    name: str
    values: Sequence[str]
    factors: Sequence[float]


@dataclass(frozen=True, slots=True)
class Complement:
    """What is wanted after a purchase: with which chance, and after how many days on average (0: in one basket).

    With `fits`, only things made for the product that was bought are wanted.
    """

    kind: str
    chance: float
    days: float
    fits: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """One leaf category. `share` and `demand` weigh its number of products and of purchases.

    `repeat` is the days after which a consumable is bought again, `cooldown` the days for which another product
    of the kind is not wanted after one was bought; 0 where there is no such thing.
    """

    name: Word
    department: Word
    noun: Word
    drawing: str
    brands: Sequence[Brand]
    lines: Sequence[Word]
    is_titled: bool  # books and games: the line is a title of its own
    styles: Sequence[Word]
    style_name: str
    colours: Sequence[Colour]
    colour: str  # "title", "options" or "none": where the colour of a product is named
    price: tuple[int, int]
    title: str
    title_zh: str
    closers: Sequence[str]
    queries: Sequence[str]
    season: Sequence[float]
    options: Options | None
    attributes: Mapping[str, Sequence[str]]
    complements: Sequence[Complement]
    fits: str
    share: float
    demand: float
    repeat: float
    cooldown: float
    gender: bool
    audience: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything the generator draws from. `people`, `sellers` and `countries` are as in the file."""

    kinds: Sequence[Kind]
    people: Mapping[str, Sequence[str]]
    sellers: Sequence[Mapping[str, Any]]
    countries: Mapping[str, Mapping[str, Any]]

    def number(self, kind: str) -> int:
        """The place of a kind among `kinds`, by its English name."""
        return next(number for number, entry in enumerate(self.kinds) if entry.name.en == kind)


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """Read all files, departments in the order of their names."""
    shared = tomllib.loads((FOLDER / SHARED).read_text(encoding="utf-8"))
    palettes = {
        name: [Colour(Word(en, zh), _rgb(value)) for en, zh, value in rows]
        for name, rows in shared["palettes"].items()
    }
    departments = [
        tomllib.loads(path.read_text(encoding="utf-8"))
        for path in sorted(FOLDER.glob("*.toml"))
        if path.name != SHARED
    ]
    kinds = [
        _kind(entry, department, palettes=palettes, seasons=shared["seasons"])
        for department in departments
        for entry in department["kinds"]
    ]
    return Vocabulary(kinds, shared["people"], shared["sellers"], shared["countries"])


def _kind(
    entry: Mapping[str, Any],
    department: Mapping[str, Any],
    *,
    palettes: Mapping[str, Sequence[Colour]],
    seasons: Mapping[str, Sequence[float]],
) -> Kind:
    brands = {
        name: Brand(Word(name, values["zh"]), values["level"]) for name, values in department["brands"].items()
    }
    colour = entry.get("colour", "title")
    gender = entry.get("gender", False)
    ending = ", {colour}" if colour == "title" else ""
    return Kind(
        name=Word(entry["name"], entry["zh"]),
        department=Word(department["name"], department["zh"]),
        noun=Word.parse(entry["noun"]),
        drawing=entry["drawing"],
        brands=[brands[name] for name in entry["brands"]],
        lines=_lines(entry),
        is_titled="first" in entry,
        styles=[Word.parse(text) for text in entry["styles"]],
        style_name=entry["style_name"],
        colours=palettes[entry["palette"]],
        colour=colour,
        price=(entry["price"][0], entry["price"][1]),
        title=entry.get("title", "{brand} {line} {gender}{style} {noun}" + ending),
        title_zh=entry.get("title_zh", "{brand} {line} {gender}{style}{noun}" + ending.replace(",", "")),
        closers=entry["closers"],
        queries=entry["queries"],
        season=seasons[entry["season"]],
        options=_options(entry.get("options")),
        attributes=entry.get("attributes", {}),
        complements=[
            Complement(other["kind"], other["chance"], other["days"], other.get("fits", False))
            for other in entry.get("complements", [])
        ],
        fits=entry.get("fits", ""),
        share=entry.get("share", 1.0),
        demand=entry["demand"],
        repeat=entry.get("repeat", 0),
        cooldown=entry.get("cooldown", 0),
        gender=gender,
        audience=entry.get("audience", ""),
    )


def _lines(entry: Mapping[str, Any]) -> list[Word]:
    if "lines" in entry:
        return [Word.parse(text) for text in entry["lines"]]
    pairs = [(Word.parse(first), Word.parse(second)) for first in entry["first"] for second in entry["second"]]
    return [Word(f"{first.en} {second.en}", first.zh + second.zh) for first, second in pairs]


def _options(entry: Mapping[str, Any] | None) -> Options | None:
    if entry is None:
        return None
    return Options(entry["name"], entry["values"], entry.get("factors", [1.0] * len(entry["values"])))


def _rgb(text: str) -> tuple[int, int, int]:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)
