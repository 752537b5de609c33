"""What a picture is made of: small square patches, each told by its colours and by the directions of its edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

Matrix = npt.NDArray[np.float32]

SIDE = 192  # pixels of the longer side of a picture as it is looked at
SCALES = (1.0, 0.707, 0.5, 0.333)  # at each of them patches are CELL * 4 pixels wide
EDGE_SCALE = 0.707  # edges are looked at from here down: forms, not the grain of a surface
CELL = 4  # pixels; a patch has 4 by 4 cells
STEP = 4  # pixels between patches
DIRECTIONS = 8
COLOUR, EDGES = 96, 128  # numbers that tell a patch: 16 cells * (3 means + 3 deviations), 16 cells * DIRECTIONS

_LEAST = 4 * CELL  # pixels of the shorter side: one patch
_FAINT = 0.05  # edges weaker than this are noise, and are not brought to length 1
_CELLS = np.array([-6, -2, 2, 6])  # middles of the cells from the middle of a patch, in pixels
_RGB_TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], dtype=np.float32
) / np.array([[0.9505], [1.0], [1.089]], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Patches:
    """`values`, shape [patches, COLOUR or EDGES], tell what they show, `places`, shape [patches, 2], where.

    A place is (down, across) from the middle of the picture, in heights and widths: -0.5 to 0.5.
    """

    values: Matrix
    places: Matrix

    def some(self, size: int, *, chance: np.random.Generator) -> Matrix:
        """The values of at most `size` patches, drawn by chance."""
        return self.values[chance.choice(len(self.values), min(size, len(self.values)), replace=False)]


def patches_of(picture: Image.Image) -> tuple[Patches, Patches]:
    """The patches of a picture by colour and by edges; pictures of any size and form have some of both."""
    seen, colour, edges = picture.convert("RGB"), [], []
    longest = max(seen.size)
    sizes = [tuple(max(_LEAST, round(side * SIDE * scale / longest)) for side in seen.size) for scale in SCALES]
    for scale, (width, height) in zip(SCALES, sizes, strict=True):
        seen = seen.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
        pixels = lab(seen)
        colour.append(_patches(_colour_maps(pixels)))
        if scale <= EDGE_SCALE:
            found = _patches(_edge_maps(pixels[..., 0]))
            edges.append(Patches(_normalised(found.values), found.places))
    return _joined(colour), _joined(edges)


def lab(picture: Image.Image) -> Matrix:
    """CIE Lab under D65 in hundredths, shape [height, width, 3]: L 0 to 1, a and b about -1 to 1."""
    curve = (np.arange(256, dtype=np.float32) / 255).astype(np.float32)
    linear = np.where(curve > 0.04045, ((curve + 0.055) / 1.055) ** 2.4, curve / 12.92).astype(np.float32)
    xyz = linear[np.asarray(picture)] @ _RGB_TO_XYZ.T
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    return np.stack([1.16 * y - 0.16, 5 * (x - y), 2 * (y - z)], axis=-1).astype(np.float32)


def _colour_maps(pixels: Matrix) -> Matrix:
    """Mean and deviation of L, a and b in the cell around each pixel, shape [6, height, width]."""
    planes = np.moveaxis(pixels, -1, 0)
    size = (1, CELL, CELL)
    mean = ndimage.uniform_filter(planes, size, mode="nearest")
    square = ndimage.uniform_filter(planes * planes, size, mode="nearest")
    return np.concatenate([mean, np.sqrt(np.maximum(square - mean * mean, 0))])


def _edge_maps(light: Matrix) -> Matrix:
    """How much edge of each direction lies around each pixel, shape [DIRECTIONS, height, width].

    Source: Lowe, "Distinctive Image Features from Scale-Invariant Keypoints", IJCV 60(2), 2004, section 6.
    """
    down = ndimage.correlate1d(light, [-0.5, 0, 0.5], axis=0, mode="nearest")
    across = ndimage.correlate1d(light, [-0.5, 0, 0.5], axis=1, mode="nearest")
    strength = np.hypot(down, across)
    turn = np.arctan2(down, across) * np.float32(DIRECTIONS / (2 * np.pi)) % DIRECTIONS
    below = np.floor(turn).astype(np.int64) % DIRECTIONS
    share = turn - np.floor(turn)
    maps = np.zeros((DIRECTIONS, *light.shape), dtype=np.float32)
    rows, columns = np.ogrid[: light.shape[0], : light.shape[1]]
    maps[below, rows, columns] = strength * (1 - share)
    maps[(below + 1) % DIRECTIONS, rows, columns] += strength * share
    tent = np.convolve(np.ones(CELL), np.ones(CELL)).astype(np.float32) / CELL**2
    for axis in (1, 2):
        maps = ndimage.correlate1d(maps, tent, axis=axis, mode="constant")
    return maps


def _patches(maps: Matrix) -> Patches:
    """The patches whose cells have the values of `maps` [channels, height, width]: 16 * channels numbers each."""
    height, width = maps.shape[-2], maps.shape[-1]
    down = np.arange(2 * CELL, height - 2 * CELL + 1, STEP)
    across = np.arange(2 * CELL, width - 2 * CELL + 1, STEP)
    rows = np.minimum(down[:, None] + _CELLS, height - 1)  # [patches down, 4]
    columns = np.minimum(across[:, None] + _CELLS, width - 1)
    found = maps[:, rows[:, None, :, None], columns[None, :, None, :]]  # [channels, down, across, 4, 4]
    places = np.stack(np.meshgrid(down / height - 0.5, across / width - 0.5, indexing="ij"), axis=-1)
    values = np.moveaxis(found, 0, -1).reshape(len(down) * len(across), -1)
    return Patches(values, places.reshape(-1, 2).astype(np.float32))


def _joined(parts: list[Patches]) -> Patches:
    return Patches(
        np.concatenate([part.values for part in parts]), np.concatenate([part.places for part in parts])
    )


def _normalised(edges: Matrix) -> Matrix:
    """RootSIFT: Arandjelovic, Zisserman, "Three things everyone should know to improve object retrieval", 2012."""
    length = np.linalg.norm(edges, axis=1, keepdims=True)
    capped = np.minimum(edges / np.maximum(length, _FAINT), 0.2)
    total = np.maximum(capped.sum(axis=1, keepdims=True), 1e-6)
    rooted: Matrix = np.sqrt(np.maximum(capped / total, 0))
    return rooted
