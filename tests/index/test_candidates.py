"""What every engine promises of alternatives, sounds, searches among given documents, and columns of hits."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.sounds import sounds
from analysis.text import analyser
from index.documents import Document, encoder_text
from index.engine import FUSION, Patch, Put, SearchEngine
from index.query import Alternative, AnyOf, Between, Facet, Not, Query, Says, Text
from tests.index import shop as plain
from tests.index.conftest import Shop, ids, words


def tokens(document: Document) -> set[str]:
    return set(analyser().tokens(f"{document.title} {document.title_zh} {encoder_text(document)}"))


def test_an_alternative_of_several_words_needs_them_all(served: Shop) -> None:
    text = Text(("luminair",), alternatives={0: (Alternative(("red", "lamp")), Alternative(("tent",)))})
    expected = {
        document.id
        for document in served.documents
        if {"red", "lamp"} <= tokens(document) | set(analyser().tokens(str(document.attributes["colour"])))
        or "tent" in tokens(document)
    }
    found = served.engine.search(Query(text=text, limit=500))
    assert {hit.id for hit in found.hits} == expected
    assert len(expected) > 10


def test_an_alternative_scores_as_much_as_its_weight_says(engine: SearchEngine) -> None:
    documents = [
        Document(id=str(number), title=title) for number, title in enumerate(("sofa bed", "couch bed", "bed"))
    ]
    engine.publish(engine.build(documents, vectors=None, about={}).name)

    def scores(*alternatives: Alternative) -> dict[str, float]:
        text = Text(("sofa",), alternatives={0: alternatives})
        return {hit.id: hit.lexical for hit in engine.search(Query(text=text)).hits}

    half, whole = scores(Alternative(("couch",), weight=0.5)), scores(Alternative(("couch",), weight=1.0))
    assert half["0"] == pytest.approx(whole["0"])
    assert half["1"] == pytest.approx(whole["1"] / 2, rel=1e-4)
    assert whole["1"] == pytest.approx(whole["0"], rel=1e-4), "the words are equally rare"
    both = scores(Alternative(("couch", "bed"), weight=1.0))
    assert both.keys() == {"0", "1"}
    assert both["1"] < whole["1"], "a word that all have brings the mean down"
    assert scores(Alternative(("couch", "stool"))).keys() == {"0"}


def test_a_sound_finds_what_is_written_in_characters(engine: SearchEngine) -> None:
    titles = ("蓝牙耳机", "藍牙音箱", "蓝色耳环", "lanya cable", "Bluetooth headphones")
    documents = [Document(id=str(number), title=title) for number, title in enumerate(titles)]
    engine.publish(engine.build(documents, vectors=None, about={}).name)

    def found(letters: str) -> dict[str, float]:
        text = Text((letters,), alternatives={0: (Alternative((letters,), weight=0.6, sound=True),)})
        return {hit.id: hit.lexical for hit in engine.search(Query(text=text)).hits}

    assert found("lanya").keys() == {"0", "1", "3"}
    assert found("lanyaer").keys() == {"0"}
    assert found("erj").keys() == {"0"}
    assert found("ej").keys() == {"0"}
    assert found("lanyaerjiz").keys() == set()
    assert "yaerji" not in sounds(titles[0])
    assert found("yaerji").keys() == set(), "a sound begins with a word"
    assert len({found("lanyaer")["0"], found("erji")["0"], found("ej")["0"]}) == 1, "however much of it is typed"


def test_what_a_title_claims_and_what_a_text_denies(engine: SearchEngine) -> None:
    documents = [
        Document(id="a", title="Sugar free cola"),
        Document(id="b", title="Cola with sugar"),
        Document(id="c", title="Cola", description="Made without sugar"),
    ]
    engine.publish(engine.build(documents, vectors=None, about={}).name)
    assert ids(engine, Query(where=Says("claims", ("sugar",)))) == ["b"]
    assert ids(engine, Query(where=Says("lacks", ("sugar",)))) == ["a", "c"]
    assert ids(engine, Query(text=words("cola"), where=Not(Says("all", ("sugar",))))) == []
    engine.apply([Put(Document(id="b", title="Cola, sugar free")), Patch("c", {"stock": 3})])
    assert ids(engine, Query(where=Says("claims", ("sugar",)))) == []
    assert ids(engine, Query(where=Says("lacks", ("sugar",)))) == ["a", "b", "c"]


NEAR = {f"p{number:04d}": 0.9 - number / 100 for number in range(3, 60)} | {"gone": 0.99}


def test_among_given_documents_the_cosines_are_given_too(served: Shop) -> None:
    here = {id_: cosine for id_, cosine in NEAR.items() if id_ != "gone"}
    found = served.engine.search(Query(among=NEAR, facets=(Facet("seller"),), limit=500))
    assert [hit.id for hit in found.hits] == sorted(here, key=lambda id_: (-here[id_], id_))
    assert [hit.vector for hit in found.hits] == pytest.approx(sorted(here.values(), reverse=True))
    assert (found.total, found.max_lexical) == (len(here), 0.0)
    chosen = [document for document in served.documents if document.id in here]
    assert list(found.facets["seller"]) == plain.counts(chosen, "seller", size=20)
    assert ids(served.engine, Query(among=NEAR, sort="price", limit=500)) == plain.ordered(chosen, "price")
    assert ids(served.engine, Query(among=NEAR, offset=5, limit=4)) == [hit.id for hit in found.hits][5:9]
    assert served.engine.search(Query(among={}, limit=500)).total == 0


def test_a_text_cuts_given_documents_down(served: Shop) -> None:
    text = words("red lamp", minimum=1)
    by_text = {hit.id: hit.lexical for hit in served.engine.search(Query(text=text, limit=500)).hits}
    where = Not(AnyOf("seller", ("north",)))
    sellers = {document.id: document.seller for document in served.documents}
    expected = {id_: NEAR[id_] for id_ in NEAR.keys() & by_text.keys() if sellers[id_] != "north"}
    assert len(expected) > 5
    highest = max(by_text[id_] for id_ in expected)
    fused = {id_: by_text[id_] / highest + FUSION * cosine for id_, cosine in expected.items()}
    for stocked in (False, True):
        found = served.engine.search(Query(text=text, among=NEAR, where=where, in_stock_first=stocked, limit=500))
        assert {hit.id for hit in found.hits} == expected.keys()
        assert found.max_lexical == pytest.approx(highest, rel=1e-5)
        for hit in found.hits:
            assert (hit.lexical, hit.vector) == pytest.approx((by_text[hit.id], NEAR[hit.id]), rel=1e-5)
        order = [(stocked and not hit.in_stock, -round(fused[hit.id], 4)) for hit in found.hits]
        assert order == sorted(order)
    cheap = served.engine.search(
        Query(text=text, among=NEAR, refinements={"price": Between("price", 0, 499)}, sort="price")
    )
    assert {hit.document.price_minor for hit in cheap.hits} == {499}
    assert served.engine.search(Query(text=text, among={})).total == 0


def test_the_columns_of_hits_say_what_the_hits_say(served: Shop) -> None:
    vector = plain.vectors(served.documents[:1])[0]
    hits = served.engine.search(Query(text=words("lamp"), vector=vector, limit=200)).hits
    columns = hits.candidates
    assert len(columns) == len(hits) > 20
    assert list(columns.ids) == [hit.id for hit in hits]
    assert columns.lexical.tolist() == [hit.lexical for hit in hits]
    assert columns.vector.tolist() == [hit.vector for hit in hits]
    assert columns.in_stock.tolist() == [hit.in_stock for hit in hits]
    assert np.isnan(columns.rating).tolist() == [hit.rating is None for hit in hits]
    assert [hit.id for hit in hits[3:7]] == list(columns.ids[3:7])
    assert hits[-1].id == columns.ids[-1]
    with pytest.raises(IndexError):
        hits[len(hits)]


def test_the_vectors_of_documents_can_be_had(shop: Shop) -> None:
    matrix = plain.vectors(shop.documents)
    found = shop.engine.search(Query(limit=5))
    assert found.vectors(["p0007", "p0003", "p0007"]) == pytest.approx(matrix[[7, 3, 7]], abs=1e-6)
    assert found.vectors([]).shape == (0, plain.DIMENSIONS)
    turned = -matrix[3]
    shop.engine.apply([Put(shop.documents[3], turned), Put(Document(id="bare", title="Bare lamp"))])
    result = shop.engine.search(Query(limit=5))
    assert result.vectors(["p0003", "bare"]) == pytest.approx(
        np.stack([turned, np.zeros(plain.DIMENSIONS, dtype=np.float32)]), abs=1e-6
    )


def test_a_generation_without_vectors_has_none(engine: SearchEngine) -> None:
    engine.publish(engine.build(plain.catalogue(size=5), vectors=None, about={}).name)
    assert engine.search(Query()).vectors(["p0001"]).shape == (1, 0)
