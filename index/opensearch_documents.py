"""A document as OpenSearch keeps it: the mapping, the source, and the part of it that a patch changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from index.changes import Vector, patch_to_json, vector_digest
from index.documents import INDEXED_FIELDS, Document, document_to_json, searchable_text
from index.fields import ATTRIBUTE, keyword_values, numeric_values
from index.lexical import K1, B
from index.query import KEYWORD_FIELDS, NUMERIC_FIELDS

# "name␟value": one field holds all attributes, however many names a catalogue has.
SEPARATOR = "\x1f"
_WHOLE = ("price", "rating_count", "stock", "released_at")
_PLAIN = ("title", "brand", "category", "description")
_KEYWORDS = (*KEYWORD_FIELDS, "attributes")
_LONGEST_PATTERN = 10_000  # characters: the name of an attribute, and what its values are searched for


def index_body(*, meta: Mapping[str, Any], dimensions: int) -> dict[str, Any]:
    """Settings and mapping of a generation; `dimensions` above 0 asks for a k-NN field."""
    keyword = {"type": "keyword"}
    settings: dict[str, Any] = {
        "number_of_shards": 1,  # one shard has the statistics of all documents, as the embedded engine has
        "auto_expand_replicas": "0-1",
        "refresh_interval": "-1",  # every write that has to be seen at once asks for it
        "max_regex_length": _LONGEST_PATTERN,
        "similarity": {"default": {"type": "BM25", "k1": K1, "b": B}},
    }
    properties: dict[str, Any] = {
        "document": {"type": "object", "enabled": False},
        "tokens": {"properties": {name: _token_field(name) for name in INDEXED_FIELDS}},
        # The same text analysed by OpenSearch, for tools that know nothing of Merx.
        "plain": {"properties": {name: {"type": "text"} for name in _PLAIN}},
        "words": keyword,
        "vector_digest": {"type": "keyword", "index": False, "doc_values": False},
        **dict.fromkeys(_KEYWORDS, keyword),
        **{name: {"type": "long" if name in _WHOLE else "double"} for name in NUMERIC_FIELDS},
    }
    if dimensions:
        settings["knn"] = True
        properties["vector"] = {
            "type": "knn_vector",
            "dimension": dimensions,
            "method": {
                "name": "hnsw",
                "engine": "lucene",
                "space_type": "cosinesimil",
                "parameters": {"m": 16, "ef_construction": 128},
            },
        }
    mapping = {"dynamic": False, "_meta": dict(meta), "properties": properties}
    return {"settings": {"index": settings}, "mappings": mapping}


def source(
    document: Document, *, tokens: Mapping[str, Sequence[str]], vector: Vector | None, knn: bool
) -> dict[str, Any]:
    """What is indexed for a document."""
    keywords = keyword_values(document)
    text = searchable_text(document)
    attributes = [
        f"{name.removeprefix(ATTRIBUTE)}{SEPARATOR}{value}"
        for name, values in keywords.items()
        if name.startswith(ATTRIBUTE)
        for value in values
    ]
    made: dict[str, Any] = {
        "document": document_to_json(document),
        "tokens": {name: " ".join(found) for name, found in tokens.items()},
        "plain": {name: text[name] for name in _PLAIN},
        "words": sorted(set(tokens["title"])),
        "vector_digest": vector_digest(vector),
        "attributes": attributes,
        **{name: list(values) for name, values in keywords.items() if not name.startswith(ATTRIBUTE)},
        **_numbers(document),
    }
    if knn and vector is not None and np.any(vector):  # the zero vector has no direction
        made["vector"] = np.asarray(vector, dtype=np.float32).tolist()
    return made


def patched_source(before: Document, after: Document) -> dict[str, Any]:
    """The part of the source that differs between two states of a document's volatile fields."""
    fields = {
        name: getattr(after, name) for name in after.__slots__ if getattr(after, name) != getattr(before, name)
    }
    return {"document": patch_to_json(fields), **_numbers(after)}


def _numbers(document: Document) -> dict[str, Any]:
    return {**numeric_values(document), "in_stock": "true" if document.in_stock else "false"}


def _token_field(name: str) -> dict[str, Any]:
    return {
        "type": "text",
        "analyzer": "whitespace",
        "index_options": "positions" if name == "title" else "freqs",
    }
