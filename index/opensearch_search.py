"""Searching a generation on OpenSearch.

The nearest vectors are found first: by the cluster's k-NN plugin, or in process where it has none (`index.shelf`).
Their ids go along with the words, so that one request counts, filters and pages over the united set.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.text import Analyser
from core.errors import BrokenArtifact, InvalidInput, Unavailable
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
        answer = self._cluster.on_live(lambda meta: self._asked(meta, body))
        return [(bucket["key"], bucket["doc_count"]) for bucket in answer["aggregations"]["words"]["buckets"]]

    def _search(self, meta: Meta, query: Query) -> Result:
        if meta.analyser != Analyser.version:
            name = meta.generation.name
            raise BrokenArtifact(f"the index {name} was made by another version of Merx: build it anew")
        near = self._nearest(meta, query)
        wanted = plan(query.text, weights=self._weights) if query.text else None
        lexical = [lexical_dsl(wanted)] if wanted else []
        where = [filter_dsl(query.where)] if query.where is not None else []
        fused = query.sort == "relevance" and bool(near)
        first = 0 if fused else query.offset
        page = {
            "query": _united(lexical, near, query, where),
            "post_filter": all_dsl(query.refinements),
            "aggs": facets_dsl(query),
            "sort": sort_dsl(query.sort),
            "from": first,
            "size": query.offset + query.limit - first,
            **_SHOWN,
        }
        answer = self._asked(meta, page)
        hits = [_Raw.of(hit, near) for hit in answer["hits"]["hits"]]
        cut = {"filter": [*where, all_dsl(query.refinements)]}
        if not lexical:
            highest = 0.0
        elif hits and first == 0 and query.sort == "relevance":
            highest = hits[0].lexical
        else:
            best = {"query": {"bool": {"must": lexical, **cut}}, "size": 1, "_source": False}
            highest = _highest(self._asked(meta, best))
        if fused:
            scored = {"bool": {"must": [these_dsl(near)], "should": lexical, **cut}}
            known = {hit.id for hit in hits}
            more = self._asked(meta, {**_SHOWN, "query": scored, "size": len(near), "_source": False})
            hits += [_Raw.of(hit, near) for hit in more["hits"]["hits"] if hit["_id"] not in known]
            hits.sort(key=lambda hit: (-(hit.lexical / (highest or 1.0) + FUSION * hit.vector), hit.id))
            hits = hits[query.offset : query.offset + query.limit]
        lacking = self._documents(meta, [hit.id for hit in hits if hit.document is None])
        return Result(
            [hit.finished(lacking) for hit in hits if hit.document or hit.id in lacking],
            answer["hits"]["total"]["value"],
            {facet.field: facet_pairs(facet, answer["aggregations"]) for facet in query.facets},
            meta.generation.name,
            highest,
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
        answer = self._asked(meta, {"query": knn, "size": query.vector_size, "_source": False})
        # Lucene's score for a cosine c is (1 + c) / 2.
        cosines = {hit["_id"]: 2.0 * hit["_score"] - 1.0 for hit in answer["hits"]["hits"]}
        return {id_: cosine for id_, cosine in cosines.items() if cosine >= query.vector_floor}

    def _asked(self, meta: Meta, body: Dsl) -> dict[str, Any]:
        index = self._cluster.index(meta.generation.name)
        with self._cluster.errors():
            # Only as a parameter of the address does this give the scores of the named parts.
            answer: dict[str, Any] = self._cluster.client.search(
                index=index,
                body={"track_total_hits": True, **body},
                params={"include_named_queries_score": "true"},
            )
        if answer["_shards"]["failed"]:
            raise Unavailable(f"OpenSearch could not search {index}: {answer['_shards']['failures'][0]['reason']}")
        return answer

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


@dataclass(slots=True)
class _Raw:
    id: str
    lexical: float
    vector: float
    parts: dict[str, float]
    document: Document | None

    @classmethod
    def of(cls, hit: Dsl, near: dict[str, float]) -> _Raw:
        document = hit.get("_source", {}).get("document")
        return cls(
            hit["_id"],
            float(hit["_score"] or 0.0),
            near.get(hit["_id"], 0.0),
            dict(hit.get("matched_queries") or {}),
            document_from_json(document) if document else None,
        )

    def finished(self, documents: dict[str, Document]) -> Hit:
        document = self.document or documents[self.id]
        return Hit.of(document, lexical=self.lexical, vector=self.vector, parts=self.parts)


_SHOWN: Dsl = {"_source": ["document"], "track_scores": True}


def _united(lexical: list[Dsl], near: dict[str, float], query: Query, where: list[Dsl]) -> Dsl:
    found = [*lexical, *([these_dsl(near) if near else NOTHING] if query.vector is not None else [])]
    if not found:
        return {"bool": {"filter": where or [{"match_all": {}}]}}
    return {"bool": {"should": found, "minimum_should_match": 1, "filter": where}}


def _highest(answer: dict[str, Any]) -> float:
    hits = answer["hits"]["hits"]
    return float(hits[0]["_score"]) if hits else 0.0
