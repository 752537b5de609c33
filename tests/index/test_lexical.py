"""How a text becomes clauses, and a document tokens."""

from __future__ import annotations

import pytest

from analysis.text import analyser
from index.documents import Document
from index.lexical import Best, LexicalWeights, Phrase, Prefix, Sum, Term, indexed_tokens, plan
from index.query import Alternative, Text

BARE = LexicalWeights(fields={}, phrase=0.0)


@pytest.mark.parametrize(("tokens", "least"), [(1, 1), (2, 2), (3, 1), (4, 2), (5, 3), (10, 6)])
def test_few_words_must_all_match_and_of_many_a_share(tokens: int, least: int) -> None:
    assert LexicalWeights(small=2, minimum=0.6).required(tokens) == least


def test_one_word_is_always_required() -> None:
    assert LexicalWeights(small=0, minimum=0.1).required(1) == 1


def test_each_word_is_asked_of_the_field_of_all_fields() -> None:
    made = plan(Text(("red", "lamp")), weights=BARE)
    assert made is not None
    assert made.words == Sum((Term("all", "red"), Term("all", "lamp")), minimum=2)
    assert made.parts == {}


def test_fields_and_neighbours_add_to_the_score() -> None:
    weights = LexicalWeights(fields={"title": 0.7, "brand": 0.0}, phrase=0.5)
    made = plan(Text(("red", "lamp", "shade")), weights=weights)
    assert made is not None
    assert made.parts == {
        "title": Sum(tuple(Term("title", token, 0.7) for token in ("red", "lamp", "shade"))),
        "phrase": Sum((Phrase("title", ("red", "lamp"), 0.5), Phrase("title", ("lamp", "shade"), 0.5))),
    }


def test_alternatives_and_an_unfinished_word_share_the_place_of_their_word() -> None:
    weights = LexicalWeights(fields={}, phrase=0.0, prefix=1.5)
    others = {0: (Alternative(("couch",), weight=0.7), Alternative(("sofa",)))}
    made = plan(Text(("sofa", "be"), prefix=True, alternatives=others), weights=weights)
    assert made is not None
    assert made.words == Sum(
        (
            Best((Term("all", "sofa"), Term("all", "couch", 0.7))),
            Best((Term("all", "be"), Prefix("all", "be", 1.5))),
        ),
        minimum=2,
    )


def test_a_word_said_twice_counts_once() -> None:
    made = plan(Text(("heart", "heart", "lamp"), alternatives={1: (Alternative(("love",)),)}), weights=BARE)
    assert made is not None
    assert made.words == Sum(
        (Best((Term("all", "heart"), Term("all", "love", 0.8))), Term("all", "lamp")), minimum=2
    )
    assert plan(Text(("heart", "heart")), weights=LexicalWeights()) is not None


@pytest.mark.parametrize(("asked", "least"), [(0, 2), (1, 1), (3, 3), (9, 3)])
def test_the_query_may_say_how_many_words_must_match(asked: int, least: int) -> None:
    weights = LexicalWeights(fields={}, phrase=0.0, small=2, minimum=0.7)
    made = plan(Text(("red", "lamp", "shade"), minimum=asked), weights=weights)
    assert made is not None
    assert isinstance(made.words, Sum)
    assert made.words.minimum == least


def test_no_words_ask_nothing() -> None:
    assert plan(Text(()), weights=LexicalWeights()) is None


def test_the_field_of_all_fields_repeats_what_weighs_more() -> None:
    document = Document(
        id="1",
        title="Red lamps",
        title_zh="红灯",
        brand="Acme",
        category=("Home", "Lamps"),
        description="For the desk",
        attributes={"colour": "red", "width": 43.2, "pages": 1_000_000.0, "washable": True, "dimmable": False},
        codes=("AB-12",),
    )
    tokens = indexed_tokens(document, analyser=analyser(), weights=LexicalWeights(repeats={"title": 2}))
    assert tokens["title"] == ["red", "lamp", "红灯"]
    assert tokens["attributes"] == ["red", "43", "2", "1000000", "washabl"]
    assert tokens["codes"] == ["ab", "12"]
    expected = tokens["title"] * 2
    for name in ("brand", "category", "attributes", "description", "codes"):
        expected += tokens[name]
    assert tokens["all"] == expected
