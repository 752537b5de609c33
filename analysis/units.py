"""Numbers with units, written one way: "2l", "2 litres" and "2 L" become "2 l", 10" and 10-inch "10 inch"."""

from __future__ import annotations

import re

# Every way of writing a unit that stands behind a number, by the way it is indexed. Single letters that are
# mostly something else ("5 s", "4 k") are left out.
_WAYS = {
    "ml": "ml milliliter millilitre milliliters millilitres 毫升",
    "cl": "cl centiliter centilitre centiliters centilitres",
    "l": "l ltr liter litre liters litres 升 公升",
    "gal": "gal gallon gallons 加仑",
    "qt": "qt quart quarts",
    "floz": "floz",
    "oz": "oz ounce ounces 盎司",
    "lb": "lb lbs pound pounds 磅",
    "mg": "mg milligram milligrams 毫克",
    "mcg": "mcg µg μg microgram micrograms 微克",
    "kg": "kg kgs kilo kilos kilogram kilograms kilogramme kilogrammes 公斤 千克",
    "g": "g gr gram grams gramme grammes 克",
    "mm": "mm millimeter millimetre millimeters millimetres 毫米",
    "cm": "cm centimeter centimetre centimeters centimetres 厘米 公分",
    "m": "m meter metre meters metres mtr 米",
    "km": "km kilometer kilometre kilometers kilometres 公里",
    "inch": "inch inches 英寸 吋 寸",
    "ft": "ft foot feet 英尺",
    "yd": "yd yds yard yards",
    "w": "w watt watts 瓦",
    "kw": "kw kilowatt kilowatts 千瓦",
    "v": "v volt volts 伏",
    "mah": "mah 毫安",
    "hz": "hz hertz",
    "khz": "khz",
    "mhz": "mhz",
    "ghz": "ghz",
    "mb": "mb megabyte megabytes",
    "gb": "gb gigabyte gigabytes",
    "tb": "tb terabyte terabytes",
    "mbps": "mbps",
    "gbps": "gbps",
    "mp": "mp megapixel megapixels",
    "rpm": "rpm",
    "pack": "pack packs pk pck",
    "pcs": "pcs pc piece pieces 件",
    "count": "count ct",
}
_WRITTEN = {way: unit for unit, ways in _WAYS.items() for way in ways.split()}


# A number that begins a word, and what stands behind it: letters, or the signs for inches.
# Patterns begin with the digit and look back from it: so the search for one leaps over all other text.
_WITH_WORD = re.compile(r"(\d(?<![\w.,].)\d*(?:[.,]\d+)*)(?:([ -]?)([^\W\d_]+)|( ?(?:\"|”|″|′′|''|’’)(?!\w)))")
_SIZES = re.compile(r"\d(?<![\w.,-].)\d*(?:[.,]\d+)?(?: ?[x×*] ?\d+(?:[.,]\d+)?)+", re.IGNORECASE)
_TIMES = re.compile(" ?[x×*] ?", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_LONGEST_HAN = 2  # characters of a unit: Chinese goes on without a space


def unify_units(text: str) -> str:
    """Write units behind numbers one way, set "10x20" apart. Whole words only: model numbers stay as they are."""
    if _DIGIT.search(text) is None:
        return text
    return _WITH_WORD.sub(_unified, _SIZES.sub(lambda sizes: _TIMES.sub(" x ", sizes.group()), text))


def unit_of(word: str) -> str | None:
    """The unit that a word is a way of writing; None for any other word."""
    return _WRITTEN.get(word.lower())


def _unified(match: re.Match[str]) -> str:
    number, gap, word, inches = match.groups()
    if inches:
        return f"{number} inch "
    if word.isascii():
        if word.lower() == "in" and gap != " ":  # not "3 in 1"
            return f"{number} inch"
        unit = _WRITTEN.get(word.lower())
        # The word has to end here: "5m2" is something else.
        ends = match.end() == len(match.string) or not match.string[match.end()].isdigit()
        return f"{number} {unit}" if unit and ends else match.group()
    for length in range(_LONGEST_HAN, 0, -1):
        unit = _WRITTEN.get(word[:length].lower())
        if unit:
            return f"{number} {unit} {word[length:]}"
    return match.group()
