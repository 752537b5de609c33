"""The nearest vectors in int8 first are the nearest in float32, always."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from index.nearest import VectorRows, Vectors


def made(rows: int, *, dimensions: int = 48, seed: int = 0) -> Vectors:
    """Unit vectors that are close to each other, some of them twice, and some without a direction."""
    dice = np.random.default_rng(seed)
    found = dice.normal(size=(rows, dimensions)) / (1 + np.arange(dimensions)) + 0.3 / np.sqrt(dimensions)
    found[::7] = found[: len(found[::7])]
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    found[::11] = 0.0
    return found.astype(np.float32)


def slowly(
    vectors: Vectors, query: Vectors, *, size: int, floor: float, alive: npt.NDArray[np.bool_]
) -> dict[int, float]:
    cosine = np.einsum("ij,j->i", vectors, query)
    rows = [row for row in range(len(vectors)) if alive[row] and cosine[row] >= floor]
    least = sorted((cosine[row] for row in rows), reverse=True)[size - 1] if size <= len(rows) else floor
    return {row: float(cosine[row]) for row in rows if cosine[row] >= least}


@pytest.mark.parametrize("size", [1, 10, 300, 5_000])
@pytest.mark.parametrize("floor", [-2.0, 0.2, 0.9, 1.5])
def test_none_of_the_nearest_is_missed(size: int, floor: float) -> None:
    dice = np.random.default_rng(size)
    vectors = made(2_000)
    alive = dice.random(len(vectors)) < 0.8
    rows = VectorRows.of(vectors)
    for _ in range(20):
        query = (vectors[dice.integers(len(vectors))] + dice.normal(size=48) * 0.1).astype(np.float32)
        found, cosine = rows.nearest(query, size=size, floor=floor, alive=alive)
        expected = slowly(vectors, query, size=size, floor=floor, alive=alive)
        assert dict(zip(found.tolist(), cosine.tolist(), strict=True)) == expected
        assert found.tolist() == sorted(found)


def test_rows_that_came_later_are_found_like_the_first() -> None:
    vectors = made(500)
    rows, taken = VectorRows.of(vectors[:100]), 100
    dice = np.random.default_rng(5)
    while taken < 500:
        more = int(dice.integers(1, 9))
        older, rows = rows, rows.appended(vectors[taken : taken + more])
        assert len(older) == taken, "what was there before does not change"
        taken = min(500, taken + more)
        assert len(rows) == taken
        assert len(rows.parts) < 9
    alive = np.ones(500, dtype=bool)
    for query in vectors[1:40]:
        found, cosine = rows.nearest(query, size=17, floor=0.1, alive=alive)
        expected = slowly(vectors, query, size=17, floor=0.1, alive=alive)
        assert dict(zip(found.tolist(), cosine.tolist(), strict=True)) == expected
    wanted = dice.integers(0, 500, size=60)
    assert np.array_equal(rows.take(wanted), vectors[wanted])
    assert (rows.built, rows.dimensions) == (100, 48)


def test_nothing_is_near_where_there_is_nothing() -> None:
    empty = VectorRows.of(np.zeros((0, 4), dtype=np.float32))
    query = np.ones(4, dtype=np.float32)
    assert len(empty.nearest(query, size=3, floor=0.0, alive=np.ones(0, dtype=bool))[0]) == 0
    one = empty.appended(np.ones((1, 4), dtype=np.float32))
    assert one.nearest(query, size=3, floor=0.0, alive=np.ones(1, dtype=bool))[0].tolist() == [0]
    assert len(one.nearest(query, size=0, floor=0.0, alive=np.ones(1, dtype=bool))[0]) == 0
    assert one.nearest(np.zeros(4, dtype=np.float32), size=3, floor=0.1, alive=np.ones(1, dtype=bool))[0].size == 0
