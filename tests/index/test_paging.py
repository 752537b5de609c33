"""Pages over a whole result show every product once: on each engine, in every order, beside changing prices."""

from __future__ import annotations

from typing import get_args

import pytest

from core.errors import InvalidInput
from index.engine import Patch
from index.fields import WINDOW
from index.query import Query, Sort
from ranking.search import MAX_DEPTH, Searcher, SearchRequest
from tests.index.conftest import Shop, ids

SIZE = 13


def paged(searcher: Searcher, query: str, *, sort: Sort, in_stock_first: bool) -> list[str]:
    shown: list[str] = []
    page = 1
    while True:
        found = searcher.search(
            SearchRequest(query, page=page, size=SIZE, sort=sort, in_stock_first=in_stock_first)
        )
        if not found.hits:
            assert len(shown) == found.total
            return shown
        shown += [hit.document.id for hit in found.hits]
        page += 1


@pytest.mark.parametrize("in_stock_first", [False, True])
@pytest.mark.parametrize("sort", get_args(Sort))
def test_pages_show_every_product_once(served: Shop, sort: Sort, in_stock_first: bool) -> None:
    searcher = Searcher(served.engine, encoder=None, pool=10)  # so that the pool ends within a page
    for query in ("", "red lamp"):
        shown = paged(searcher, query, sort=sort, in_stock_first=in_stock_first)
        assert len(shown) == len(set(shown)) > SIZE
        if in_stock_first:
            stocked = {document.id for document in served.documents if document.stock > 0}
            there = [id_ in stocked for id_ in shown]
            assert there == sorted(there, reverse=True)


def test_in_an_order_that_a_price_does_not_touch_pages_hold_while_prices_change(shop: Shop) -> None:
    before = ids(shop.engine, Query(sort="-popularity", limit=200))
    shown: list[str] = []
    for start in range(0, len(before), SIZE):
        shop.engine.apply([Patch(id_, {"price_minor": 1 + start}) for id_ in before[start : start + 3]])
        shown += ids(shop.engine, Query(sort="-popularity", offset=start, limit=SIZE))
    assert shown == before


def test_one_page_is_of_one_moment_while_prices_change(shop: Shop) -> None:
    chosen = shop.documents[0].id
    for price in (1, 5000, 2, 6000):
        shop.engine.apply([Patch(chosen, {"price_minor": price, "stock": 3})])
        hits = shop.engine.search(Query(sort="price", limit=200)).hits
        prices = [hit.document.price_minor for hit in hits if hit.document.price_minor is not None]
        assert prices == sorted(prices)
        assert price in prices


def test_beyond_the_depth_is_a_clear_error(served: Shop) -> None:
    assert MAX_DEPTH == WINDOW
    searcher = Searcher(served.engine, encoder=None)
    assert searcher.search(SearchRequest("lamp", page=MAX_DEPTH // 100, size=100)).hits == []
    with pytest.raises(InvalidInput, match=str(MAX_DEPTH)):
        searcher.search(SearchRequest("lamp", page=MAX_DEPTH // 100 + 1, size=100))
