"""Model files: a JSON for what a model was made with, an NPZ for its arrays, the same bytes each time."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse

from core.errors import BrokenArtifact, InvalidInput

Array = npt.NDArray[Any]

# Everything that reading a file which was cut short or changed can raise, and asking a model that was made of it.
UNREADABLE = (
    *(OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, EOFError, MemoryError),
    *(RuntimeError, zipfile.BadZipFile, zlib.error, struct.error, InvalidInput),
)


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn whatever goes wrong while `what` is read into BrokenArtifact."""
    try:
        yield
    except UNREADABLE as error:
        raise BrokenArtifact(f"{what} cannot be read: {error}") from error


def write_model(
    folder: Path, *, name: str, schema: int, parameters: Mapping[str, Any], arrays: Mapping[str, Array]
) -> None:
    """Write `model.json` and `arrays.npz` into a folder, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "arrays.npz").open("wb") as file:
        np.savez(
            file, allow_pickle=False, **dict(sorted(arrays.items()))
        )  # zip entries carry the fixed date of 1980
    about = {"name": name, "schema": schema, "parameters": dict(parameters), "arrays": sorted(arrays)}
    text = json.dumps(about, ensure_ascii=False, sort_keys=True, indent=1)
    (folder / "model.json").write_text(text, encoding="utf-8")


def read_model(folder: Path, *, name: str, schema: int) -> tuple[dict[str, Any], dict[str, Array]]:
    """The parameters and arrays that `write_model` wrote.

    Raises BrokenArtifact for files that are missing, cut short, of another model or of another schema version.
    """
    with reading(f"the model in {folder.name}"):
        about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        if about["name"] != name or about["schema"] != schema:
            raise BrokenArtifact(
                f"{folder.name} holds {about['name']} of schema {about['schema']}, not {name} of schema {schema}"
            )
        with np.load(folder / "arrays.npz", allow_pickle=False) as file:
            arrays = {key: file[key] for key in about["arrays"]}
        for key, array in arrays.items():
            if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
                raise ValueError(f"{key} holds what is no number")
        return dict(about["parameters"]), arrays


def matrix_arrays(prefix: str, matrix: sparse.csr_matrix) -> dict[str, Array]:
    """A sparse matrix as arrays for `write_model`."""
    return {
        f"{prefix}_data": matrix.data,
        f"{prefix}_indices": matrix.indices.astype(np.int32),
        f"{prefix}_indptr": matrix.indptr.astype(np.int64),
        f"{prefix}_shape": np.array(matrix.shape, dtype=np.int64),
    }


def matrix_from_arrays(prefix: str, arrays: Mapping[str, Array]) -> sparse.csr_matrix:
    """The sparse matrix that `matrix_arrays` took apart.

    Raises ValueError for parts that do not fit together: compiled code believes an index whatever it is.
    """
    parts = (arrays[f"{prefix}_data"], arrays[f"{prefix}_indices"], arrays[f"{prefix}_indptr"])
    rows, columns = (int(length) for length in arrays[f"{prefix}_shape"])
    if any(part.dtype.kind not in "iu" for part in parts[1:]):
        raise ValueError(f"the indices of {prefix} are no whole numbers")
    matrix = sparse.csr_matrix(parts, shape=(rows, columns))
    matrix.check_format(full_check=True)
    return matrix
