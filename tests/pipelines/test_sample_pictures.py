"""The drawn pictures: every kind of thing has one, the same product the same one, and like things look alike."""

from __future__ import annotations

import io
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.sample.goods import Good, draw_goods
from pipelines.sample.pictures import MOST_BYTES, draw_pictures, drawer, picture
from pipelines.sample.vocabulary import vocabulary


@pytest.fixture(scope="module")
def goods() -> list[Good]:
    return draw_goods(vocabulary(), seed=11, products=120, days=730)[0]


def pixels(good: Good) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    with Image.open(io.BytesIO(picture(good))) as image:
        assert image.format == "WEBP"
        assert image.size == (400, 400)
        return np.asarray(image.convert("RGB").resize((50, 50)), dtype=np.float64)


def test_every_kind_has_a_drawer() -> None:
    names = {kind.drawing for kind in vocabulary().kinds}
    assert len({drawer(name) for name in names}) == len(names) >= 25
    with pytest.raises(KeyError):
        drawer("spaceship")


def test_every_style_can_be_drawn_and_is_small() -> None:
    many, _ = draw_goods(vocabulary(), seed=2, products=1200, days=730)
    one_each = {(good.kind.name.en, good.style.en): good for good in many}
    assert len(one_each) > 0.97 * sum(len(kind.styles) for kind in vocabulary().kinds)
    assert max(len(picture(good)) for good in one_each.values()) <= MOST_BYTES


def test_the_same_product_has_the_same_picture(goods: list[Good]) -> None:
    assert [picture(good) for good in goods[:10]] == [picture(good) for good in goods[:10]]


def test_like_things_look_alike(goods: list[Good]) -> None:
    by_kind = defaultdict(list)
    for good in goods:
        by_kind[good.kind.name.en].append(pixels(good))
    pictures = [(kind, image) for kind, images in by_kind.items() for image in images]
    nearest = 0
    for number, (kind, image) in enumerate(pictures):
        others = pictures[:number] + pictures[number + 1 :]
        best = min(others, key=lambda other: float(((other[1] - image) ** 2).mean()))
        nearest += best[0] == kind
    assert nearest > 0.5 * len(pictures)


@pytest.mark.parametrize("processes", [1, 2])
def test_files_are_written_by_one_process_or_more(tmp_path: Path, goods: list[Good], processes: int) -> None:
    names = [f"{number}.webp" for number in range(80)]
    heard = []
    draw_pictures(
        goods[:80], names, folder=tmp_path, processes=processes, progress=lambda *said: heard.append(said)
    )
    assert {path.name for path in tmp_path.iterdir()} == set(names)
    assert heard[-1] == ("pictures", 80, 80)
    assert (tmp_path / "7.webp").read_bytes() == picture(goods[7])
