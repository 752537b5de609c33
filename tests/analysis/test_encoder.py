"""The fitted encoder: likeness of meaning, determinism, and files that are whole or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.encoder import LsaEncoder, TextEncoder
from core.errors import BrokenArtifact, InvalidInput

THEMES = {
    "kitchen": "kettle toaster teapot mug coffee kitchen steel",
    "garden": "spade rake hose seeds plant garden soil",
    "office": "printer ink toner paper stapler office desk",
}


def catalogue() -> list[str]:
    generator = np.random.default_rng(1)
    return [
        " ".join(generator.choice(words.split(), 4, replace=False)) for words in THEMES.values() for _ in range(40)
    ]


@pytest.fixture(scope="module")
def encoder() -> LsaEncoder:
    return LsaEncoder.fit(catalogue(), dimensions=4)


def test_words_of_one_theme_are_close_though_not_the_same(encoder: LsaEncoder) -> None:
    kettle, teapot, spade = encoder.encode(["kettle", "teapot", "spade"])
    assert kettle @ teapot > 0.8 > 0.3 > kettle @ spade


def test_vectors_have_length_one_or_none(encoder: LsaEncoder) -> None:
    vectors = encoder.encode(["coffee mug", "", "zzz unknown"])
    assert vectors.shape == (3, encoder.dimensions)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1.0, 0.0, 0.0], abs=1e-6)


def test_one_text_and_many_are_encoded_alike(encoder: LsaEncoder) -> None:
    texts = ["coffee mug mug", "garden hose", "ink"]
    alone = np.vstack([encoder.encode([text]) for text in texts])
    assert alone == pytest.approx(encoder.encode(texts), abs=1e-6)


def test_the_same_catalogue_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        LsaEncoder.fit(catalogue(), dimensions=8).save(tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_a_saved_encoder_comes_back(encoder: LsaEncoder, tmp_path: Path) -> None:
    encoder.save(tmp_path)
    loaded: TextEncoder = LsaEncoder.load(tmp_path)
    assert (loaded.encode(["coffee"]) == encoder.encode(["coffee"])).all()


@pytest.mark.parametrize("file", ["encoder.json", "components.npy", "idf.npy"])
def test_a_file_cut_in_half_is_refused(encoder: LsaEncoder, tmp_path: Path, file: str) -> None:
    encoder.save(tmp_path)
    whole = (tmp_path / file).read_bytes()
    (tmp_path / file).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BrokenArtifact):
        LsaEncoder.load(tmp_path)


def test_another_schema_is_refused(encoder: LsaEncoder, tmp_path: Path) -> None:
    encoder.save(tmp_path)
    text = (tmp_path / "encoder.json").read_text().replace('"schema": 1', '"schema": 99')
    (tmp_path / "encoder.json").write_text(text)
    with pytest.raises(BrokenArtifact, match="another version"):
        LsaEncoder.load(tmp_path)


def test_a_catalogue_without_words_is_refused() -> None:
    with pytest.raises(InvalidInput):
        LsaEncoder.fit(["", "!!"])


def test_a_tiny_catalogue_is_enough() -> None:
    encoder = LsaEncoder.fit(["red lamp"], dimensions=64)
    assert encoder.encode(["lamp"])[0] @ encoder.encode(["red lamp"])[0] > 0.9
