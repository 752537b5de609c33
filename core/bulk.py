"""Columnar reading and writing: polars frames in and out of the database, without ORM objects in between."""

from __future__ import annotations

import json
from typing import Any, Literal

import polars as pl
from sqlalchemy import Select, Table, func, select
from sqlalchemy import types as sqltypes
from sqlmodel import Session, SQLModel

from core.errors import InvalidInput
from core.tables.columns import UtcDateTime

MOMENT = pl.Datetime("us", "UTC")


def table_of(model: type[SQLModel]) -> Table:
    """The table behind a SQLModel class."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table


def first_free_id(session: Session, model: type[SQLModel]) -> int:
    """One above the highest row number in use; ids from there on are the caller's within its write transaction."""
    column = table_of(model).c.id
    return int(session.execute(select(func.coalesce(func.max(column), 0))).scalar_one()) + 1


def with_ids(session: Session, model: type[SQLModel], frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with a column `id` of fresh row numbers in front."""
    start = first_free_id(session, model)
    return frame.select(pl.int_range(start, start + pl.len(), dtype=pl.Int64).alias("id"), pl.all())


def insert_frame(
    session: Session,
    model: type[SQLModel],
    frame: pl.DataFrame,
    *,
    on_conflict: Literal["error", "ignore"] = "error",
) -> int:
    """Insert the rows of `frame`, whose columns are named like the table's, in the session's transaction.

    Moments are timezone-aware; JSON columns hold JSON text. Returns the number of rows inserted ("ignore" leaves
    out those that break a unique key). Raises InvalidInput for a column that the table does not have.
    """
    table = table_of(model)
    unknown = [name for name in frame.columns if name not in table.c]
    if unknown:
        raise InvalidInput(f"{table.name} has no column {', '.join(unknown)}")
    if frame.is_empty():
        return 0
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        return _insert_sqlite(connection.connection.cursor(), table, frame, on_conflict)
    inserted = _copy_postgres(connection.connection.cursor(), table, frame, on_conflict)
    if "id" in frame.columns:
        sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
        connection.exec_driver_sql(f"SELECT setval({sequence}, (SELECT max(id) FROM {table.name}))")
    return inserted


def _insert_sqlite(cursor: Any, table: Table, frame: pl.DataFrame, on_conflict: str) -> int:
    # SQLAlchemy stores moments as 'YYYY-MM-DD HH:MM:SS.ffffff'; the same text keeps both ways comparable.
    plain = frame.with_columns(
        pl.col(name).dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%d %H:%M:%S.%6f")
        for name, kind in frame.schema.items()
        if isinstance(kind, pl.Datetime)
    )
    verb = "INSERT OR IGNORE" if on_conflict == "ignore" else "INSERT"
    columns = ", ".join(f'"{name}"' for name in plain.columns)
    marks = ", ".join("?" * plain.width)
    before = cursor.connection.total_changes
    cursor.executemany(f"{verb} INTO {table.name} ({columns}) VALUES ({marks})", plain.iter_rows(buffer_size=8192))
    return int(cursor.connection.total_changes - before)


def _copy_postgres(cursor: Any, table: Table, frame: pl.DataFrame, on_conflict: str) -> int:
    columns = ", ".join(f'"{name}"' for name in frame.columns)
    target = table.name
    if on_conflict == "ignore":
        target = f"loading_{table.name}"
        cursor.execute(f"DROP TABLE IF EXISTS {target}")
        cursor.execute(f"CREATE TEMP TABLE {target} ON COMMIT DROP AS SELECT {columns} FROM {table.name} LIMIT 0")
    with cursor.copy(f"COPY {target} ({columns}) FROM STDIN WITH (FORMAT csv, NULL '\\N')") as copy:
        for part in frame.iter_slices(50_000):
            copy.write(
                part.write_csv(
                    include_header=False,
                    null_value="\\N",
                    quote_style="non_numeric",
                    datetime_format="%Y-%m-%d %H:%M:%S.%6f%:z",
                ).replace('"\\N"', "\\N")
            )
    if on_conflict == "error":
        return frame.height
    cursor.execute(f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {target} ON CONFLICT DO NOTHING")
    return int(cursor.rowcount)


def read_frame(session: Session, statement: Select[Any]) -> pl.DataFrame:
    """The rows of a SELECT as a frame: moments become Datetime[us, UTC], JSON stays JSON text."""
    connection = session.connection()
    compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    cursor = connection.connection.cursor()
    parameters = compiled.construct_params()
    if compiled.positional:
        cursor.execute(str(compiled), [parameters[name] for name in compiled.positiontup or []])
    else:
        cursor.execute(str(compiled), parameters)
    rows = cursor.fetchall()
    names = [column.name for column in statement.selected_columns]
    kinds = [column.type for column in statement.selected_columns]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pl.DataFrame(
        [_series(name, kind, values) for name, kind, values in zip(names, kinds, columns, strict=True)]
    )


def _series(name: str, kind: sqltypes.TypeEngine[Any], values: tuple[Any, ...]) -> pl.Series:
    if isinstance(kind, UtcDateTime):
        if values and any(isinstance(value, str) for value in values):
            return pl.Series(name, values, dtype=pl.String).str.to_datetime(
                "%Y-%m-%d %H:%M:%S%.f", time_unit="us", time_zone="UTC"
            )
        return pl.Series(name, values, dtype=MOMENT)
    if isinstance(kind, sqltypes.JSON):
        texts = [value if value is None or isinstance(value, str) else json.dumps(value) for value in values]
        return pl.Series(name, texts, dtype=pl.String)
    if isinstance(kind, sqltypes.Boolean):
        return pl.Series(name, values).cast(pl.Boolean)
    if isinstance(kind, sqltypes.Integer):
        return pl.Series(name, values, dtype=pl.Int64, strict=False)
    if isinstance(kind, sqltypes.Numeric):
        return pl.Series(name, values).cast(pl.Float64)
    return pl.Series(name, values, dtype=pl.String)
