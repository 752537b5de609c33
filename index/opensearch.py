"""The OpenSearch engine: the same documents, tokens and scores as the embedded one, on a cluster."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.text import Analyser, analyser
from core.artifacts import Artifacts
from core.clock import Clock, system_clock
from core.errors import Conflict, InvalidInput, MerxError, Unavailable
from index.changes import Outcome, State, checked, fold
from index.documents import Document, document_from_json
from index.engine import Change, Generation, Put, Result
from index.fields import check_id, check_query
from index.lexical import LexicalWeights, indexed_tokens
from index.opensearch_cluster import SCHEMA, Cluster, Meta
from index.opensearch_documents import index_body, patched_source, source
from index.opensearch_search import Searcher
from index.query import Query
from index.shelf import Shelf

_CHUNK = 250  # documents a request, at most a few megabytes
_PATIENTLY = {"request_timeout": 600}  # seconds: a build may take longer over a step than a shopper would wait
_ATTEMPTS = 20  # how often a batch is tried again when another writer was faster


class OpenSearchEngine:
    """See `index.engine.SearchEngine`. May be used from many threads and many processes at once.

    `artifacts` keeps the vectors for all processes that search, whether or not the cluster has the k-NN plugin.
    """

    def __init__(
        self,
        url: str,
        *,
        artifacts: Artifacts,
        index_name: str = "products",
        timeout: float = 10.0,
        weights: LexicalWeights | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._cluster = Cluster(url, index_name=index_name, timeout=timeout)
        self._client = self._cluster.client
        self._artifacts = artifacts
        self._weights = weights or LexicalWeights()
        self._clock = clock
        self._shelves: dict[str, Shelf] = {}
        self._searcher = Searcher(self._cluster, weights=self._weights, shelf=self._shelf)

    @property
    def name(self) -> str:
        return "opensearch"

    def build(
        self,
        documents: Iterable[Document],
        *,
        vectors: npt.NDArray[np.float32] | None,
        about: Mapping[str, Any],
    ) -> Generation:
        now = self._clock()
        for leftover in self._cluster.sweep(now=now):
            self._shelf(leftover).delete()
        name = f"{now:%Y%m%dt%H%M%S}-{secrets.token_hex(3)}"
        dimensions = vectors.shape[1] if vectors is not None and vectors.ndim == 2 else 0
        meta = {
            "schema": SCHEMA,
            "analyser": Analyser.version,
            "name": name,
            "created_at": now.isoformat(),
            "documents": 0,
            "about": dict(about),
            "dimensions": dimensions,
            "knn": dimensions > 0 and self._cluster.has_knn(),
            "complete": False,
        }
        try:
            self._fill(name, documents, vectors=vectors, meta=meta)
        except BaseException:
            with suppress(MerxError):  # what cannot be deleted now is swept by a later build
                self._cluster.delete(name)
            self._shelf(name).delete()
            raise
        return Meta(meta).generation

    def publish(self, name: str) -> Generation:
        return self._cluster.publish(name).generation

    def rollback(self) -> Generation:
        return self._cluster.rollback().generation

    def generations(self) -> list[Generation]:
        return [meta.generation for meta in self._cluster.all()]

    def live(self) -> Generation | None:
        meta = self._cluster.live(fresh=True)
        return meta.generation if meta else None

    def prune(self, *, keep: int) -> list[str]:
        gone = self._cluster.prune(keep=keep)
        for name in gone:
            self._shelf(name).delete()
            self._shelves.pop(name, None)
        return gone

    def apply(self, changes: Sequence[Change], *, generation: str | None = None) -> int:
        if generation:
            return self._apply(self._cluster.get(generation), changes)
        return self._cluster.on_live(lambda meta: self._apply(meta, changes))

    def search(self, query: Query, *, generation: str | None = None) -> Result:
        check_query(query)
        return self._searcher.search(query, generation=generation)

    def get(self, ids: Sequence[str]) -> dict[str, Document]:
        return self._searcher.get(ids)

    def complete(self, prefix: str, *, size: int = 10) -> list[tuple[str, int]]:
        return self._searcher.complete(analyser().fold(prefix).strip().lower(), size=size)

    def drop(self) -> None:
        for meta in self._cluster.all():
            self._cluster.delete(meta.generation.name)
            self._shelf(meta.generation.name).delete()
        self._shelves.clear()

    def close(self) -> None:
        self._client.close()

    def _shelf(self, name: str) -> Shelf:
        if name not in self._shelves:
            self._shelves[name] = Shelf(self._artifacts, index_name=self._cluster.index_name, generation=name)
        return self._shelves[name]

    def _fill(
        self,
        name: str,
        documents: Iterable[Document],
        *,
        vectors: npt.NDArray[np.float32] | None,
        meta: dict[str, Any],
    ) -> None:
        index, knn = self._cluster.index(name), bool(meta["knn"])
        ids: list[str] = []
        with self._cluster.errors():
            body = index_body(meta=meta, dimensions=meta["dimensions"] if knn else 0)
            self._client.indices.create(index=index, body=body)
            sources = self._sources(documents, vectors=vectors, knn=knn, ids=ids)
            with ThreadPoolExecutor(1) as pool:  # the server indexes a chunk while the next one is analysed
                sending: Future[None] | None = None
                while chunk := list(islice(sources, _CHUNK)):
                    if sending:
                        sending.result()
                    sending = pool.submit(self._send, index, chunk)
                if sending:
                    sending.result()
        if vectors is not None:
            if vectors.ndim != 2 or len(vectors) != len(ids):
                raise InvalidInput(f"{len(ids)} documents cannot have vectors of shape {vectors.shape}")
            if meta["dimensions"]:
                self._shelf(name).write(ids, vectors)
        meta.update(documents=len(ids), complete=True)
        with self._cluster.errors():
            self._client.indices.forcemerge(index=index, params={"max_num_segments": 1, **_PATIENTLY})
            self._client.indices.refresh(index=index)
            self._client.indices.put_mapping(index=index, body={"_meta": meta})

    def _send(self, index: str, chunk: list[tuple[str, dict[str, Any]]]) -> None:
        lines = [line for id_, made in chunk for line in ({"index": {"_id": id_}}, made)]
        answer = self._client.bulk(index=index, body=lines, params=_PATIENTLY)
        if answer["errors"]:
            said = next(item["index"] for item in answer["items"] if "error" in item["index"])
            raise InvalidInput(f"OpenSearch refused {said['_id']}: {said['error']['reason']}", id=said["_id"])

    def _sources(
        self,
        documents: Iterable[Document],
        *,
        vectors: npt.NDArray[np.float32] | None,
        knn: bool,
        ids: list[str],
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        seen: set[str] = set()
        for row, document in enumerate(documents):
            check_id(document.id)
            if document.id in seen:
                raise InvalidInput(f"the id {document.id!r} occurs twice", id=document.id)
            seen.add(document.id)
            ids.append(document.id)
            vector = vectors[row] if vectors is not None and row < len(vectors) else None
            yield document.id, source(document, tokens=self._tokens(document), vector=vector, knn=knn)

    def _tokens(self, document: Document) -> dict[str, list[str]]:
        return indexed_tokens(document, analyser=analyser(), weights=self._weights)

    def _apply(self, meta: Meta, changes: Sequence[Change]) -> int:
        batch = checked(changes, dimensions=meta.dimensions)
        index = self._cluster.index(meta.generation.name)
        ids = list(dict.fromkeys(change.document.id if isinstance(change, Put) else change.id for change in batch))
        changed: set[str] = set()
        for _ in range(_ATTEMPTS):
            stored = self._stored(index, ids)
            outcomes = fold(batch, current={id_: found.state for id_, found in stored.items()}.get)
            if not outcomes:
                return len(changed)
            changed |= set(outcomes)
            vectors = {id_: now.vector for id_, now in outcomes.items() if now.put or now.document is None}
            if vectors and meta.dimensions:
                # Vectors go first: a batch cut short between the two is applied again, for the document differs.
                self._shelf(meta.generation.name).change(vectors)
            if self._write(index, outcomes, stored, knn=meta.knn):
                return len(changed)
        raise Conflict(f"other writers kept changing the same documents of {index}")

    def _stored(self, index: str, ids: Sequence[str]) -> dict[str, _Stored]:
        if not ids:
            return {}
        with self._cluster.errors():
            answer = self._client.mget(
                index=index, body={"ids": ids}, params={"_source_includes": "document,vector_digest"}
            )
        return {entry["_id"]: _Stored(entry) for entry in answer["docs"] if entry.get("found")}

    def _write(
        self, index: str, outcomes: Mapping[str, Outcome], stored: Mapping[str, _Stored], *, knn: bool
    ) -> bool:
        """Whether every outcome was written; False where another writer changed a document since it was read."""
        lines: list[dict[str, Any]] = []
        for id_, outcome in outcomes.items():
            before = stored.get(id_)
            where: dict[str, Any] = {"_id": id_}
            if before is None:
                where["op_type"] = "create"
            else:
                where |= {"if_seq_no": before.number, "if_primary_term": before.term}
            if outcome.document is None:
                lines.append({"delete": where})
            elif outcome.put or before is None:
                made = source(
                    outcome.document, tokens=self._tokens(outcome.document), vector=outcome.vector, knn=knn
                )
                lines += [{"index": where}, made]
            else:
                lines += [{"update": where}, {"doc": patched_source(before.state.document, outcome.document)}]
        with self._cluster.errors():
            answer = self._client.bulk(index=index, body=lines, params={"refresh": "true"})
        results = [result for item in answer["items"] for result in item.values()]
        for result in results:
            if "error" in result and result["status"] != 409:
                raise Unavailable(f"OpenSearch refused a change of {result['_id']}: {result['error']['reason']}")
        return not any(result["status"] == 409 for result in results)


class _Stored:
    """A document as it was read, with the numbers by which a write finds out that it changed since."""

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self.state = State(document_from_json(entry["_source"]["document"]), entry["_source"]["vector_digest"])
        self.number: int = entry["_seq_no"]
        self.term: int = entry["_primary_term"]
