"""The sandbox's own application: the providers' addresses and the pages that shoppers pay on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from api.sandbox.alipay import Alipay
from api.sandbox.bank import Bank
from api.sandbox.books import Ledger
from api.sandbox.notifier import Faults, Notifier
from api.sandbox.pages import add_pay_pages
from api.sandbox.protocol import SandboxProtocol
from api.sandbox.stripe import Stripe
from api.sandbox.wechatpay import Wechat
from core.clock import Clock, system_clock
from core.providers.sandbox_keys import sandbox_keys

# Every protocol the sandbox speaks, each made with the bank.
PROTOCOLS: tuple[Callable[[Bank], SandboxProtocol], ...] = (Stripe, Alipay, Wechat)


def create_sandbox(
    home: Path, *, shop_url: str, clock: Clock = system_clock, faults: Faults | None = None
) -> FastAPI:
    """The sandbox of a home: its keys and books lie in `<home>/sandbox`. `app.state.bank` is its Bank,
    `app.state.protocols` are its protocols by name."""
    folder = home / "sandbox"
    ledger = Ledger(folder)
    bank = Bank(sandbox_keys(folder), ledger, Notifier(ledger, faults=faults), clock=clock, shop_url=shop_url)
    protocols = {made.name: made for made in (protocol(bank) for protocol in PROTOCOLS)}

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        bank.notifier.start(protocols)
        yield
        bank.notifier.stop()

    app = FastAPI(title="Merx sandbox", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.bank, app.state.protocols = bank, protocols
    for protocol in protocols.values():
        app.include_router(protocol.router())
    add_pay_pages(app, bank, protocols)
    return app
