"""Synonym rules: how they are written, what is wrong with one, and what they find."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.synonyms import MAX_RULE, Synonyms, load_synonyms, parse_rule, read_file, shipped_rules
from analysis.text import analyser
from core.errors import InvalidInput


def found(synonyms: Synonyms, query: str) -> list[tuple[int, int, tuple[str, ...]]]:
    return synonyms.of(analyser().query_tokens(query))


def test_a_group_goes_every_way_an_arrow_one() -> None:
    rules = Synonyms([parse_rule("torch, flash light"), parse_rule("trainers => sneakers, gym shoes")])
    assert found(rules, "big torch") == [(1, 2, ("flash", "light"))]
    assert found(rules, "flash lights") == [(0, 2, ("torch",))]
    assert found(rules, "trainers") == [(0, 1, ("sneaker",)), (0, 1, ("gym", "shoe"))]
    assert found(rules, "sneakers") == []


def test_the_longest_words_count() -> None:
    rules = Synonyms([parse_rule("phone case, phone cover"), parse_rule("phone => telephone")])
    assert found(rules, "phone case") == [(0, 2, ("phone", "cover"))]
    assert found(rules, "phone") == [(0, 1, ("telephon",))]


def test_chinese_is_one_in_both_scripts() -> None:
    rules = Synonyms([parse_rule("手机壳，手机保护套")])
    assert found(rules, "手機殼") == found(rules, "手机壳")
    assert found(rules, "手机壳")


@pytest.mark.parametrize(
    "line",
    [
        "laptop",
        "a => b => c",
        "a,, b",
        "=> b",
        "a =>",
        "!, ?",
        "lamp, lamps",
        "x" * (MAX_RULE + 1),
        "b c d e f g h, i",
    ],
)
def test_a_wrong_rule_is_refused(line: str) -> None:
    with pytest.raises(InvalidInput):
        parse_rule(line)


def test_a_file_names_the_line_that_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text("# ours\n\nsofa, couch # both\nlaptop\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"own\.txt, line 4"):
        read_file(path)
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_file(tmp_path / "none.txt")
    path.write_bytes(b"\xff\xfe\x00caf\xe9")
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_file(path)


def test_the_shops_own_rules_are_added_to_those_that_come_with_it(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text("wug, blicket", encoding="utf-8")
    rules = load_synonyms(own=path, edited={"1": "wug => gavagai"})
    assert found(rules, "wug") == [(0, 1, ("blicket",)), (0, 1, ("gavagai",))]
    assert found(rules, "television")


def test_what_comes_with_it_covers_a_general_shop_in_two_languages() -> None:
    rules = shipped_rules()
    assert len(rules) >= 250
    assert all(list(rule.pairs) for rule in rules)
    for typed, other in (("sofa", "couch"), ("nappies", "diaper"), ("手机套", "手机壳")):
        wanted = tuple(analyser().query_tokens(other))
        assert any(set(also) <= {*wanted, other} for _, _, also in found(Synonyms(rules), typed)), typed
