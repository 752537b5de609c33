"""What shoppers were shown, and what they do not want to be shown.

Revision: 0009, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "hidden_product",
        sa.Column("shopper", sa.String(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_hidden_product_product_id")),
        sa.PrimaryKeyConstraint("shopper", "product_id", name=op.f("pk_hidden_product")),
    )
    op.create_index(op.f("ix_hidden_product_product_id"), "hidden_product", ["product_id"])
    op.create_index(op.f("ix_hidden_product_at"), "hidden_product", ["at"])
    op.create_table(
        "exposure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("shopper", sa.String(), nullable=False),
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("shown", JSON, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exposure")),
        sa.UniqueConstraint("request_id", name=op.f("uq_exposure_request_id")),
    )
    op.create_index(op.f("ix_exposure_shopper_at"), "exposure", ["shopper", "at"])
    op.create_index(op.f("ix_exposure_at"), "exposure", ["at"])


def downgrade() -> None:
    raise RuntimeError("restore a backup to go back before 0009")
