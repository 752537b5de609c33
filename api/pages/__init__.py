"""The storefront page: plain files without a build step, under a strict content policy."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.pages.card import add_card_form
from api.state import Shop

HERE = Path(__file__).parent
STATIC = HERE / "static"

# Pictures may lie elsewhere (a feed names their addresses); everything else comes from here, and no script can
# turn text into markup (trusted types).
POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' https: http: data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
PAGE_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",  # a picture's host does not learn what was searched
    "X-Content-Type-Options": "nosniff",
}
# A picture opened by itself is a document of this origin: one that carries a script must not run it.
PICTURE_HEADERS = {
    "Cache-Control": "public, max-age=86400",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


# The page's own places (static/desk.js): links in messages lead to some of them.
PLACES = (
    "/",
    "/checkout",
    "/orders",
    "/orders/{order}",
    "/account",
    "/account/{part}",
)


class Files(StaticFiles):
    """A folder of files with headers of their own; a folder that is not there yet has no files."""

    def __init__(self, directory: Path, *, headers: dict[str, str]) -> None:
        super().__init__(directory=directory, check_dir=False)
        self._headers = headers

    async def check_config(self) -> None:
        """Not an error: the first pictures may come after the start."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """A file, or "not modified", with the headers."""
        response = super().file_response(*args, **kwargs)
        response.headers.update(self._headers)
        return response


class PageFiles(Files):
    """The page's files below a folder named for their content: what has the right name never changes.

    Under another name (a page of before or after an upgrade asks) they are served too, to be asked for again.
    """

    def __init__(self, directory: Path, *, digest: str) -> None:
        super().__init__(directory, headers={"X-Content-Type-Options": "nosniff"})
        self._digest = digest

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file at `path` without its first part."""
        digest, _, rest = path.partition(os.sep)
        response = await super().get_response(rest, scope)
        forever = digest == self._digest
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if forever else "no-cache"
        return response


def add_pages(app: FastAPI, shop: Shop) -> None:
    """Serve the storefront at its places, its files below `/static`, the shop's own pictures below `/pictures`."""
    digest = _digest(STATIC)
    page = _render(f"/static/{digest}", samples=shop.settings.mode != "production")
    headers = {**PAGE_HEADERS, "Cache-Control": "no-cache"}

    def storefront() -> HTMLResponse:
        return HTMLResponse(page, headers=headers)

    for place in PLACES:
        app.add_api_route(place, storefront, methods=["GET", "HEAD"], include_in_schema=False)
    add_card_form(app, shop.providers.get("stripe"), static=f"/static/{digest}")
    app.mount("/static", PageFiles(STATIC, digest=digest))
    app.mount("/pictures", Files(shop.pictures, headers=PICTURE_HEADERS))


def _render(static: str, *, samples: bool) -> str:
    templates = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined)
    return templates.get_template("index.html").render(
        static=static,
        samples=samples,  # whether there may be sample shoppers to shop as
        sheets=[path.name for path in sorted(STATIC.glob("*.css"))],
        modules=[path.name for path in sorted(STATIC.glob("*.js"))],
    )


def _digest(folder: Path) -> str:
    content = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        content.update(path.name.encode())
        content.update(path.read_bytes())
    return content.hexdigest()[:16]
