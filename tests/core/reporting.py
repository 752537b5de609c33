"""Devices that report stock, as tests speak for them."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import col, select

from core.database import Database
from core.devices import Reporter, register_device
from core.goods import Keeper
from core.reports import Answer, Report, take_reports
from core.stock import reserve
from core.tables import Variant
from tests.core.keeping import NOW, rows

MINUTE = timedelta(minutes=1)


def public_of(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def device(database: Database, keeper: Keeper) -> Reporter:
    """A registered device, as it is known once its signature was good."""
    with database.write() as session:
        key = public_of(Ed25519PrivateKey.generate())
        name = register_device(session, keeper, name="Scanner", public_key=key, at=NOW)
    row = rows(database, "SELECT max(id) FROM device")[0][0]
    return Reporter(row, name, keeper.seller)


def take(database: Database, reporter: Reporter, *reports: Report, now: datetime = NOW) -> list[Answer]:
    return database.transact(lambda session: take_reports(session, reporter, reports, now=now))


def outcomes(database: Database, reporter: Reporter, *reports: Report, now: datetime = NOW) -> list[str]:
    return [answer.outcome for answer in take(database, reporter, *reports, now=now)]


def level(database: Database) -> tuple[int, int]:
    """Quantity and reserved of the only level; it is always the sum of its movements."""
    (found,) = rows(database, "SELECT quantity, reserved FROM stock_level")
    assert rows(database, "SELECT coalesce(sum(delta), 0) FROM stock_movement") == [(found[0],)]
    return found[0], found[1]


def promise(database: Database, variant: str, pieces: int) -> None:
    with database.write() as session:
        row = session.execute(select(Variant.id).where(col(Variant.public_id) == variant)).scalar_one()
        reserve(session, {row: pieces}, at=NOW)
