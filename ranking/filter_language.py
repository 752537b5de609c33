"""Filters as text: `brand:"Acme" AND (price:1000..5000 OR NOT in_stock:false)` becomes a typed filter.

    filter     = every ("OR" every)*            AND binds closer than OR
    every      = one ("AND" one)*
    one        = "NOT" one | "(" filter ")" | condition
    condition  = name ":" (value | "[" value ("," value)* "]")        keyword fields: the value, any of the values
               | name ":" (number? ".." number? | number ["TO" number])   numeric fields, bounds included
               | name ("<" | "<=" | "=" | "!=" | ">" | ">=") number

Names are those of `index.query`. AND, OR, NOT and TO are upper case. A name or value with white space, brackets or
quotes in it stands in `"` or `'`; a backslash takes the next character as it is. Amounts are in minor units, as
everywhere. Algolia's `filters` are read too, where they name a field.
"""

from __future__ import annotations

import math
import re
from typing import NoReturn

from analysis.text import code_key
from core.errors import InvalidInput
from index.fields import ATTRIBUTE, KEYWORD_LENGTH
from index.query import KEYWORD_FIELDS, NUMERIC_FIELDS, AllOf, AnyOf, Between, Filter, Not, OneOf

MAX_LENGTH = 4096  # characters
MAX_DEPTH = 20  # brackets and NOTs within one another
MAX_VALUES = 200  # values and bounds in all

_SPACE = re.compile(r"\s*")
_KEYWORD = re.compile(r"(AND|OR|NOT)(?![^\s()])")
_NAME = re.compile(r"""(?:\\.|[^\s:<>=!()"'\\])+""", re.DOTALL)
_BARE = re.compile(r"""(?:\\.|[^\s()"'\\])+""", re.DOTALL)
_LISTED = re.compile(r"""(?:\\.|[^\s()\[\],"'\\])+""", re.DOTALL)
_QUOTED = re.compile(r""""((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'""", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![^\s().])")
_OPERATOR = re.compile(r"<=|>=|!=|[:<>=]")
_TO = re.compile(r"TO(?=\s)")


def parse_filter(text: str) -> Filter:
    """The filter that a text says; raises InvalidInput, with the position, for one that says none."""
    if len(text) > MAX_LENGTH:
        raise InvalidInput(f"a filter has at most {MAX_LENGTH} characters, this one has {len(text)}")
    return _Reader(text).whole()


class _Reader:
    """Recursive descent over one text; `at` is the next character to be read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.values = 0
        self._space()

    def whole(self) -> Filter:
        found = self._any(0)
        if self.at < len(self.text):
            self._wrong("AND, OR or the end was expected")
        return found

    def _any(self, depth: int) -> Filter:
        clauses = [self._every(depth)]
        while self._took("OR"):
            clauses.append(self._every(depth))
        return clauses[0] if len(clauses) == 1 else OneOf(tuple(clauses))

    def _every(self, depth: int) -> Filter:
        clauses = [self._one(depth)]
        while self._took("AND"):
            clauses.append(self._one(depth))
        return clauses[0] if len(clauses) == 1 else AllOf(tuple(clauses))

    def _one(self, depth: int) -> Filter:
        if depth > MAX_DEPTH:
            self._wrong(f"this goes deeper than {MAX_DEPTH} brackets")
        if self._took("NOT"):
            return Not(self._one(depth + 1))
        if not self._sign("("):
            return self._condition()
        found = self._any(depth + 1)
        if not self._sign(")"):
            self._wrong("a closing bracket was expected")
        return found

    def _condition(self) -> Filter:
        start = self.at
        if _KEYWORD.match(self.text, start):
            self._wrong("a condition was expected")
        name = self._value(_NAME, "a condition (NAME:VALUE)")
        known = name in KEYWORD_FIELDS or (name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE))
        if not known and name not in NUMERIC_FIELDS:
            names = ", ".join((*KEYWORD_FIELDS, *NUMERIC_FIELDS))
            self._wrong(f"there is no field {name[:50]!r}: {names} and {ATTRIBUTE}NAME can be filtered", at=start)
        operator = _OPERATOR.match(self.text, self.at)
        if operator is None:
            self._wrong(f"{name} wants a colon and a value behind it")
        self.at = operator.end()
        self._space()
        if known:
            if operator.group() != ":":
                self._wrong(f"{name} is compared with a colon: it is not a number", at=operator.start())
            return AnyOf(name, self._choices(name))
        return self._range(name) if operator.group() == ":" else self._compared(name, operator.group())

    def _choices(self, name: str) -> tuple[str, ...]:
        if not self._sign("["):
            return (self._choice(name, _BARE),)
        values = [self._choice(name, _LISTED)]
        while self._sign(","):
            values.append(self._choice(name, _LISTED))
        if not self._sign("]"):
            self._wrong("a comma or a closing bracket was expected")
        return tuple(values)

    def _choice(self, name: str, pattern: re.Pattern[str]) -> str:
        start = self.at
        value = self._value(pattern, f"a value of {name}")
        self._counted()
        if name == "in_stock" and value not in ("true", "false"):
            self._wrong("in_stock is true or false", at=start)
        if not 0 < len(value) <= KEYWORD_LENGTH:
            self._wrong(f"a value has 1 to {KEYWORD_LENGTH} characters", at=start)
        return code_key(value) if name == "code" else value

    def _range(self, name: str) -> Filter:
        start = self.at
        low = self._number()
        if self.text.startswith("..", self.at):
            self.at += 2
            high = self._number()
            if low is None and high is None:
                self._wrong(f"a range of {name} has at least one bound", at=start)
        elif low is not None and _TO.match(self.text, self._beyond_space()):
            self.at = self._beyond_space() + 2
            self._space()
            high = self._wanted(name)
        else:
            high = low if low is not None else self._wanted(name)
        if low is not None and high is not None and low > high:
            self._wrong(f"this range of {name} ends before it begins", at=start)
        self._space()
        return Between(name, low, high)

    def _compared(self, name: str, operator: str) -> Filter:
        number = self._wanted(name)
        self._space()
        match operator:
            case "<":  # bounds are included, so the nearest number on this side is one
                return Between(name, None, math.nextafter(number, -math.inf))
            case "<=":
                return Between(name, None, number)
            case ">":
                return Between(name, math.nextafter(number, math.inf), None)
            case ">=":
                return Between(name, number, None)
            case "!=":
                return Not(Between(name, number, number))
            case _:
                return Between(name, number, number)

    def _wanted(self, name: str) -> float:
        number = self._number()
        if number is None:
            self._wrong(f"{name} wants a number here, or a range like 10..50")
        return number

    def _number(self) -> float | None:
        found = _NUMBER.match(self.text, self.at)
        if found is None:
            return None
        number = float(found.group())
        if not abs(number) < 1e18:
            self._wrong("this number is too large")
        self.at = found.end()
        self._counted()
        return number

    def _value(self, pattern: re.Pattern[str], wanted: str) -> str:
        """A quoted text, or a bare one of the pattern, without its quotes and backslashes."""
        quoted = _QUOTED.match(self.text, self.at)
        found = quoted or pattern.match(self.text, self.at)
        if found is None:
            quote = self.text[self.at : self.at + 1] in ('"', "'")
            self._wrong("this quote has no end" if quote else f"{wanted} was expected")
        self.at = found.end()
        self._space()
        written = found.group() if quoted is None else found.group(1) or found.group(2) or ""
        return _ESCAPED.sub(r"\1", written)

    def _took(self, keyword: str) -> bool:
        found = _KEYWORD.match(self.text, self.at)
        if found is None or found.group(1) != keyword:
            return False
        self.at = found.end()
        self._space()
        return True

    def _sign(self, sign: str) -> bool:
        if not self.text.startswith(sign, self.at):
            return False
        self.at += 1
        self._space()
        return True

    def _counted(self) -> None:
        self.values += 1
        if self.values > MAX_VALUES:
            self._wrong(f"a filter has at most {MAX_VALUES} values")

    def _space(self) -> None:
        self.at = self._beyond_space()

    def _beyond_space(self) -> int:
        found = _SPACE.match(self.text, self.at)
        assert found is not None, "the pattern matches nothing as well"
        return found.end()

    def _wrong(self, why: str, *, at: int | None = None) -> NoReturn:
        place = self.at if at is None else at
        raise InvalidInput(f"the filter cannot be read at character {place + 1}: {why}", position=place + 1)
