"""Accounts: logins, favourites, and personal data sealed.

Revision: 0004, after 0003.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import sqlalchemy as sa
from alembic import context, op

from core.vault import Vault

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ADDRESS = ("recipient", "lines", "city", "postcode", "phone")


def upgrade() -> None:
    op.create_table(
        "login_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.Column("revoked_for", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_login_session_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_session")),
        sa.UniqueConstraint("public_id", name=op.f("uq_login_session_public_id")),
    )
    op.create_index(op.f("ix_login_session_user_id"), "login_session", ["user_id"], unique=False)
    op.create_table(
        "refresh_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["session_id"], ["login_session.id"], name=op.f("fk_refresh_token_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_refresh_token_token_hash")),
    )
    op.create_index(op.f("ix_refresh_token_expires_at"), "refresh_token", ["expires_at"], unique=False)
    op.create_index(op.f("ix_refresh_token_session_id"), "refresh_token", ["session_id"], unique=False)
    op.create_table(
        "login_lock",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("first_failed_at", MOMENT, nullable=False),
        sa.Column("locked_until", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_login_lock")),
    )
    op.create_table(
        "favourite",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_favourite_product_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_favourite_user_id")),
        sa.PrimaryKeyConstraint("user_id", "product_id", name=op.f("pk_favourite")),
    )
    op.create_index(op.f("ix_favourite_product_id"), "favourite", ["product_id"], unique=False)
    with op.batch_alter_table("app_user") as users:
        users.add_column(sa.Column("email_hash", sa.String(), nullable=True))
        users.add_column(sa.Column("email_verified_at", MOMENT, nullable=True))
        users.add_column(sa.Column("phone_hash", sa.String(), nullable=True))
        users.add_column(sa.Column("password_hash", sa.String(), nullable=True))
        users.alter_column("name", existing_type=sa.String(), nullable=True)
        users.drop_constraint(op.f("uq_app_user_email"), type_="unique")
        users.create_unique_constraint(op.f("uq_app_user_email_hash"), ["email_hash"])
    op.create_index(op.f("ix_app_user_phone_hash"), "app_user", ["phone_hash"], unique=False)
    with op.batch_alter_table("address") as addresses:
        addresses.add_column(sa.Column("sealed", sa.String(), server_default="", nullable=False))
    _seal_what_is_there()
    with op.batch_alter_table("address") as addresses:
        addresses.alter_column("sealed", existing_type=sa.String(), existing_nullable=False, server_default=None)
        for name in ADDRESS:
            addresses.drop_column(name)


def _seal_what_is_there() -> None:
    """Rewrite users' and addresses' plain texts; a database without any needs no keys."""
    connection = op.get_bind()
    vault: Vault | None = context.config.attributes.get("vault")
    people = connection.execute(sa.text("SELECT id, email, name, phone FROM app_user")).all()
    homes = connection.execute(sa.text(f"SELECT id, {', '.join(ADDRESS)} FROM address")).mappings().all()
    if not people and not homes:
        return
    if vault is None:
        raise RuntimeError("personal data is to be sealed: open the database with its keys")
    rows = [
        {
            "row": person.id,
            "email": _sealed(vault.seal, person.email),
            "email_hash": _sealed(lambda text: vault.digest(text, purpose="email"), person.email),
            "name": _sealed(vault.seal, person.name),
            "phone": _sealed(vault.seal, person.phone),
            "phone_hash": _sealed(lambda text: vault.digest(text, purpose="phone"), person.phone),
        }
        for person in people
    ]
    if rows:
        sets = ", ".join(f"{name} = :{name}" for name in ("email", "email_hash", "name", "phone", "phone_hash"))
        connection.execute(sa.text(f"UPDATE app_user SET {sets} WHERE id = :row"), rows)
    texts = [
        {"row": home["id"], "sealed": vault.seal(json.dumps({n: home[n] for n in ADDRESS}, ensure_ascii=False))}
        for home in homes
    ]
    if texts:
        connection.execute(sa.text("UPDATE address SET sealed = :sealed WHERE id = :row"), texts)


def _sealed(how: Callable[[str], str], text: str | None) -> str | None:
    return how(text) if text else None


def downgrade() -> None:
    raise RuntimeError("sealed data stays sealed: restore a backup to go back before 0004")
