"""Writes that are done once however often they are asked for: the edge of `core.idempotency`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Header, Request
from pydantic import BaseModel
from sqlmodel import Session
from starlette.responses import Response

from api.guard import Member
from api.routes import ShopDep
from api.state import Shop
from core.idempotency import Answer, claim, fingerprint, keep, look_up


class Once:
    """One request with its key. Calling it does the work and gives the answer, or the answer it had before."""

    def __init__(self, shop: Shop, *, scope: str, key: str, route: str) -> None:
        self._shop, self._scope, self._key, self._route = shop, scope, key, route

    def __call__(
        self, work: Callable[[Session], BaseModel], *, body: BaseModel | None = None, status: int = 200
    ) -> Response:
        """Do `work` in a transaction; `body` is what was sent, so that another body with the key is refused."""
        request = self._fingerprint(body)

        def once(session: Session) -> tuple[Answer, bool]:
            known = claim(session, scope=self._scope, key=self._key, request=request, at=self._shop.clock())
            if known is not None:
                return known, True
            answer = Answer(status, work(session).model_dump_json(exclude_none=True))
            keep(session, answer, scope=self._scope, key=self._key)
            return answer, False

        answer, replayed = self._shop.database.transact(once)
        return _response(answer, replayed=replayed)

    def known(self, body: BaseModel | None = None) -> Response | None:
        """The answer this request had before, for work that begins before its transaction; None for the first."""
        with self._shop.database.read() as session:
            answer = look_up(session, scope=self._scope, key=self._key, request=self._fingerprint(body))
        return None if answer is None else _response(answer, replayed=True)

    def _fingerprint(self, body: BaseModel | None) -> str:
        return fingerprint(self._route, body.model_dump_json() if body is not None else "")


def _response(answer: Answer, *, replayed: bool) -> Response:
    headers = {"Idempotency-Replayed": "true"} if replayed else {}
    return Response(answer.text, answer.status, headers, media_type="application/json")


def _once(
    request: Request,
    shop: ShopDep,
    caller: Member,
    key: Annotated[
        str,
        Header(
            alias="Idempotency-Key",
            min_length=8,
            max_length=255,
            pattern=r"^[\x21-\x7e]+$",
            description="A random text of your own: the same request with the same key is done once.",
            examples=["2f1c7c1e-5b0a-4a35-9d0e-6d3f0b5f2a11"],
        ),
    ],
) -> Once:
    return Once(shop, scope=caller.user, key=key, route=f"{request.method} {request.url.path}")


OnceDep = Annotated[Once, Depends(_once)]
