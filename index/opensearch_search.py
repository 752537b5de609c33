"""Searching a generation on OpenSearch.

The nearest vectors are found first: by the cluster's k-NN plugin, or in process where it has none (`index.shelf`).
Their ids go along with the words, so that one request counts, filters and pages over the united set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from opensearchpy.exceptions import NotFoundError

from analysis.text import Analyser
from core.errors import BrokenArtifact, InvalidInput, Unavailable
from index.documents import Document
from index.engine import FUSION, Candidates, Hits, Result
from index.lexical import LexicalWeights, plan
from index.opensearch_cluster import Cluster, Meta
from index.opensearch_query import (
    NOTHING,
    Dsl,
    all_dsl,
    counts_dsl,
    facets_in,
    filter_dsl,
    lexical_dsl,
    sort_dsl,
    stats_in,
    these_dsl,
    words_dsl,
)
from index.opensearch_reading import DocumentCache, Documents, version_of
from index.query import Query
from index.shelf import Shelf, Vectors

_FEWEST = 200  # neighbours asked of the k-NN graph, whose answer is the better the more it looks for
_MOST = 10_000
# From columns only: what is stored with a document would have to be unpacked for every candidate.
_BARE: Dsl = {"stored_fields": "_none_", "track_total_hits": False}
_SHOWN: Dsl = {
    **_BARE,
    "docvalue_fields": ["id", "popularity", "rating", "rating_count", "in_stock"],
    "seq_no_primary_term": True,
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """The parts of one query, in OpenSearch's words. `near` holds cosines by id."""

    query: Query
    near: Mapping[str, float]
    lexical: list[Dsl]  # one, or none for a query without words

    @property
    def fused(self) -> bool:
        """Whether the order is that of the text's scores and the cosines together."""
        return self.query.sort == "relevance" and bool(self.near)

    @property
    def first(self) -> int:
        """The place of the first hit that is asked for: a fused page is cut once its hits are in order."""
        return 0 if self.fused else self.query.offset

    @property
    def best_is_first(self) -> bool:
        """Whether the first hit of the page has the highest text score of all that match."""
        query = self.query
        size = query.offset + query.limit - self.first
        return query.sort == "relevance" and not query.in_stock_first and self.first == 0 and size > 0

    def searches(self) -> dict[str, Dsl]:
        """The page; the best text score, where the page does not tell it; every near document's text score."""
        query = self.query
        where = [filter_dsl(query.where)] if query.where is not None else []
        cut = [*where, all_dsl(query.refinements)]
        found = {
            "page": {
                "query": self._matching(where),
                "post_filter": all_dsl(query.refinements),
                "aggs": counts_dsl(query),
                "sort": sort_dsl(query),
                "from": self.first,
                "size": query.offset + query.limit - self.first,
                "track_scores": True,
                **_SHOWN,
                "track_total_hits": True,
            }
        }
        among = [these_dsl(self.near)] if query.among is not None else []
        if self.lexical and not self.best_is_first:
            found["best"] = {
                "query": {"bool": {"must": self.lexical, "filter": [*among, *cut]}},
                "size": 1,
                **_BARE,
            }
        if self.fused:
            words = {"must" if query.among is not None else "should": self.lexical}
            near = {"bool": {**words, "filter": [these_dsl(self.near), *cut]}}
            found["near"] = {"query": near, "size": len(self.near), **_SHOWN}
        return found

    def _matching(self, where: list[Dsl]) -> Dsl:
        near = these_dsl(self.near) if self.near else NOTHING
        if self.query.among is not None:
            return {"bool": {"must": self.lexical, "filter": [near, *where]}}
        found = [*self.lexical, *([near] if self.query.vector is not None else [])]
        if not found:
            return {"bool": {"filter": where or [{"match_all": {}}]}}
        return {"bool": {"should": found, "minimum_should_match": 1, "filter": where}}


class Searcher:
    """Reads from the generation that serves."""

    def __init__(self, cluster: Cluster, *, weights: LexicalWeights, shelf: Callable[[str], Shelf]) -> None:
        self._cluster = cluster
        self._weights = weights
        self._shelf = shelf
        self._cache = DocumentCache()

    def search(self, query: Query, *, generation: str | None = None) -> Result:
        """Carry out a checked query on the live (or the named) generation."""
        if generation:
            with self._cluster.errors():
                return self._search(self._cluster.get(generation), query)
        return self._cluster.on_live(lambda meta: self._search(meta, query))

    def get(self, ids: Sequence[str]) -> dict[str, Document]:
        """Documents by id."""
        return self._cluster.on_live(lambda meta: self._documents(meta, ids))

    def complete(self, prefix: str, *, size: int) -> list[tuple[str, int]]:
        """Title words that start with `prefix`, with the number of documents, the most frequent first."""
        searches = {"words": words_dsl(prefix, size=size)}
        answer = self._cluster.on_live(lambda meta: self._answers(meta, searches)["words"])
        return [(bucket["key"], bucket["doc_count"]) for bucket in answer["aggregations"]["words"]["buckets"]]

    def _search(self, meta: Meta, query: Query) -> Result:
        name = meta.generation.name
        if meta.analyser != Analyser.version:
            raise BrokenArtifact(f"the index {name} was made by another version of Merx: build it anew")
        near = self._nearest(meta, query) if query.among is None else query.among
        wanted = plan(query.text, weights=self._weights) if query.text else None
        asked = _Asked(query, near, [lexical_dsl(wanted)] if wanted else [])
        answers = self._answers(meta, asked.searches(), parts=query.parts)
        page, highest = _hits(answers["page"]), 0.0
        if wanted:
            best = _hits(answers["page" if asked.best_is_first else "best"])
            highest = best[0]["_score"] if best else 0.0
        if asked.fused:
            page = _fused(page, _hits(answers["near"]), asked, highest)
        ids = [hit["fields"]["id"][0] for hit in page]
        index = self._cluster.index(name)
        documents = Documents(
            dict(zip(ids, map(version_of, page), strict=True)),
            known=partial(self._cache.get, index),
            ask=partial(self._documents, meta),
        )
        told = answers["page"].get("aggregations", {})
        return Result(
            hits=Hits(
                _candidates(ids, page, near), read=documents.read, parts=_parts(page) if query.parts else ()
            ),
            total=answers["page"]["hits"]["total"]["value"],
            facets=facets_in(told, query),
            generation=name,
            max_lexical=highest,
            vectors=partial(self._vectors, meta),
            stats=stats_in(told, query),
            prefetch=documents.fetch,
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
        nearest = {"query": knn, "size": query.vector_size, "docvalue_fields": ["id"], **_BARE}
        # Lucene's score for a cosine c is (1 + c) / 2.
        hits = _hits(self._answers(meta, {"nearest": nearest})["nearest"])
        cosines = {hit["fields"]["id"][0]: 2.0 * hit["_score"] - 1.0 for hit in hits}
        return {id_: cosine for id_, cosine in cosines.items() if cosine >= query.vector_floor}

    def _vectors(self, meta: Meta, ids: Sequence[str]) -> Vectors:
        found = np.zeros((len(ids), meta.dimensions), dtype=np.float32)
        if meta.dimensions and ids:
            known = self._shelf(meta.generation.name).get(ids)
            for place, id_ in enumerate(ids):
                found[place] = known.get(id_, 0.0)
        return found

    def _answers(
        self, meta: Meta, searches: Mapping[str, Dsl], *, parts: bool = False
    ) -> dict[str, dict[str, Any]]:
        """The answers to searches: in one request, but for `parts`, which OpenSearch tells only singly."""
        index = self._cluster.index(meta.generation.name)
        client = self._cluster.client
        with self._cluster.errors():
            if parts:
                told = {"include_named_queries_score": "true"}
                answers = [client.search(index=index, body=body, params=told) for body in searches.values()]
            else:
                lines = [line for body in searches.values() for line in ({"index": index}, body)]
                answers = client.msearch(body=lines)["responses"]
        for answer in answers:
            if answer.get("status") == 404:
                raise NotFoundError(404, "index_not_found_exception", answer)
            if "error" in answer or answer["_shards"]["failed"]:
                said = answer.get("error") or answer["_shards"]["failures"]
                raise Unavailable(f"OpenSearch could not search {index}: {said}")
        return dict(zip(searches, answers, strict=True))

    def _documents(self, meta: Meta, ids: Sequence[str]) -> dict[str, Document]:
        if not ids:
            return {}
        index = self._cluster.index(meta.generation.name)
        with self._cluster.errors():
            answer = self._cluster.client.mget(
                index=index, body={"ids": list(ids)}, params={"_source_includes": "document"}
            )
        return self._cache.take(index, answer["docs"])


def _hits(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer["hits"]["hits"]
    return found


def _fused(
    page: list[dict[str, Any]], near: list[dict[str, Any]], asked: _Asked, highest: float
) -> list[dict[str, Any]]:
    """The page of what words and vectors found, in the order of both together."""

    def key(hit: dict[str, Any]) -> tuple[bool, float, str]:
        id_ = hit["fields"]["id"][0]
        score = hit["_score"] / (highest or 1.0) + FUSION * asked.near.get(id_, 0.0)
        return asked.query.in_stock_first and hit["fields"]["in_stock"] != ["true"], -score, id_

    found = {hit["fields"]["id"][0]: hit for hit in (*page, *near)}
    first = asked.query.offset
    return sorted(found.values(), key=key)[first : first + asked.query.limit]


def _candidates(ids: list[str], hits: list[dict[str, Any]], near: Mapping[str, float]) -> Candidates:
    def column(name: str, missing: float) -> list[float]:
        return [hit["fields"].get(name, (missing,))[0] for hit in hits]

    return Candidates(
        ids=ids,
        lexical=np.array([hit["_score"] or 0.0 for hit in hits], dtype=np.float64),
        vector=np.array([near.get(id_, 0.0) for id_ in ids], dtype=np.float64),
        popularity=np.array(column("popularity", 0.0), dtype=np.float64),
        rating=np.array(column("rating", np.nan), dtype=np.float64),
        rating_count=np.array(column("rating_count", 0.0), dtype=np.float64),
        in_stock=np.array([hit["fields"].get("in_stock") == ["true"] for hit in hits], dtype=bool),
    )


def _parts(hits: list[dict[str, Any]]) -> list[dict[str, float]]:
    # OpenSearch tells a list of names, not scores, of what no words were asked of.
    told = [hit.get("matched_queries") for hit in hits]
    return [said if isinstance(said, dict) else {} for said in told]
