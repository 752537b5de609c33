"""The tree of categories, and which attributes are worth showing."""

from __future__ import annotations

from index.query import Facet
from ranking.facets import (
    MOST,
    SHARE,
    VALUES,
    Branch,
    candidate_facets,
    category_tree,
    chosen_attributes,
    pruned,
)

COUNTS = [
    ("Home", 9),
    ("Home > Lamps", 6),
    ("Garden", 4),
    ("Home > Lamps > Desk", 3),
    ("Home > Kitchen", 2),
    ("Garden > Tools", 1),
]


def test_paths_become_a_tree() -> None:
    desk = Branch("Desk", "Home > Lamps > Desk", 3, ())
    home = (Branch("Lamps", "Home > Lamps", 6, (desk,)), Branch("Kitchen", "Home > Kitchen", 2, ()))
    garden = (Branch("Tools", "Garden > Tools", 1, ()),)
    assert category_tree(COUNTS) == (Branch("Home", "Home", 9, home), Branch("Garden", "Garden", 4, garden))


def test_a_path_without_its_parent_stands_at_the_top() -> None:
    assert category_tree([("Home > Lamps", 6)]) == (Branch("Lamps", "Home > Lamps", 6, ()),)
    assert category_tree([]) == ()


def test_the_way_to_what_is_ticked_is_kept_with_all_beside_and_below_it() -> None:
    assert pruned(COUNTS, ticked=(), size=2) == [("Home", 9), ("Home > Lamps", 6), ("Garden", 4)]
    kept = [path for path, _ in pruned(COUNTS, ticked=("Home > Lamps",), size=1)]
    assert kept == ["Home", "Home > Lamps", "Garden", "Home > Lamps > Desk", "Home > Kitchen"]


def test_the_attributes_that_enough_products_have_are_counted() -> None:
    names = [("colour", 90), ("size", 50), ("rare", 100 * SHARE - 1)]
    asked = candidate_facets([(name, int(count)) for name, count in names], total=100)
    assert asked == (Facet("attributes.colour", VALUES + 1), Facet("attributes.size", VALUES + 1))


def counts(values: int, *, each: int) -> list[tuple[str, int]]:
    return [(f"v{number:02d}", each) for number in range(values)]


def test_attributes_that_divide_the_products_are_chosen() -> None:
    facets = {
        "attributes.colour": counts(5, each=10),
        "attributes.material": counts(1, each=80),  # the same for all
        "attributes.model": counts(40, each=1),  # another for each
        "attributes.weight": counts(VALUES + 1, each=2),  # a measure
        "attributes.size": counts(3, each=9),
    }
    names = [("material", 80), ("colour", 50), ("model", 40), ("weight", 120), ("size", 27), ("unasked", 9)]
    chosen = chosen_attributes(facets, names=names)
    assert list(chosen) == ["attributes.colour", "attributes.size"]
    assert chosen["attributes.size"] == facets["attributes.size"]


def test_no_more_are_chosen_than_a_page_can_show() -> None:
    names = [(f"a{number:02d}", 100 - number) for number in range(MOST + 5)]
    chosen = chosen_attributes({f"attributes.{name}": counts(2, each=20) for name, _ in names}, names=names)
    assert list(chosen) == [f"attributes.{name}" for name, _ in names[:MOST]]
