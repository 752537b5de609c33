"""What of the catalogue can be shown at this moment, asked of the live index."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from index.documents import Document
from index.engine import SearchEngine
from index.fields import WINDOW
from index.query import AllOf, AnyOf, Filter, Not, Query

_STOCKED = {"in_stock": AnyOf("in_stock", ("true",))}

Vectors = npt.NDArray[np.float32]


class Shelf:
    """The products that are in stock and within a filter; the index knows of a sale within the relay's delay."""

    def __init__(self, engine: SearchEngine, *, where: Filter | None = None) -> None:
        self._engine = engine
        self._where = where

    def sellable(self, ids: Sequence[str]) -> set[str]:
        """Those of the products that can be shown now. Asked of the engine's columns: no document is read."""
        found: set[str] = set()
        for start in range(0, len(ids), WINDOW):
            part = ids[start : start + WINDOW]
            asked = Query(among=dict.fromkeys(part, 1.0), where=self._where, refinements=_STOCKED, limit=len(part))
            found.update(self._engine.search(asked).hits.candidates.ids)
        return found

    def documents(self, ids: Sequence[str]) -> dict[str, Document]:
        """The documents of products, whether they can be shown or not; unknown ones are left out."""
        return self._engine.get(list(dict.fromkeys(ids))) if ids else {}

    def vectors(self, ids: Sequence[str], *, stocked: bool = False) -> tuple[list[str], Vectors]:
        """The text vectors of those of the products that the index has (and can be shown, if asked so).

        Returns their ids and an array of shape [ids, dimensions]; dimensions 0 where the index has none.
        """
        if not ids:
            return [], np.zeros((0, 0), dtype=np.float32)
        asked = Query(
            among=dict.fromkeys(ids, 1.0),
            where=self._where if stocked else None,
            refinements=_STOCKED if stocked else {},
            limit=len(ids),
        )
        found = self._engine.search(asked)
        known = list(found.hits.candidates.ids)
        return known, found.vectors(known)

    def nearest(self, vector: Vectors, *, size: int, hidden: Collection[str]) -> list[tuple[str, float]]:
        """The products that can be shown nearest to a unit vector, with their cosines, less the hidden ones."""
        clauses: list[Filter] = [Not(AnyOf("id", tuple(hidden)))] if hidden else []
        clauses += [] if self._where is None else [self._where]
        found = self._engine.search(
            Query(
                vector=vector,
                vector_size=4 * (size + len(hidden)),
                where=AllOf(tuple(clauses)),
                refinements=_STOCKED,
                limit=size,
            )
        ).hits.candidates
        return list(zip(found.ids, found.vector.tolist(), strict=True))
