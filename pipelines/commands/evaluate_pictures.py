"""`merx evaluate pictures`: how often the nearest pictures show the same kind of thing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis.pictures_onnx import onnx_encoder
from core.settings import load_settings
from pipelines.console import job, print_json, print_table, progress
from ranking.evaluate_pictures import evaluate_pictures, read_labels


def pictures(
    labels: Annotated[Path, typer.Option(help="CSV: path, split (train or test), class_id, coarse_class_id")],
    root: Annotated[Path, typer.Option(help="the folder that the paths begin in")],
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Index the photographs of split `train`, query with those of `test`: right class first, right in the first 5.

    The encoder is fitted on the indexed photographs alone, or is the model that MERX_IMAGE_MODEL names.
    """
    photographs = read_labels(labels, root=root)
    model = load_settings().image_model
    with job("evaluate pictures") as done:
        with progress() as report:
            encoder = onnx_encoder(model) if model is not None else None
            result = evaluate_pictures(photographs, encoder=encoder, progress=report)
        done(f"{result['queries']} queries on {result['indexed']} photographs")
    if as_json:
        print_json(result)
    else:
        print_table("pictures", {root.name or str(root): result})
