"""Vectors by row, and the nearest of them to a query's: exact, in one pass over a quarter of their bytes.

A pass over float32 rows waits for the memory, so it goes over a copy in int8 (numkong's kernels), and only rows
that could be among the nearest are compared in float32. How far a cosine in int8 can be from the true one is
known: |q·v - q'·v'| <= |q - q'| |v'| + |q| |v - v'| (Cauchy and Schwarz), so that nothing near is ever missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numkong
import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

_LEVELS = 127.0
_PIECE = 4096
_SLACK = 1e-5  # what adding up in float32 may lose


@dataclass(frozen=True, slots=True)
class _Coarse:
    """Rows in int8: `levels` times `scale` is about a row. No row is longer than `longest`, or off by more."""

    levels: numkong.PackedMatrix
    scale: Vectors
    longest: float
    off: float


class _Part:
    """Some rows, and the same in int8 once they are searched."""

    def __init__(self, exact: Vectors) -> None:
        self.exact = exact

    def __len__(self) -> int:
        return len(self.exact)

    @cached_property
    def coarse(self) -> _Coarse:
        """Made in pieces: a whole float32 copy would be as large as the vectors."""
        levels = np.empty(self.exact.shape, dtype=np.int8)
        scale = np.empty(len(self.exact), dtype=np.float32)
        longest = off = 0.0
        for start in range(0, len(self.exact), _PIECE):
            rows = np.asarray(self.exact[start : start + _PIECE])
            scales = np.abs(rows).max(axis=1) / np.float32(_LEVELS)
            rounded = np.rint(rows / np.where(scales > 0, scales, 1.0)[:, None])
            levels[start : start + _PIECE], scale[start : start + _PIECE] = rounded, scales
            again = rounded * scales[:, None]
            longest = max(longest, float(np.linalg.norm(again, axis=1).max()))
            off = max(off, float(np.linalg.norm(again - rows, axis=1).max()))
        return _Coarse(numkong.dots_pack(levels), scale, longest, off)


@dataclass(frozen=True)
class VectorRows:
    """Vectors of the same length. Nothing in it changes: `appended` gives new rows that share the old ones."""

    parts: tuple[_Part, ...]  # the first as it was built, the later ones ever smaller

    @classmethod
    def of(cls, built: Vectors) -> VectorRows:
        """The rows of an array, shape [rows, dimensions]; a memory map will do."""
        return cls((_Part(built),))

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    @property
    def dimensions(self) -> int:
        """The length of each vector."""
        return int(self.parts[0].exact.shape[1])

    @property
    def built(self) -> int:
        """How many rows there were at first."""
        return len(self.parts[0])

    def appended(self, vectors: Vectors) -> VectorRows:
        """These rows and more behind the last."""
        first, *later = self.parts
        later.append(_Part(np.ascontiguousarray(vectors, dtype=np.float32)))
        # Parts of about one size become one: few parts to search, and a row is copied few times.
        while len(later) > 1 and len(later[-2]) <= 2 * len(later[-1]):
            small = later.pop()
            later[-1] = _Part(np.concatenate([later[-1].exact, small.exact]))
        return VectorRows((first, *later))

    def take(self, rows: Sequence[int] | Rows) -> Vectors:
        """The vectors of these rows, shape [rows, dimensions]."""
        wanted = np.asarray(rows, dtype=np.int64)
        if len(self.parts) == 1:
            return np.asarray(self.parts[0].exact[wanted])
        found = np.empty((len(wanted), self.dimensions), dtype=np.float32)
        start = 0
        for part in self.parts:
            here = (wanted >= start) & (wanted < start + len(part))
            found[here] = part.exact[wanted[here] - start]
            start += len(part)
        return found

    def nearest(
        self, vector: Vectors, *, size: int, floor: float, alive: npt.NDArray[np.bool_]
    ) -> tuple[Rows, Vectors]:
        """The `size` rows of highest cosine that is at least `floor`, and these cosines, in the order of the rows.

        Where the last ones tie there are more than `size`. `vector` has shape [dimensions], `alive` says of every
        row whether it counts, shape [rows].
        """
        if size < 1 or not len(self):
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        about, off = self._about(vector)
        rows = np.flatnonzero((about >= floor - off) & alive)
        if len(rows) > size:
            least = np.partition(about[rows], -size)[-size] - off  # so near at least is the last of the nearest
            rows = rows[about[rows] >= least - off]
        cosine = np.einsum("ij,j->i", self.take(rows), vector)
        if len(rows) > size:
            floor = max(floor, float(np.partition(cosine, -size)[-size]))
        near = cosine >= floor
        return rows[near], cosine[near]

    def _about(self, vector: Vectors) -> tuple[Vectors, float]:
        """Every row's cosine in int8, and how far from the true one it can be."""
        scale = float(np.abs(vector).max()) / _LEVELS or 1.0
        levels = np.rint(vector / np.float32(scale)).astype(np.int8)
        length = float(np.linalg.norm(vector))
        error = float(np.linalg.norm(vector - levels * np.float32(scale)))
        found, off = [], 0.0
        for part in self.parts:
            if not len(part):
                continue
            coarse = part.coarse
            products = np.asarray(numkong.dots_packed(levels[None, :], coarse.levels))[0]
            found.append(products.astype(np.float32) * (coarse.scale * np.float32(scale)))
            off = max(off, error * coarse.longest + length * coarse.off)
        return np.concatenate(found), off + _SLACK
