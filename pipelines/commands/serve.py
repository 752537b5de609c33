"""`merx demo`, `merx serve` and `merx relay`: the sample shop, and the processes that run."""

from __future__ import annotations

import signal
import threading
from typing import Annotated

import typer

from api.app import create_app
from api.demo import made
from api.server import Server
from api.state import Shop
from core.errors import BadSettings
from index.engine import SearchEngine
from index.pictures import PICTURES
from ingest.snapshot import write_snapshot
from pipelines.commands.index import build_index, encode_pictures
from pipelines.commands.models import train_models
from pipelines.commands.sandbox import sandbox_beside
from pipelines.commands.suggestions import renew_suggestions
from pipelines.console import console, job, progress
from pipelines.house import House, open_house
from pipelines.notifying import run_notifications
from pipelines.ports import check_free
from pipelines.reconciling import run_reconcile
from pipelines.relay import run_relay
from pipelines.sample.accounts import demo_accounts_line, make_demo_accounts
from pipelines.sample.load import load_sample_shop, sample_is_loaded
from pipelines.upkeep import run_upkeep, upkeep
from ranking.suggest_entries import SUGGESTIONS
from ranking.training import MODELS


def demo(
    products: Annotated[int, typer.Option(min=120, max=20_000)] = 2000,
    users: Annotated[int, typer.Option(min=50, max=50_000)] = 3000,
    seed: Annotated[int, typer.Option(help="another seed, another shop")] = 7,
    then_serve: Annotated[bool, typer.Option("--serve", help="serve it afterwards")] = False,
) -> None:
    """Build the sample shop and run all pipelines. What is there already is kept, so it can be run again."""
    with open_house() as house, job("demo") as done:
        build_demo(house, products=products, users=users, seed=seed)
        who = "" if house.settings.mode == "production" else f"; {demo_accounts_line()}"
        done(f"the shop is ready{'' if then_serve else ': merx serve'}{who}")
    if then_serve:
        serve()


def build_demo(house: House, *, products: int, users: int, seed: int) -> None:
    """Bring a home to a served sample shop, step by step; what is done already is not done again."""
    if not sample_is_loaded(house.database):
        with job("sample shop") as said, progress() as report:
            said(load_sample_shop(house, products=products, users=users, seed=seed, progress=report))
    if not house.artifacts.versions("snapshots"):
        with job("snapshot") as said, progress() as report:
            version = write_snapshot(house.database, house.artifacts, clock=house.clock, progress=report)
            said(version.name)
    with house.engine() as engine:
        if engine.live() is None:
            with job("index build") as said:
                said(f"{build_index(house, engine, publish=True).documents:,} documents")
        if house.artifacts.live(SUGGESTIONS) is None:
            renew_suggestions(house, engine)
    if house.artifacts.live(PICTURES) is None:
        encode_pictures(house)
    if house.artifacts.live(MODELS) is None:
        train_models(house)
    if house.settings.mode != "production":
        make_demo_accounts(house)


def serve(
    host: Annotated[str | None, typer.Option(help="default MERX_HOST")] = None,
    port: Annotated[int | None, typer.Option(help="default MERX_PORT")] = None,
    relay: Annotated[bool, typer.Option(help="deliver events and expire orders in this process too")] = True,
) -> None:
    """Serve the API and the storefront page, and keep the index fresh."""
    with open_house() as house:
        refuse_demo_accounts(house)
        address = (host or house.settings.host, port or house.settings.port)
        check_free(*address)
        with sandbox_beside(house, host=address[0], port=address[1]) as opened:
            _serve(opened, *address, relay=relay)


def _serve(house: House, host: str, port: int, *, relay: bool) -> None:
    shop = Shop(house.settings, clock=house.clock)
    stop = threading.Event()
    workers = _background(house, shop.engine, stop) if relay else []
    console.print(f"serving on http://{host}:{port}", soft_wrap=True)
    try:
        Server(create_app(house.settings, shop=shop), host=host, port=port).run()
    except KeyboardInterrupt:
        console.print("stopped")
    finally:
        stop.set()
        for worker in workers:
            worker.join(timeout=10)


def refuse_demo_accounts(house: House) -> None:
    """Raises BadSettings in production while accounts are there whose password everybody knows."""
    if house.settings.mode != "production":
        return
    with house.database.read() as session:
        there = made(session)
    if there:
        emails = ", ".join(account.email for account in there)
        raise BadSettings(f"this home was made by `merx demo` ({emails}): do not serve it in production")


def relay() -> None:
    """Deliver outbox events, and cancel orders that are not paid in time, until stopped."""
    with open_house() as house, house.engine() as engine:
        stop = threading.Event()
        # Both ways of stopping finish the batch and give the lease back: another relay can go on at once.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: stop.set())
        console.print("relay: waiting for events; stop with Ctrl-C")
        for worker in _background(house, engine, stop):
            worker.join()
        console.print("relay: stopped; undelivered events wait in the outbox")


def keep_up() -> None:
    """Cancel orders not paid in time and forget old answers, once; `merx relay` does so all the time."""
    with open_house() as house, job("upkeep") as done:
        kept = upkeep(house)
        done(f"{kept.expired:,} orders cancelled, {kept.forgotten:,} old answers, logins and files removed")


def _background(house: House, engine: SearchEngine, stop: threading.Event) -> list[threading.Thread]:
    """The threads that deliver and keep up, started."""
    workers = [
        threading.Thread(target=run_relay, args=(house, engine), kwargs={"stop": stop}, name="relay", daemon=True),
        threading.Thread(target=run_upkeep, args=(house,), kwargs={"stop": stop}, name="upkeep", daemon=True),
        threading.Thread(
            target=run_reconcile, args=(house,), kwargs={"stop": stop}, name="reconcile", daemon=True
        ),
        threading.Thread(
            target=run_notifications, args=(house,), kwargs={"stop": stop}, name="notifications", daemon=True
        ),
    ]
    for worker in workers:
        worker.start()
    return workers
