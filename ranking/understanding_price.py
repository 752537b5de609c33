"""Prices in a query: "under 50", "50-100 euro", "200元以下" become a range of the field `price`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from analysis.lexicon import Lexicon
from analysis.units import unit_of
from core.money import Money
from index.query import Between

_NUMBER = r"\d{1,3}(?:,\d{3}){1,2}(?:\.\d{1,2})?|\d{1,9}(?:\.\d{1,2})?"
_DOLLARS = frozenset("USD CAD AUD NZD SGD HKD TWD MXN".split())  # noqa: SIM905
_MONEY = {
    **dict.fromkeys(("us$", "usd", "美元"), frozenset({"USD"})),
    **dict.fromkeys(("$", "dollar", "dollars", "bucks"), _DOLLARS),
    **dict.fromkeys(("£", "gbp", "quid", "pound", "pounds", "英镑"), frozenset({"GBP"})),
    **dict.fromkeys(("€", "eur", "euro", "euros", "欧元"), frozenset({"EUR"})),
    **dict.fromkeys(("¥", "元", "块钱", "块"), frozenset({"CNY", "JPY"})),
    **dict.fromkeys(("yuan", "rmb", "cny", "人民币"), frozenset({"CNY"})),
    **dict.fromkeys(("yen", "jpy", "日元"), frozenset({"JPY"})),
}
_WEIGHT = frozenset(("pound", "pounds"))  # money only where the shop's is
_SIGNS = "|".join(re.escape(sign) for sign in sorted(_MONEY, key=len, reverse=True) if not sign.isalpha())
_NAMES = "|".join(re.escape(name) for name in sorted(_MONEY, key=len, reverse=True) if name.isalpha())
_AMOUNT = rf"(?:{_SIGNS})?\s?(?:{_NUMBER})(?![\d.]\d)(?:\s?(?:{_SIGNS})|\s?(?:{_NAMES})(?![a-z]))?"
_TO = r"\s?(?:-|–|~|to|and|到|至)\s?"
_UNDER = "under|below|less than|cheaper than|up to|(?:no|not) more than|at most|max(?:imum)?|<=?"
_OVER = "over|above|more than|at least|min(?:imum)?|>=?"
_END = r"(?![\w.%\"”″])"

# Each form with the groups of its lower and its upper bound, surest first.
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"(?<!\w)(?:between|from) (?P<low>{_AMOUNT}){_TO}(?P<high>{_AMOUNT}){_END}",
        rf"(?<![\w.-])(?P<low>{_AMOUNT}){_TO}(?P<high>{_AMOUNT})(?:之间|(?:的)|(?![\w.%\"”″-]))",
        rf"(?<!\w)(?:(?:for|priced) )?(?:{_UNDER}) ?(?P<high>{_AMOUNT}){_END}",
        rf"(?<!\w)(?:(?:for|priced) )?(?:{_OVER}) ?(?P<low>{_AMOUNT}){_END}",
        rf"(?<![\w.])(?P<high>{_AMOUNT})(?:以下|以内|之内)(?:的)?",
        rf"(?<![\w.])(?P<low>{_AMOUNT})(?:以上)(?:的)?",
        rf"(?:低于|少于|不超过|不到|小于|最多)(?P<high>{_AMOUNT})(?:的)?",
        rf"(?:高于|超过|大于|至少)(?P<low>{_AMOUNT})(?:的)?",
    )
)
_PARTS = re.compile(rf"(?P<before>{_SIGNS})?\s?(?P<number>{_NUMBER})\s?(?P<after>{_SIGNS}|{_NAMES})?")

# Words behind a number that make it something else, where neither the units nor the catalogue know them.
_COUNTED = frozenset(
    re.findall(
        r"\w+",
        "year years yr yrs month months week weeks day days hour hours hr hrs minute minutes min mins second "
        "seconds people person persons player players adult adults kid kids child children degree degrees "
        "percent mile miles decibel decibels db k lumen lumens thread calorie calories carb carbs x by page "
        "pages pcs set sets sheet sheets and or older old",
    )
)
# Words before a number that make it an age or a size.
_AGED = frozenset(
    re.findall(
        r"\w+",
        "woman women womens man men mens adult adults people person age aged ages senior seniors kid kids child "
        "children boy boys girl girls toddler toddlers those size sizes model number uk us eu w waist",
    )
)
_CHINESE_NUMBER = re.compile(
    r"(?<![\d.,])(\d+(?:\.\d+)?)?([一二两三四五六七八九十百千万零]+)(?=\s?(?:元|块|以下|以内|之内|以上|到|至))"
)
_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}
_MOST = 999_999_999  # units of money


@dataclass(frozen=True, slots=True)
class Priced:
    """A query without its price, the price, and how it was typed; `range` is None for one in foreign money."""

    rest: str
    range: Between | None
    text: str


def take_price(plain: str, *, lexicon: Lexicon | None, currency: str) -> Priced | None:
    """The first price of a query (lower case, NFKC, simplified); None where none is said.

    A number is no price where the catalogue has it next to the word that follows ("1000 piece puzzle"), where a
    unit, or what is counted, follows, and where it is an age or a size.
    """
    if not any(letter.isdigit() for letter in plain) and _CHINESE_NUMBER.search(plain) is None:
        return None
    text = _CHINESE_NUMBER.sub(_in_digits, plain)
    for form in _FORMS:
        for match in form.finditer(text):
            priced = _priced(text, match, lexicon=lexicon, currency=currency)
            if priced is not None:
                return priced
    return None


def _priced(text: str, match: re.Match[str], *, lexicon: Lexicon | None, currency: str) -> Priced | None:
    bounds = match.groupdict()
    parts = {name: _PARTS.fullmatch(amount.strip()) for name, amount in bounds.items() if amount}
    said = {part[side] for part in parts.values() if part for side in ("before", "after") if part[side]}
    if said & _WEIGHT and currency != "GBP":
        return None
    before, after = text[: match.start()].split(), text[match.end() :].split()
    if not said and not _is_price(match, before, after, lexicon):
        return None
    low, high = (_minor(parts.get(name), currency) for name in ("low", "high"))
    if low is not None and high is not None and low > high:
        return None
    rest = " ".join((*before, *after))
    foreign = any(currency not in _MONEY[name] for name in said)
    if foreign and not rest:
        return None
    return Priced(rest, None if foreign or not currency else Between("price", low, high), match.group().strip())


def _is_price(match: re.Match[str], before: list[str], after: list[str], lexicon: Lexicon | None) -> bool:
    """Whether numbers without any sign of money are a price."""
    following = after[0].strip(".,;:!?") if after else ""
    if following in _COUNTED or unit_of(following) or (before and before[-1].strip(",'") in _AGED):
        return False
    numbers = re.findall(r"\d+", match.group())
    if lexicon is not None and following and lexicon.pair(numbers[-1], following):
        return False
    plain_range = match.re is _FORMS[1]
    if not plain_range:
        return True
    # "50-100" alone may be anything: it has to end the query, and be no pair that the catalogue has.
    known = lexicon is not None and lexicon.pair(numbers[0], numbers[-1]) > 0
    return bool(before) and not after and not known and all(len(number) > 1 for number in numbers)


def _minor(part: re.Match[str] | None, currency: str) -> int | None:
    if part is None:
        return None
    return Money.parse(part["number"].replace(",", ""), currency or "USD").minor


def _in_digits(match: re.Match[str]) -> str:
    """五十 in digits, and what digits count: 3千, 1.5万."""
    digits, signs = match.groups()
    if digits is None:
        return str(_number(signs))
    if not all(sign in _TENS or sign == "万" for sign in signs):
        return match.group()
    return str(int(min(Decimal(digits) * _number(signs), Decimal(_MOST))))


def _number(signs: str) -> int:
    """The number that Chinese signs write: 五十 is 50, 两千三百 2300, 一万 10000."""
    whole = section = digit = 0
    for sign in signs:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        elif sign in _TENS:
            section += (digit or 1) * _TENS[sign]
            digit = 0
        else:  # 万
            whole += ((section + digit) or 1) * 10_000
            section = digit = 0
    return min(whole + section + digit, _MOST)
