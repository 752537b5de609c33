"""The sample shop as files of the feed format (docs/feed.md), for `merx import jsonl`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from core.money import Money
from pipelines.sample.shop import SampleShop

Line = dict[str, Any]


def write_feed(shop: SampleShop, folder: Path) -> list[Path]:
    """Write products, users, orders, refunds, reviews and events to one file each; returns the files.

    A file is complete or not there. The Chinese names of categories have no place in the format.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, lines in (
        ("products", _products(shop)),
        ("users", _users(shop)),
        ("orders", _orders(shop)),
        ("refunds", _refunds(shop)),
        ("reviews", _plain(shop.frames.reviews, "review")),
        ("events", _plain(shop.frames.events, "event")),
    ):
        path = folder / f"{name}.jsonl"
        draft = path.with_suffix(".tmp")
        with draft.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        os.replace(draft, path)
        files.append(path)
    return files


def _products(shop: SampleShop) -> Iterator[Line]:
    sellers = {row["public_id"]: row for row in _rows(shop.frames.sellers)}
    stock = {row["variant"]: row["quantity"] for row in _rows(shop.frames.stock)}
    variants = _grouped(shop.frames.variants, "product")
    pictures = _grouped(shop.frames.pictures, "product")
    for row in _rows(shop.frames.products):
        seller = sellers[row["seller"]]
        own = variants[row["public_id"]]
        yield {
            "type": "product",
            "id": row["public_id"],
            **_some(row, "title", "title_zh", "brand", "description", "category", "status"),
            "attributes": json.loads(row["attributes"]),
            "seller": {"id": seller["public_id"], "name": seller["name"], "country": seller["country"]},
            "pictures": [_some(picture, "url", "alt") for picture in pictures[row["public_id"]]],
            "rating": {"mean": row["rating_mean"], "count": row["rating_count"]},
            "released_at": _moment(row["released_at"]),
            "created_at": _moment(row["created_at"]),
            "currency": own[0]["currency"],
            "variants": [
                {
                    "id": variant["public_id"],
                    **_some(variant, "sku", "ean"),
                    "options": json.loads(variant["options"]),
                    "price": _amount(variant["price_minor"], variant["currency"]),
                    "list_price": _amount(variant["list_price_minor"], variant["currency"]),
                    "stock": stock[variant["public_id"]],
                }
                for variant in own
            ],
        }


def _users(shop: SampleShop) -> Iterator[Line]:
    addresses = _grouped(shop.frames.addresses, "user")
    for row in _rows(shop.frames.users):
        own = addresses[row["public_id"]]
        yield {
            "type": "user",
            "id": row["public_id"],
            **_some(row, "email", "name", "country"),
            "addresses": [_some(address, "recipient", "lines", "city", "postcode", "country") for address in own],
            "created_at": _moment(row["created_at"]),
        }


def _orders(shop: SampleShop) -> Iterator[Line]:
    lines = _grouped(shop.frames.order_lines, "order")
    for row in _rows(shop.frames.orders):
        currency = row["currency"]
        yield {
            "type": "order",
            "id": row["public_id"],
            **_some(row, "user", "status", "currency", "country"),
            "shipping": _amount(row["shipping_minor"], currency),
            "address": json.loads(row["address"]),
            "placed_at": _moment(row["placed_at"]),
            "lines": [
                {
                    **_some(line, "variant", "title", "quantity"),
                    "price": _amount(line["unit_price_minor"], currency),
                }
                for line in lines[row["public_id"]]
            ],
        }


def _refunds(shop: SampleShop) -> Iterator[Line]:
    lines = _grouped(shop.frames.refund_lines, "refund")
    for row in _rows(shop.frames.refunds):
        yield {
            "type": "refund",
            "id": row["public_id"],
            **_some(row, "order", "user", "status", "currency", "reason"),
            "at": _moment(row["at"]),
            "lines": [
                {
                    **_some(line, "variant", "quantity", "order_line", "title"),
                    "amount": _amount(line["amount_minor"], row["currency"]),
                }
                for line in lines[row["public_id"]]
            ],
        }


def _plain(frame: pl.DataFrame | None, kind: str) -> Iterator[Line]:
    """Things whose columns are already those of the format."""
    for row in _rows(frame):
        line = {"type": kind, "id": row.pop("public_id")}
        yield line | {
            name: _moment(value) if isinstance(value, datetime) else value
            for name, value in row.items()
            if value is not None
        }


def _rows(frame: pl.DataFrame | None) -> Iterable[Line]:
    return [] if frame is None else frame.iter_rows(named=True)


def _grouped(frame: pl.DataFrame | None, key: str) -> dict[str, list[Line]]:
    groups: dict[str, list[Line]] = {}
    for row in _rows(frame):
        groups.setdefault(row[key], []).append(row)
    return groups


def _some(row: Line, *names: str) -> Line:
    return {name: row[name] for name in names}


def _amount(minor: int | None, currency: str) -> str | None:
    return None if minor is None else str(Money(minor, currency).major())


def _moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
