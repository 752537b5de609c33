"""What every engine promises of words and vectors: what they find, and in which order."""

from __future__ import annotations

import dataclasses

import pytest

from analysis.text import analyser
from index.documents import Document
from index.engine import FUSION, SearchEngine
from index.query import Alternative, AnyOf, Between, Filter, Query, Text
from tests.index import shop as plain
from tests.index.conftest import Shop, ids, words


def holds(document: Document, *tokens: str) -> int:
    said = [document.title, document.title_zh, document.brand, *document.category, document.description]
    said += [*document.codes, *(value for value in document.attributes.values() if isinstance(value, str))]
    said += [name for name, value in document.attributes.items() if value is True]
    text = " ".join(said)
    return len(set(tokens) & set(analyser().tokens(text)))


def test_words_are_found_wherever_they_stand(served: Shop) -> None:
    for text in ("lamp", "acme", "camping", "deep", "house", "红色", "17", "WASHABLE"):
        tokens = analyser().query_tokens(text)
        expected = {document.id for document in served.documents if holds(document, *tokens) == len(set(tokens))}
        found = served.engine.search(Query(text=words(text), limit=500))
        assert {hit.document.id for hit in found.hits} == expected, text
        assert found.total == len(expected) > 0


def test_how_many_words_must_match(served: Shop) -> None:
    text = words("red hanging lamp")
    for minimum in (1, 2, 3):
        expected = {document.id for document in served.documents if holds(document, *text.tokens) >= minimum}
        found = ids(served.engine, Query(text=dataclasses.replace(text, minimum=minimum), limit=500))
        assert set(found) == expected
        assert expected
    assert set(ids(served.engine, Query(text=dataclasses.replace(text, minimum=9), limit=500))) == {
        document.id for document in served.documents if holds(document, *text.tokens) == 3
    }


def test_the_last_word_may_be_unfinished(served: Shop) -> None:
    expected = {d.id for d in served.documents if holds(d, "lamp") or holds(d, "lantern") or holds(d, "larg")}
    assert set(ids(served.engine, Query(text=Text(("la",), prefix=True), limit=500))) == expected
    assert ids(served.engine, Query(text=Text(("la",)), limit=500)) == []
    both = {d.id for d in served.documents if holds(d, "red") and (holds(d, "lamp") or holds(d, "lantern"))}
    assert set(ids(served.engine, Query(text=Text(("red", "la"), prefix=True), limit=500))) == both


def test_a_prefix_with_signs_is_taken_literally(served: Shop) -> None:
    assert ids(served.engine, Query(text=Text(("l.*",), prefix=True))) == []
    assert ids(served.engine, Query(text=Text(('la"mp[',), prefix=True))) == []


def test_alternatives_count_as_the_word(served: Shop) -> None:
    text = Text(("luminair", "red"), alternatives={0: (Alternative(("lamp",)), Alternative(("kettl",)))})
    expected = {d.id for d in served.documents if holds(d, "red") and (holds(d, "lamp") or holds(d, "kettl"))}
    assert set(ids(served.engine, Query(text=text, limit=500))) == expected


def test_a_title_says_more_than_a_description(engine: SearchEngine) -> None:
    documents = [
        Document(id="a", title="Garden table", description="goes well with a parasol"),
        Document(id="b", title="Parasol", description="goes well with a garden table"),
        *(Document(id=f"c{number}", title=f"Chair {number}") for number in range(20)),
    ]
    engine.publish(engine.build(documents, vectors=None, about={}).name)
    assert ids(engine, Query(text=words("parasol"))) == ["b", "a"]
    assert ids(engine, Query(text=words("garden table"))) == ["a", "b"]


def test_text_without_words_asks_nothing(served: Shop) -> None:
    assert served.engine.search(Query(text=Text(()))).total == len(served.documents)


def test_the_parts_add_up_to_the_lexical_score(served: Shop) -> None:
    found = served.engine.search(Query(text=words("red hanging lamp", minimum=1), parts=True, limit=200))
    assert found.max_lexical == max(hit.lexical for hit in found.hits) == found.hits[0].lexical
    for hit in found.hits:
        assert hit.parts["words"] > 0
        assert sum(hit.parts.values()) == pytest.approx(hit.lexical, rel=1e-4)
    assert any("phrase" in hit.parts for hit in found.hits)


def test_vectors_find_the_nearest_documents(served: Shop) -> None:
    matrix = plain.vectors(served.documents)
    query = matrix[11]
    cosine = {d.id: float(c) for d, c in zip(served.documents, matrix @ query, strict=True)}
    nearest = sorted(cosine, key=lambda id_: (-round(cosine[id_], 4), id_))
    found = served.engine.search(Query(vector=query, vector_size=20, vector_floor=0.3, limit=500))
    lowest = cosine[nearest[19]]
    assert lowest > 0.3
    assert found.total == 20
    assert all(hit.vector >= lowest - 1e-3 for hit in found.hits)
    for hit in found.hits:
        assert hit.vector == pytest.approx(cosine[hit.document.id], abs=1e-3)
        assert hit.lexical == 0.0
    few = served.engine.search(Query(vector=query, vector_size=100, vector_floor=0.95, limit=500))
    assert {hit.document.id for hit in few.hits} == {id_ for id_, c in cosine.items() if c >= 0.95}


def test_text_and_vector_are_united_and_fused(served: Shop) -> None:
    vector = plain.vectors(served.documents[11:12])[0]
    text = words("heart")
    lexical = served.engine.search(Query(text=text, limit=500))
    near = served.engine.search(Query(vector=vector, vector_size=15, limit=500))
    both = served.engine.search(Query(text=text, vector=vector, vector_size=15, limit=500))
    by_text = {hit.document.id: hit.lexical for hit in lexical.hits}
    by_vector = {hit.document.id: hit.vector for hit in near.hits}
    assert set(by_vector) - set(by_text)
    assert set(by_text) - set(by_vector)
    assert {hit.document.id for hit in both.hits} == set(by_text) | set(by_vector)
    for hit in both.hits:
        assert hit.lexical == pytest.approx(by_text.get(hit.document.id, 0.0), rel=1e-5)
        assert hit.vector == pytest.approx(by_vector.get(hit.document.id, 0.0), abs=1e-5)
    fused = [(-(hit.lexical / both.max_lexical + FUSION * hit.vector), hit.document.id) for hit in both.hits]
    assert [round(score, 5) for score, _ in fused] == sorted(round(score, 5) for score, _ in fused)


def test_a_filter_cuts_the_candidates_down_after_they_were_found(served: Shop) -> None:
    vector = plain.vectors(served.documents[11:12])[0]
    where = AnyOf("seller", ("north",))
    every = served.engine.search(Query(vector=vector, vector_size=15, limit=500)).hits
    kept = served.engine.search(Query(vector=vector, vector_size=15, where=where, limit=500)).hits
    assert [hit.document.id for hit in kept] == [h.document.id for h in every if plain.matches(h.document, where)]


def test_the_highest_score_is_that_of_the_matching_set(served: Shop) -> None:
    text = words("red lamp", minimum=1)
    every = served.engine.search(Query(text=text, limit=500)).hits
    ticked: dict[str, Filter] = {"price": Between("price", 0, 499)}
    left = [hit.lexical for hit in every if plain.matches(hit.document, ticked["price"])]
    for sort in ("relevance", "-price"):
        found = served.engine.search(Query(text=text, refinements=ticked, sort=sort, limit=3))
        assert found.max_lexical == pytest.approx(max(left), rel=1e-5)
        assert found.hits[0].lexical > 0


def test_a_generation_without_vectors_answers_with_words(engine: SearchEngine) -> None:
    documents = plain.catalogue(size=20)
    engine.publish(engine.build(documents, vectors=None, about={}).name)
    vector = plain.vectors(documents[:1])[0]
    with_vector = ids(engine, Query(text=words("lamp"), vector=vector, limit=50))
    assert with_vector == ids(engine, Query(text=words("lamp"), limit=50)) != []
    assert engine.search(Query(vector=vector)).total == 0


def test_a_hit_says_what_ranking_weighs(served: Shop) -> None:
    hits = served.engine.search(Query(text=words("lamp"), limit=200)).hits
    assert len(hits) > 20
    for hit in hits:
        document = hit.document
        assert document == served.documents[int(hit.id[1:])]
        assert (hit.popularity, hit.rating) == (document.popularity, document.rating)
        assert (hit.rating_count, hit.in_stock) == (document.rating_count, document.in_stock)


def test_documents_of_a_page_can_be_read_together(served: Shop) -> None:
    found = served.engine.search(Query(text=words("lamp"), limit=200))
    page = found.hits[-3:]
    found.prefetch([hit.id for hit in page])
    assert [hit.document for hit in page] == [served.documents[int(hit.id[1:])] for hit in page]
