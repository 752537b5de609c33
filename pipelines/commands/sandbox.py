"""`merx sandbox`: payment providers for development, on this machine alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from api.sandbox.app import create_sandbox
from api.sandbox.notifier import Faults
from core.clock import Clock, system_clock
from core.errors import BadSettings, Unavailable
from core.logs import configure_logging
from core.settings import load_settings
from pipelines.console import console
from pipelines.house import House
from pipelines.ports import check_free

HOST = "127.0.0.1"
VARIABLE = "MERX_SANDBOX_PORT"


def sandbox(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help=f"default {VARIABLE}")] = None,
    shop: Annotated[str | None, typer.Option(help="where the shop listens; default MERX_PUBLIC_URL")] = None,
    drop: Annotated[float, typer.Option(min=0, max=1, help="share of notifications that are lost")] = 0.0,
    duplicate: Annotated[int, typer.Option(min=1, max=1000, help="how often each one is sent")] = 1,
    shuffle: Annotated[bool, typer.Option(help="let them overtake each other")] = False,
    seed: Annotated[int, typer.Option(help="another seed, other faults")] = 0,
) -> None:
    """Speak Alipay's, WeChat Pay's and Stripe's protocols for a shop in development. No money moves."""
    settings = load_settings()
    configure_logging(level=settings.log_level, style=settings.log_format)
    if settings.mode == "production":
        raise BadSettings("MERX_MODE is production: there are no sandbox providers there")
    chosen = port or settings.sandbox_port
    if not chosen:
        raise BadSettings(f"{VARIABLE} is 0: give --port")
    check_free(HOST, chosen, variable=VARIABLE)
    faults = Faults(drop=drop, duplicate=duplicate, shuffle=shuffle, seed=seed)
    told = shop or settings.public_url
    server = _server(settings.home, port=chosen, shop_url=told, clock=system_clock, faults=faults)
    console.print(f"sandbox for {told}: MERX_SANDBOX_URL=http://{HOST}:{chosen}", markup=False, soft_wrap=True)
    try:
        server.run()
    except KeyboardInterrupt:
        console.print("stopped")


@contextmanager
def sandbox_beside(house: House, *, host: str, port: int) -> Iterator[House]:
    """The sandbox in a thread of the process that serves a shop at an address, and the house that pays through it.

    The house is given back as it is in production, where MERX_SANDBOX_PORT is 0, where a sandbox is named already,
    and where the port is taken.
    """
    settings = house.settings
    if settings.mode == "production" or not settings.sandbox_port or settings.sandbox_url:
        yield house
        return
    shop_url = settings.public_url
    if "public_url" not in settings.model_fields_set:
        shop_url = f"http://{HOST if host in ('0.0.0.0', '::') else host}:{port}"
    try:
        check_free(HOST, settings.sandbox_port, variable=VARIABLE)
    except Unavailable as error:
        console.print(f"no sandbox providers: {error.message}", style="yellow", markup=False, soft_wrap=True)
        yield house
        return
    url = f"http://{HOST}:{settings.sandbox_port}"
    server = _server(house.home, port=settings.sandbox_port, shop_url=shop_url, clock=house.clock)
    thread = threading.Thread(target=server.run, name="sandbox", daemon=True)
    thread.start()
    console.print(f"sandbox providers on {url}: no money moves", soft_wrap=True)
    try:
        yield replace(house, settings=settings.model_copy(update={"sandbox_url": url, "public_url": shop_url}))
    finally:
        server.should_exit = True
        thread.join(timeout=10)


def _server(home: Path, *, port: int, shop_url: str, clock: Clock, faults: Faults | None = None) -> uvicorn.Server:
    app = create_sandbox(home, shop_url=shop_url, clock=clock, faults=faults)
    return uvicorn.Server(uvicorn.Config(app, host=HOST, port=port, log_level="warning"))
