"""Price history, devices and their reports, an outbox for several consumers, the end of the audit chain.

Revision: 0006, after 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "price_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.Integer(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("list_price_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_price_change_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_change")),
    )
    op.create_index(op.f("ix_price_change_variant_id_at"), "price_change", ["variant_id", "at"], unique=False)
    # Since when the prices of before are asked is not known: since their products were last changed.
    op.execute(
        "INSERT INTO price_change (variant_id, price_minor, list_price_minor, currency, actor, at)"
        " SELECT v.id, v.price_minor, v.list_price_minor, v.currency, 'system', p.updated_at"
        " FROM variant v JOIN product p ON p.id = v.product_id ORDER BY v.id"
    )
    with op.batch_alter_table("picture") as pictures:
        pictures.add_column(sa.Column("public_id", sa.String(), nullable=True))
        pictures.add_column(sa.Column("width", sa.Integer(), nullable=True))
        pictures.add_column(sa.Column("height", sa.Integer(), nullable=True))
    op.execute("UPDATE picture SET public_id = 'o-' || id")
    with op.batch_alter_table("picture") as pictures:
        pictures.alter_column("public_id", existing_type=sa.String(), nullable=False)
        pictures.create_unique_constraint(op.f("uq_picture_public_id"), ["public_id"])
    op.add_column("stock_level", sa.Column("counted", sa.Integer(), nullable=True))
    op.add_column("stock_level", sa.Column("counted_at", MOMENT, nullable=True))
    op.create_table(
        "device",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("seller_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_device_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("public_id", name=op.f("uq_device_public_id")),
        sa.UniqueConstraint("public_key", name=op.f("uq_device_public_key")),
    )
    op.create_index(op.f("ix_device_seller_id"), "device", ["seller_id"], unique=False)
    op.create_table(
        "stock_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("taken_at", MOMENT, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('count', 'delta')", name=op.f("ck_stock_report_kind_known")),
        sa.CheckConstraint(
            "outcome IN ('applied', 'superseded', 'short')", name=op.f("ck_stock_report_outcome_known")
        ),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_stock_report_device_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_stock_report_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_report")),
        sa.UniqueConstraint("device_id", "number", name=op.f("uq_stock_report_device_id_number")),
    )
    op.create_index(op.f("ix_stock_report_variant_id"), "stock_report", ["variant_id"], unique=False)
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.drop_table("notification")  # nothing wrote to it before
    op.create_table(
        "notification",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payload", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("status IN ('pending', 'sent', 'failed')", name=op.f("ck_notification_status_known")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_notification_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.UniqueConstraint("public_id", name=op.f("uq_notification_public_id")),
    )
    op.create_index(op.f("ix_notification_user_id"), "notification", ["user_id"], unique=False)
    op.drop_index(op.f("ix_outbox_event_status_id"), "outbox_event")
    with op.batch_alter_table("outbox_event", table_kwargs={"sqlite_autoincrement": True}) as events:
        events.add_column(sa.Column("key", sa.String(), nullable=True))
        events.add_column(sa.Column("consumer", sa.String(), server_default="index", nullable=False))
    op.execute("UPDATE outbox_event SET key = 'o-' || id")
    with op.batch_alter_table("outbox_event", table_kwargs={"sqlite_autoincrement": True}) as events:
        events.alter_column("key", existing_type=sa.String(), nullable=False)
        events.alter_column("consumer", existing_type=sa.String(), server_default=None)
        events.create_unique_constraint(op.f("uq_outbox_event_key_consumer"), ["key", "consumer"])
    op.create_index(
        op.f("ix_outbox_event_consumer_status_id"), "outbox_event", ["consumer", "status", "id"], unique=False
    )


def downgrade() -> None:
    raise RuntimeError("restore a backup to go back before 0006")
