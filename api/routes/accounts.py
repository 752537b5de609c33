"""/v1/auth: registering, logging in and out, and the links in messages."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api import entrance
from api.guard import Member
from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.schemas_accounts import (
    AcceptedOut,
    ForgotIn,
    LoginIn,
    LoginOut,
    LogoutIn,
    RefreshIn,
    RegisterIn,
    ResetIn,
    TokenIn,
)
from api.state import Shop
from core.logins import Login, end_login, revoke_logins
from core.registration import Newcomer

router = APIRouter(prefix="/v1/auth", tags=["accounts"], responses=PROBLEM_RESPONSES)

ON_ITS_WAY = AcceptedOut(message="if the address is right, a message is on its way")


@router.post("/register", status_code=202, summary="Ask for an account")
def register(shop: ShopDep, request: Request, body: RegisterIn) -> AcceptedOut:
    """Make an account, which can be used once the link that is sent to its address was opened.

    The answer is the same when the address has an account: its owner gets a message instead.
    """
    newcomer = Newcomer(
        email=body.email,
        name=body.name,
        phone=body.phone or "",
        country=body.country,
        shopper=body.shopper,
    )
    password = body.password.get_secret_value()
    entrance.register(shop, newcomer, password=password, host=entrance.host_of(request))
    return ON_ITS_WAY


@router.post("/verify", status_code=204, summary="Confirm an address by the link sent to it")
def verify(shop: ShopDep, body: TokenIn) -> Response:
    """Good for 24 hours; once more does no harm."""
    entrance.verify_email(shop, body.token)
    return Response(status_code=204)


@router.post("/login", summary="Log in")
def login(shop: ShopDep, request: Request, response: Response, body: LoginIn) -> LoginOut:
    """Give an access token and a refresh token for an e-mail address and a password.

    After 5 failures within 15 minutes an account is locked for 15, after 20 an internet address: 429 with
    `Retry-After`. A wrong password, an unknown address, one that was not confirmed and a blocked account are all
    answered alike.
    """
    password = body.password.get_secret_value()
    entered = entrance.log_in(shop, email=body.email, password=password, host=entrance.host_of(request))
    return _login_out(shop, response, entered)


@router.post("/refresh", summary="The next access token")
def refresh(shop: ShopDep, response: Response, body: RefreshIn) -> LoginOut:
    """Give new tokens for a refresh token, which is good for one use. A token used before ends its session."""
    return _login_out(shop, response, entrance.renew(shop, body.refresh_token))


@router.post("/logout", status_code=204, summary="Log out")
def logout(shop: ShopDep, caller: Member, body: LogoutIn) -> Response:
    """End this session, or all of them. Access tokens end with it at once."""
    at = shop.clock()
    if body.everywhere:
        shop.database.transact(
            lambda session: revoke_logins(session, user_row=caller.row, reason="logged out everywhere", at=at)
        )
    else:
        shop.database.transact(lambda session: end_login(session, caller.session, user_row=caller.row, at=at))
    return Response(status_code=204)


@router.post("/password/forgot", status_code=202, summary="Ask for a link to a new password")
def forgot(shop: ShopDep, request: Request, body: ForgotIn) -> AcceptedOut:
    """The answer is the same when there is no such account."""
    entrance.ask_for_reset(shop, body.email, host=entrance.host_of(request))
    return ON_ITS_WAY


@router.post("/password/reset", status_code=204, summary="Choose a new password by the link sent")
def reset(shop: ShopDep, body: ResetIn) -> Response:
    """Good for an hour and for one use. All sessions end, and a locked account is opened."""
    entrance.reset_password(shop, body.token, password=body.password.get_secret_value())
    return Response(status_code=204)


@router.post("/email", status_code=204, summary="Confirm a new address by the link sent to it")
def change_email(shop: ShopDep, body: TokenIn) -> Response:
    """Make the address that `/v1/me/email` asked for the account's; the old address is told."""
    entrance.change_email(shop, body.token)
    return Response(status_code=204)


def _login_out(shop: Shop, response: Response, entered: Login) -> LoginOut:
    response.headers["Cache-Control"] = "no-store"
    return LoginOut(
        access_token=shop.tokens.access(user=entered.user, session=entered.session, at=shop.clock()),
        expires_in=int(shop.tokens.access_life.total_seconds()),
        refresh_token=entered.refresh,
        user=entered.user,
        session=entered.session,
        role=entered.role,  # type: ignore[arg-type]
        shopper=entered.shopper,
    )
