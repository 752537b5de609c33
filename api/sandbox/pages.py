"""The pages that a shopper pays on: plain HTML from here alone, without scripts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

from api.sandbox.bank import OPEN, Bank
from api.sandbox.books import Record
from api.sandbox.protocol import SandboxProtocol
from core.errors import MerxError, NotFound
from core.money import Money

HERE = Path(__file__).parent / "templates"
TEMPLATES = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined)


def add_pay_pages(app: FastAPI, bank: Bank, protocols: Mapping[str, SandboxProtocol]) -> None:
    """Serve `/pay/{provider}/{name}`, where `name` is the shop's id of a payment or the provider's."""

    def title_of(provider: str) -> str:
        if provider not in protocols:
            raise NotFound(f"the sandbox has no provider {provider!r}")
        return protocols[provider].title

    def get_page(provider: str, name: str) -> Response:
        title = title_of(provider)
        return pay_page(bank.get(provider, name), title=title)

    def post_decision(provider: str, name: str, decision: Annotated[Literal["pay", "refuse"], Form()]) -> Response:
        title = title_of(provider)
        record = bank.get(provider, name)
        if record.state in OPEN:
            outcome: Literal["captured", "failed"] = "captured" if decision == "pay" else "failed"
            reason = "" if decision == "pay" else "the shopper refused"
            record = bank.decide(provider, record.id, outcome, reason=reason)
        return back(record, title=title)

    def get_style() -> Response:
        return Response((HERE / "pay.css").read_text(encoding="utf-8"), media_type="text/css")

    def failed(_request: Request, error: Exception) -> Response:
        known = isinstance(error, MerxError)
        status, told = (error.status, error.message) if isinstance(error, MerxError) else (500, "")
        return page("problem.html", status=status, title="Sandbox", told=told if known else "something is wrong")

    app.add_api_route("/pay/{provider}/{name}", get_page, methods=["GET"])
    app.add_api_route("/pay/{provider}/{name}", post_decision, methods=["POST"])
    app.add_api_route("/pay.css", get_style, methods=["GET"])
    app.add_exception_handler(MerxError, failed)


def pay_page(record: Record, *, title: str, template: str = "pay.html", **more: Any) -> Response:
    """A page about a payment: its amount, what is bought, and where it stands."""
    amount = str(Money(record.amount_minor, record.currency))
    return page(template, return_url=record.return_url, title=title, record=record, amount=amount, **more)


def back(record: Record, *, title: str) -> Response:
    """After a decision: to the shop, or to a page that says how it ended where the shopper came from nowhere."""
    if record.return_url.startswith(("http://", "https://")):
        return RedirectResponse(record.return_url, status_code=303)
    return pay_page(record, title=title)


def page(template: str, *, status: int = 200, return_url: str = "", **values: Any) -> Response:
    """A rendered template, under a policy that loads and runs nothing from elsewhere."""
    parts = urlsplit(return_url)
    # A form's answer leads back to the shop, and browsers hold that against the policy of the form's page.
    shop = f" {parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") and parts.netloc else ""
    policy = (
        f"default-src 'none'; style-src 'self'; form-action 'self'{shop}; base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(TEMPLATES.get_template(template).render(**values), status, headers)
