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
from core.idempotency import Answer, claim, fingerprint, keep


class Once:
    """One request with its key. Calling it does the work and gives the answer, or the answer it had before."""

    def __init__(self, shop: Shop, *, scope: str, key: str, route: str) -> None:
        self._shop, self._scope, self._key, self._route = shop, scope, key, route

    def __call__(
        self, work: Callable[[Session], BaseModel], *, body: BaseModel | None = None, status: int = 200
    ) -> Response:
        """Do `work` in a transaction; `body` is what was sent, so that another body with the key is refused."""
        answer, replayed = self.answer(work, body=body, status=status)
        return Response(answer.text, answer.status, replay_headers(replayed), media_type="application/json")

    def answer(
        self, work: Callable[[Session], BaseModel], *, body: BaseModel | None = None, status: int = 200
    ) -> tuple[Answer, bool]:
        """The answer of `work`, and whether it was given before."""
        request = self._fingerprint(body)

        def once(session: Session) -> tuple[Answer, bool]:
            known = claim(session, scope=self._scope, key=self._key, request=request, at=self._shop.clock())
            if known is not None:
                return known, True
            answer = Answer(status, work(session).model_dump_json(exclude_none=True))
            keep(session, answer, scope=self._scope, key=self._key)
            return answer, False

        return self._shop.database.transact(once)

    def _fingerprint(self, body: BaseModel | None) -> str:
        return fingerprint(self._route, body.model_dump_json() if body is not None else "")


def replay_headers(replayed: bool) -> dict[str, str]:
    """What an answer says of itself when it was given before."""
    return {"Idempotency-Replayed": "true"} if replayed else {}


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
