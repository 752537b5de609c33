"""What was imported, when, and how its lines added up."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from core.tables.columns import check, moment


class ImportRun(SQLModel, table=True):
    __tablename__ = "import_run"
    __table_args__ = (check("read = loaded + merged + rejected", name="lines_add_up"),)

    id: int | None = Field(default=None, primary_key=True)
    format: str
    files: str
    sha256: str
    read: int
    loaded: int
    merged: int
    rejected: int
    finished_at: datetime = moment()
