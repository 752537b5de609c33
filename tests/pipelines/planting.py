"""A person whose data is everywhere in a real home, and a search for it in every byte and every table."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy import insert, select, text
from sqlmodel import SQLModel, col

from api.app import create_app
from api.state import Shop
from core import cancel, imaging, payments, pictures, returns, shipments
from core.accounts import find_account
from core.ids import new_id
from core.persons import find_by
from core.providers.opening import open_providers
from core.relay import deliver
from core.settlement import Settlement
from core.tables import Order, OrderLine, Product, Review, ReviewPicture, Shipment, StockLevel, Variant
from core.transitions import Cause
from core.vault import Vault
from pipelines.house import House
from tests.api.buying import checkout, filled, pay
from tests.api.people import PASSWORD, Person, log_in, register

EMAIL = "zephyrine.quillfeather@example.org"
NAME = "Zéphyrine Quillfeather"
PHONE = "+44 7911 123456"
CITY = "Nether Wallopsby"
QUERY = "gift for aunt Mirabelliana"
REVIEW = "my neighbour Thaddeusz loves it"
CANCELLED = "moving in with Ignatiusz"
RETURNED = "too small for Wilhelminka"
TRACKING = "TRACK00QZX77341"
ADDRESS = {"recipient": NAME, "lines": "7 Quagmire Lane", "city": CITY, "postcode": "ZZ9 9ZZ", "country": "GB"}
HOST = "203.0.113.77"
WEEK = timedelta(days=7)
PLAIN = (EMAIL, NAME, PHONE, CITY, "7 Quagmire Lane", QUERY, REVIEW, CANCELLED, RETURNED, TRACKING, HOST, PASSWORD)


@dataclass(frozen=True)
class Planted:
    """Who was planted: public id, shopper's key, and every text that must not be found any more."""

    user: str
    shopper: str
    needles: tuple[bytes, ...]


def plant(house: House, variants: list[str]) -> Planted:
    """Let a person register, search, buy, cancel, return, review, and leave things behind, through a real shop."""
    shop = Shop(house.settings, clock=house.clock)
    with TestClient(create_app(house.settings, shop=shop), client=(HOST, 5000)) as client:
        register(client, EMAIL, name=NAME, phone=PHONE, country="GB")
        who = log_in(client, EMAIL)
        client.post("/v1/auth/login", json={"email": EMAIL, "password": "another sentence"})
        client.post("/v1/auth/password/forgot", json={"email": EMAIL})
        assert client.post("/v1/me/addresses", json=ADDRESS, headers=who.headers).status_code == 201
        arrived, cancelled = (_bought(client, house, who, variant) for variant in variants[:2])
        pending = checkout(client, who, variants[2])["id"]
        body = {"provider": "test"}
        key = {"Idempotency-Key": "a-payment-never-made"}
        client.post(f"/v1/orders/{pending}/payments", json=body, headers={**who.headers, **key})
        filled(client, who, variants[0], 3)
        product, names = _product(house, variants[0])
        assert client.put(f"/v1/me/favourites/{names}", headers=who.headers).status_code == 204
        shopper = str(who.login["shopper"])
        happened = [{"shopper": shopper, "kind": "query", "query": QUERY}] * 3
        happened += [{"shopper": shopper, "kind": "view", "product": names}] * 5
        assert client.post("/v1/events", json={"events": happened}).status_code == 202
    picture = _trade(house, who, arrived, cancelled, product)
    with house.database.read() as session:
        account = find_account(session, EMAIL)
        assert account is not None
        hashes = [*find_by(session, EMAIL, purpose="email"), *find_by(session, PHONE, purpose="phone")]
    rejects = house.home / "rejects" / "jsonl-0123456789ab.jsonl"
    rejects.parent.mkdir(exist_ok=True)
    rejects.write_text(json.dumps({"line": 1, "raw": json.dumps({"email": EMAIL, "name": NAME})}))
    needles = [*PLAIN, shopper, *hashes, picture]
    return Planted(account.user, shopper, tuple(form for needle in needles for form in _forms(needle)))


def leave_half_a_snapshot(house: House) -> None:
    """What a writer of snapshots leaves that is killed: the files, and no name."""
    version = house.artifacts.versions("snapshots")[-1]
    shutil.copytree(version.path, version.path.with_name(f".making-{version.name}-1-1"))


def found(house: House, planted: Planted) -> list[str]:
    """Where something of the planted person is: files of the home (opened, where they are packed) and tables."""
    places = []
    for path in sorted(path for path in house.home.rglob("*") if path.is_file()):
        name = str(path.relative_to(house.home))
        for part in (name.encode(), path.read_bytes(), *_unpacked(path)):
            places += [f"{name}: {needle!r}" for needle in planted.needles if needle in part]
    with house.database.read() as session:
        for table in SQLModel.metadata.sorted_tables:
            whole = text(f"SELECT t::text FROM {table.name} AS t")
            rows = session.execute(select(table) if house.database.is_sqlite else whole)
            for row in rows:
                line = " ".join(map(str, row)).encode()
                places += [f"table {table.name}: {needle!r}" for needle in planted.needles if needle in line]
    return sorted(set(places))


def opened(house: House, planted: Planted, vault: Vault) -> list[str]:
    """Sealed texts in the tables that say something of the planted person when they are opened."""
    places = []
    with house.database.read() as session:
        for table in SQLModel.metadata.sorted_tables:
            for row in session.execute(select(table)):
                for value in row:
                    if isinstance(value, str) and vault.is_current(value) and ".gAAAA" in value:
                        plain = vault.open(value).encode()
                        places += [f"{table.name}: {needle!r}" for needle in planted.needles if needle in plain]
    return places


def stocked_variants(house: House) -> list[str]:
    """Public ids of variants of which there is enough, each of a product of its own."""
    with house.database.read() as session:
        rows: Any = (
            select(col(Variant.public_id), col(Variant.product_id))
            .join(StockLevel, col(StockLevel.variant_id) == col(Variant.id))
            .join(Product, col(Product.id) == col(Variant.product_id))
            .where(col(StockLevel.quantity) > 10, col(Product.status) == "published", col(Product.seller_id) > 0)
            .order_by(col(Variant.id))
        )
        return list({product: variant for variant, product in session.execute(rows)}.values())[:3]


def _bought(client: TestClient, house: House, who: Person, variant: str) -> str:
    order = str(checkout(client, who, variant, 2)["id"])
    pay(client, who, order)
    return order


def _trade(house: House, who: Person, arrived: str, cancelled: str, product: int) -> str:
    """One order is sent, reviewed and a return of it withdrawn; another cancelled and its money given back."""
    database, at, cause = house.database, house.clock(), Cause(f"user:{who.id}", house.clock())
    seller = _line(house, arrived).seller_id or 0
    by_hand = Cause("system", at)
    packed = database.transact(
        lambda session: shipments.prepare(session, arrived, seller=seller, pieces=None, cause=by_hand)
    )
    database.transact(
        lambda session: shipments.send(
            session, packed.id, seller=seller, carrier="Post", tracking_number=TRACKING, cause=by_hand
        )
    )
    database.transact(lambda session: shipments.deliver(session, packed.id, cause=by_hand))
    with database.read() as session:
        user = find_account(session, EMAIL)
        assert user is not None
        assert session.execute(select(col(Shipment.tracking_number))).scalars().all() == [TRACKING]
    asked = Cause(cause.actor, at, RETURNED)
    made = database.transact(
        lambda session: returns.request(session, arrived, user=user.row, pieces={1: 1}, window=WEEK, cause=asked)
    )
    database.transact(lambda session: returns.withdraw(session, made[0], user=user.row, cause=asked))
    why = Cause(cause.actor, at, CANCELLED)
    database.transact(lambda session: cancel.cancel(session, cancelled, cause=why))
    settlement = Settlement(database, house.clock, open_providers(house.settings))
    assert deliver(settlement, database=database, clock=house.clock).failed == 0
    with database.read() as session:
        assert payments.stuck(session, before=house.clock(), limit=10)  # the attempt that was never paid
    return _review(house, user.row, product, _line(house, arrived).id or 0)


def _review(house: House, user: int, product: int, line: int) -> str:
    """A review with a picture of its own; returns what the picture's files are called."""
    drawn = BytesIO()
    Image.effect_noise((64, 48), 90).save(drawn, "PNG")
    stored = imaging.render(drawn.getvalue())
    url = pictures.store(stored, folder=house.home / "pictures")
    told = {"subject": "product", "product_id": product, "score": 5, "title": NAME, "text": REVIEW}
    with house.database.write() as session:
        mine = {"user_id": user, "order_line_id": line, "answer": f"Dear {NAME}", "created_at": house.clock()}
        made = session.execute(
            insert(Review).values(public_id=new_id("r-"), **told, **mine).returning(col(Review.id))
        )
        size = {"position": 0, "width": stored.width, "height": stored.height}
        row = made.scalar_one()
        session.execute(insert(ReviewPicture).values(public_id=new_id("k-"), review_id=row, url=url, **size))
    return Path(url).name.partition("-")[0]


def _line(house: House, order: str) -> OrderLine:
    with house.database.read() as session:
        named = select(OrderLine).join(Order).where(col(Order.public_id) == order)
        line: OrderLine = session.execute(named).scalar_one()
        return line


def _product(house: House, variant: str) -> tuple[int, str]:
    with house.database.read() as session:
        wanted: Any = select(col(Product.id), col(Product.public_id)).join(Variant)
        row, name = session.execute(wanted.where(col(Variant.public_id) == variant)).one()
        return row, name


def _forms(needle: str) -> Iterator[bytes]:
    """A text as it stands, as JSON has it, and in base64, as far as that does not depend on what comes after."""
    plain = needle.encode()
    yield plain
    yield json.dumps(needle)[1:-1].encode()
    for shift in range(3):  # wherever in a longer text it begins
        yield base64.b64encode(b"\0" * shift + plain)[4 if shift else 0 : -4]


def _unpacked(path: Path) -> Iterator[bytes]:
    if path.suffix == ".parquet":
        frame = pl.read_parquet(path)
        yield from (repr(frame[name].to_list()).encode() for name in frame.columns)
    elif path.suffix in (".npz", ".npy"):
        loaded = np.load(path, allow_pickle=False)
        arrays = loaded.values() if path.suffix == ".npz" else [loaded]
        for array in arrays:
            yield array.tobytes()
            if array.dtype.kind in "SU":
                yield repr(array.tolist()).encode()
