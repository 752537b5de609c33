"""Alembic's entry: runs the migrations on the engine that `Database` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Engine

from core.database import metadata

engine: Engine = context.config.attributes["engine"]
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=engine.dialect.name == "sqlite",
        transaction_per_migration=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
