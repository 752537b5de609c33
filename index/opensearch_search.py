"""Searching a generation on OpenSearch.

The nearest vectors are found first: by the cluster's k-NN plugin, or in process where it has none (`index.shelf`).
Their ids go along with the words, so that one request counts, filters and pages over the united set.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from opensearchpy.exceptions import NotFoundError

from analysis.text import Analyser
from core.errors import BrokenArtifact, InvalidInput, NotFound, Unavailable
from index.documents import Document, document_from_json
from index.engine import FUSION, Hit, Result
from index.lexical import LexicalWeights, plan
from index.opensearch_cluster import Cluster, Meta
from index.opensearch_query import (
    NOTHING,
    Dsl,
    all_dsl,
    facet_pairs,
    facets_dsl,
    filter_dsl,
    lexical_dsl,
    sort_dsl,
    these_dsl,
    words_dsl,
)
from index.query import Query
from index.shelf import Shelf

_FEWEST = 200  # neighbours asked of the k-NN graph, whose answer is the better the more it looks for
_MOST = 10_000
_AHEAD = 24  # documents read along with the first that is asked for
_SHOWN: Dsl = {"_source": False, "docvalue_fields": ["popularity", "rating", "rating_count", "in_stock"]}


class Searcher:
    """Reads from the generation that serves."""

    def __init__(self, cluster: Cluster, *, weights: LexicalWeights, shelf: Callable[[str], Shelf]) -> None:
        self._cluster = cluster
        self._weights = weights
        self._shelf = shelf

    def search(self, query: Query) -> Result:
        """Carry out a checked query."""
        return self._cluster.on_live(lambda meta: self._search(meta, query))

    def get(self, ids: Sequence[str]) -> dict[str, Document]:
        """Documents by id."""
        return self._cluster.on_live(lambda meta: self._documents(meta, ids))

    def complete(self, prefix: str, *, size: int) -> list[tuple[str, int]]:
        """Title words that start with `prefix`, with the number of documents, the most frequent first."""
        body = words_dsl(prefix, size=size)
        (answer,) = self._cluster.on_live(lambda meta: self._asked(meta, [body]))
        return [(bucket["key"], bucket["doc_count"]) for bucket in answer["aggregations"]["words"]["buckets"]]

    def _search(self, meta: Meta, query: Query) -> Result:
        if meta.analyser != Analyser.version:
            name = meta.generation.name
            raise BrokenArtifact(f"the index {name} was made by another version of Merx: build it anew")
        near = self._nearest(meta, query)
        wanted = plan(query.text, weights=self._weights) if query.text else None
        lexical = [lexical_dsl(wanted)] if wanted else []
        where = [filter_dsl(query.where)] if query.where is not None else []
        cut = {"filter": [*where, all_dsl(query.refinements)]}
        fused = query.sort == "relevance" and bool(near)
        first = 0 if fused else query.offset
        size = query.offset + query.limit - first
        page = {
            "query": _united(lexical, near, query, where),
            "post_filter": all_dsl(query.refinements),
            "aggs": facets_dsl(query),
            "sort": sort_dsl(query.sort),
            "from": first,
            "size": size,
            "track_scores": True,
            **_SHOWN,
        }
        best = {"query": {"bool": {"must": lexical, **cut}}, "size": 1, **_SHOWN}
        both = {"bool": {"must": [these_dsl(near)], "should": lexical, **cut}}
        scored = {"query": both, "size": len(near), **_SHOWN}
        needs_best = bool(lexical) and not (query.sort == "relevance" and first == 0 and size > 0)
        searches = [page, *([best] if needs_best else []), *([scored] if fused else [])]
        answer, *others = self._asked(meta, searches, parts=query.parts)
        documents = _Documents(lambda ids: self._documents(meta, ids))
        hits = _hits(answer, near, documents)
        top = _hits(others[0], near, documents) if needs_best else hits
        highest = top[0].lexical if top and lexical else 0.0
        if fused:
            known = {hit.id for hit in hits}
            hits += [hit for hit in _hits(others[-1], near, documents) if hit.id not in known]
            hits.sort(key=lambda hit: (-(hit.lexical / (highest or 1.0) + FUSION * hit.vector), hit.id))
            hits = hits[query.offset : query.offset + query.limit]
        documents.expected = [hit.id for hit in hits]
        return Result(
            hits,
            answer["hits"]["total"]["value"],
            {facet.field: facet_pairs(facet, answer["aggregations"]) for facet in query.facets},
            meta.generation.name,
            highest,
            documents.fetch,
        )

    def _nearest(self, meta: Meta, query: Query) -> dict[str, float]:
        """The cosine of each candidate by id."""
        vector = query.vector
        if vector is None or not meta.dimensions:
            return {}
        if vector.shape != (meta.dimensions,):
            raise InvalidInput(f"the query's vector has shape {vector.shape}, not ({meta.dimensions},)")
        if not vector.any():
            return {}
        if not meta.knn:
            shelf = self._shelf(meta.generation.name)
            return shelf.nearest(vector, size=query.vector_size, floor=query.vector_floor)
        wanted = min(max(_FEWEST, 2 * query.vector_size), _MOST)
        knn = {"knn": {"vector": {"vector": vector.tolist(), "k": wanted}}}
        (answer,) = self._asked(meta, [{"query": knn, "size": query.vector_size, "_source": False}])
        # Lucene's score for a cosine c is (1 + c) / 2.
        cosines = {hit["_id"]: 2.0 * hit["_score"] - 1.0 for hit in answer["hits"]["hits"]}
        return {id_: cosine for id_, cosine in cosines.items() if cosine >= query.vector_floor}

    def _asked(self, meta: Meta, searches: Sequence[Dsl], *, parts: bool = False) -> list[dict[str, Any]]:
        """The answers to several searches: in one request, but for `parts`, which OpenSearch tells only singly."""
        index = self._cluster.index(meta.generation.name)
        bodies = [{"track_total_hits": True, **search} for search in searches]
        with self._cluster.errors():
            if parts:
                asked = {"include_named_queries_score": "true"}
                answers = [self._cluster.client.search(index=index, body=body, params=asked) for body in bodies]
            else:
                lines = [line for body in bodies for line in ({"index": index}, body)]
                answers = self._cluster.client.msearch(body=lines)["responses"]
        for answer in answers:
            if answer.get("status") == 404:
                raise NotFoundError(404, "index_not_found_exception", answer)
            if "error" in answer or answer["_shards"]["failed"]:
                said = answer.get("error") or answer["_shards"]["failures"]
                raise Unavailable(f"OpenSearch could not search {index}: {said}")
        return answers

    def _documents(self, meta: Meta, ids: Sequence[str]) -> dict[str, Document]:
        if not ids:
            return {}
        index = self._cluster.index(meta.generation.name)
        with self._cluster.errors():
            answer = self._cluster.client.mget(
                index=index, body={"ids": list(ids)}, params={"_source_includes": "document"}
            )
        found = [entry for entry in answer["docs"] if entry.get("found")]
        return {entry["_id"]: document_from_json(entry["_source"]["document"]) for entry in found}


class _Documents:
    """The documents of a result's hits, read some at a time when first one of them is asked for."""

    def __init__(self, ask: Callable[[Sequence[str]], dict[str, Document]]) -> None:
        self.expected: list[str] = []  # in the order in which they are likely to be read
        self._ask = ask
        self._found: dict[str, Document] = {}

    def fetch(self, ids: Sequence[str]) -> None:
        """Read these together."""
        self._found |= self._ask([id_ for id_ in ids if id_ not in self._found])

    def read(self, id_: str) -> Document:
        """One of them; raises NotFound when it was deleted since the search."""
        if id_ not in self._found:
            unread = [other for other in self.expected if other not in self._found]
            self.fetch([id_, *(other for other in unread[:_AHEAD] if other != id_)])
        if id_ not in self._found:
            raise NotFound(f"the document {id_} was deleted a moment ago", id=id_)
        return self._found[id_]


def _hits(answer: dict[str, Any], near: dict[str, float], documents: _Documents) -> list[Hit]:
    found = []
    for hit in answer["hits"]["hits"]:
        fields, parts = hit.get("fields", {}), hit.get("matched_queries")
        found.append(
            Hit(
                id=hit["_id"],
                lexical=float(hit["_score"] or 0.0),
                vector=near.get(hit["_id"], 0.0),
                popularity=float(fields.get("popularity", (0.0,))[0]),
                rating=fields.get("rating", (None,))[0],
                rating_count=int(fields.get("rating_count", (0,))[0]),
                in_stock=fields.get("in_stock") == ["true"],
                read=partial(documents.read, hit["_id"]),
                parts=parts if isinstance(parts, dict) else {},  # a list of names where no scores were asked for
            )
        )
    return found


def _united(lexical: list[Dsl], near: dict[str, float], query: Query, where: list[Dsl]) -> Dsl:
    found = [*lexical, *([these_dsl(near) if near else NOTHING] if query.vector is not None else [])]
    if not found:
        return {"bool": {"filter": where or [{"match_all": {}}]}}
    return {"bool": {"should": found, "minimum_should_match": 1, "filter": where}}
