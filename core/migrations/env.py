"""Alembic's entry: runs the migrations on the engine that `Database` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Engine

from core.database import metadata

engine: Engine = context.config.attributes["engine"]
with engine.connect() as connection:
    if engine.dialect.name == "sqlite":
        # A table is altered by copying it; while its name is missing, what refers to it must not be checked.
        # Said to the driver itself: inside a transaction it would have no effect.
        connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=engine.dialect.name == "sqlite",
        transaction_per_migration=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    if engine.dialect.name == "sqlite":
        connection.rollback()
        broken = connection.connection.cursor().execute("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"a migration broke references: {broken[:5]}")
        connection.connection.cursor().execute("PRAGMA foreign_keys=ON")
