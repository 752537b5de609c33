"""Who may come in: dependencies that say who is calling, from the access token in `Authorization: Bearer`.

`Anyone` is None where no token was shown, but a token that is shown has to be good: a shopper whose login has
ended is told so, not served as a stranger.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.routes import ShopDep
from core.accounts import Caller, caller_of
from core.errors import Forbidden, Unauthorized

_bearer = HTTPBearer(auto_error=False, description="The access token that logging in gives", bearerFormat="JWT")


def _anyone(
    shop: ShopDep, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Caller | None:
    if credentials is None:
        return None
    access = shop.tokens.read_access(credentials.credentials, now=shop.clock())
    with shop.database.read() as session:
        return caller_of(session, access)


Anyone = Annotated[Caller | None, Depends(_anyone)]


def _member(caller: Anyone) -> Caller:
    if caller is None:
        raise Unauthorized("log in first")
    return caller


Member = Annotated[Caller, Depends(_member)]


def _seller(caller: Member) -> Caller:
    if caller.role != "seller":
        raise Forbidden("this is for sellers")
    return caller


def _staff(caller: Member) -> Caller:
    if caller.role != "staff":
        raise Forbidden("this is for staff")
    return caller


SellerMember = Annotated[Caller, Depends(_seller)]
Staff = Annotated[Caller, Depends(_staff)]
