"""/v1/me: the personal centre. Others' ids are answered like those that do not exist."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Request, Response

from api import entrance
from api.guard import Member
from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.routes.accounts import ON_ITS_WAY
from api.schemas_accounts import (
    AcceptedOut,
    AddressesOut,
    AddressIn,
    AddressOut,
    EmailIn,
    ErasureIn,
    ExportOut,
    FavouriteOut,
    FavouritesOut,
    PasswordIn,
    ProfileIn,
    ProfileOut,
    SessionOut,
    SessionsOut,
)
from api.texts import PathId
from core import profiles
from core.logins import end_login, logins_of
from core.own_data import own_data

router = APIRouter(prefix="/v1/me", tags=["personal centre"], responses=PROBLEM_RESPONSES)


@router.get("", summary="Who I am")
def get_me(shop: ShopDep, caller: Member) -> ProfileOut:
    """The profile of the user who is logged in."""
    with shop.database.read() as session:
        return ProfileOut(**asdict(profiles.profile(session, caller.row)))


@router.patch("", summary="Change my profile")
def patch_me(shop: ShopDep, caller: Member, body: ProfileIn) -> ProfileOut:
    """Change what is given; what is left out stays."""
    changes = body.model_dump(exclude_unset=True)
    with shop.database.write() as session:
        profiles.change_profile(session, caller.row, changes=changes)
        return ProfileOut(**asdict(profiles.profile(session, caller.row)))


@router.delete("", status_code=204, summary="Erase my account")
def delete_me(shop: ShopDep, request: Request, caller: Member, body: ErasureIn) -> Response:
    """For good: all that is kept about me goes, and every token is dead. Orders stay as numbers in the books.

    Unpaid orders are cancelled. 409 while a paid one is on its way, goods are being returned or money is owed
    back, and for sellers and staff. A wrong password counts like a failed login.
    """
    password = body.password.get_secret_value()
    entrance.erase_oneself(shop, caller, password=password, host=entrance.host_of(request))
    return Response(status_code=204)


@router.post("/password", status_code=204, summary="Change my password")
def post_password(shop: ShopDep, request: Request, caller: Member, body: PasswordIn) -> Response:
    """All other sessions end. A wrong current password counts like a failed login."""
    current, new = body.current.get_secret_value(), body.new.get_secret_value()
    entrance.change_password(shop, caller, current=current, new=new, host=entrance.host_of(request))
    return Response(status_code=204)


@router.post("/email", status_code=202, summary="Ask for another e-mail address")
def post_email(shop: ShopDep, request: Request, caller: Member, body: EmailIn) -> AcceptedOut:
    """Send a link to the new address; once it was opened the address is the account's.

    The answer is the same when the address is another account's: its owner is told instead.
    """
    password = body.password.get_secret_value()
    entrance.ask_for_email(shop, caller, email=body.email, password=password, host=entrance.host_of(request))
    return ON_ITS_WAY


@router.get("/addresses", summary="My addresses")
def get_addresses(shop: ShopDep, caller: Member) -> AddressesOut:
    """The oldest first."""
    with shop.database.read() as session:
        found = profiles.addresses(session, caller.row)
    return AddressesOut(addresses=[AddressOut(**asdict(address)) for address in found])


@router.post("/addresses", status_code=201, summary="Add an address")
def post_address(shop: ShopDep, caller: Member, body: AddressIn) -> AddressOut:
    """Keep another address, up to 50."""
    at = shop.clock()
    added = shop.database.transact(
        lambda session: profiles.add_address(session, caller.row, parts=_parts(body), country=body.country, at=at)
    )
    return AddressOut(**asdict(added))


@router.get("/addresses/{address}", summary="One of my addresses")
def get_address(shop: ShopDep, caller: Member, address: PathId) -> AddressOut:
    """One address."""
    with shop.database.read() as session:
        return AddressOut(**asdict(profiles.address(session, caller.row, address)))


@router.put("/addresses/{address}", summary="Change an address")
def put_address(shop: ShopDep, caller: Member, address: PathId, body: AddressIn) -> AddressOut:
    """Put another in its place. Orders keep the address they were placed with."""
    changed = shop.database.transact(
        lambda session: profiles.change_address(
            session, caller.row, address, parts=_parts(body), country=body.country
        )
    )
    return AddressOut(**asdict(changed))


@router.delete("/addresses/{address}", status_code=204, summary="Remove an address")
def delete_address(shop: ShopDep, caller: Member, address: PathId) -> Response:
    """Forget an address. Orders keep theirs."""
    shop.database.transact(lambda session: profiles.remove_address(session, caller.row, address))
    return Response(status_code=204)


@router.get("/favourites", summary="My favourites")
def get_favourites(shop: ShopDep, caller: Member) -> FavouritesOut:
    """The newest first."""
    with shop.database.read() as session:
        found = profiles.favourites(session, caller.row)
    return FavouritesOut(favourites=[FavouriteOut(**asdict(favourite)) for favourite in found])


@router.put("/favourites/{product}", status_code=204, summary="Mark a product")
def put_favourite(shop: ShopDep, caller: Member, product: PathId) -> Response:
    """Once more does no harm."""
    at = shop.clock()
    shop.database.transact(lambda session: profiles.add_favourite(session, caller.row, product, at=at))
    return Response(status_code=204)


@router.delete("/favourites/{product}", status_code=204, summary="Take a mark away")
def delete_favourite(shop: ShopDep, caller: Member, product: PathId) -> Response:
    """Does nothing for a product that is not marked."""
    shop.database.transact(lambda session: profiles.remove_favourite(session, caller.row, product))
    return Response(status_code=204)


@router.get("/sessions", summary="Where I am logged in")
def get_sessions(shop: ShopDep, caller: Member) -> SessionsOut:
    """The sessions that can still be renewed, the newest first."""
    with shop.database.read() as session:
        found = logins_of(session, caller.row, at=shop.clock())
    return SessionsOut(sessions=[SessionOut(**asdict(one), current=one.id == caller.session) for one in found])


@router.delete("/sessions/{session}", status_code=204, summary="End a session")
def delete_session(shop: ShopDep, caller: Member, session: PathId) -> Response:
    """Log a device out; its access tokens end at once."""
    at = shop.clock()
    shop.database.transact(lambda held: end_login(held, session, user_row=caller.row, at=at))
    return Response(status_code=204)


@router.get("/export", summary="All that is kept about me")
def get_export(shop: ShopDep, caller: Member, response: Response) -> ExportOut:
    """One document with everything, personal data in plain form; links in messages are left out."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    with shop.database.read() as session:
        return ExportOut(at=shop.clock(), **own_data(session, caller.row))


def _parts(body: AddressIn) -> dict[str, str]:
    parts = body.model_dump(exclude={"country"})
    return {name: (text or "").strip() for name, text in parts.items()}
