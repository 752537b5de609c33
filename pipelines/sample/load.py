"""Loading the sample shop into the core, by the same way as every import, with its pictures beside it."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from datetime import datetime

import polars as pl

from core.bulk import update_frame
from core.database import Database
from core.loading import Progress, load, no_progress
from core.tables import Category, ImportRun
from core.upsert import ids_of
from pipelines.house import House
from pipelines.sample.pictures import draw_pictures
from pipelines.sample.shop import DEFAULT_UNTIL, generate_shop

FORMAT = "sample"
PICTURES = "pictures"


def load_sample_shop(
    house: House,
    *,
    seed: int = 7,
    products: int = 2000,
    users: int = 3000,
    until: datetime = DEFAULT_UNTIL,
    pictures: bool = True,
    progress: Progress = no_progress,
) -> str:
    """Generate the sample shop, draw its pictures and load it, in one transaction; returns what it did in words.

    Loading the same shop again changes nothing. `progress` hears (stage, done, total). Raises InvalidInput for
    sizes too small for a shop.
    """
    progress("sample shop", 0, 1)
    shop = generate_shop(seed=seed, products=products, users=users, until=until)
    progress("sample shop", 1, 1)
    frames = shop.frames
    assert frames.pictures is not None  # a sample shop has all frames
    if pictures:
        folder = house.home / PICTURES
        draw_pictures(shop.goods, frames.pictures["url"].to_list(), folder=folder, progress=progress)
    rows = {
        field.name: frame.height for field in fields(frames) if (frame := getattr(frames, field.name)) is not None
    }
    made_by = f"seed={seed} products={products} users={users} until={until.isoformat()}"
    with house.database.write() as session:
        at = house.clock()
        load(session, frames, at=at, progress=progress)
        names = pl.DataFrame(list(shop.categories_zh.items()), schema=["path", "name_zh"], orient="row")
        update_frame(session, Category, names, key="path")
        total = sum(rows.values())
        session.add(
            ImportRun(
                format=FORMAT,
                files=made_by,
                sha256=hashlib.sha256(made_by.encode()).hexdigest(),
                read=total,
                loaded=total,
                merged=0,
                rejected=0,
                finished_at=at,
            )
        )
    counted = ", ".join(
        f"{rows[name]:,} {name.replace('_', ' ')}"
        for name in ("products", "users", "orders", "order_lines", "reviews", "events")
    )
    return f"{counted}, seed {seed}"


def sample_is_loaded(database: Database) -> bool:
    """Whether a sample shop has been loaded into this database."""
    with database.read() as session:
        return ids_of(session, ImportRun, pl.Series([FORMAT]), key="format").height > 0
