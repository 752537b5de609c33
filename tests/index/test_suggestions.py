"""Suggestions on every engine: what is suggested is there, also right after it changed."""

from __future__ import annotations

from index.engine import Delete, Patch, Put
from index.query import AnyOf
from ranking.search import Searcher, SearchRequest
from ranking.suggest import Suggestion, suggest
from ranking.suggest_build import Popular, catalogue_entries, merged, query_entries
from ranking.suggest_match import SuggestionIndex
from tests.index.conftest import Shop
from tests.index.shop import vectors

ASKED = (
    "steel kettle",
    "vintage lamp",
    "复古台灯",
    "red mug",
    "hanging heart lantern",
    "travel tent",
    "glass ball",
)
TYPED = (
    "k",
    "ket",
    "vin",
    "lam",
    "la red",
    "复",
    "fugu",
    "fgtd",
    "red",
    "m",
    "ac",
    "capek",
    "spor",
    "kettel",
    "t",
    "h",
)


def test_nothing_suggested_is_empty_however_the_index_changes(shop: Shop) -> None:
    searcher = Searcher(shop.engine, encoder=None)
    queries = query_entries([Popular(text, 5.0) for text in ASKED], searcher=searcher)
    index = SuggestionIndex(merged([*queries, *catalogue_entries(shop.documents)]))
    shown = everything(searcher, index)
    assert {one.kind for one in shown} == {"query", "category", "brand", "product"}
    assert {"vintage lamp", "复古台灯"} <= {one.text for one in shown}
    kettles = [document for document in shop.documents if "kettle" in document.title]
    lamps = [document for document in shop.documents if "lamp" in document.title]
    assert any("kettle" in one.text for one in shown)
    shop.engine.apply([Delete(document.id) for document in kettles])
    shop.engine.apply([Patch(document.id, {"stock": 0}) for document in lamps])
    shown = everything(searcher, index)
    assert not any("kettle" in one.text for one in shown)
    assert "vintage lamp" in {one.text for one in shown}  # sold out, but there
    ball = next(document for document in shop.documents if "ball" in document.title)
    fresh = type(ball)(id="new", title="Zebra Kettle", brand="Zebrano", category=("Zoo",), stock=1)
    shop.engine.apply([Put(fresh, vectors([fresh])[0])])
    assert [(one.kind, one.text) for one in suggest(searcher, "zeb", index=index)] == [
        ("query", "zebra"),
        ("query", "zebrano"),
        ("brand", "Zebrano"),
        ("product", "Zebra Kettle"),
    ]
    everything(searcher, index)


def everything(searcher: Searcher, index: SuggestionIndex) -> list[Suggestion]:
    """What is suggested for each of TYPED; each line, followed, leads to a page that is not empty."""
    shown = [one for typed in TYPED for one in suggest(searcher, typed, index=index, size=12, scopes=True)]
    followed = set()
    for one in shown:
        if (one.kind, one.id, one.text, one.category) not in followed:
            followed.add((one.kind, one.id, one.text, one.category))
            page = searcher.search(_request(one))
            assert page.total > 0, one
            assert not page.relaxed, one
            assert one.count in (None, page.total)
    return shown


def _request(one: Suggestion) -> SearchRequest:
    if one.kind == "query":
        where = {"category": AnyOf("category", (one.category,))} if one.category else {}
        return SearchRequest(one.text, refinements=where)
    assert one.id is not None
    name = "id" if one.kind == "product" else one.kind
    return SearchRequest("", where=AnyOf(name, (one.id,)))
