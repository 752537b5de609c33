"""Columnar reading and writing: polars frames in and out of the database, without ORM objects in between."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal

import polars as pl
from sqlalchemy import Select, Table, func, select
from sqlalchemy import types as sqltypes
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

from core.errors import InvalidInput
from core.tables.columns import UtcDateTime

MOMENT = pl.Datetime("us", "UTC")

# Rows that are turned into a frame at a time: Python values of a whole large table would take ten times its size.
_BATCH = 100_000
_SQLITE_MOMENT = "%Y-%m-%d %H:%M:%S.%6f"  # as SQLAlchemy stores it, so that both ways stay comparable

# Services change rows by statements of their own: what a session has read before must not be shown in their place.
FRESH = {"populate_existing": True}


def table_of(model: type[SQLModel]) -> Table:
    """The table behind a SQLModel class."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table


def json_text(value: object) -> str:
    """The one way JSON columns are written in bulk: sorted keys, plain Unicode."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def with_ids(session: Session, model: type[SQLModel], frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with a column `id` of fresh row numbers in front, in the order of the rows.

    On SQLite they are free because a write transaction is alone; on PostgreSQL they are drawn from the sequence,
    so that rows that others insert meanwhile keep out of their way.
    """
    connection = session.connection()
    table = table_of(model)
    if connection.dialect.name == "sqlite":
        last = session.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
        ids = pl.int_range(last + 1, last + 1 + frame.height, dtype=pl.Int64, eager=True)
    else:
        drawn = f"SELECT nextval({_sequence(table)}) FROM generate_series(1, {frame.height})"
        ids = pl.Series(connection.exec_driver_sql(drawn).scalars().all(), dtype=pl.Int64).sort()
    return frame.select(ids.alias("id"), pl.all())


def insert_of(session: Session, table: Table) -> Any:
    """An INSERT into `table` that knows ON CONFLICT, in the words of the session's database."""
    return (sqlite if session.get_bind().dialect.name == "sqlite" else postgresql).insert(table)


def insert_rows(session: Session, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert a few rows that all have the same columns, in one statement (of up to a thousand)."""
    if rows:
        session.execute(_insert_into(table_of(model)), list(rows))


@cache
def _insert_into(table: Table) -> Any:
    # With RETURNING many rows go in one statement, and its text is compiled once for any number of rows.
    return table.insert().returning(next(iter(table.primary_key)))


def insert_frame(
    session: Session,
    model: type[SQLModel],
    frame: pl.DataFrame,
    *,
    on_conflict: Literal["error", "ignore"] = "error",
) -> int:
    """Insert the rows of `frame`, whose columns are named like the table's, in the session's transaction.

    Moments are timezone-aware; JSON columns hold JSON text. Returns the number of rows inserted ("ignore" leaves
    out those that break a unique key; any other broken constraint is an error). Columns that are left out take the
    database's default, not the table class's. Raises InvalidInput for a column that the table does not have.
    """
    table = _checked(model, frame)
    if frame.is_empty():
        return 0
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        return _insert_sqlite(connection.connection.cursor(), table, frame, on_conflict)
    inserted = _insert_postgres(connection.connection.cursor(), table, frame, on_conflict)
    if "id" in frame.columns:
        # Only where the rows brought ids of their own, and never backwards: `with_ids` draws from the sequence.
        sequence = _sequence(table)
        connection.exec_driver_sql(
            f"SELECT setval({sequence}, top) FROM (SELECT max(id) AS top FROM {table.name}) AS highest"
            f" WHERE top > coalesce(pg_sequence_last_value({sequence}::regclass), 0)"
        )
    return inserted


def update_frame(session: Session, model: type[SQLModel], frame: pl.DataFrame, *, key: str = "id") -> int:
    """Write the columns of `frame` to the rows whose `key` it names; returns the number of rows updated.

    Raises InvalidInput for a column that the table does not have.
    """
    table = _checked(model, frame)
    columns = [name for name in frame.columns if name != key]
    if frame.is_empty() or not columns:
        return 0
    connection = session.connection()
    cursor: Any = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        sets = ", ".join(f'"{name}" = ?' for name in columns)
        rows = _sqlite_values(frame.select(*columns, key)).iter_rows()
        cursor.executemany(f'UPDATE {table.name} SET {sets} WHERE "{key}" = ?', rows)
        return int(cursor.rowcount)
    source = _copy_to_temporary(cursor, table, frame)
    sets = ", ".join(f'"{name}" = {source}."{name}"' for name in columns)
    cursor.execute(f'UPDATE {table.name} SET {sets} FROM {source} WHERE {table.name}."{key}" = {source}."{key}"')
    return int(cursor.rowcount)


def read_frame(session: Session, statement: Select[Any]) -> pl.DataFrame:
    """The rows of a SELECT as a frame: moments become Datetime[us, UTC], JSON stays JSON text."""
    session.flush()
    connection = session.connection()
    compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    cursor: Any = connection.connection.cursor()
    plain_text = connection.dialect.name == "sqlite"
    values = {name: _plain(value, sqlite=plain_text) for name, value in compiled.construct_params().items()}
    if compiled.positional:
        cursor.execute(str(compiled), [values[name] for name in compiled.positiontup or []])
    else:
        cursor.execute(str(compiled), values)
    names = [column.name for column in statement.selected_columns]
    kinds = [column.type for column in statement.selected_columns]
    parts: list[pl.DataFrame] = []
    while (rows := cursor.fetchmany(_BATCH)) or not parts:
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
        parts.append(
            pl.DataFrame(
                [_series(name, kind, cells) for name, kind, cells in zip(names, kinds, columns, strict=True)]
            )
        )
    return pl.concat(parts, rechunk=True)


def _sequence(table: Table) -> str:
    return f"pg_get_serial_sequence('{table.name}', 'id')"


def _checked(model: type[SQLModel], frame: pl.DataFrame) -> Table:
    table = table_of(model)
    unknown = [name for name in frame.columns if name not in table.c]
    if unknown:
        raise InvalidInput(f"{table.name} has no column {', '.join(unknown)}")
    return table


def _sqlite_values(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        pl.col(name).dt.convert_time_zone("UTC").dt.strftime(_SQLITE_MOMENT)
        for name, kind in frame.schema.items()
        if isinstance(kind, pl.Datetime)
    )


def _insert_sqlite(cursor: Any, table: Table, frame: pl.DataFrame, on_conflict: str) -> int:
    columns = ", ".join(f'"{name}"' for name in frame.columns)
    marks = ", ".join("?" * frame.width)
    # Not INSERT OR IGNORE: that would also drop rows that break NOT NULL or a CHECK without a word.
    ending = " ON CONFLICT DO NOTHING" if on_conflict == "ignore" else ""
    before = cursor.connection.total_changes
    for part in frame.iter_slices(_BATCH):
        rows = _sqlite_values(part).iter_rows()
        cursor.executemany(f"INSERT INTO {table.name} ({columns}) VALUES ({marks}){ending}", rows)
    return int(cursor.connection.total_changes - before)


def _insert_postgres(cursor: Any, table: Table, frame: pl.DataFrame, on_conflict: str) -> int:
    if on_conflict == "error":
        _copy(cursor, table.name, frame)
        return frame.height
    source = _copy_to_temporary(cursor, table, frame)
    columns = ", ".join(f'"{name}"' for name in frame.columns)
    cursor.execute(f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {source} ON CONFLICT DO NOTHING")
    return int(cursor.rowcount)


def _copy_to_temporary(cursor: Any, table: Table, frame: pl.DataFrame) -> str:
    name = f"loading_{table.name}"
    columns = ", ".join(f'"{column}"' for column in frame.columns)
    cursor.execute(f"DROP TABLE IF EXISTS {name}")
    cursor.execute(f"CREATE TEMP TABLE {name} ON COMMIT DROP AS SELECT {columns} FROM {table.name} LIMIT 0")
    _copy(cursor, name, frame)
    return name


def _copy(cursor: Any, target: str, frame: pl.DataFrame) -> None:
    # Strings are always quoted and nulls are an unquoted nothing, which is how PostgreSQL tells "" from NULL.
    columns = ", ".join(f'"{name}"' for name in frame.columns)
    with cursor.copy(f"COPY {target} ({columns}) FROM STDIN WITH (FORMAT csv)") as copy:
        for part in frame.iter_slices(_BATCH):
            copy.write(
                part.write_csv(
                    include_header=False,
                    quote_style="non_numeric",
                    datetime_format="%Y-%m-%d %H:%M:%S.%6f%:z",
                )
            )


def _plain(value: object, *, sqlite: bool) -> object:
    """A parameter as the driver needs it: SQLAlchemy's own conversions are not run here."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"naive datetime: {value!r}")
        moment = value.astimezone(UTC)
        return moment.strftime("%Y-%m-%d %H:%M:%S.%f") if sqlite else moment
    return value


def _series(name: str, kind: sqltypes.TypeEngine[Any], values: tuple[Any, ...]) -> pl.Series:
    if isinstance(kind, UtcDateTime):
        if any(isinstance(value, str) for value in values):
            return pl.Series(name, values, dtype=pl.String).str.to_datetime(
                "%Y-%m-%d %H:%M:%S%.f", time_unit="us", time_zone="UTC"
            )
        return pl.Series(name, values, dtype=MOMENT)
    if isinstance(kind, sqltypes.JSON):
        texts = [value if value is None or isinstance(value, str) else json_text(value) for value in values]
        return pl.Series(name, texts, dtype=pl.String)
    if isinstance(kind, sqltypes.Boolean):
        return pl.Series(name, values, dtype=None if values else pl.Boolean, strict=False).cast(pl.Boolean)
    if isinstance(kind, sqltypes.Integer):
        return pl.Series(name, values, dtype=pl.Int64, strict=False)
    if isinstance(kind, (sqltypes.Numeric, sqltypes.Float)):  # siblings since SQLAlchemy 2.1
        return pl.Series(name, values, strict=False).cast(pl.Float64)
    return pl.Series(name, values, dtype=pl.String)
