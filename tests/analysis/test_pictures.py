"""The fitted picture encoder: likeness of looks, determinism, pictures of any kind, and files whole or refused."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from analysis.pictures import MOST_FITTED, FittedEncoder, ImageEncoder, sample_of
from core.errors import BrokenArtifact, InvalidInput
from tests.analysis.drawn import catalogue, drawn


@pytest.fixture(scope="module")
def encoder() -> FittedEncoder:
    return FittedEncoder.fit(catalogue(copies=9)[0], dimensions=32)


def test_the_nearest_picture_shows_the_same_form_in_the_same_colour(encoder: FittedEncoder) -> None:
    assert isinstance(encoder, ImageEncoder)
    (known, names), (asked, wanted) = catalogue(copies=3), catalogue(copies=2, first_seed=9000)
    nearest = (encoder.encode(asked) @ encoder.encode(known).T).argmax(axis=1)
    found = [names[place] for place in nearest]
    assert np.mean([one == other for one, other in zip(found, wanted, strict=True)]) > 0.85
    colours = [one.split()[0] == other.split()[0] for one, other in zip(found, wanted, strict=True)]
    assert np.mean(colours) > 0.9


def test_form_counts_where_colour_says_nothing(encoder: FittedEncoder) -> None:
    disc, other_disc, box = encoder.encode([drawn(form, "grey", seed=seed) for form, seed in _GREY])
    assert disc @ other_disc > disc @ box


_GREY = (("disc", 501), ("disc", 502), ("box", 503))


def test_vectors_have_length_one_and_do_not_depend_on_their_company(encoder: FittedEncoder) -> None:
    pictures = catalogue(copies=1)[0][:4]
    together = encoder.encode(pictures)
    assert together.shape == (4, encoder.dimensions)
    assert together.dtype == np.float32
    assert np.linalg.norm(together, axis=1) == pytest.approx([1.0] * 4, abs=1e-5)
    assert np.concatenate([encoder.encode([one]) for one in pictures]) == pytest.approx(together, abs=1e-6)
    assert encoder.encode([]).shape == (0, encoder.dimensions)


def test_bytes_are_pictures_too(encoder: FittedEncoder) -> None:
    picture = drawn("disc", "red", seed=1)
    file = io.BytesIO()
    picture.save(file, "PNG")
    assert encoder.encode([file.getvalue()]) == pytest.approx(encoder.encode([picture]), abs=1e-6)


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("RGB", (1, 1), "red"),
        Image.new("RGB", (1, 900), "white"),
        Image.new("RGB", (3000, 2), "black"),
        Image.new("L", (40, 30), 90),
        Image.new("RGBA", (50, 50), (0, 0, 0, 0)),
        Image.new("P", (20, 20)),
    ],
    ids=["dot", "tall", "wide", "grey", "clear", "palette"],
)
def test_pictures_of_any_size_and_kind_have_a_finite_vector(encoder: FittedEncoder, picture: Image.Image) -> None:
    vector = encoder.encode([picture])
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


def test_the_same_pictures_give_the_same_bytes(tmp_path: Path) -> None:
    pictures = catalogue(copies=2)[0]
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        FittedEncoder.fit(pictures, dimensions=16).save(tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert len(files) > 10
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_shop_with_a_handful_of_pictures_can_be_searched(size: int) -> None:
    pictures = catalogue(copies=1)[0][:: 12 // size][:size]
    encoder = FittedEncoder.fit(pictures, dimensions=16)
    vectors = encoder.encode(pictures)
    assert np.isfinite(vectors).all()
    assert (vectors @ vectors.T).argmax(axis=1).tolist() == list(range(size))


def test_one_picture_again_and_again_is_no_reason_to_fail() -> None:
    encoder = FittedEncoder.fit([drawn("box", "blue", seed=1)] * 110, dimensions=16)
    assert np.isfinite(encoder.encode([drawn("disc", "red", seed=2)])).all()


def test_no_pictures_no_encoder() -> None:
    with pytest.raises(InvalidInput, match="no pictures"):
        FittedEncoder.fit([])


def test_a_saved_encoder_comes_back(encoder: FittedEncoder, tmp_path: Path) -> None:
    encoder.save(tmp_path)
    pictures = catalogue(copies=1)[0]
    assert np.array_equal(FittedEncoder.load(tmp_path).encode(pictures), encoder.encode(pictures))


@pytest.mark.parametrize("broken", ["cut", "gone", "schema", "sizes", "words"])
def test_broken_files_are_refused(encoder: FittedEncoder, tmp_path: Path, broken: str) -> None:
    encoder.save(tmp_path)
    file, about = tmp_path / "components.npy", tmp_path / "encoder.json"
    if broken == "cut":
        file.write_bytes(file.read_bytes()[:500])
    elif broken == "gone":
        (tmp_path / "edges-axes.npy").unlink()
    elif broken == "schema":
        about.write_text(json.dumps({**json.loads(about.read_text()), "schema": 99}))
    elif broken == "sizes":
        np.save(file, np.load(file)[:-1])
    else:
        about.write_text("[]")
    with pytest.raises(BrokenArtifact):
        FittedEncoder.load(tmp_path)


def test_what_an_encoder_is_fitted_on_is_always_the_same_sample() -> None:
    items = list(range(5000))
    chosen = sample_of(items)
    assert len(chosen) == MOST_FITTED
    assert chosen == sorted(set(chosen)) == sample_of(items)
    assert sample_of(items[:7]) == items[:7]
