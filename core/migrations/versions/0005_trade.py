"""Trade: vouchers, shipments, transitions, what an order promises, and answers kept for a repeat.

Revision: 0005, after 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

from core.vault import Vault

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "voucher",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("minimum_minor", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=True),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.Column("usage_limit", sa.Integer(), nullable=True),
        sa.Column("user_limit", sa.Integer(), nullable=True),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("kind IN ('percent', 'amount')", name=op.f("ck_voucher_kind_known")),
        sa.CheckConstraint(
            "value > 0 AND (kind <> 'percent' OR value <= 10000)", name=op.f("ck_voucher_value_in_range")
        ),
        sa.CheckConstraint("minimum_minor >= 0", name=op.f("ck_voucher_minimum_not_negative")),
        sa.CheckConstraint(
            "used >= 0 AND (usage_limit IS NULL OR used <= usage_limit)", name=op.f("ck_voucher_used_within_limit")
        ),
        sa.CheckConstraint("user_limit IS NULL OR user_limit > 0", name=op.f("ck_voucher_user_limit_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher")),
        sa.UniqueConstraint("code", name=op.f("uq_voucher_code")),
        sa.UniqueConstraint("public_id", name=op.f("uq_voucher_public_id")),
    )
    op.create_table(
        "voucher_tally",
        sa.Column("voucher_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.CheckConstraint("used >= 0", name=op.f("ck_voucher_tally_used_not_negative")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_voucher_tally_user_id")),
        sa.ForeignKeyConstraint(["voucher_id"], ["voucher.id"], name=op.f("fk_voucher_tally_voucher_id")),
        sa.PrimaryKeyConstraint("voucher_id", "user_id", name=op.f("pk_voucher_tally")),
    )
    op.create_index(op.f("ix_voucher_tally_user_id"), "voucher_tally", ["user_id"], unique=False)
    op.create_table(
        "shipment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("seller_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("tracking_number", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "status IN ('prepared', 'shipped', 'delivered', 'cancelled')", name=op.f("ck_shipment_status_known")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["customer_order.id"], name=op.f("fk_shipment_order_id")),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_shipment_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment")),
        sa.UniqueConstraint("public_id", name=op.f("uq_shipment_public_id")),
    )
    op.create_index(op.f("ix_shipment_order_id"), "shipment", ["order_id"], unique=False)
    op.create_index(op.f("ix_shipment_seller_id"), "shipment", ["seller_id"], unique=False)
    op.create_table(
        "shipment_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shipment_id", sa.Integer(), nullable=False),
        sa.Column("order_line_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_shipment_line_quantity_positive")),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_line.id"], name=op.f("fk_shipment_line_order_line_id")),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipment.id"], name=op.f("fk_shipment_line_shipment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment_line")),
        sa.UniqueConstraint(
            "shipment_id", "order_line_id", name=op.f("uq_shipment_line_shipment_id_order_line_id")
        ),
    )
    op.create_index(op.f("ix_shipment_line_order_line_id"), "shipment_line", ["order_line_id"], unique=False)
    op.create_table(
        "transition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "subject IN ('order', 'payment', 'refund', 'shipment')", name=op.f("ck_transition_subject_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transition")),
    )
    op.create_index(
        op.f("ix_transition_subject_subject_id_id"), "transition", ["subject", "subject_id", "id"], unique=False
    )
    op.create_table(
        "idempotency_key",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_hash", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index(op.f("ix_idempotency_key_created_at"), "idempotency_key", ["created_at"], unique=False)
    with op.batch_alter_table("cart") as carts:
        carts.add_column(sa.Column("guest_key_hash", sa.String(), nullable=True))
        carts.add_column(sa.Column("voucher_id", sa.Integer(), nullable=True))
        carts.create_foreign_key(op.f("fk_cart_voucher_id"), "voucher", ["voucher_id"], ["id"])
    op.create_index(op.f("ix_cart_voucher_id"), "cart", ["voucher_id"], unique=False)
    is_open = sa.text("status = 'open'")
    op.create_index(
        "uq_cart_open_user_id", "cart", ["user_id"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )
    _replace_order_addresses()
    with op.batch_alter_table("customer_order") as orders:
        orders.add_column(sa.Column("voucher_id", sa.Integer(), nullable=True))
        orders.add_column(sa.Column("expires_at", MOMENT, nullable=True))
        orders.create_foreign_key(op.f("fk_customer_order_voucher_id"), "voucher", ["voucher_id"], ["id"])
        orders.drop_constraint(op.f("ck_customer_order_status_known"), type_="check")
        orders.create_check_constraint(
            op.f("ck_customer_order_status_known"),
            "status IN ('pending', 'paid', 'part-shipped', 'shipped', 'delivered', 'cancelled')",
        )
    op.create_index(op.f("ix_customer_order_expires_at"), "customer_order", ["expires_at"], unique=False)
    op.create_index(op.f("ix_customer_order_voucher_id"), "customer_order", ["voucher_id"], unique=False)
    with op.batch_alter_table("order_line") as lines:
        lines.add_column(sa.Column("seller_id", sa.Integer(), nullable=True))
        for name in ("reserved", "cancelled", "shipped"):
            lines.add_column(sa.Column(name, sa.Integer(), server_default="0", nullable=False))
        lines.create_foreign_key(op.f("fk_order_line_seller_id"), "seller", ["seller_id"], ["id"])
        lines.create_check_constraint(
            op.f("ck_order_line_pieces_not_negative"), "reserved >= 0 AND cancelled >= 0 AND shipped >= 0"
        )
        lines.create_check_constraint(
            op.f("ck_order_line_pieces_within_quantity"), "reserved + cancelled + shipped <= quantity"
        )
    op.create_index(op.f("ix_order_line_seller_id"), "order_line", ["seller_id"], unique=False)
    with op.batch_alter_table("payment") as payments:
        payments.add_column(sa.Column("action", JSON, server_default="{}", nullable=False))
        payments.add_column(sa.Column("failure", sa.String(), server_default="", nullable=False))
    with op.batch_alter_table("refund") as refunds:
        refunds.add_column(sa.Column("provider_reference", sa.String(), nullable=True))


def _replace_order_addresses() -> None:
    """The orders' copies of addresses, sealed instead of JSON; without an address there is nothing to seal."""
    connection = op.get_bind()
    vault: Vault | None = context.config.attributes.get("vault")
    held = connection.execute(sa.text("SELECT id, CAST(address AS TEXT) AS address FROM customer_order")).all()
    with op.batch_alter_table("customer_order") as orders:
        orders.drop_column("address")
        orders.add_column(sa.Column("address", sa.String(), nullable=True))
    rows = [(order.id, order.address) for order in held if order.address not in (None, "{}", "null")]
    if not rows:
        return
    if vault is None:
        raise RuntimeError("personal data is to be sealed: open the database with its keys")
    connection.execute(
        sa.text("UPDATE customer_order SET address = :address WHERE id = :row"),
        [{"row": row, "address": vault.seal(address)} for row, address in rows],
    )


def downgrade() -> None:
    raise RuntimeError("sealed data stays sealed: restore a backup to go back before 0005")
