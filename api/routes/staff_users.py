"""/v1/staff/users: finding a user, roles, blocking, erasing. Every change is audited."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.guard import Staff
from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.schemas_accounts import BlockIn, ErasureOut, RoleIn, StaffUserOut, StaffUsersOut
from api.texts import Email, PathId
from core import staffing
from core.accounts import Account, find_account
from core.erasure import erase

router = APIRouter(prefix="/v1/staff/users", tags=["staff"], responses=PROBLEM_RESPONSES)


@router.get("", summary="Find a user by the exact e-mail address")
def get_users(shop: ShopDep, _caller: Staff, email: Annotated[Email, Query()]) -> StaffUsersOut:
    """One user or none: addresses are kept sealed and cannot be searched by parts."""
    with shop.database.read() as session:
        found = find_account(session, email)
    return StaffUsersOut(users=[_out(found)] if found is not None and found.status != "erased" else [])


@router.post("/{user}/role", summary="Give a user a role")
def post_role(shop: ShopDep, caller: Staff, user: PathId, body: RoleIn) -> StaffUserOut:
    """The user is logged out everywhere. A seller needs `seller_name`, or `seller` for one that is there."""
    at = shop.clock()
    changed = shop.database.transact(
        lambda session: staffing.grant(
            session,
            user,
            role=body.role,
            seller_name=body.seller_name,
            seller=body.seller,
            reason=body.reason,
            actor=caller.actor,
            at=at,
        )
    )
    return _out(changed)


@router.post("/{user}/block", summary="Keep a user out")
def post_block(shop: ShopDep, caller: Staff, user: PathId, body: BlockIn) -> StaffUserOut:
    """The user is logged out everywhere and cannot log in."""
    at = shop.clock()
    changed = shop.database.transact(
        lambda session: staffing.block(session, user, reason=body.reason, actor=caller.actor, at=at)
    )
    return _out(changed)


@router.post("/{user}/unblock", summary="Let a user in again")
def post_unblock(shop: ShopDep, caller: Staff, user: PathId, body: BlockIn) -> StaffUserOut:
    """The user can log in again."""
    at = shop.clock()
    changed = shop.database.transact(
        lambda session: staffing.unblock(session, user, reason=body.reason, actor=caller.actor, at=at)
    )
    return _out(changed)


@router.post("/{user}/erase", summary="Erase a user for good")
def post_erase(shop: ShopDep, caller: Staff, user: PathId, body: BlockIn) -> ErasureOut:
    """All that is kept about the user goes; orders stay as numbers. Once more says when it was done.

    Unpaid orders are cancelled. 409 while a paid one is on its way, goods are being returned or money is owed
    back, and for sellers and staff, who hand over first. The reason goes to the audit log: name nobody in it.
    """
    at = shop.clock()
    erased = shop.database.transact(
        lambda session: erase(session, user, reason=body.reason, actor=caller.actor, at=at)
    )
    return ErasureOut(id=erased.id, user=erased.user, erased_at=erased.erased_at, finished_at=erased.finished_at)


def _out(account: Account) -> StaffUserOut:
    return StaffUserOut(
        id=account.user,
        email=account.email,
        verified=account.verified,
        role=account.role,  # type: ignore[arg-type]
        status=account.status,  # type: ignore[arg-type]
    )
