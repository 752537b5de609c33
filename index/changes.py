"""What a batch of changes makes of the documents: the same for both engines."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from index.documents import Document, document_from_json, document_to_json, variant_to_json
from index.engine import Change, Delete, Patch, Put
from index.fields import check_id, checked_patch

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class State:
    """A document as it is in an index, with a digest of its vector ("" for none)."""

    document: Document
    vector: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a document stands after a batch: gone where `document` is None; `put` where text and vector are new."""

    document: Document | None
    vector: Vector | None = None
    put: bool = False


def checked(changes: Sequence[Change], *, dimensions: int) -> list[Change]:
    """The changes with their values in a document's types; raises InvalidInput before anything is changed.

    `dimensions` is the length of the generation's vectors, 0 where it has none (vectors are then left out).
    """
    found: list[Change] = []
    for change in changes:
        if isinstance(change, Put):
            check_id(change.document.id)
            vector = None
            if change.vector is not None and dimensions:
                vector = np.asarray(change.vector, dtype=np.float32)
                if vector.shape != (dimensions,):
                    raise InvalidInput(
                        f"the vector of {change.document.id} has shape {vector.shape}, the index ({dimensions},)",
                        id=change.document.id,
                    )
            found.append(Put(change.document, vector))
        elif isinstance(change, Patch):
            found.append(Patch(change.id, checked_patch(change)))
        else:
            found.append(Delete(change.id))
    return found


def fold(changes: Sequence[Change], *, current: Callable[[str], State | None]) -> dict[str, Outcome]:
    """The outcome by id of checked changes, applied in order; ids that end as they began are left out."""
    outcomes: dict[str, Outcome] = {}
    before: dict[str, State | None] = {}
    for change in changes:
        id_ = change.document.id if isinstance(change, Put) else change.id
        if id_ not in before:
            before[id_] = state = current(id_)
            outcomes[id_] = Outcome(state.document if state else None)
        now = outcomes[id_]
        if isinstance(change, Put):
            outcomes[id_] = Outcome(change.document, change.vector, put=True)
        elif isinstance(change, Delete):
            outcomes[id_] = Outcome(None)
        elif now.document is not None:
            outcomes[id_] = dataclasses.replace(now, document=dataclasses.replace(now.document, **change.fields))
    return {id_: outcome for id_, outcome in outcomes.items() if not _unchanged(outcome, before[id_])}


def change_to_json(change: Change) -> dict[str, Any]:
    """A plain dict that `change_from_json` reads back."""
    if isinstance(change, Put):
        return {"put": document_to_json(change.document), "vector": vector_to_json(change.vector)}
    if isinstance(change, Patch):
        return {"patch": change.id, "fields": patch_to_json(change.fields)}
    return {"delete": change.id}


def change_from_json(plain: Mapping[str, Any]) -> Change:
    """The change that `change_to_json` wrote, checked anew."""
    if "put" in plain:
        return Put(document_from_json(plain["put"]), vector_from_json(plain["vector"]))
    if "patch" in plain:
        return Patch(plain["patch"], checked_patch(Patch(plain["patch"], plain["fields"])))
    return Delete(plain["delete"])


def patch_to_json(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a checked patch as plain values."""
    if "variants" not in fields:
        return dict(fields)
    return {**fields, "variants": [variant_to_json(variant) for variant in fields["variants"]]}


def vector_to_json(vector: Vector | None) -> str | None:
    """A vector as base64 of its bytes."""
    return None if vector is None else base64.b64encode(np.asarray(vector, dtype="<f4").tobytes()).decode()


def vector_from_json(text: str | None) -> Vector | None:
    """The vector that `vector_to_json` wrote."""
    return None if text is None else np.frombuffer(base64.b64decode(text), dtype="<f4")


def vector_digest(vector: Vector | None) -> str:
    """A short name of a vector's bytes; "" for none and for the zero vector, which is near to nothing."""
    if vector is None or not np.any(vector):
        return ""
    return hashlib.blake2b(np.asarray(vector, dtype="<f4").tobytes(), digest_size=12).hexdigest()


def _unchanged(outcome: Outcome, before: State | None) -> bool:
    if outcome.document is None or before is None:
        return outcome.document is None and before is None
    if outcome.document != before.document:
        return False
    return not outcome.put or vector_digest(outcome.vector) == before.vector
