"""`merx evaluate pictures`: what it counts, what it refuses, and the command itself on drawn pictures."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from typer.testing import CliRunner

from analysis.pictures import Picture
from core.errors import InvalidInput
from pipelines.cli import app
from ranking.evaluate_pictures import evaluate_pictures, read_labels
from tests.analysis.drawn import COLOURS, FORMS, drawn

HEADER = "path,split,class_id,coarse_class_id"


class MeanColour:
    """The simplest encoder there is: the mean of each colour."""

    dimensions = 3

    def encode(self, pictures: Sequence[Picture]) -> npt.NDArray[np.float32]:
        rows = [np.asarray(one, dtype=np.float32).reshape(-1, 3).mean(axis=0) + 1e-3 for one in pictures]  # type: ignore[call-overload]
        vectors = np.stack(rows)
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def written(root: Path, rows: Sequence[tuple[str, str, str, str]], **colours: tuple[int, int, int]) -> Path:
    """A file of labels; `colours` says of what colour each picture is."""
    for path, _, _, _ in rows:
        Image.new("RGB", (20, 20), colours[Path(path).stem]).save(root / path)
    return labels_in(root, rows)


def labels_in(root: Path, rows: Sequence[Sequence[str]], header: str = HEADER) -> Path:
    file = root / "labels.csv"
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(header.split(","))
        writer.writerows(rows)
    return file


def test_the_measures_are_shares_of_queries(tmp_path: Path) -> None:
    rows = [("red.png", "train", "cherry", "fruit"), ("green.png", "train", "pea", "vegetable")]
    rows += [(f"blue{n}.png", "train", f"berry{n}", "fruit") for n in range(5)]
    rows += [("q1.png", "test", "cherry", "fruit"), ("q2.png", "test", "cherry", "fruit")]
    rows += [("q3.png", "test", "pea", "vegetable"), ("q4.png", "test", "fig", "fruit")]
    rows += [("v.png", "val", "fig", "fruit")]
    blues = {f"blue{n}": (0, 10 * n, 250) for n in range(5)}
    file = written(
        tmp_path,
        rows,
        red=(250, 0, 0),
        green=(0, 250, 0),
        **blues,
        q1=(240, 10, 0),  # cherry first
        q2=(90, 200, 0),  # pea first, cherry second
        q3=(20, 5, 240),  # five berries first
        q4=(10, 5, 240),  # a berry first: right only in the coarse
        v=(1, 1, 1),
    )
    measures = evaluate_pictures(read_labels(file, root=tmp_path), encoder=MeanColour())
    del measures["encode_ms"], measures["fit_s"]
    assert measures == {
        "fine@1": 0.25,
        "fine@5": 0.5,
        "coarse@1": 0.5,
        "coarse@5": 0.75,
        "indexed": 7,
        "queries": 4,
        "dimensions": 3,
    }


def test_the_command_prints_one_json_object(tmp_path: Path) -> None:
    rows = []
    for place, (form, colour) in enumerate((form, colour) for form in FORMS for colour in COLOURS):
        for copy, split in enumerate(("train", "train", "test")):
            path = f"{form}-{colour}-{copy}.png"
            drawn(form, colour, seed=place * 10 + copy).save(tmp_path / path)
            rows.append((path, split, f"{colour} {form}", colour))
    file = labels_in(tmp_path, rows)
    done = CliRunner().invoke(
        app, ["evaluate", "pictures", "--labels", str(file), "--root", str(tmp_path), "--json"]
    )
    assert done.exit_code == 0, done.output
    measures = json.loads(done.stdout)
    assert (measures["indexed"], measures["queries"]) == (24, 12)
    assert measures["fine@1"] > 0.8
    assert measures["coarse@5"] == 1.0
    assert measures["encode_ms"] > 0


@pytest.mark.parametrize(
    ("rows", "header", "why"),
    [
        ([["a.png", "train", "1"]], "path,split,class_id", "no column coarse_class_id"),
        ([["a.png", "train", "1", "1"]], None, "no photograph of split test"),
        ([["a.png", "train", "1", "1"], ["b.png", "test", "1", "1"]], None, "line 3.*no file 'b.png'"),
        ([["../a.png", "train", "1", "1"]], None, "line 2.*no file"),
        ([["a.png", "train", "", "1"]], None, "line 2: class_id is empty"),
        ([["a.png", "train"]], None, "line 2: class_id, coarse_class_id is empty"),
    ],
)
def test_bad_labels_are_refused_with_their_line(
    tmp_path: Path, rows: list[list[str]], header: str | None, why: str
) -> None:
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")
    file = labels_in(tmp_path, rows, header or HEADER)
    with pytest.raises(InvalidInput, match=why):
        read_labels(file, root=tmp_path)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_labels(tmp_path / "nowhere.csv", root=tmp_path)
    (tmp_path / "labels.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(InvalidInput, match=r"labels\.csv"):
        read_labels(tmp_path / "labels.csv", root=tmp_path)
    (tmp_path / "a.png").write_text("no picture")
    file = labels_in(tmp_path, [("a.png", "train", "1", "1"), ("a.png", "test", "1", "1")])
    with pytest.raises(InvalidInput, match=r"a\.png cannot be read as a picture"):
        evaluate_pictures(read_labels(file, root=tmp_path))
