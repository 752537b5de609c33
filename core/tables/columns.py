"""Column types and checks that several tables share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, DateTime, ForeignKey, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

# Named constraints, so that a migration can speak of each on both databases.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware moment: `timestamptz` on PostgreSQL, ISO text in UTC on SQLite.

    A naive datetime is refused when it is bound, so that no local time slips in.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# JSON that PostgreSQL stores in its binary form.
Json = JSON().with_variant(JSONB(), "postgresql")


def moment(*, nullable: bool = False, index: bool = False) -> Any:
    """A UTC moment column."""
    default: dict[str, Any] = {"default": None} if nullable else {}
    return Field(sa_type=UtcDateTime, nullable=nullable, index=index, **default)


def document(*, default: type = dict) -> Any:
    """A JSON column, never null."""
    return Field(default_factory=default, sa_type=Json, nullable=False)


def counter() -> Any:
    """A number of pieces that begins at 0, for rows that are inserted in bulk too."""
    return Field(default=0, sa_column_kwargs={"server_default": "0"})


def reference(
    target: str, *, nullable: bool = False, index: bool = True, on_delete: str | None = None, **column: Any
) -> Any:
    """A foreign key to `table.column`, indexed unless a wider key already covers it."""
    default: dict[str, Any] = {"default": None} if nullable else {}
    return Field(
        sa_column_args=[ForeignKey(target, ondelete=on_delete)],
        nullable=nullable,
        index=index,
        **default,
        **column,
    )


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """CHECK that a column holds one of the words given."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def only_where(condition: str) -> dict[str, Any]:
    """Keywords that make an index one of the rows alone of which a condition holds."""
    return {"postgresql_where": text(condition), "sqlite_where": text(condition)}


def check(expression: str, *, name: str) -> CheckConstraint:
    """A named CHECK constraint (the metadata's naming convention puts the table in front)."""
    return CheckConstraint(expression, name=name)
