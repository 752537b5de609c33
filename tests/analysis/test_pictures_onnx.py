"""A local ONNX model as picture encoder: tiny real models, run by the real runtime."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

from analysis.pictures import ImageEncoder
from analysis.pictures_onnx import onnx_encoder, onnx_name
from core.errors import BrokenArtifact

PLAIN: dict[str, Any] = {"size": {"height": 8, "width": 8}, "image_mean": [0, 0, 0], "image_std": [1, 1, 1]}


def model_in(folder: Path, *, output: str = "image_embeds", texts: bool = False, **config: Any) -> Path:
    """A model whose vector is the mean of each colour, as CLIP models are exported: also with the texts' input."""
    folder.mkdir(exist_ok=True)
    pixels = helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["batch", 3, "height", "width"])
    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["texts", "length"])
    nodes = [helper.make_node("ReduceMean", ["pixel_values", "axes"], [output], keepdims=0)]
    outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", 3])]
    if texts:
        nodes.append(helper.make_node("Cast", ["input_ids"], ["text_embeds"], to=TensorProto.FLOAT))
        outputs.insert(0, helper.make_tensor_value_info("text_embeds", TensorProto.FLOAT, ["texts", "length"]))
    axes = helper.make_tensor("axes", TensorProto.INT64, [2], [2, 3])
    graph = helper.make_graph(nodes, "means", [ids, pixels] if texts else [pixels], outputs, [axes])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(made)
    onnx.save(made, folder / "model.onnx")
    (folder / "preprocessor_config.json").write_text(json.dumps({**PLAIN, **config}))
    return folder


def unit(*values: float) -> Any:
    return pytest.approx(np.array(values) / np.linalg.norm(values), abs=1e-4)


@pytest.mark.parametrize("texts", [False, True])
def test_the_model_sees_the_picture_as_it_wants_it(tmp_path: Path, texts: bool) -> None:
    folder = model_in(tmp_path / "model", texts=texts, image_mean=[0.5, 0.5, 0.5], image_std=[0.5, 0.25, 0.5])
    encoder = onnx_encoder(folder)
    assert isinstance(encoder, ImageEncoder)
    assert encoder.dimensions == 3
    colours = [(255, 204, 0), (51, 102, 153)]
    vectors = encoder.encode([Image.new("RGB", (30, 20), colour) for colour in colours])
    for vector, (red, green, blue) in zip(vectors, colours, strict=True):
        assert vector == unit((red / 255 - 0.5) / 0.5, (green / 255 - 0.5) / 0.25, (blue / 255 - 0.5) / 0.5)


def test_the_middle_is_cut_out_after_the_shorter_side_was_brought_to_size(tmp_path: Path) -> None:
    crop = {"size": {"shortest_edge": 8}, "crop_size": {"height": 8, "width": 8}, "do_center_crop": True}
    picture = Image.new("RGB", (48, 16), (0, 0, 255))
    picture.paste((255, 0, 0), (16, 0, 32, 16))  # the middle third is red
    whole = onnx_encoder(model_in(tmp_path / "whole")).encode([picture])[0]
    middle = onnx_encoder(model_in(tmp_path / "middle", resample=0, **crop)).encode([picture])[0]
    assert middle == unit(1, 0, 0)
    assert whole[2] > whole[0] > 0.3


def test_many_pictures_and_none(tmp_path: Path) -> None:
    encoder = onnx_encoder(model_in(tmp_path / "model", output="pooler_output"))
    vectors = encoder.encode([Image.new("RGB", (9, 9), (place * 10, 40, 0)) for place in range(20)])
    assert vectors.shape == (20, 3)
    assert vectors[19] == unit(190, 40, 0)
    assert encoder.encode([]).shape == (0, 3)
    assert not encoder.encode([Image.new("RGB", (9, 9), "black")]).any()


def test_another_model_has_another_name(tmp_path: Path) -> None:
    first, second = model_in(tmp_path / "a"), model_in(tmp_path / "b", resample=0)
    assert onnx_name(first) == onnx_name(model_in(tmp_path / "c"))
    assert onnx_name(first) != onnx_name(second)
    assert onnx_name(first).startswith("onnx-")


@pytest.mark.parametrize("broken", ["no folder", "no model", "no config", "not a model", "not json", "a list"])
def test_what_is_no_such_model_is_refused(tmp_path: Path, broken: str) -> None:
    folder = model_in(tmp_path / "model")
    model, config = folder / "model.onnx", folder / "preprocessor_config.json"
    if broken == "no folder":
        folder = tmp_path / "elsewhere"
    elif broken == "no model":
        model.unlink()
    elif broken == "no config":
        config.unlink()
    elif broken == "not a model":
        model.write_bytes(b"not a model")
    else:
        config.write_text("{" if broken == "not json" else "[]")
    with pytest.raises(BrokenArtifact):
        onnx_encoder(folder)
