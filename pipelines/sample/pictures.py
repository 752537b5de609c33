"""The pictures of the sample shop: one WebP file a product, drawn in parallel."""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from pipelines.sample.draw import (
    bags,
    beauty,
    books,
    camping,
    chairs,
    clothing,
    electronics,
    festive,
    food,
    home,
    kitchen,
    office,
    outdoor,
    shoes,
    sound,
    tops,
    toys,
)
from pipelines.sample.draw.canvas import Canvas, Rgb
from pipelines.sample.draw.look import Look
from pipelines.sample.goods import Good

Drawer = Callable[[Canvas, Look], None]

ROOMS = (
    bags,
    beauty,
    books,
    camping,
    chairs,
    clothing,
    electronics,
    festive,
    food,
    home,
    kitchen,
    office,
    outdoor,
    shoes,
    sound,
    tops,
    toys,
)
BACKGROUNDS: tuple[Rgb, ...] = (
    (226, 232, 236),
    (236, 229, 220),
    (228, 234, 226),
    (238, 228, 228),
    (230, 228, 238),
    (238, 234, 218),
)
QUALITIES = (80, 65, 50, 35)  # the next one where a picture has more than MOST_BYTES
MOST_BYTES = 10_000
# Enough of them for the processes to end at about the same time.
BATCH = 50
# Below this many pictures, starting processes takes longer than drawing.
FEW = 60


def drawer(name: str) -> Drawer:
    """The drawer that the vocabulary names; raises KeyError where there is none."""
    for room in ROOMS:
        if hasattr(room, name):
            found: Drawer = getattr(room, name)
            return found
    raise KeyError(name)


def look_of(good: Good) -> Look:
    """What a drawer is told of a product: products of one brand and line have the same form."""
    digest = hashlib.sha256(good.series.encode()).digest()
    chance = tuple(digest[place] / 256 for place in range(8))
    palette = good.kind.colours
    if good.kind.colour == "none" and not good.kind.is_titled:
        # The colour of a package is that of its range.
        colour = palette[digest[8] % len(palette)]
    else:
        colour = good.colours[0]
    others = [entry for entry in palette if entry != colour]
    return Look(
        colour=colour.rgb,
        accent=others[digest[9] % len(others)].rgb,
        style=good.kind.styles.index(good.style),
        chance=chance,
        label=good.brand.word.en,
        words=good.line.en,
    )


def picture(good: Good) -> bytes:
    """A product's picture: WebP, 400 pixels square. The same product has the same picture."""
    number = hashlib.sha256(good.kind.name.en.encode()).digest()[0]
    look = look_of(good)
    canvas = Canvas(BACKGROUNDS[(number + look.among(2, place=7)) % len(BACKGROUNDS)])
    drawer(good.kind.drawing)(canvas, look)
    finished = canvas.finished()
    for quality in QUALITIES:
        file = io.BytesIO()
        finished.save(file, "WEBP", quality=quality, method=1)
        if file.tell() <= MOST_BYTES:
            break
    return file.getvalue()


def draw_pictures(
    goods: Sequence[Good],
    names: Sequence[str],
    *,
    folder: Path,
    processes: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> None:
    """Write the picture of each of `goods` to the file of that name in `folder`, which is made if need be.

    `processes` is one for each processor unless given. A file is complete or not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pairs = list(zip(goods, names, strict=True))
    tasks = [pairs[first : first + BATCH] for first in range(0, len(pairs), BATCH)]
    workers = min(processes or os.cpu_count() or 1, len(tasks))
    done = 0

    def heard(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress("pictures", done, len(goods))

    if workers <= 1 or len(goods) <= FEW:
        for task in tasks:
            heard(_draw(task, folder))
        return
    # A fork of a process with running threads may hang, so workers start afresh.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for future in [pool.submit(_draw, task, folder) for task in tasks]:
            heard(future.result())


def _draw(task: Sequence[tuple[Good, str]], folder: Path) -> int:
    for good, name in task:
        draft = folder / f"{name}.{os.getpid()}.tmp"
        draft.write_bytes(picture(good))
        os.replace(draft, folder / name)
    return len(task)
