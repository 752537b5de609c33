"""Files of models that were cut, changed or made by somebody else: a sensible answer or BrokenArtifact."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sparse

from core.errors import BrokenArtifact
from recsys.models import MODELS
from recsys.protocol import Recommender
from recsys.storage import Array, matrix_arrays, matrix_from_arrays, read_model, write_model
from tests.recsys.shops import history
from tests.recsys.test_recommender_contract import KINDS, NOW, data, fitted

FLIPS = 12  # of each file; `test_many_bytes_changed` makes more


def answers(kind: type[Recommender], folder: Path) -> bool:
    """Whether what is in a folder loads; what loads must then answer everything with numbers."""
    try:
        with np.errstate(all="ignore"):
            model = kind.load(folder)
    except BrokenArtifact:
        return False
    with np.errstate(all="ignore"):
        return says_numbers(model)


def says_numbers(model: Recommender) -> bool:
    items = len(data().items)
    scores = model.scores([history(0, 4, items - 1), history()], now=NOW)
    assert scores.shape == (2, items)
    assert np.isfinite(scores).all()
    assert np.isfinite(model.similar(3, size=5).scores).all()
    assert np.isfinite(model.explain(history(0, 4), 8, now=NOW).score)
    return True


def saved(name: str, folder: Path) -> list[Path]:
    """The files of a model; of the blend those beside its models, which are looked at one by one."""
    fitted(name).save(folder)
    return [path for path in sorted(folder.glob("*")) if path.is_file()]


@pytest.mark.parametrize("name", list(KINDS))
def test_a_file_cut_anywhere_is_noticed(name: str, tmp_path: Path) -> None:
    for path in saved(name, tmp_path / "model"):
        whole = path.read_bytes()
        for length in sorted({*range(0, len(whole), max(1, len(whole) // 8)), len(whole) - 1, len(whole) - 22}):
            path.write_bytes(whole[: max(0, length)])
            with pytest.raises(BrokenArtifact):
                type(fitted(name)).load(tmp_path / "model")
        path.write_bytes(whole)
    assert answers(type(fitted(name)), tmp_path / "model")


def flip(name: str, folder: Path, *, times: int) -> None:
    draw = np.random.default_rng(7)
    for path in saved(name, folder):
        whole = path.read_bytes()
        for place in draw.integers(len(whole), size=times):
            changed = bytearray(whole)
            changed[place] ^= int(draw.integers(1, 256))
            path.write_bytes(bytes(changed))
            answers(type(fitted(name)), folder)
        path.write_bytes(whole)
    assert answers(type(fitted(name)), folder)


@pytest.mark.parametrize("name", list(KINDS))
def test_a_changed_byte_is_noticed_or_does_no_harm(name: str, tmp_path: Path) -> None:
    flip(name, tmp_path / "model", times=FLIPS)


@pytest.mark.nightly
@pytest.mark.parametrize("name", list(KINDS))
def test_many_bytes_changed(name: str, tmp_path: Path) -> None:
    flip(name, tmp_path / "model", times=100 * FLIPS)


SHAPES: dict[str, Callable[[Array], Array]] = {
    "shorter": lambda array: array[:-1],
    "longer": lambda array: np.concatenate([array, array[:1]]),
    "empty": lambda array: array[:0],
    "one": lambda array: array[:1],
    "transposed": lambda array: array.T,
    "flat": lambda array: array.ravel(),
    "deeper": lambda array: array[..., None],
    "no axis": lambda array: np.asarray(array.ravel()[0] if array.size else 0, dtype=array.dtype),
    "wider numbers": lambda array: array.astype(np.float64),
    "whole numbers": lambda array: array.astype(np.int16),
    "below 0": lambda array: -np.abs(array) - 1,
    "huge": lambda array: np.full_like(array, np.iinfo(np.int32).max),
}
NO_NUMBERS: dict[str, Callable[[Array], Array]] = {
    "text": lambda array: array.astype(np.str_),
    "complex": lambda array: array.astype(np.complex64),
    "moments": lambda array: array.astype(np.int64).astype("datetime64[s]"),
}


def changed_arrays(
    name: str, changes: dict[str, Callable[[Array], Array]]
) -> Iterator[tuple[str, dict[str, Array]]]:
    model = fitted(name)
    arrays = {**model._arrays(), "items": np.array(len(data().items))}  # type: ignore[attr-defined]
    for key, array in arrays.items():
        for how, change in changes.items():
            if array.ndim or how in NO_NUMBERS or how in ("below 0", "huge", "deeper"):
                yield f"{key} {how}", {**arrays, key: change(array)}


def write(name: str, folder: Path, arrays: dict[str, Array], **parameters: object) -> type[Recommender]:
    kind = MODELS[name]
    given = {**fitted(name).parameters, **parameters}
    write_model(folder, name=name, schema=kind.schema, parameters=given, arrays=arrays)
    return kind


@pytest.mark.parametrize("name", list(MODELS))
def test_arrays_of_other_shapes_and_types(name: str, tmp_path: Path) -> None:
    refused = 0
    for how, arrays in changed_arrays(name, SHAPES):
        kind = write(name, tmp_path / "model", arrays)
        try:
            refused += not answers(kind, tmp_path / "model")
        except Exception as error:
            raise AssertionError(how) from error
    assert refused > 3


@pytest.mark.parametrize("name", list(MODELS))
def test_arrays_of_no_numbers_are_refused(name: str, tmp_path: Path) -> None:
    for how, arrays in changed_arrays(name, NO_NUMBERS):
        assert not answers(write(name, tmp_path / "model", arrays), tmp_path / "model"), how
    arrays = {**fitted(name)._arrays(), "items": np.array(len(data().items))}  # type: ignore[attr-defined]
    for key, array in arrays.items():
        if array.dtype.kind == "f" and array.size:
            for strange in (np.nan, np.inf):
                spoilt = array.copy()
                spoilt.flat[array.size // 2] = strange
                assert not answers(write(name, tmp_path / "model", {**arrays, key: spoilt}), tmp_path / "model")
        rest = {other: kept for other, kept in arrays.items() if other != key}
        assert not answers(write(name, tmp_path / "model", rest), tmp_path / "model"), key


@pytest.mark.parametrize("name", list(MODELS))
def test_parameters_of_other_kinds(name: str, tmp_path: Path) -> None:
    arrays = {**fitted(name)._arrays(), "items": np.array(len(data().items))}  # type: ignore[attr-defined]
    for parameter in fitted(name).parameters:
        for strange in ("much", None, [1, 2], {}, float("nan"), -1, 0, 10**30):
            write(name, tmp_path / "model", arrays, **{parameter: strange})
            answers(MODELS[name], tmp_path / "model")
    write(name, tmp_path / "model", arrays, gravity=9.81)
    assert not answers(MODELS[name], tmp_path / "model")


MATRIX = {
    "an index beyond the columns": ("indices", 2, 4),
    "an index far beyond": ("indices", 2, 2**30),
    "an index below 0": ("indices", 2, -1),
    "rows that go back": ("indptr", 1, 5),
    "rows that begin late": ("indptr", 0, 1),
    "rows that end beyond the data": ("indptr", 3, 400),
    "rows below 0": ("indptr", 1, -(2**40)),
    "more rows than there are": ("shape", 0, 9),
    "fewer columns": ("shape", 1, 2),
    "fewer than no columns": ("shape", 1, -4),
}


@pytest.mark.parametrize("how", list(MATRIX))
def test_a_matrix_that_points_nowhere_is_refused(how: str) -> None:
    arrays = a_matrix()
    key, place, value = MATRIX[how]
    arrays[f"m_{key}"][place] = value
    with pytest.raises(ValueError, match=r".+"):
        matrix_from_arrays("m", arrays)


def test_a_matrix_comes_back_whole() -> None:
    matrix = matrix_from_arrays("m", a_matrix())
    assert matrix.toarray().tolist() == [[1, 0, 2, 0], [0, 0, 0, 0], [0, 0, 3, 4]]
    for key, kind in (("indices", np.float64), ("indptr", np.float64), ("indices", np.bool_)):
        with pytest.raises(ValueError, match="no whole numbers"):
            matrix_from_arrays("m", {**a_matrix(), f"m_{key}": a_matrix()[f"m_{key}"].astype(kind)})


def a_matrix() -> dict[str, Array]:

    return matrix_arrays("m", sparse.csr_matrix(np.array([[1.0, 0, 2, 0], [0, 0, 0, 0], [0, 0, 3, 4]])))


@pytest.mark.parametrize(
    "about", ["[]", "3", '"als"', "null", "{}", '{"name": "als"}', "[" * 100_000, '{"name": "als", "schema": []}']
)
def test_a_model_file_of_something_else(about: str, tmp_path: Path) -> None:
    saved("als", tmp_path / "model")
    (tmp_path / "model" / "model.json").write_text(about)
    with pytest.raises(BrokenArtifact):
        MODELS["als"].load(tmp_path / "model")


def test_an_archive_with_something_else_in_it(tmp_path: Path) -> None:
    saved("popularity", tmp_path / "model")
    about: dict[str, Any] = json.loads((tmp_path / "model" / "model.json").read_text())
    header = b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (%s,), }"
    for content in (b"", b"words", header % b"99999999999999", header % b"-3", b"\x80\x04K\x01."):
        with zipfile.ZipFile(tmp_path / "model" / "arrays.npz", "w") as file:
            for key in about["arrays"]:
                file.writestr(f"{key}.npy", content)
        with pytest.raises(BrokenArtifact):
            read_model(tmp_path / "model", name="popularity", schema=1)
