"""`merx evaluate search`: judged queries against a catalogue, measured, kept, and compared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from core.errors import InvalidInput
from ingest.recognise import recognise
from pipelines.console import job, print_json, print_table, progress
from pipelines.evaluating import catalogue_searcher, temporary_home
from ranking.compare import Comparison, compare_runs, comparison_to_json, read_run, read_weights, write_run
from ranking.evaluate_search import evaluate_search, run_queries
from ranking.judgments import Judgments, Run, read_judgments
from ranking.search import Searcher

NOW = "now"
SHOWN = 10  # queries with the greatest gain and the greatest loss in the table


def search(
    judgments: Annotated[Path, typer.Option(help="CSV: query, product_id, grade")],
    products: Annotated[Path | None, typer.Option(help="the catalogue; two saved runs need none")] = None,
    kind: Annotated[str, typer.Option("--format", help="esci, icecat or jsonl; guessed when left out")] = "",
    engine: Annotated[str, typer.Option(help="embedded or opensearch")] = "embedded",
    folds: Annotated[int, typer.Option(min=0, max=20, help="choose the weight of meaning by folds")] = 0,
    save_run: Annotated[Path | None, typer.Option(help="keep the results of every query in this file")] = None,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="A B", help="each a saved run (.json), ranking weights (.toml) or `now`"),
    ] = None,
    by: Annotated[str, typer.Option(help="the measure that is compared")] = "ndcg@10",
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Run judged queries against a whole catalogue: nDCG@10 and its like, and the time of a page.

    With --compare instead: per query wins and losses of B against A, and whether they may be chance.
    """
    judged = read_judgments(judgments)
    with job("evaluate search") as done, _searcher(products, kind=kind, engine=engine) as searcher:
        if compare is not None:
            one, other = (_run(name, searcher, judged) for name in compare)
            compared = compare_runs(one, other, judged, by=by)
            done(f"{len(judged)} queries compared")
        else:
            with progress() as report:
                result = evaluate_search(
                    _given(searcher),
                    judged,
                    folds=folds,
                    progress=lambda ready, of: report("queries", ready, of),
                )
            done(f"{len(judged)} queries on {engine}")
        if save_run is not None:
            write_run(save_run, run_queries(_given(searcher), judged), weights=_given(searcher).weights)
    if compare is not None:
        _show(compared, compare, as_json=as_json)
    elif as_json:
        print_json(result)
    elif products is not None:
        print_table("search", {products.parent.name or products.name: result})


@contextmanager
def _searcher(products: Path | None, *, kind: str, engine: str) -> Iterator[Searcher | None]:
    if products is None:
        yield None
        return
    chosen = kind or recognise(products)
    with (
        temporary_home(engine=engine) as settings,
        catalogue_searcher(products, kind=chosen, settings=settings) as searcher,
    ):
        yield searcher


def _given(searcher: Searcher | None) -> Searcher:
    if searcher is None:
        raise InvalidInput("--products is missing: only saved runs are compared without a catalogue")
    return searcher


def _run(name: str, searcher: Searcher | None, judged: Judgments) -> Run:
    if name == NOW:
        return run_queries(_given(searcher), judged)
    if name.endswith(".toml"):
        return run_queries(_given(searcher).with_weights(read_weights(Path(name))), judged)
    return read_run(Path(name))


def _show(compared: Comparison, names: tuple[str, str], *, as_json: bool) -> None:
    if as_json:
        print_json({"names": {"a": names[0], "b": names[1]}, **comparison_to_json(compared)})
        return
    told = comparison_to_json(compared)
    heads = ("a", "b", "gain", "gain_interval", "p_value", "wins", "losses", "ties")
    print_table(
        f"{compared.measure}: {names[0]} (a) and {names[1]} (b)", {"mean": {head: told[head] for head in heads}}
    )
    moved = [row for row in compared.queries if row.gain]
    shown = moved if len(moved) <= 2 * SHOWN else [*moved[:SHOWN], *moved[-SHOWN:]]
    rows = {row.query: {"a": row.one, "b": row.other, "gain": row.gain} for row in shown}
    if rows:
        print_table(f"the greatest gains and losses of {len(moved)} queries", rows)
