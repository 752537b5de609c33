"""`merx explain`: why a product stands where it stands for a query."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from core.errors import Unavailable
from pipelines.console import print_json, print_table
from pipelines.house import open_house
from ranking.explain import Explanation, explain, explanation_to_json
from ranking.opening import open_searcher


def explain_(
    query: Annotated[str, typer.Argument(help="as a shopper types it")],
    product: Annotated[str, typer.Argument(help="a product's id")],
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Say why a product stands where it stands for a query, or why it is not found."""
    with open_house() as house, house.engine() as engine:
        generation = engine.live()
        if generation is None:
            raise Unavailable("there is no search index yet: run `merx index build`")
        about = explain(open_searcher(engine, generation, artifacts=house.artifacts), query, product)
    if as_json:
        print_json(explanation_to_json(about))
    else:
        _show(about)


def _show(about: Explanation) -> None:
    out = Console(highlight=False)
    out.print(f"{about.title} ({about.product}) for “{about.query}”", markup=False)
    out.print(f"  words: {', '.join(about.words) or 'none'}", markup=False)
    for typed, searched in about.corrections:
        out.print(f"  {typed!r} was searched as {searched!r} too", markup=False)
    for one in about.entities:
        out.print(f"  {one.text!r} names a {one.kind}: {one.value}", markup=False)
    for step in about.relaxed:
        out.print(f"  given up: {step}", markup=False)
    for reason in about.reasons:
        out.print(f"  {reason}", markup=False)
    if about.rank is None:
        out.print(f"not shown; {about.total:,} products match", markup=False)
        return
    out.print(f"place {about.rank:,} of {about.total:,}", markup=False)
    rows = {part.name: {"value": part.value, "note": part.note} for part in about.parts}
    print_table("score", {**rows, "together": {"value": about.score}})
    shares = {name: {"value": value} for name, value in about.lexical.items()}
    if shares:
        print_table(f"text score (the best match has {about.best_lexical:.2f})", shares)
