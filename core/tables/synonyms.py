"""Synonyms that staff keep in the back office."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from core.tables.columns import check, moment

MAX_RULE = 500  # characters


class Synonym(SQLModel, table=True):
    """`rule` is a line as in a file of synonyms: "sofa, couch", or "trainers => sneakers"."""

    __tablename__ = "synonym"
    __table_args__ = (check(f"length(rule) BETWEEN 1 AND {MAX_RULE}", name="rule_of_some_length"),)

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    rule: str
    changed_at: datetime = moment()
