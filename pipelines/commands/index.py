"""`merx index`: build a generation, publish it, keep it fresh, go back."""

from __future__ import annotations

from typing import Annotated

import typer

from core.errors import RefusedPromotion
from index.build import build_generation, catch_up
from index.engine import Generation, SearchEngine
from index.pictures import PictureBuild, build_pictures
from pipelines.commands.suggestions import renew_suggestions
from pipelines.console import console, job, progress
from pipelines.gate import check_generation
from pipelines.house import House, open_house
from pipelines.relay import deliver_pending

app = typer.Typer(help="The search index.", no_args_is_help=True)


@app.command()
def build(
    publish: Annotated[bool, typer.Option(help="serve the new generation at once")] = True,
    force: Annotated[bool, typer.Option("--force", help="serve it whatever the gate says")] = False,
) -> None:
    """Build a new generation of the index beside the one that serves, then switch to it.

    One that lost documents, or finds worse than the one that serves, is kept but does not serve.
    """
    with open_house() as house, house.engine() as engine:
        with job("index build") as done:
            generation = build_index(house, engine, publish=publish, gate=not force)
            done(f"{generation.name}: {generation.documents:,} documents,")
            done("now serving" if publish else "not published yet")
        if publish:
            encode_pictures(house)
            renew_suggestions(house, engine)


@app.command()
def pictures() -> None:
    """Encode the pictures that have none of their vectors yet, as `build` does at its end."""
    with open_house() as house:
        encode_pictures(house)


@app.command()
def sync() -> None:
    """Apply the changes that wait in the outbox to the live generation, once."""
    with open_house() as house, job("index sync") as done, house.engine() as engine:
        report = deliver_pending(house, engine)
        done(f"{report.events:,} events, {report.documents:,} documents changed")


@app.command("publish")
def publish_(name: Annotated[str, typer.Argument(help="a generation, as `merx index list` shows it")]) -> None:
    """Serve a generation that was built before."""
    with open_house() as house, job("index publish") as done, house.engine() as engine:
        publish_generation(house, engine, name)
        done(f"{name} now serving")


@app.command()
def rollback() -> None:
    """Serve the generation before the live one again."""
    with open_house() as house, job("index rollback") as done, house.engine() as engine:
        generation = engine.rollback()
        catch_up(engine, generation, database=house.database, artifacts=house.artifacts)
        done(f"{generation.name} now serving")


@app.command("list")
def list_() -> None:
    """Show the generations and which one serves."""
    with open_house() as house, house.engine() as engine:
        live = engine.live()
        for generation in engine.generations():
            mark = "live" if live is not None and live.name == generation.name else ""
            console.print(f"{generation.name}  {generation.documents:>9,} documents  {mark}", markup=False)


def build_index(house: House, engine: SearchEngine, *, publish: bool, gate: bool = True) -> Generation:
    """Build a generation from the core; with `publish` let it serve and delete what is old.

    Raises RefusedPromotion for one that does not pass the `gate`: it is kept, and the live one serves on.
    """
    with progress() as report:
        generation = build_generation(
            engine,
            database=house.database,
            artifacts=house.artifacts,
            settings=house.settings,
            progress=report,
        )
    if publish:
        if gate:
            _pass_gate(house, engine, generation)
        publish_generation(house, engine, generation.name)
        engine.prune(keep=house.settings.keep_generations)
    return generation


def _pass_gate(house: House, engine: SearchEngine, generation: Generation) -> None:
    try:
        check_generation(house, engine, generation.name)
    except RefusedPromotion as refused:
        raise RefusedPromotion(
            f"{refused.message}. It does not serve; `merx index publish {generation.name}` lets it all the same",
            **refused.ids,
        ) from refused


def encode_pictures(house: House) -> PictureBuild | None:
    """Bring the vectors of the shop's own pictures up to date, for search by picture."""
    with job("index pictures") as done:
        with progress() as report:
            built = build_pictures(
                house.settings, artifacts=house.artifacts, database=house.database, progress=report
            )
        if built is None:
            done("the shop has no pictures of its own")
        else:
            done(f"{built.name}: {built.pictures:,} pictures, {built.encoded:,} of them encoded")
    return built


def publish_generation(house: House, engine: SearchEngine, name: str) -> None:
    """Bring a generation up to what has changed since it was built, then switch to it."""
    named = {generation.name: generation for generation in engine.generations()}
    if name in named:
        catch_up(engine, named[name], database=house.database, artifacts=house.artifacts)
    engine.publish(name)
    if name in named:  # what the relay brought to the old one in between
        catch_up(engine, named[name], database=house.database, artifacts=house.artifacts)
