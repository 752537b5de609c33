"""Products that came after the models were trained: recommended by what is written of them, and to whom it fits.

The taste of a shopper is the mean of the text vectors of what they did, weighed by kind and fading with each step
back (Rocchio's centroid, "Relevance Feedback in Information Retrieval", The SMART Retrieval System, 1971).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from index.documents import Document
from ranking.reasons import say
from ranking.rows import Row
from ranking.serving import Happening
from ranking.shelf import Shelf, Vectors
from recsys.data import KIND_WEIGHTS

FLOOR = 0.2  # the cosine below which nothing fits
_STEPS = 30  # the newest products that count
_BECAUSE = 3


@dataclass(frozen=True, slots=True)
class Taste:
    """What a shopper's newest products say: `pull` holds each one's share of `vector`, shape [ids, dimensions]."""

    ids: Sequence[str]
    pull: Vectors
    vector: Vectors  # shape [dimensions], of length 1

    def reasons(self, vector: Vectors) -> tuple[list[str], list[float]]:
        """The products that bring most of the cosine of `vector`, and what each brings."""
        shares = self.pull @ vector
        order = np.argsort(-shares, kind="stable")[:_BECAUSE]
        kept = [place for place in order if shares[place] > 0]
        return [self.ids[place] for place in kept], [float(shares[place]) for place in kept]


def taste_of(shelf: Shelf, past: Sequence[Happening]) -> Taste | None:
    """The taste that a past (newest last) shows; None where nothing in it has a vector."""
    weights: dict[str, float] = {}
    for product, kind, _ in reversed(past):
        if len(weights) >= _STEPS and product not in weights:
            break
        weights[product] = weights.get(product, 0.0) + KIND_WEIGHTS.get(kind, 0.0) / (1 + len(weights))
    ids, vectors = shelf.vectors(list(weights))
    pull = vectors * np.array([weights[product] for product in ids], dtype=np.float32)[:, None]
    length = float(np.linalg.norm(pull.sum(axis=0))) if pull.size else 0.0
    if length <= 0:
        return None
    pull = pull / np.float32(length)
    return Taste(ids, pull, pull.sum(axis=0))


def newcomers(shelf: Shelf, taste: Taste, ids: Sequence[str], *, size: int) -> list[Row]:
    """Those of the products `ids`, which the models do not know, that fit a taste best; scores are cosines."""
    known, vectors = shelf.vectors(ids, stocked=True)
    if not known or vectors.shape[1] != len(taste.vector):
        return []
    cosines = vectors @ taste.vector
    order = [place for place in np.argsort(-cosines, kind="stable")[:size] if cosines[place] >= FLOOR]
    return [
        _row(shelf, known[place], float(cosines[place]), *taste.reasons(vectors[place]), saying="new-like")
        for place in order
    ]


def near_taste(shelf: Shelf, taste: Taste, *, size: int, hidden: Collection[str]) -> list[Row]:
    """The products nearest to a taste, whether the models know them or not: where they know nothing of a past."""
    found = shelf.nearest(taste.vector, size=size, hidden=hidden)
    ids, vectors = shelf.vectors([product for product, _ in found])
    row_of = dict(zip(ids, vectors, strict=True))
    return [
        _row(shelf, product, cosine, *taste.reasons(row_of[product]), saying="like-known")
        for product, cosine in found
        if product in row_of
    ]


def similar_by_text(shelf: Shelf, document: Document, *, size: int, hidden: Collection[str] = ()) -> list[Row]:
    """What can be shown that is nearest in text to a document, itself left out; scores are cosines."""
    ids, vectors = shelf.vectors([document.id])
    if not ids or not vectors.any():
        return []
    found = shelf.nearest(vectors[0], size=size, hidden={document.id, *hidden})
    return [
        Row(
            item_id=product,
            score=cosine,
            parts={"content": cosine},
            kind="content",
            because=[document.id],
            text=say("like", document.title),
            saying="like",
            shares=[cosine],
        )
        for product, cosine in found
    ]


def _row(
    shelf: Shelf, product: str, cosine: float, because: list[str], shares: list[float], *, saying: str
) -> Row:
    titles = {name: document.title for name, document in shelf.documents(because).items()}
    return Row(
        item_id=product,
        score=cosine,
        parts={"content": cosine},
        kind="content",
        because=because,
        text=say(saying, *(titles.get(name, name) for name in because)),
        saying=saying,
        shares=shares,
    )
