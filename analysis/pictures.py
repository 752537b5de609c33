"""Vectors for pictures: the protocol, and the default encoder, fitted on the shop's own pictures.

The default looks at small patches (`picture_features`): their colours (Clinchant, Csurka, Perronnin, Renders,
"XRCE's participation to ImagEval", 2007) and the directions of their edges. What stands in the middle of a picture
counts most, since that is where a product is photographed. Each kind of patch becomes a Fisher vector
(`picture_fisher`); side by side they are whitened to principal components (Jegou, Chum, "Negative evidences and
co-occurences in image retrieval", ECCV 2012).
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
import numpy.typing as npt
from PIL import Image
from threadpoolctl import threadpool_limits

from analysis.picture_features import COLOUR, EDGES, patches_of
from analysis.picture_fisher import FisherCode
from core.errors import BrokenArtifact, InvalidInput

Matrix = npt.NDArray[np.float32]
Picture = Image.Image | bytes
Some = TypeVar("Some")

SCHEMA = 1  # of the files below
MOST_FITTED = 500  # pictures that an encoder is fitted on; more of them teach it little
MOST_TAKEN_APART = 150  # of them, to learn what patches there are
SAMPLES_TO_A_WORD = 100  # patches that the words are fitted on

_MIDDLE = 0.2  # of a side: how far from the middle of a picture a patch counts exp(-1/2)
_EDGE_WEIGHT = 0.5  # photographs are told apart by colours above all, drawn and plain ones by forms as well
_FEWEST = 100  # pictures; with fewer there are no principal components worth the name
_ALL = (COLOUR, EDGES)


@runtime_checkable
class ImageEncoder(Protocol):
    """Turns pictures into unit vectors whose dot product is their likeness."""

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        ...

    def encode(self, pictures: Sequence[Picture]) -> Matrix:
        """Vectors of shape [pictures, dimensions], each of length 1 (0 where nothing can be told of a picture).

        A picture is an image, or the bytes of one from a source that can be trusted.
        """
        ...


class FittedEncoder:
    """The default `ImageEncoder`: no download, no GPU, about 0.1 s a picture on one core."""

    version = "1"

    def __init__(self, colour: FisherCode, edges: FisherCode, *, mean: Matrix, components: Matrix) -> None:
        self._colour = colour
        self._edges = edges
        self._mean = mean  # [signature]
        self._components = components  # [signature, dimensions]

    @property
    def dimensions(self) -> int:
        return int(self._components.shape[1])

    @classmethod
    def fit(cls, pictures: Sequence[Picture], *, dimensions: int = 256, seed: int = 0) -> FittedEncoder:
        """Fit on a catalogue's pictures, of which nothing is known but what they show.

        Raises InvalidInput for no pictures.
        """
        if not pictures:
            raise InvalidInput("there are no pictures to fit an encoder on")
        chance = np.random.default_rng(seed)
        with threadpool_limits(1):  # the same sums on any number of cores
            colour, edges = _codes(pictures, chance=chance, seed=seed)
            with ThreadPoolExecutor() as pool:
                found = pool.map(lambda picture: _signature(_image(picture), colour, edges), pictures)
                signatures = np.stack(list(found))
            mean, components = _whitened(signatures, dimensions=dimensions, chance=chance)
        return cls(colour, edges, mean=mean, components=components)

    def encode(self, pictures: Sequence[Picture]) -> Matrix:
        found = np.zeros((len(pictures), self.dimensions), dtype=np.float32)
        for row, picture in enumerate(pictures):
            vector = (_signature(_image(picture), self._colour, self._edges) - self._mean) @ self._components
            found[row] = vector / max(float(np.linalg.norm(vector)), 1e-12)
        return found

    def save(self, folder: Path) -> None:
        """Write the encoder's files into a folder."""
        for name, array in self._arrays().items():
            np.save(folder / f"{name}.npy", array)  # not .npz: a zip carries the time it was written
        about = {"schema": SCHEMA, "version": self.version, "patches": _ALL}
        (folder / "encoder.json").write_text(json.dumps(about), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> FittedEncoder:
        """Read what `save` wrote; raises BrokenArtifact for a file cut short or of another schema."""
        try:
            about = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
            if (about["schema"], about["version"], tuple(about["patches"])) != (SCHEMA, cls.version, _ALL):
                raise BrokenArtifact(f"the picture encoder in {folder.name} was made by another version of Merx")
            codes = [
                FisherCode(**{name: np.load(folder / f"{part}-{name}.npy") for name in FisherCode.__slots__})
                for part in ("colour", "edges")
            ]
            mean, components = (np.load(folder / f"{name}.npy") for name in ("mean", "components"))
            length = sum(code.dimensions for code in codes)
            if mean.shape != (length,) or components.shape[:1] != (length,):
                raise BrokenArtifact(f"the picture encoder in {folder.name} has parts of different sizes")
            return cls(*codes, mean=mean, components=components)
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            raise BrokenArtifact(f"the picture encoder in {folder.name} cannot be read: {error}") from error

    def _arrays(self) -> dict[str, Matrix]:
        codes = {"colour": self._colour, "edges": self._edges}
        parts = {f"{part}-{name}": array for part, code in codes.items() for name, array in code.arrays().items()}
        return {**parts, "mean": self._mean, "components": self._components}


def sample_of(items: Sequence[Some], *, seed: int = 0) -> list[Some]:
    """At most MOST_FITTED of them, in their order: what an encoder is fitted on."""
    chosen = random.Random(seed).sample(range(len(items)), min(len(items), MOST_FITTED))
    return [items[place] for place in sorted(chosen)]


def _image(picture: Picture) -> Image.Image:
    return Image.open(BytesIO(picture)) if isinstance(picture, bytes) else picture


def _codes(
    pictures: Sequence[Picture], *, chance: np.random.Generator, seed: int
) -> tuple[FisherCode, FisherCode]:
    words = min(256, max(32, len(pictures) // 3))  # few pictures do not fill many words
    looked_at = pictures[:: -(-len(pictures) // MOST_TAKEN_APART)]
    share = -(-SAMPLES_TO_A_WORD * words // len(looked_at))
    parts = [[kind.some(share, chance=chance) for kind in patches_of(_image(one))] for one in looked_at]
    colour, edges = (np.concatenate(kind) for kind in zip(*parts, strict=True))
    return (
        FisherCode.fit(colour, numbers=24, words=words, seed=seed),
        FisherCode.fit(edges, numbers=48, words=words // 4, seed=seed),
    )


def _signature(picture: Image.Image, colour: FisherCode, edges: FisherCode) -> Matrix:
    seen = patches_of(picture)
    by_colour, by_edges = (
        code.encode(patches.values, importance=np.exp(-(patches.places**2).sum(axis=1) / (2 * _MIDDLE**2)))
        for code, patches in zip((colour, edges), seen, strict=True)
    )
    return np.concatenate([by_colour, _EDGE_WEIGHT * by_edges])


def _whitened(signatures: Matrix, *, dimensions: int, chance: np.random.Generator) -> tuple[Matrix, Matrix]:
    """The mean [signature] and the whitening projection [signature, dimensions]."""
    length = signatures.shape[1]
    if len(signatures) < _FEWEST:
        # Chance directions keep all likenesses about as they are: Johnson, Lindenstrauss, 1984.
        chosen = chance.standard_normal((length, dimensions)) / np.sqrt(dimensions)
        return np.zeros(length, dtype=np.float32), chosen.astype(np.float32)
    mean = signatures.mean(axis=0)
    centred = (signatures - mean).astype(np.float64)
    strength, turned = np.linalg.eigh(centred @ centred.T)  # far fewer pictures than numbers: by the small matrix
    kept = np.argsort(-strength)[: min(dimensions, len(signatures) // 2)]
    kept = kept[strength[kept] > strength.max() * 1e-6]
    if not len(kept):  # the same picture again and again
        return _whitened(signatures[:1], dimensions=dimensions, chance=chance)
    # To length 1 by one root of the strength, to equal spread by the other.
    components = centred.T @ turned[:, kept] / strength[kept]
    return mean.astype(np.float32), (components * np.sqrt(len(signatures))).astype(np.float32)
