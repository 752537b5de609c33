"""A local image model as `ImageEncoder`: a folder with `model.onnx` and `preprocessor_config.json`.

That is how CLIP and ViT models are exported for ONNX Runtime. Nothing is downloaded; the model runs on the CPU.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from analysis.pictures import Picture
from core.artifacts import file_sha256
from core.errors import BrokenArtifact, Unavailable

Matrix = npt.NDArray[np.float32]

MODEL = "model.onnx"
CONFIG = "preprocessor_config.json"
OUTPUTS = ("image_embeds", "pooler_output", "last_hidden_state")  # the first of these that a model has
BATCH = 8


class OnnxEncoder:
    """Runs a model on the pictures as its configuration wants them: resized, cropped, scaled, normalised."""

    def __init__(self, folder: Path) -> None:
        """Raises Unavailable without onnxruntime, BrokenArtifact for a folder that holds no such model."""
        try:
            import onnxruntime
        except ImportError as error:
            raise Unavailable("MERX_IMAGE_MODEL needs onnxruntime: install merx[semantic]") from error
        try:
            self._wishes = _Wishes(json.loads((folder / CONFIG).read_text(encoding="utf-8")))
            self._session = onnxruntime.InferenceSession(folder / MODEL, providers=["CPUExecutionProvider"])
            self._output = _output_of([output.name for output in self._session.get_outputs()])
            self._dimensions = int(self._run([Image.new("RGB", (8, 8))]).shape[1])
        # The runtime has errors of its own for each thing that can be wrong with a file.
        except Exception as error:
            raise BrokenArtifact(f"the image model in {folder} cannot be used: {error}") from error

    @property
    def dimensions(self) -> int:
        return self._dimensions

    def encode(self, pictures: Sequence[Picture]) -> Matrix:
        images = [Image.open(BytesIO(one)) if isinstance(one, bytes) else one for one in pictures]
        parts = [self._run(images[start : start + BATCH]) for start in range(0, len(images), BATCH)]
        vectors = np.concatenate([np.zeros((0, self._dimensions), dtype=np.float32), *parts])
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Matrix = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
        return unit

    def _run(self, images: Sequence[Image.Image]) -> Matrix:
        pixels = np.stack([self._wishes.pixels(image) for image in images])
        given: dict[str, Any] = {}
        for wanted in self._session.get_inputs():
            # A model for pictures and texts wants a text too, which does not touch the picture's vector.
            given[wanted.name] = pixels if "float" in wanted.type else np.ones((1, 1), dtype=np.int64)
        (found,) = self._session.run([self._output], given)
        vectors: Matrix = np.asarray(found, dtype=np.float32)
        return vectors[:, 0] if vectors.ndim == 3 else vectors.reshape(len(images), -1)  # [CLS] of the last layer


class _Wishes:
    """What the model wants a picture to be; names and defaults are those of Hugging Face image processors."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        size = config.get("size", 224)
        self._size: Mapping[str, int] = {"shortest_edge": size} if isinstance(size, int) else size
        crop = config.get("crop_size", 224)
        self._crop: Mapping[str, int] = {"height": crop, "width": crop} if isinstance(crop, int) else crop
        self._resizes, self._crops = config.get("do_resize", True), config.get("do_center_crop", False)
        self._resample = Image.Resampling(config.get("resample", Image.Resampling.BICUBIC))
        self._factor = config.get("rescale_factor", 1 / 255) if config.get("do_rescale", True) else 1.0
        normal = config.get("do_normalize", True)
        self._mean = np.array(config["image_mean"] if normal else [0, 0, 0], dtype=np.float32)
        self._deviation = np.array(config["image_std"] if normal else [1, 1, 1], dtype=np.float32)

    def pixels(self, picture: Image.Image) -> Matrix:
        """Shape [3, height, width]."""
        image = picture.convert("RGB")
        if self._resizes:
            image = image.resize(self._resized(*image.size), self._resample)
        if self._crops:
            width, height = self._crop["width"], self._crop["height"]
            left, top = (image.width - width) // 2, (image.height - height) // 2
            image = image.crop((left, top, left + width, top + height))
        scaled = (np.asarray(image, dtype=np.float32) * self._factor - self._mean) / self._deviation
        return np.moveaxis(scaled, -1, 0).astype(np.float32)

    def _resized(self, width: int, height: int) -> tuple[int, int]:
        if "shortest_edge" in self._size:
            grown = self._size["shortest_edge"] / min(width, height)
            return max(1, round(width * grown)), max(1, round(height * grown))
        return self._size["width"], self._size["height"]


def onnx_encoder(folder: Path) -> OnnxEncoder:
    """The encoder in a folder, opened once as long as the file stays the same; raises as `OnnxEncoder` does."""
    return _opened(folder, onnx_name(folder))


def onnx_name(folder: Path) -> str:
    """A name for the model by its content: vectors of another one cannot be compared. Raises BrokenArtifact."""
    try:
        stamps = tuple((folder / name).stat().st_mtime_ns for name in (MODEL, CONFIG))
    except OSError as error:
        raise BrokenArtifact(f"{folder} does not hold {MODEL} and {CONFIG}") from error
    return _named(folder, stamps)


@lru_cache(maxsize=4)
def _named(folder: Path, _stamps: tuple[int, ...]) -> str:
    parts = "".join(file_sha256(folder / name) for name in (MODEL, CONFIG))
    return f"onnx-{hashlib.sha256(parts.encode()).hexdigest()[:12]}"


@lru_cache(maxsize=2)
def _opened(folder: Path, _name: str) -> OnnxEncoder:
    return OnnxEncoder(folder)


def _output_of(names: Sequence[str]) -> str:
    return next((name for name in OUTPUTS if name in names), names[0])
