"""Text vectors fitted on the shop's own catalogue: TF-IDF, then a truncated SVD (latent semantic analysis).

Source: Deerwester, Dumais, Furnas, Landauer, Harshman, "Indexing by Latent Semantic Analysis", JASIS 41(6), 1990.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits

from analysis.text import STOP_WORDS, Analyser, analyser
from core.errors import BrokenArtifact, InvalidInput

Matrix = npt.NDArray[np.float32]

SCHEMA = 1  # of the files below


@runtime_checkable
class TextEncoder(Protocol):
    """Turns texts into unit vectors whose dot product is their likeness."""

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        ...

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Vectors of shape [texts, dimensions], each of length 1 (0 where nothing in the text is known)."""
        ...


class LsaEncoder:
    """The default `TextEncoder`: no download, no GPU, a query takes well under a millisecond."""

    version = "1"

    def __init__(self, vocabulary: Sequence[str], idf: npt.NDArray[np.float32], components: Matrix) -> None:
        self._vocabulary = list(vocabulary)
        self._position = {token: index for index, token in enumerate(self._vocabulary)}
        self._idf = idf  # [vocabulary]
        self._components = components  # [vocabulary, dimensions]
        self._analyser: Analyser = analyser()

    @property
    def dimensions(self) -> int:
        return int(self._components.shape[1])

    @classmethod
    def fit(
        cls, texts: Sequence[str], *, dimensions: int = 256, min_documents: int = 2, seed: int = 0
    ) -> LsaEncoder:
        """Fit on a catalogue's texts. A token counts from `min_documents` documents on.

        Raises InvalidInput when no text has a token that counts.
        """
        words = analyser()
        counts = [Counter(token for token in words.tokens(text) if token not in STOP_WORDS) for text in texts]
        frequency = Counter(token for count in counts for token in count)
        least = min_documents if len(texts) >= 50 else 1
        vocabulary = sorted(token for token, documents in frequency.items() if documents >= least)
        if not vocabulary:
            raise InvalidInput("the catalogue has no words to fit an encoder on")
        position = {token: index for index, token in enumerate(vocabulary)}
        idf = np.array(
            [math.log((1 + len(texts)) / (1 + frequency[t])) + 1.0 for t in vocabulary], dtype=np.float32
        )
        matrix = _weigh(counts, position, idf)
        rank = min(dimensions, len(vocabulary), len(texts))
        # One BLAS thread: the same sums on any number of cores, and no threads that wait for each other.
        with threadpool_limits(1, user_api="blas"):
            _, strength, right = randomized_svd(matrix, n_components=rank, n_iter=4, random_state=seed)
        kept = strength > strength[0] * 1e-6
        return cls(vocabulary, idf, np.ascontiguousarray(right[kept].T, dtype=np.float32))

    def encode(self, texts: Sequence[str]) -> Matrix:
        counts = [Counter(self._analyser.tokens(text)) for text in texts]
        if len(counts) == 1:
            return self._encode_one(counts[0])
        vectors = _weigh(counts, self._position, self._idf) @ self._components
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Matrix = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
        return unit

    def _encode_one(self, count: Counter[str]) -> Matrix:
        known = [(self._position[token], times) for token, times in count.items() if token in self._position]
        if not known:
            return np.zeros((1, self.dimensions), dtype=np.float32)
        rows = np.array([row for row, _ in known])
        weights = np.array([1.0 + math.log(times) for _, times in known], dtype=np.float32) * self._idf[rows]
        vector = weights @ self._components[rows]
        length = float(np.linalg.norm(vector))
        unit: Matrix = (vector / max(length, 1e-12)).reshape(1, -1).astype(np.float32)
        return unit

    def save(self, folder: Path) -> None:
        """Write the encoder's files into a folder."""
        np.save(folder / "idf.npy", self._idf)  # not .npz: a zip carries the time it was written
        np.save(folder / "components.npy", self._components)
        words = {"schema": SCHEMA, "analyser": Analyser.version, "vocabulary": self._vocabulary}
        (folder / "encoder.json").write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> LsaEncoder:
        """Read what `save` wrote; raises BrokenArtifact for a file cut short or of another schema."""
        try:
            words = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
            if (words["schema"], words["analyser"]) != (SCHEMA, Analyser.version):
                raise BrokenArtifact(f"the encoder in {folder.name} was made by another version of Merx")
            idf, components = (np.load(folder / f"{name}.npy") for name in ("idf", "components"))
            if components.shape[:1] != idf.shape or len(words["vocabulary"]) != len(idf):
                raise BrokenArtifact(f"the encoder in {folder.name} has parts of different sizes")
            return cls(words["vocabulary"], idf, components)
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise BrokenArtifact(f"the encoder in {folder.name} cannot be read: {error}") from error


def _weigh(
    counts: Sequence[Counter[str]], position: dict[str, int], idf: npt.NDArray[np.float32]
) -> sparse.csr_matrix:
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    for row, count in enumerate(counts):
        known = [(position[token], 1.0 + math.log(times)) for token, times in count.items() if token in position]
        weights = [value * float(idf[column]) for column, value in known]
        length = math.sqrt(sum(weight * weight for weight in weights)) or 1.0
        rows.extend([row] * len(known))
        columns.extend(column for column, _ in known)
        values.extend(weight / length for weight in weights)
    shape = (len(counts), len(position))
    return sparse.csr_matrix((np.array(values, dtype=np.float32), (rows, columns)), shape=shape)
