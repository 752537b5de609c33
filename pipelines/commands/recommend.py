"""`merx recommend`: the best products for every shopper, as Parquet."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from core.errors import InvalidInput, NotFound
from pipelines.console import job, progress
from pipelines.house import open_house
from ranking.batch import recommend_all
from ranking.rows import LARGEST
from ranking.training import MODELS


def recommend(
    out: Annotated[
        Path, typer.Option(help="the folder of the parts; the same one again goes on with a killed run")
    ],
    size: Annotated[int, typer.Option(min=1, max=LARGEST, help="products for each shopper")] = 100,
    users: Annotated[
        Path | None,
        typer.Option(help="only these: a text file, one shopper's key a line; else all of the snapshot"),
    ] = None,
    processes: Annotated[
        int, typer.Option(min=0, max=64, help="each opens the models; 0 is as MERX_THREADS says")
    ] = 0,
) -> None:
    """Write the best products for every shopper of the newest snapshot, by the models that serve.

    What is not sellable, and what a shopper has, is never among them.
    """
    with open_house() as house, job("recommend") as done:
        models = house.artifacts.live(MODELS)
        snapshots = house.artifacts.versions("snapshots")
        if models is None or not snapshots:
            raise NotFound("there is nothing to recommend by: run `merx snapshot` and `merx train`")
        with progress() as report:
            written = recommend_all(
                models,
                snapshots[-1],
                out,
                size=size,
                shoppers=None if users is None else _keys(users),
                processes=processes or house.settings.threads or os.cpu_count() or 1,
                progress=lambda ready, of: report("parts", ready, of),
            )
        done(f"{written.shoppers:,} shoppers in {written.parts:,} parts ({written.fresh:,} written now) in {out}")


def _keys(file: Path) -> list[str]:
    try:
        keys = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{file} cannot be read: {error}") from error
    return [key for key in keys if key]
