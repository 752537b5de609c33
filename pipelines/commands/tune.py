"""`merx tune`: better parameters for one recommendation model, looked for on a validation part."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from core.errors import InvalidInput, NotFound
from core.settings import load_settings
from pipelines.console import job, print_json, print_table, progress
from pipelines.house import open_house
from recsys.evaluation.splits import Split
from recsys.parameters import read_parameters, write_parameters
from recsys.spaces import Value, space_of
from recsys.training import read_sequences, training_data
from recsys.tuning import METRIC, TRIALS, Tuned, tune, validation_split


def tune_(
    model: Annotated[str, typer.Argument(help="a model, as `merx evaluate shop` names it")],
    trials: Annotated[
        int, typer.Option(min=1, max=10_000, help="how many to try: the same for all models")
    ] = TRIALS,
    minutes: Annotated[float | None, typer.Option(min=0, help="no trial begins after so long")] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="same data, trials and seed: the same result")
    ] = 0,
    sequences: Annotated[
        Path | None, typer.Option(help="a line a user, items oldest first; else the newest snapshot")
    ] = None,
    attributes: Annotated[Path | None, typer.Option(help="JSON: item -> brand and category ids")] = None,
    titles: Annotated[Path | None, typer.Option(help="CSV: item_id, ..., title")] = None,
    out: Annotated[
        Path | None, typer.Option(help="put the best into this file, for `merx train --parameters`")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Look for better parameters on the part of the data before the test part; Ctrl-C keeps the best so far."""
    space_of(model)
    if out is not None:
        _check_writable(out)
    with job("tune") as done:
        if sequences is not None:
            data = read_sequences(sequences, attributes=attributes, titles=titles)
            split, threads = validation_split(data, how="last", seed=seed), load_settings().threads
        else:
            split, threads = _shop_split(seed=seed)
        with progress() as report:
            found = tune(
                model,
                split,
                trials=trials,
                minutes=minutes,
                seed=seed,
                threads=threads,
                progress=lambda ready, of: report("trials", ready, of),
                better=lambda trial: _keep(out, model, trial.parameters),
            )
        _keep(out, model, found.best.parameters)
        done(f"{len(found.trials)} trials of {model} on {int((~split.cold).sum())} shoppers, {found.ended}")
    _show(found, as_json=as_json)


def _shop_split(*, seed: int) -> tuple[Split, int]:
    with open_house() as house:
        snapshots = house.artifacts.versions("snapshots")
        if not snapshots:
            raise NotFound("there is no snapshot yet: run `merx snapshot`")
        data = training_data(snapshots[-1].path)
        return validation_split(data, how="time", seed=seed), house.settings.threads


def _check_writable(out: Path) -> None:
    """Find out before hours of work, not after them."""
    if not out.parent.is_dir() or out.is_dir():
        raise InvalidInput(f"{out} cannot be written: it needs a folder that is there")
    if out.exists():
        read_parameters(out)


def _keep(out: Path | None, model: str, parameters: Mapping[str, Value]) -> None:
    if out is not None:
        write_parameters(out, model=model, parameters=parameters)


def _show(found: Tuned, *, as_json: bool) -> None:
    told = found.as_json()
    if as_json:
        print_json(told)
        return
    rows: dict[str, dict[str, object]] = {
        METRIC: {
            "defaults": found.defaults.value,
            "best": found.best.value,
            "ahead (validation)": told["ahead_interval"],
        }
    }
    for name, value in found.defaults.parameters.items():
        rows[name] = {"defaults": value, "best": found.best.parameters[name]}
    print_table(f"{found.model}: {len(found.trials)} trials, {found.ended}", rows)
