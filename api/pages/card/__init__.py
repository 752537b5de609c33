"""The page with Stripe's own card form, the only one of the shop that loads a script from elsewhere.

Stripe asks for its script to come from its own host: https://docs.stripe.com/security/guide.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.providers import PaymentProvider
from core.providers.cards import CardProvider

HERE = Path(__file__).parent
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' https://js.stripe.com https://*.js.stripe.com",
        "frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com",
        "connect-src https://api.stripe.com",
        "img-src 'self' https://*.stripe.com",
        "style-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def add_card_form(app: FastAPI, provider: PaymentProvider | None, *, static: str) -> None:
    """Serve `/card` where cards are paid with Stripe itself; the sandbox has a page of its own.

    The key is the shop's own, whatever the address says: nobody is led to pay into another account here.
    """
    if not isinstance(provider, CardProvider) or provider.account.pages:
        return
    templates = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined)
    page = templates.get_template("card.html").render(static=static, key=provider.account.publishable_key)

    def card_form() -> HTMLResponse:
        return HTMLResponse(page, headers=HEADERS)

    def script() -> FileResponse:
        return FileResponse(HERE / "card.js", media_type="text/javascript", headers=HEADERS)

    app.add_api_route("/card", card_form, methods=["GET", "HEAD"], include_in_schema=False)
    app.add_api_route("/card/card.js", script, methods=["GET", "HEAD"], include_in_schema=False)
