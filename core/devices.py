"""Devices that report stock: who they are, and whether a message is theirs."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select, update
from sqlmodel import Session, col

from core.bulk import insert_of, table_of
from core.errors import Conflict, InvalidInput, NotFound, Unauthorized
from core.goods import Keeper, note
from core.ids import new_id
from core.tables import Device, Seller

KEY_BYTES, SIGNATURE_BYTES = 32, 64


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device as its owner sees it; without a `seller` (public id) it is the shop's and reports on all goods."""

    id: str
    name: str
    seller: str | None
    public_key: str
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Reporter:
    """A device whose signature was good. `seller` is the row number of the only seller it may speak for."""

    row: int
    id: str
    seller: int | None

    @property
    def actor(self) -> str:
        """How records name the device."""
        return f"device:{self.id}"


def register_device(session: Session, keeper: Keeper, *, name: str, public_key: str, at: datetime) -> str:
    """A new device with its Ed25519 public key (32 bytes in base64); returns its public id.

    Raises InvalidInput for what is no such key, Conflict for one that a device has or had already.
    """
    try:
        Ed25519PublicKey.from_public_bytes(_decoded(public_key, KEY_BYTES))
    except ValueError as error:
        raise InvalidInput("the public key is 32 bytes of Ed25519 in base64") from error
    device = new_id()
    row = {"public_id": device, "seller_id": keeper.seller, "name": name, "public_key": public_key, "active": True}
    made = session.execute(
        insert_of(session, table_of(Device))
        .values(created_at=at, **row)
        .on_conflict_do_nothing()
        .returning(table_of(Device).c.id)
    ).first()
    if made is None:
        raise Conflict("another device has this key, or had it: make a new one")
    note(session, keeper, action="device.register", subject=f"device:{device}", detail={}, at=at)
    return device


def list_devices(session: Session, keeper: Keeper, *, limit: int = 200) -> list[DeviceView]:
    """The keeper's devices, the newest first."""
    return [_view(row) for row in session.execute(_owned(keeper).order_by(col(Device.id).desc()).limit(limit))]


def read_device(session: Session, keeper: Keeper, device: str) -> DeviceView:
    """One of the keeper's devices; raises NotFound."""
    row = session.execute(_owned(keeper).where(col(Device.public_id) == device)).first()
    if row is None:
        raise NotFound(f"there is no device {device!r}", device=device)
    return _view(row)


def deactivate_device(session: Session, keeper: Keeper, device: str, *, at: datetime) -> None:
    """From now on nothing of this device is taken; what it reported stays. Raises NotFound, or Conflict if so."""
    read_device(session, keeper, device)
    stopped = session.execute(
        update(Device)
        .where(col(Device.public_id) == device, col(Device.active))
        .values(active=False)
        .returning(col(Device.id))
    ).first()
    if stopped is None:
        raise Conflict(f"device {device} is not active any more", device=device)
    note(session, keeper, action="device.deactivate", subject=f"device:{device}", detail={}, at=at)


def authenticate(session: Session, *, device: str, signature: str, body: bytes) -> Reporter:
    """The device that signed the bytes of `body`; `signature` is base64.

    Raises Unauthorized, in the same words for a device that is not known, not active, or not the one that signed.
    """
    found = session.execute(
        select(col(Device.id), col(Device.seller_id), col(Device.public_key)).where(
            col(Device.public_id) == device, col(Device.active)
        )
    ).first()
    try:
        if found is None:
            raise InvalidSignature
        key = Ed25519PublicKey.from_public_bytes(_decoded(found.public_key, KEY_BYTES))
        key.verify(_decoded(signature, SIGNATURE_BYTES), body)
    except (InvalidSignature, ValueError) as error:
        raise Unauthorized("no active device signed this") from error
    return Reporter(found.id, device, found.seller_id)


def _decoded(text: str, length: int) -> bytes:
    """The bytes of a base64 text; ValueError unless it is the one way to write so many bytes."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    # The last letter has bits to spare: of the texts that decode to the same bytes only one is taken.
    if len(data) != length or base64.b64encode(data).decode() != text:
        raise ValueError("not base64 of the right length")
    return data


def _owned(keeper: Keeper) -> Any:
    columns = (Device.public_id, Device.name, Device.public_key, Device.active, Device.created_at)
    wanted: Any = select(*(col(column) for column in columns), col(Seller.public_id).label("seller")).outerjoin(
        Seller, col(Seller.id) == col(Device.seller_id)
    )
    return wanted if keeper.seller is None else wanted.where(col(Device.seller_id) == keeper.seller)


def _view(row: Any) -> DeviceView:
    return DeviceView(row.public_id, row.name, row.seller, row.public_key, row.active, row.created_at)
