"""What the filter language says, that it says everything the typed filters can, and how it refuses the rest."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from index.fields import check_filter
from index.query import NUMERIC_FIELDS, AllOf, AnyOf, Between, Filter, Not, OneOf
from ranking.filter_language import MAX_DEPTH, MAX_LENGTH, MAX_VALUES, parse_filter

ACME = AnyOf("brand", ("Acme",))
CHEAP = Between("price", None, 50.0)
RED = AnyOf("attributes.colour", ("red",))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("brand:Acme", ACME),
        ('  brand : "Acme"  ', ACME),
        ("brand:'Acme'", ACME),
        ("brand:[Acme, 'Ba, r']", AnyOf("brand", ("Acme", "Ba, r"))),
        (r'brand:"5\" disk \\ co"', AnyOf("brand", (r'5" disk \ co',))),
        (r"brand:Acme\ \(UK\)", AnyOf("brand", ("Acme (UK)",))),
        ("brand:Brooks:Home", AnyOf("brand", ("Brooks:Home",))),
        ("brand:AND", AnyOf("brand", ("AND",))),
        ('category:"Home > Lamps"', AnyOf("category", ("Home > Lamps",))),
        ('"attributes.width cm":6', AnyOf("attributes.width cm", ("6",))),
        ("code:50-36.08a", AnyOf("code", ("503608A",))),
        ("price:10..50", Between("price", 10.0, 50.0)),
        ("price:10 TO 50", Between("price", 10.0, 50.0)),
        ("price:..50", CHEAP),
        ("price:10..", Between("price", 10.0, None)),
        ("rating:4.5", Between("rating", 4.5, 4.5)),
        ("price<=50", CHEAP),
        ("price < 50", Between("price", None, math.nextafter(50, 0))),
        ("price>50", Between("price", math.nextafter(50, 51), None)),
        ("price != 50", Not(Between("price", 50.0, 50.0))),
        ("brand:Acme AND price<=50", AllOf((ACME, CHEAP))),
        ("brand:Acme OR price<=50 AND attributes.colour:red", OneOf((ACME, AllOf((CHEAP, RED))))),
        ("(brand:Acme OR price<=50) AND attributes.colour:red", AllOf((OneOf((ACME, CHEAP)), RED))),
        ("NOT in_stock:false", Not(AnyOf("in_stock", ("false",)))),
        ("NOT (brand:Acme OR NOT price<=50)", Not(OneOf((ACME, Not(CHEAP))))),
    ],
)
def test_what_a_filter_says(text: str, meant: Filter) -> None:
    assert parse_filter(text) == meant


@pytest.mark.parametrize(
    ("text", "position", "why"),
    [
        ("", 1, "a condition"),
        ("   ", 4, "a condition"),
        ("brand:", 7, "a value of brand"),
        ("colour:red", 1, "there is no field 'colour'"),
        ("attributes.:red", 1, "there is no field"),
        ("brand", 6, "a colon"),
        ("brand<5", 6, "compared with a colon"),
        ("brand:Acme price:5", 12, "AND, OR or the end"),
        ("brand:Acme AND", 15, "a condition"),
        ("brand:Acme AND OR", 16, "a condition"),
        ("(brand:Acme", 12, "closing bracket"),
        ("brand:Acme)", 11, "AND, OR or the end"),
        ('brand:"Acme', 7, "this quote has no end"),
        ("brand:[Acme", 12, "a comma or a closing bracket"),
        ("brand:''", 7, "1 to 512 characters"),
        ("price:cheap", 7, "a number"),
        ("price:..", 7, "at least one bound"),
        ("price:50..10", 7, "ends before it begins"),
        ("price>1e400", 7, "too large"),
        ("in_stock:yes", 10, "true or false"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, position: int, why: str) -> None:
    with pytest.raises(InvalidInput, match=why) as refused:
        parse_filter(text)
    assert refused.value.ids == {"position": position}


@pytest.mark.parametrize(
    "text",
    [
        "brand:" + "x" * MAX_LENGTH,
        "(" * (MAX_DEPTH + 2) + "brand:a" + ")" * (MAX_DEPTH + 2),
        "NOT " * (MAX_DEPTH + 2) + "brand:a",
        "brand:[" + ",".join("a" * (MAX_VALUES + 1)) + "]",
        " OR ".join(["price:1..2"] * (MAX_VALUES // 2 + 1)),
    ],
    ids=["length", "brackets", "nots", "values", "bounds"],
)
def test_a_filter_has_bounds(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"at most|deeper"):
        parse_filter(text)


@pytest.mark.parametrize("open_", ["(", "NOT ", "brand:[", '"', "\\"])
def test_no_text_is_too_deep_to_be_refused(open_: str) -> None:
    with pytest.raises(InvalidInput):
        parse_filter((open_ * MAX_LENGTH)[:MAX_LENGTH])


values = st.text(min_size=1, max_size=12)
names = st.sampled_from(("brand", "category", "seller")) | values.map(lambda name: f"attributes.{name}")
numbers = st.floats(-1e15, 1e15) | st.integers(-100_000, 100_000).map(float)


def between(name: str, bounds: tuple[float | None, float | None]) -> Between:
    low, high = bounds
    return (
        Between(name, high, low)
        if low is not None and high is not None and low > high
        else Between(name, low, high)
    )


ranges = st.builds(
    between,
    st.sampled_from(NUMERIC_FIELDS),
    st.tuples(numbers | st.none(), numbers | st.none()).filter(lambda bounds: bounds != (None, None)),
)
conditions = st.builds(AnyOf, names, st.lists(values, min_size=1, max_size=3).map(tuple)) | ranges


def groups(clauses: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    several = st.lists(clauses, min_size=2, max_size=3).map(tuple)
    return st.builds(Not, clauses) | st.builds(AllOf, several) | st.builds(OneOf, several)


filters: st.SearchStrategy[Filter] = st.recursive(conditions, groups, max_leaves=8)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def said(clause: Filter) -> str:
    """A filter in the language, with brackets around every group."""
    match clause:
        case AnyOf(name, values):
            one = quoted(values[0]) if len(values) == 1 else f"[{', '.join(map(quoted, values))}]"
            return f"{quoted(name)}:{one}"
        case Between(name, low, high):
            bounds = ["" if bound is None else repr(bound) for bound in (low, high)]
            return f"{name}:{'..'.join(bounds)}"
        case Not(inner):
            return f"NOT ({said(inner)})"
        case AllOf(clauses):
            return " AND ".join(f"({said(part)})" for part in clauses)
        case OneOf(clauses):
            return " OR ".join(f"({said(part)})" for part in clauses)
        case _:
            raise AssertionError(clause)


@given(filters)
def test_every_filter_can_be_said(clause: Filter) -> None:
    assert parse_filter(said(clause)) == clause


@given(st.text(max_size=60) | st.text(alphabet="brand:price. 15<>=!()[],\"'\\ANDORT", max_size=60))
def test_any_text_is_a_filter_or_refused_with_its_place(text: str) -> None:
    try:
        check_filter(parse_filter(text))
    except InvalidInput as refused:
        place = refused.ids["position"]
        assert isinstance(place, int)
        assert 1 <= place <= len(text) + 1
        json.dumps(refused.message)
