"""Columnar upserts: compare a frame with the rows that are there, insert what is new, write what differs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
from sqlalchemy import Select, delete, select
from sqlalchemy import types as sqltypes
from sqlmodel import Session, SQLModel

from core.bulk import insert_frame, json_text, read_frame, table_of, update_frame, with_ids
from core.database import vault_of
from core.errors import Conflict, InvalidInput

# More keys than this are found by reading the whole table: one pass is faster than many lists of keys.
_KEYS_PER_QUERY = 1_000
_KEYS_BY_LIST = 5_000


def rows_of(session: Session, statement: Select[Any], *, column: Any, keys: pl.Series) -> pl.DataFrame:
    """The rows of `statement` whose `column` (one of those selected) is among `keys`."""
    wanted = keys.drop_nulls().unique()
    if len(wanted) > _KEYS_BY_LIST:
        return read_frame(session, statement).filter(pl.col(column.name).is_in(wanted.implode()))
    parts = [
        read_frame(session, statement.where(column.in_(part.to_list())))
        for part in (wanted.slice(start, _KEYS_PER_QUERY) for start in range(0, len(wanted), _KEYS_PER_QUERY))
    ]
    return pl.concat(parts) if parts else read_frame(session, statement.where(column.in_([])))


def ids_of(session: Session, model: type[SQLModel], keys: pl.Series, *, key: str = "public_id") -> pl.DataFrame:
    """Columns `key` and `id` of the rows that exist among `keys`."""
    table = table_of(model)
    return rows_of(session, select(table.c[key], table.c.id), column=table.c[key], keys=keys)


def with_reference(
    session: Session, frame: pl.DataFrame, model: type[SQLModel], *, column: str, into: str, key: str = "public_id"
) -> pl.DataFrame:
    """`frame` with `column` (public ids, null allowed) replaced by row numbers in a column `into`.

    Raises InvalidInput naming ids that do not exist.
    """
    found = ids_of(session, model, frame[column], key=key).rename({key: column, "id": into})
    joined = frame.join(found, on=column, how="left", maintain_order="left")
    lost = joined.filter(pl.col(column).is_not_null() & pl.col(into).is_null())[column].unique().sort()
    if len(lost):
        shown = ", ".join(lost.head(5).to_list())
        raise InvalidInput(f"no such {table_of(model).name}: {shown}", column=column, ids=lost.head(100).to_list())
    return joined.drop(column)


def upsert(
    session: Session,
    model: type[SQLModel],
    frame: pl.DataFrame,
    *,
    key: str = "public_id",
    earliest: Sequence[str] = (),
    fixed: Sequence[str] = (),
    sealed: Sequence[str] = (),
) -> pl.DataFrame:
    """Insert the rows whose `key` is new and update those that differ; `frame` holds each key once.

    `earliest` are moments that only ever move back, `fixed` columns are written for new rows alone, and `sealed`
    ones are plain in `frame` and sealed in the table. Returns the columns `key`, `id`, `created` (bool) and
    `changed` (the names of the columns that were changed).
    """
    table = table_of(model)
    compared = [name for name in frame.columns if name != key and name not in fixed]
    statement = select(table.c.id, table.c[key], *(table.c[name] for name in compared))
    old = rows_of(session, statement, column=table.c[key], keys=frame[key])
    old = _mapped(old, sealed, lambda text: vault_of(session).open(text))
    old = old.rename({name: f"{name}:old" for name in compared})
    both = frame.join(old, on=key, how="left", maintain_order="left")
    both = both.with_columns(pl.min_horizontal(name, f"{name}:old").alias(name) for name in earliest)
    new = with_ids(session, model, both.filter(pl.col("id").is_null()).select(frame.columns))
    insert_frame(session, model, _mapped(new, sealed, lambda text: vault_of(session).seal(text)))
    known = _same_json(both.filter(pl.col("id").is_not_null()), table, compared)
    differing = [pl.when(pl.col(name).ne_missing(pl.col(f"{name}:old"))).then(pl.lit(name)) for name in compared]
    empty = pl.lit([], dtype=pl.List(pl.String))
    known = known.with_columns(
        changed=pl.concat_list(differing).list.drop_nulls() if differing else empty, created=pl.lit(False)
    )
    differing_rows = known.filter(pl.col("changed").list.len() > 0).select("id", *compared)
    update_frame(session, model, _mapped(differing_rows, sealed, lambda text: vault_of(session).seal(text)))
    created = new.select(key, "id", changed=empty, created=pl.lit(True))
    order = [key, "id", "created", "changed"]
    return pl.concat([created.select(order), known.select(order)])


def _mapped(frame: pl.DataFrame, columns: Sequence[str], change: Callable[[str], str]) -> pl.DataFrame:
    """`frame` with every text of `columns` changed; null stays null."""
    return frame.with_columns(
        pl.Series(name, [None if text is None else change(text) for text in frame[name]], dtype=pl.String)
        for name in columns
    )


def merge_lines(
    session: Session,
    model: type[SQLModel],
    frame: pl.DataFrame,
    *,
    parent: str,
    known: pl.Series,
    mutable: Sequence[str] = (),
) -> pl.Series:
    """Bring the lines of orders or refunds to what `frame` says; the `known` parents have lines already.

    A line is recognised by its content, not by its number: lines may be added and renumbered and `mutable` columns
    rewritten, and its row stays the same. Returns the parents (of `known`) whose lines changed. Raises Conflict
    when a line that is there is missing from `frame`.
    """
    table = table_of(model)
    insert_frame(session, model, with_ids(session, model, frame.filter(~pl.col(parent).is_in(known.implode()))))
    if known.is_empty():
        return known
    content = [name for name in frame.columns if name not in (parent, "line_number", *mutable)]
    nth = pl.int_range(pl.len()).over(parent, *content).alias("nth")  # alike lines are told apart by their order
    columns = ["id", "line_number", parent, *content, *mutable]
    old = rows_of(session, select(*(table.c[name] for name in columns)), column=table.c[parent], keys=known)
    old = old.sort(parent, "line_number").with_columns(nth)
    old = old.rename({name: f"{name}:old" for name in ("line_number", *mutable)})
    new = frame.filter(pl.col(parent).is_in(known.implode())).sort(parent, "line_number").with_columns(nth)
    both = new.join(old, on=[parent, *content, "nth"], how="full", nulls_equal=True, coalesce=True)
    lost = both.filter(pl.col("line_number").is_null())[parent].unique()
    if len(lost):
        raise Conflict(f"lines of {table.name} would be lost", parents=lost.to_list())
    moved = both.filter(pl.col("id").is_not_null() & (pl.col("line_number") != pl.col("line_number:old")))
    # Numbers are unique within the parent: out of the way first, then to their places.
    update_frame(session, model, moved.select("id", line_number=-pl.col("id")))
    update_frame(session, model, moved.select("id", "line_number"))
    added = both.filter(pl.col("id").is_null())
    insert_frame(session, model, with_ids(session, model, added.select(frame.columns)))
    touched = [moved[parent], added[parent]]
    if mutable:
        differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}:old")) for name in mutable)
        rewritten = both.filter(pl.col("id").is_not_null() & differs)
        update_frame(session, model, rewritten.select("id", *mutable))
        touched.append(rewritten[parent])
    return pl.concat(touched).unique()


def delete_rows(session: Session, model: type[SQLModel], ids: pl.Series) -> None:
    """Delete rows by row number."""
    table = table_of(model)
    for start in range(0, len(ids), _KEYS_PER_QUERY):
        session.execute(delete(table).where(table.c.id.in_(ids.slice(start, _KEYS_PER_QUERY).to_list())))


def _same_json(rows: pl.DataFrame, table: Any, columns: Sequence[str]) -> pl.DataFrame:
    """JSON that says the same in other words (spaces, the order of keys) counts as the same."""
    names = [name for name in columns if isinstance(table.c[name].type, sqltypes.JSON)]
    for name in names:
        pairs = zip(rows[name], rows[f"{name}:old"], strict=True)
        texts = [new if new == old or not _equal_json(new, old) else old for new, old in pairs]
        rows = rows.with_columns(pl.Series(name, texts, dtype=pl.String))
    return rows


def _equal_json(one: str, other: str) -> bool:
    return json_text(json.loads(one)) == json_text(json.loads(other))
