"""ALS: its solver finds what the objective asks for, on any number of threads, and nobody leaves a trace."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sparse

from core.errors import InvalidInput
from recsys.als import AlsModel
from recsys.als import _fit_with_implicit as fit_with_implicit
from recsys.als_solver import fit_factors, row_blocks, row_scale
from recsys.data import TrainingData
from recsys.evaluation.splits import keep_rows
from tests.recsys.shops import DAY, history, shop


def cells(*, rows: int = 300, columns: int = 60, seed: int = 0) -> sparse.csr_matrix:
    """What confidences have above 1: rows of six tastes and very different lengths, two columns with nothing."""
    draw = np.random.default_rng(seed)
    liked = np.where(draw.integers(6, size=rows)[:, None] == np.arange(columns) % 6, 4.0, 0.3)
    there = draw.random((rows, columns)) < liked * draw.beta(0.5, 4, size=rows)[:, None]
    there[:, [7, columns - 1]] = False
    return sparse.csr_matrix(there * draw.uniform(1, 30, size=there.shape), dtype=np.float32)


def exact_rows(extra: sparse.csr_matrix, fixed: np.ndarray, regularisation: np.ndarray) -> np.ndarray:
    """The factors of all rows by their normal equations, one by one."""
    shared = fixed.T @ fixed
    solved = np.zeros((extra.shape[0], fixed.shape[1]))
    for row, above in enumerate(extra.toarray().astype(np.float64)):
        normal = shared + (fixed.T * above) @ fixed + regularisation[row] * np.eye(fixed.shape[1])
        solved[row] = np.linalg.solve(normal, fixed.T @ ((above > 0) * (1 + above)))
    return solved


def objective(extra: sparse.csr_matrix, fixed: np.ndarray, regularisation: float) -> float:
    """The objective for the given column factors and the best row factors."""
    fixed = fixed.astype(np.float64)
    rows = exact_rows(extra, fixed, np.full(extra.shape[0], regularisation))
    above = extra.toarray()
    missed = (1 + above) * ((above > 0) - rows @ fixed.T) ** 2
    return float(missed.sum() + regularisation * ((rows**2).sum() + (fixed**2).sum()))


@pytest.mark.parametrize("power", [0.0, 0.7])
def test_rounds_end_where_no_row_and_no_column_can_do_better(power: float) -> None:
    extra = cells()
    found = fit_factors(extra, factors=5, iterations=200, regularisation=3.0, frequency_power=power)
    below = extra.T.tocsr()
    by_row, by_column = (
        row_scale(side, base=3.0, power=power).of(np.asarray(side.sum(axis=1)).ravel()) for side in (extra, below)
    )
    rows = exact_rows(extra, found.astype(np.float64), by_row)
    np.testing.assert_allclose(found, exact_rows(below, rows, by_column), atol=2e-3)
    assert np.ptp(by_row) == 0 if power == 0 else by_row.max() > 1.2 * by_row.min()


def test_the_solver_reaches_what_implicit_reaches() -> None:
    extra = cells(rows=600, columns=80)
    how = {"factors": 6, "iterations": 15, "regularisation": 2.0, "frequency_power": 0.0, "seed": 1, "threads": 1}
    own, reference = (objective(extra, solve(extra, **how), 2.0) for solve in (fit_factors, fit_with_implicit))
    assert own < reference
    assert objective(extra, fit_factors(extra, **{**how, "iterations": 1}), 2.0) > 1.2 * reference


def test_factors_stand_in_the_eigenvectors_of_their_products() -> None:
    for solve in (fit_factors, fit_with_implicit):
        found = solve(cells(), factors=6, iterations=3, regularisation=1.0, frequency_power=0.0, seed=0, threads=1)
        products = found.T @ found
        assert np.abs(products - np.diag(np.diag(products))).max() < 1e-4 * products.max()


def test_columns_with_nothing_in_them_have_no_factors() -> None:
    found = fit_factors(cells(), factors=6, iterations=3, regularisation=1.0)
    assert not found[[7, 59]].any()
    assert np.abs(np.delete(found, [7, 59], axis=0)).max(axis=1).min() > 0
    assert not fit_factors(sparse.csr_matrix((0, 9)), factors=4, iterations=2, regularisation=1.0).any()


def test_rows_with_nothing_in_them_change_no_byte() -> None:
    extra = cells()
    there = extra[np.flatnonzero(np.diff(extra.indptr))]
    assert there.shape[0] < extra.shape[0]
    one, other = (
        fit_factors(each, factors=6, iterations=4, regularisation=1.0, frequency_power=0.5)
        for each in (extra, there)
    )
    assert one.tobytes() == other.tobytes()


def test_blocks_hold_every_row_that_is_not_empty_once() -> None:
    lengths = np.array([3, 0, 9000, 1, 3, 0, 5000, 4000, 2])
    blocks = list(row_blocks(lengths))
    assert sorted(np.concatenate(blocks).tolist()) == [0, 2, 3, 4, 6, 7, 8]
    assert [block.tolist() for block in blocks[:3]] == [[2], [6], [7, 0]]


def test_the_model_does_not_depend_on_threads(tmp_path: Path) -> None:
    data = shop(users=2000, items=300)
    for threads in (1, 2, 3):
        AlsModel(factors=32, frequency_power=0.5).fit(data, threads=threads).save(tmp_path / f"{threads}")
    first, *others = ((tmp_path / f"{threads}" / "arrays.npz").read_bytes() for threads in (1, 2, 3))
    assert all(other == first for other in others)


def test_a_forgotten_shopper_has_left_nothing(tmp_path: Path) -> None:
    data = shop()
    gone = 50
    never = replace(
        keep_rows(data, data.users != gone),
        user_ids=[name for user, name in enumerate(data.user_ids) if user != gone],
    )
    never = replace(never, users=np.where(never.users > gone, never.users - 1, never.users).astype(np.int32))
    fits: dict[str, TrainingData] = {"without": keep_rows(data, data.users != gone), "never": never, "with": data}
    for name, each in fits.items():
        AlsModel(factors=16, frequency_power=1.0).fit(each).save(tmp_path / name)
    without, same, other = ((tmp_path / name / "arrays.npz").read_bytes() for name in fits)
    assert without == same
    assert without != other


def test_what_is_long_ago_says_less_of_an_item() -> None:
    data = shop(users=400)
    old = replace(data, at=np.where(data.item_numbers == 8, data.at - 1000 * DAY, data.at))
    for half_life, shrunk in ((180.0, True), (1e9, False)):
        model = AlsModel(factors=8, frequency_power=0.0, learning_half_life_days=half_life)
        before, after = (np.linalg.norm(model.fit(each).factors[8]) for each in (data, old))
        assert (after < 0.5 * before) == shrunk


@pytest.mark.parametrize("power", [0.0, 1.0])
def test_shoppers_are_folded_in_as_the_normal_equations_say(power: float) -> None:
    data = shop()
    model = AlsModel(
        factors=8,
        alpha=50.0,
        regularisation=2.0,
        frequency_power=power,
        learning_half_life_days=1e9,
        position_power=0.0,
        half_life_days=None,
    ).fit(data)
    items = model._factors.astype(np.float64)
    counts = np.zeros((len(data.user_ids), len(items)))
    known = data.users >= 0
    np.add.at(counts, (data.users[known], data.item_numbers[known]), data.weights[known])
    mean = 50.0 * np.log2(1 + counts).sum(axis=1).mean()
    for past in (history(0, 4, 8), history(*range(20))):  # shorter and longer than the factors
        confidence = np.ones(len(items))
        confidence[past.items] += 50.0
        regularisation = 2.0 * ((confidence - 1).sum() / mean) ** power
        normal = items.T @ (items * confidence[:, None]) + regularisation * np.eye(8)
        factor = np.linalg.solve(normal, items[past.items].T @ confidence[past.items])
        np.testing.assert_allclose(model.scores([past], now=0)[0], items @ factor, rtol=1e-3, atol=1e-4)


def test_implicit_knows_one_regularisation_for_all() -> None:
    with pytest.raises(InvalidInput, match="frequency_power"):
        AlsModel(solver="implicit", frequency_power=0.5)
    found = (
        AlsModel(solver="implicit", frequency_power=0.0, factors=8).fit(shop(), threads=1).similar(0, size=3).items
    )
    assert (found % 4 == 0).all()
