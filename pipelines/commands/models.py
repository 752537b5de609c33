"""`merx train`, `merx promote` and `merx rollback`: recommendation models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from core.artifacts import Version
from core.errors import NotFound
from pipelines.commands.erasures import finish_now
from pipelines.console import console, job, progress
from pipelines.erasing import writing
from pipelines.house import House, open_house
from pipelines.model_tables import print_models
from ranking.blend import BlendRecommender
from ranking.training import MODELS, promote_version, train_version
from recsys.parameters import read_parameters
from recsys.spaces import Value, models_with


def train(
    promote: Annotated[bool, typer.Option(help="let the new version serve if it passes the gate")] = True,
    seed: Annotated[int, typer.Option(help="same snapshot, parameters and seed: the same bytes")] = 0,
    parameters: Annotated[Path | None, typer.Option(help="TOML, as `merx tune --out` writes it")] = None,
) -> None:
    """Finish erasures, train every model on the newest snapshot, evaluate them, register and promote a version."""
    tuned = read_parameters(parameters) if parameters else {}
    with open_house() as house:
        finish_now(house)
        with writing(house):
            version = train_models(house, promote=promote, seed=seed, parameters=tuned)
        print_models("validation", version.about["metrics"])


def promote(name: Annotated[str, typer.Argument(help="a version, as `merx train` names it")]) -> None:
    """Let a version serve, unless its files are damaged or it is clearly worse than the one that serves."""
    with open_house() as house, job("promote") as done:
        promote_version(house.artifacts, name)
        done(f"{name} now serving")


def rollback() -> None:
    """Let the model version before the live one serve again."""
    with open_house() as house, job("rollback") as done:
        done(f"{house.artifacts.rollback(MODELS).name} now serving")


def train_models(
    house: House,
    *,
    promote: bool = True,
    seed: int = 0,
    parameters: Mapping[str, Mapping[str, Value]] | None = None,
) -> Version:
    """Train on the newest snapshot; raises NotFound where there is none, RefusedPromotion at the gate.

    `parameters` are those of models that differ from the ones that serve by default; raises InvalidInput.
    """
    snapshots = house.artifacts.versions("snapshots")
    if not snapshots:
        raise NotFound("there is no snapshot yet: run `merx snapshot`")
    models = models_with(parameters or {})
    with job("train") as done:
        with progress() as report:
            version = train_version(
                snapshots[-1],
                artifacts=house.artifacts,
                seed=seed,
                threads=house.settings.threads,
                clock=house.clock,
                progress=report,
                make=lambda: BlendRecommender(models=models),
                pictures=house.product_pictures(),
            )
        done(f"version {version.name} on snapshot {snapshots[-1].name}")
    if promote:
        promote_version(house.artifacts, version.name)
        house.artifacts.prune(MODELS, keep=house.settings.keep_versions)
        console.print(f"{version.name} now serving", markup=False)
    return version
