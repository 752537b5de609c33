"""Money movements, returns, reviews of all kinds, webhooks, and erasure.

Revision: 0007, after 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

# As `core.ratings` has it: the mean of the shop's ratings, twenty of 3 among them, counts like as many ratings as
# a rated product has on average, but like 5 at least and 50 at most.
_BAYES = """
    UPDATE product SET rating_bayes =
        (prior.weight * prior.mean + product.rating_count * product.rating_mean)
        / (prior.weight + product.rating_count)
    FROM (
        SELECT (SUM(rating_count * rating_mean) + 60.0) / (SUM(rating_count) + 20.0) AS mean,
            CASE WHEN AVG(rating_count) < 5 THEN 5.0 WHEN AVG(rating_count) > 50 THEN 50.0
            ELSE AVG(rating_count) END AS weight
        FROM product WHERE rating_count > 0 AND rating_mean IS NOT NULL
    ) AS prior
    WHERE product.rating_count > 0 AND product.rating_mean IS NOT NULL
"""


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("shopper", sa.String(), nullable=True),
        sa.Column("files", JSON, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("erased_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_erasure_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
        sa.UniqueConstraint("public_id", name=op.f("uq_erasure_public_id")),
        sa.UniqueConstraint("user_id", name=op.f("uq_erasure_user_id")),
    )
    op.create_index(op.f("ix_erasure_finished_at"), "erasure", ["finished_at"], unique=False)

    op.create_table(
        "webhook_endpoint",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("seller_id", sa.Integer(), nullable=True),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("previous_secret", sa.String(), nullable=True),
        sa.Column("previous_until", MOMENT, nullable=True),
        sa.Column("kinds", JSON, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("closed_until", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_webhook_endpoint_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoint")),
        sa.UniqueConstraint("public_id", name=op.f("uq_webhook_endpoint_public_id")),
    )
    op.create_index(op.f("ix_webhook_endpoint_seller_id"), "webhook_endpoint", ["seller_id"], unique=False)

    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("endpoint_id", sa.Integer(), nullable=False),
        sa.Column("event_key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("next_attempt_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.CheckConstraint("status IN ('pending', 'sent', 'dead')", name=op.f("ck_webhook_delivery_status_known")),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["webhook_endpoint.id"], name=op.f("fk_webhook_delivery_endpoint_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint("endpoint_id", "event_key", name=op.f("uq_webhook_delivery_endpoint_id_event_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_webhook_delivery_public_id")),
    )
    op.create_index(op.f("ix_webhook_delivery_created_at"), "webhook_delivery", ["created_at"], unique=False)
    op.create_index(
        op.f("ix_webhook_delivery_status_next_attempt_at"),
        "webhook_delivery",
        ["status", "next_attempt_at"],
        unique=False,
    )

    op.create_table(
        "goods_return",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("seller_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("refund_id", sa.Integer(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "status IN ('requested', 'approved', 'rejected', 'withdrawn', 'received')",
            name=op.f("ck_goods_return_status_known"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["customer_order.id"], name=op.f("fk_goods_return_order_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_goods_return_refund_id")),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_goods_return_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goods_return")),
        sa.UniqueConstraint("public_id", name=op.f("uq_goods_return_public_id")),
        sa.UniqueConstraint("refund_id", name=op.f("uq_goods_return_refund_id")),
    )
    op.create_index(op.f("ix_goods_return_order_id"), "goods_return", ["order_id"], unique=False)
    op.create_index(op.f("ix_goods_return_seller_id"), "goods_return", ["seller_id"], unique=False)

    op.create_table(
        "money_movement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("refund_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "(kind = 'capture') = (amount_minor > 0) AND amount_minor <> 0",
            name=op.f("ck_money_movement_sign_fits"),
        ),
        sa.CheckConstraint(
            "(kind = 'capture') = (refund_id IS NULL)", name=op.f("ck_money_movement_refund_has_its_own")
        ),
        sa.CheckConstraint("kind IN ('capture', 'refund')", name=op.f("ck_money_movement_kind_known")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_money_movement_payment_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_money_movement_refund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_movement")),
        sa.UniqueConstraint("refund_id", name=op.f("uq_money_movement_refund_id")),
    )
    op.create_index(op.f("ix_money_movement_payment_id"), "money_movement", ["payment_id"], unique=False)
    op.create_index(
        "uq_money_movement_capture",
        "money_movement",
        ["payment_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'capture'"),
        sqlite_where=sa.text("kind = 'capture'"),
    )

    op.create_table(
        "stock_alert",
        sa.Column("variant_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_stock_alert_variant_id")),
        sa.PrimaryKeyConstraint("variant_id", name=op.f("pk_stock_alert")),
    )
    op.create_table(
        "goods_return_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("return_id", sa.Integer(), nullable=False),
        sa.Column("order_line_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("stock", sa.String(), nullable=True),
        sa.CheckConstraint("stock IN ('restored', 'written-off')", name=op.f("ck_goods_return_line_stock_known")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_goods_return_line_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_line.id"], name=op.f("fk_goods_return_line_order_line_id")
        ),
        sa.ForeignKeyConstraint(["return_id"], ["goods_return.id"], name=op.f("fk_goods_return_line_return_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goods_return_line")),
        sa.UniqueConstraint(
            "return_id", "order_line_id", name=op.f("uq_goods_return_line_return_id_order_line_id")
        ),
    )
    op.create_index(
        op.f("ix_goods_return_line_order_line_id"), "goods_return_line", ["order_line_id"], unique=False
    )

    op.create_table(
        "review_picture",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_picture_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_picture")),
        sa.UniqueConstraint("public_id", name=op.f("uq_review_picture_public_id")),
        sa.UniqueConstraint("review_id", "position", name=op.f("uq_review_picture_review_id_position")),
    )
    op.create_table(
        "review_vote",
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint("kind IN ('helpful', 'report')", name=op.f("ck_review_vote_kind_known")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_vote_review_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_review_vote_user_id")),
        sa.PrimaryKeyConstraint("review_id", "user_id", "kind", name=op.f("pk_review_vote")),
    )
    op.create_index(op.f("ix_review_vote_user_id"), "review_vote", ["user_id"], unique=False)

    with op.batch_alter_table("notification") as notification:
        notification.add_column(sa.Column("event_key", sa.String(), nullable=True))
        notification.add_column(sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
        notification.add_column(sa.Column("last_error", sa.String(), nullable=True))
        notification.add_column(sa.Column("next_attempt_at", MOMENT, nullable=True))
        notification.create_unique_constraint(
            op.f("uq_notification_event_key_user_id_kind"), ["event_key", "user_id", "kind"]
        )
    op.create_index(op.f("ix_notification_created_at"), "notification", ["created_at"], unique=False)
    op.create_index(
        op.f("ix_notification_status_next_attempt_at"), "notification", ["status", "next_attempt_at"], unique=False
    )

    with op.batch_alter_table("order_line") as order_line:
        order_line.add_column(sa.Column("returned", sa.Integer(), server_default="0", nullable=False))
        order_line.create_check_constraint(
            op.f("ck_order_line_returned_within_shipped"), "returned >= 0 AND returned <= shipped"
        )

    with op.batch_alter_table("payment") as payment:
        payment.add_column(sa.Column("method", sa.String(), server_default="", nullable=False))
    op.create_index(op.f("ix_payment_status_created_at"), "payment", ["status", "created_at"], unique=False)

    with op.batch_alter_table("product") as product:
        product.add_column(sa.Column("elsewhere_count", sa.Integer(), server_default="0", nullable=False))
        product.add_column(sa.Column("elsewhere_mean", sa.Float(), nullable=True))
        product.add_column(sa.Column("rating_bayes", sa.Float(), nullable=True))
    op.create_index(
        "ix_product_rated",
        "product",
        ["rating_count", "rating_mean"],
        unique=False,
        postgresql_where=sa.text("rating_count > 0"),
        sqlite_where=sa.text("rating_count > 0"),
    )

    op.create_index(op.f("ix_refund_status_at"), "refund", ["status", "at"], unique=False)

    op.drop_index(op.f("ix_review_product_id"), "review")
    with op.batch_alter_table("review") as review:
        review.add_column(sa.Column("source", sa.String(), server_default="feed", nullable=False))
        review.add_column(sa.Column("subject", sa.String(), server_default="product", nullable=False))
        review.add_column(sa.Column("seller_id", sa.Integer(), nullable=True))
        review.add_column(sa.Column("verdict", sa.String(), server_default="", nullable=False))
        review.add_column(sa.Column("answer", sa.String(), server_default="", nullable=False))
        review.add_column(sa.Column("helpful", sa.Integer(), server_default="0", nullable=False))
        review.add_column(sa.Column("reports", sa.Integer(), server_default="0", nullable=False))
        review.add_column(sa.Column("version", sa.Integer(), server_default="0", nullable=False))
        review.add_column(sa.Column("edited_at", MOMENT, nullable=True))
        review.add_column(sa.Column("answered_at", MOMENT, nullable=True))
        review.add_column(sa.Column("queued_at", MOMENT, nullable=True))
        review.add_column(sa.Column("moderated_at", MOMENT, nullable=True))
        review.alter_column("product_id", existing_type=sa.INTEGER(), nullable=True)
        review.drop_constraint(op.f("uq_review_order_line_id"), type_="unique")
        review.create_unique_constraint(op.f("uq_review_order_line_id_subject"), ["order_line_id", "subject"])
        review.create_check_constraint(op.f("ck_review_readers_not_negative"), "helpful >= 0 AND reports >= 0")
        review.create_check_constraint(
            op.f("ck_review_subject_known"), "subject IN ('product', 'seller', 'buyer')"
        )
        review.create_check_constraint(
            op.f("ck_review_product_where_it_is_one"), "(subject = 'product') = (product_id IS NOT NULL)"
        )
        review.create_check_constraint(
            op.f("ck_review_seller_where_it_is_one"), "subject = 'product' OR seller_id IS NOT NULL"
        )
        review.drop_constraint(op.f("ck_review_status_known"), type_="check")
        review.create_check_constraint(
            op.f("ck_review_status_known"), "status IN ('pending', 'published', 'rejected', 'withdrawn')"
        )
        review.create_foreign_key(op.f("fk_review_seller_id"), "seller", ["seller_id"], ["id"])
    op.create_index(
        op.f("ix_review_queued_at_id"),
        "review",
        ["queued_at", "id"],
        unique=False,
        postgresql_where=sa.text("queued_at IS NOT NULL"),
        sqlite_where=sa.text("queued_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_review_product_id_status"), "review", ["product_id", "status"], unique=False)
    op.create_index(
        op.f("ix_review_seller_id_subject_status"), "review", ["seller_id", "subject", "status"], unique=False
    )

    with op.batch_alter_table("seller") as seller:
        seller.add_column(sa.Column("rating_count", sa.Integer(), server_default="0", nullable=False))
        seller.add_column(sa.Column("rating_mean", sa.Float(), nullable=True))
    with op.batch_alter_table("transition") as transition:
        transition.drop_constraint(op.f("ck_transition_subject_known"), type_="check")
        transition.create_check_constraint(
            op.f("ck_transition_subject_known"), "subject IN ('order', 'payment', 'refund', 'shipment', 'return')"
        )
    op.execute(
        "INSERT INTO review"
        " (public_id, source, subject, seller_id, user_id, score, title, text, status, created_at)"
        " SELECT public_id, 'feed', 'seller', seller_id, user_id, score, '', text, status, created_at"
        " FROM seller_review ORDER BY id"
    )
    op.drop_table("seller_review")
    op.execute("UPDATE product SET elsewhere_count = rating_count, elsewhere_mean = rating_mean")
    op.execute(_BAYES)
    op.execute(
        "UPDATE seller SET rating_count = found.count, rating_mean = found.mean"
        " FROM (SELECT seller_id, COUNT(*) AS count, AVG(score) AS mean FROM review"
        " WHERE subject = 'seller' AND status = 'published' GROUP BY seller_id) AS found"
        " WHERE found.seller_id = seller.id"
    )
    op.execute(
        "INSERT INTO money_movement (payment_id, kind, amount_minor, currency, at)"
        " SELECT p.id, 'capture', p.captured_minor, p.currency, COALESCE((SELECT MAX(t.at) FROM transition t"
        " WHERE t.subject = 'payment' AND t.subject_id = p.public_id AND t.after = 'captured'), p.created_at)"
        " FROM payment p WHERE p.captured_minor > 0 ORDER BY p.id"
    )
    op.execute(
        "INSERT INTO money_movement (payment_id, refund_id, kind, amount_minor, currency, at)"
        " SELECT r.payment_id, r.id, 'refund', -r.amount_minor, r.currency, r.at"
        " FROM refund r JOIN payment p ON p.id = r.payment_id"
        " WHERE r.status = 'settled' AND r.amount_minor > 0 AND p.captured_minor > 0 ORDER BY r.id"
    )


def downgrade() -> None:
    raise RuntimeError("restore a backup to go back before 0007")
