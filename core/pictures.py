"""The pictures of products: files below the home's `pictures` folder, and the rows that put them in order.

Those in reviews (`core.reviews`) lie in the same folder and are tidied with them.

Files come before rows: they are written under a temporary name, renamed, and then named by a row that commits.
A process that is killed in between leaves files that nothing names, which `tidy` takes away a day later. A file's
name is a hash of its content, so the same picture is kept once, whoever uploads it.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import case, delete, insert, select, union_all, update
from sqlmodel import Session, col

from core.errors import Conflict, InvalidInput, NotFound
from core.goods import Keeper, hold, tell
from core.ids import new_id
from core.imaging import SIZES, Rendition
from core.tables import Picture, ReviewPicture

MOST_PICTURES = 20
UPLOADED = "uploaded"  # the folder below `pictures`, so that tidying never meets a shop's own files
SHOWN = 600  # the size that a picture's `url` names

_NAME = re.compile(rf"{UPLOADED}/([0-9a-f]{{64}})-{SHOWN}\.webp")
_ORPHANED = timedelta(days=1)


def store(rendition: Rendition, *, folder: Path) -> str:
    """Write the files of a picture below `folder` (the home's `pictures`); returns its url, that of size SHOWN."""
    name = hashlib.sha256(rendition.files[max(SIZES)]).hexdigest()
    (folder / UPLOADED).mkdir(parents=True, exist_ok=True)
    for size, data in rendition.files.items():
        target = folder / _path(name, size)
        draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)  # also over an older one, which makes it young again: `tidy` leaves it alone
    return _path(name, SHOWN)


def sizes_of(url: str) -> dict[int, str]:
    """The urls of an uploaded picture by size (pixels of the longer side); empty for any other picture."""
    found = _NAME.fullmatch(url)
    return {size: _path(found[1], size) for size in SIZES} if found else {}


def add_picture(
    session: Session,
    keeper: Keeper,
    product: str,
    *,
    url: str,
    alt: str,
    width: int,
    height: int,
    expected: str | None,
    at: datetime,
) -> str:
    """Put a stored picture at the end of a product's; returns its public id. Raises Conflict for one too many."""
    held = hold(session, keeper, product, expected=expected, at=at)
    there = _rows(session, held.row)
    if len(there) >= MOST_PICTURES:
        raise Conflict(f"a product has at most {MOST_PICTURES} pictures", product=product)
    name = new_id()
    size = {"width": width, "height": height}
    row = session.execute(
        insert(Picture)
        .values(public_id=name, product_id=held.row, position=-1, url=url, alt=alt, **size)
        .returning(col(Picture.id))
    ).scalar_one()
    _place(session, [*(other for _, other in there), row])
    tell(session, keeper, held, kind="changed", action="picture.add", detail={"picture": name})
    return name


def remove_picture(
    session: Session, keeper: Keeper, product: str, *, picture: str, expected: str | None, at: datetime
) -> None:
    """Take a picture off a product; those after it move up. Raises NotFound."""
    held = hold(session, keeper, product, expected=expected, at=at)
    there = _rows(session, held.row)
    row = dict(there).get(picture)
    if row is None:
        raise NotFound(f"product {product} has no picture {picture!r}", product=product, picture=picture)
    session.execute(delete(Picture).where(col(Picture.id) == row))
    _place(session, [other for _, other in there if other != row])
    tell(session, keeper, held, kind="changed", action="picture.remove", detail={"picture": picture})


def order_pictures(
    session: Session, keeper: Keeper, product: str, *, pictures: Sequence[str], expected: str | None, at: datetime
) -> None:
    """Put the pictures of a product in this order; raises InvalidInput unless each is named once."""
    held = hold(session, keeper, product, expected=expected, at=at)
    there = dict(_rows(session, held.row))
    if sorted(pictures) != sorted(there):
        raise InvalidInput("name each picture of the product once", product=product)
    _place(session, [there[name] for name in pictures])
    tell(session, keeper, held, kind="changed", action="picture.order")


def tidy(session: Session, *, folder: Path, now: datetime, age: timedelta = _ORPHANED) -> int:
    """Remove uploaded files below `folder` that no picture names, if older than `age`; returns how many."""
    files = [path for path in (folder / UPLOADED).glob("*") if path.is_file()]
    if not files:
        return 0
    columns = (col(Picture.url), col(ReviewPicture.url))
    kept = union_all(*(select(url).where(url.startswith(f"{UPLOADED}/")) for url in columns))
    urls = session.execute(kept).scalars()
    named = {path for url in urls for path in (url, *sizes_of(url).values())}
    removed = 0
    for path in files:
        if f"{UPLOADED}/{path.name}" in named:
            continue
        if path.stat().st_mtime < (now - age).timestamp():
            path.unlink()
            removed += 1
    return removed


def _path(name: str, size: int) -> str:
    return f"{UPLOADED}/{name}-{size}.webp"


def _rows(session: Session, product_row: int) -> list[tuple[str, int]]:
    """Public ids and row numbers of a product's pictures, in their order."""
    wanted = (
        select(col(Picture.public_id), col(Picture.id))
        .where(col(Picture.product_id) == product_row)
        .order_by(col(Picture.position))
    )
    return [(name, row) for name, row in session.execute(wanted)]


def _place(session: Session, rows: Sequence[int]) -> None:
    """Number the pictures from 0 in the order of `rows`."""
    if not rows:
        return
    ours = update(Picture).where(col(Picture.id).in_(rows)).execution_options(synchronize_session=False)
    # A position is taken once in a product: out of the way first, then to their places.
    session.execute(ours.values(position=-1 - col(Picture.id)))
    session.execute(ours.values(position=case({row: n for n, row in enumerate(rows)}, value=col(Picture.id))))
