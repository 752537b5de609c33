"""Search from a request to a page, on a real engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.lexicon_fit import Entry, fit_lexicon
from core.errors import InvalidInput
from index.query import AnyOf, Between
from ranking.search import MAX_DEPTH, MAX_PAGE_SIZE, Searcher, SearchPage, SearchRequest
from tests.ranking.conftest import catalogue


def ids(page: SearchPage) -> list[str]:
    return [hit.scored.hit.document.id for hit in page.hits]


def test_the_thing_asked_for_stands_first(searcher: Searcher) -> None:
    page = searcher.search(SearchRequest("white desk lamp"))
    assert ids(page)[0] == "desklamp-white"
    assert page.total >= 1


def test_a_chinese_title_is_found_in_either_script(searcher: Searcher) -> None:
    for typed in ("台灯", "檯燈"):
        assert {name.split("-")[0] for name in ids(searcher.search(SearchRequest(typed)))[:5]} == {"desklamp"}


def test_why_adds_up_on_every_page(searcher: Searcher) -> None:
    for number in (1, 2, 3):
        for hit in searcher.search(SearchRequest("lamp", page=number, size=4)).hits:
            assert hit.scored.score == pytest.approx(sum(part.value for part in hit.why))
            assert hit.why


def test_pages_show_every_hit_once_across_the_end_of_the_pool(searcher: Searcher) -> None:
    first = searcher.search(SearchRequest("red blue lamp made last", size=4))
    assert first.total > searcher.pool, "the query must reach beyond the pool"
    shown: list[str] = []
    for number in range(1, first.total // 4 + 2):
        shown += ids(searcher.search(SearchRequest("red blue lamp made last", page=number, size=4)))
    assert len(shown) == len(set(shown)) == first.total


def test_what_can_be_bought_stands_before_what_cannot(searcher: Searcher) -> None:
    names = ids(searcher.search(SearchRequest("teapot", size=5)))
    assert names[-1] == "teapot-black"


def test_an_empty_query_browses_by_popularity(searcher: Searcher) -> None:
    page = searcher.search(SearchRequest("", refinements={"category": AnyOf("category", ("Home > Lamps",))}))
    assert page.total == 10
    popularity = [hit.scored.hit.document.popularity for hit in page.hits]
    assert popularity == sorted(popularity, reverse=True)


def test_sorting_by_price_keeps_to_the_matches(searcher: Searcher) -> None:
    page = searcher.search(SearchRequest("lamp", sort="price"))
    prices = [hit.scored.hit.document.price_minor or 0 for hit in page.hits]
    assert prices == sorted(prices)


def test_facets_do_not_narrow_themselves(searcher: Searcher) -> None:
    chosen = {"brand": AnyOf("brand", ("Lumen",)), "price": Between("price", 0, 2000)}
    page = searcher.search(SearchRequest("", refinements=chosen))
    counts = dict(page.facets["brand"])
    assert counts["Lumen"] == page.total
    assert counts["Hearth"] > 0
    assert sum(counts.values()) == 11  # prices 1000 to 2000


def test_words_that_no_product_has_all_of_are_relaxed(searcher: Searcher) -> None:
    plain = Searcher(searcher.engine, encoder=None)
    page = plain.search(SearchRequest("teapot zeppelin"))
    assert page.relaxed
    assert {name.split("-")[0] for name in ids(page)} == {"teapot"}
    assert not plain.search(SearchRequest("red teapot")).relaxed


@pytest.mark.parametrize("typed", ["qwxz vrrk", "x" * 100, "y" * 70 + " " + "z" * 80])
def test_nonsense_finds_nothing(searcher: Searcher, typed: str) -> None:
    page = searcher.search(SearchRequest(typed))
    assert (page.total, page.hits) == (0, [])


@pytest.mark.parametrize(
    "request_",
    [
        SearchRequest("lamp", size=0),
        SearchRequest("lamp", size=MAX_PAGE_SIZE + 1),
        SearchRequest("lamp", page=0),
        SearchRequest("lamp", page=MAX_DEPTH // 24 + 1),
        SearchRequest("lamp", where=AnyOf("colour_of_the_moon", ("red",))),
    ],
    ids=["size-0", "size-too-big", "page-0", "too-deep", "unknown-field"],
)
def test_a_request_out_of_bounds_is_refused(searcher: Searcher, request_: SearchRequest) -> None:
    with pytest.raises(InvalidInput):
        searcher.search(request_)


def test_words_taken_literally_are_all_searched(searcher: Searcher) -> None:
    plain = Searcher(searcher.engine, encoder=None)
    assert plain.find(SearchRequest("mug without red")).understood.where is not None
    found = plain.find(SearchRequest("mug without red", understanding=False))
    assert found.understood.where is None
    assert found.understood.text is not None
    assert found.understood.text.tokens == ("mug", "without", "red")


def read_against(searcher: Searcher, *titles: str) -> Searcher:
    """The same products, their words known, and those of these titles that are not in the index."""
    entries = [Entry(document.title, document.brand) for document in catalogue()]
    lexicon = fit_lexicon([*entries, *(Entry(title) for title in titles)])
    return Searcher(searcher.engine, encoder=None, lexicon=lexicon)


def test_a_correction_that_finds_nothing_is_not_shown(searcher: Searcher) -> None:
    kept = read_against(searcher, "golf", "teapit").search(SearchRequest("golf teapit mug"))
    assert (kept.relaxed, kept.corrected) == (("any one of the words",), None)


def test_nothing_is_given_up_for_what_only_meaning_finds_or_nothing_does(searcher: Searcher) -> None:
    hoses = {"category": AnyOf("category", ("Garden > Watering",))}
    weights = replace(searcher.weights, floor=-1.0)  # everything is near enough
    near = searcher.with_weights(weights).find(SearchRequest("coffee mug", refinements=hoses))
    assert (near.result.total, near.result.max_lexical, near.relaxed) == (10, 0.0, ())
    everywhere = searcher.with_weights(weights).search(SearchRequest("coffee mug"))
    assert dict(everywhere.facets["category"])["Garden > Watering"] == 10
    none = searcher.search(SearchRequest("coffee teapit", refinements={"brand": AnyOf("brand", ("Nobody",))}))
    assert (none.total, none.relaxed) == (0, ())


def test_a_word_that_is_newer_than_the_lexicon_is_known(searcher: Searcher) -> None:
    """Even where more words begin with it, and where only the brand says it."""
    old = read_against(searcher)
    known = fit_lexicon([Entry("Lumex lamp"), Entry("Desl lamp")])
    late = Searcher(searcher.engine, encoder=None, lexicon=known)
    assert old.understand(SearchRequest("lumen")).corrections == ()
    assert late.understand(SearchRequest("lumen")).corrections == ()
    assert late.understand(SearchRequest("lumeq")).corrections == (("lumeq", "lumex"),)


def test_what_was_denied_is_given_up_in_words_that_say_so(searcher: Searcher) -> None:
    page = read_against(searcher).search(SearchRequest("mug without coffee"))
    assert page.relaxed == ("left out: without coffee",)
    assert {name.split("-")[0] for name in ids(page)} == {"coffeemug"}


def test_a_denial_that_is_not_in_the_way_stays(searcher: Searcher) -> None:
    page = read_against(searcher).search(SearchRequest("mug zeppelin without red"))
    assert page.relaxed == ("any one of the words",)
    assert page.total == 4
