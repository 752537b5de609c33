"""Extrapolated rank-biased overlap, against values worked out by hand, and between searchers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from ranking.parity import rbo_ext


@pytest.mark.parametrize("p", [0.5, 0.9, 0.98])
@pytest.mark.parametrize("length", [1, 4, 10])
def test_the_same_are_the_same_and_strangers_share_nothing(p: float, length: int) -> None:
    one = [str(number) for number in range(length)]
    assert rbo_ext(one, one, p=p) == pytest.approx(1.0)
    assert rbo_ext(one, [f"other {id_}" for id_ in one], p=p) == 0.0
    assert rbo_ext([], [], p=p) == 1.0
    assert rbo_ext(one, [], p=p) == 0.0


def test_values_worked_out_by_hand() -> None:
    # Overlaps 0, 2: agreement 0 and 1. (0.5/0.5)(0 + 1 * 0.25) + 1 * 0.25.
    assert rbo_ext(["a", "b"], ["b", "a"], p=0.5) == pytest.approx(0.5)
    # Overlaps 1, 1, 2: agreement 1, 1/2, 2/3. (0.1/0.9)(0.9 + 0.405 + 0.486) + (2/3) 0.729.
    assert rbo_ext(["a", "b", "c"], ["a", "c", "d"], p=0.9) == pytest.approx(0.199 + 0.486)
    # Lengths 1 and 2: overlaps 1, 1. (0.5/0.5)(0.5 + 0.125 + 1 * 1 / (1 * 2) * 0.25) + (0 / 2 + 1 / 1) * 0.25.
    assert rbo_ext(["a"], ["a", "b"], p=0.5) == pytest.approx(1.0)
    # Lengths 1 and 2: overlaps 0, 1. (0.5/0.5)(0 + 0.125 + 0) + (1 / 2 + 0) * 0.25.
    assert rbo_ext(["b"], ["a", "b"], p=0.5) == pytest.approx(0.25)


def test_the_top_counts_more_and_the_order_of_the_two_does_not() -> None:
    letters = list("abcdefghij")
    top, bottom = ["b", "a", *letters[2:]], [*letters[:8], "j", "i"]
    assert rbo_ext(letters, top) < rbo_ext(letters, bottom) < 1.0
    for other in (top, bottom, letters[:4], letters[::-1][:7]):
        assert rbo_ext(letters, other) == pytest.approx(rbo_ext(other, letters))


def test_only_the_first_hits_count() -> None:
    letters = list("abcdefghij")
    assert rbo_ext([*letters, "k"], [*letters, "l"]) == pytest.approx(1.0)
    assert rbo_ext(letters, letters[::-1], depth=1) == 0.0


@pytest.mark.opensearch
def test_the_command_compares_both_engines(opensearch_url: str, tmp_path: Path) -> None:
    products, judgments = tmp_path / "products.jsonl", tmp_path / "judgments.csv"
    words = ("red lamp", "blue lamp", "glass mug", "steel kettle", "travel mug", "garden tent")
    records = [
        {
            **{"asin": f"p{number}", "title": f"{words[number % 6]} {number % 4}", "price": f"{5 + number}.00"},
            **dict.fromkeys(("description", "bullet_points", "brand", "color"), ""),
            **{"category": ["Home"], "rating": None, "rating_count": None},
        }
        for number in range(40)
    ]
    products.write_text("".join(f"{json.dumps(record)}\n" for record in records))
    judgments.write_text("query,product_id,grade\nred lamp,p0,3\nmug,p2,3\ngarden,p5,3\n")
    given = ["--products", str(products), "--judgments", str(judgments), "--opensearch", opensearch_url, "--json"]
    said = CliRunner().invoke(app, ["evaluate", "parity", *given])
    assert said.exit_code == 0, said.output
    result = json.loads(said.stdout)
    assert result["queries"] == 3
    assert result["rbo_ext@10"] >= 0.9
    assert result["rbo_ext@10_interval"][0] <= result["rbo_ext@10"] <= result["rbo_ext@10_interval"][1]
    assert set(result["worst"]) == {"red lamp", "mug", "garden"}
