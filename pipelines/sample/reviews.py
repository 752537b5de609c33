"""Reviews of what was bought and kept: good products get good ones, the more so where they meet a taste."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import polars as pl

from pipelines.sample.chance import generator, opaque_ids
from pipelines.sample.goods import Good, Traits
from pipelines.sample.people import People
from pipelines.sample.tables import Shelf, moments
from pipelines.sample.trade import Purchases, Trade

REVIEW_CHANCE = 0.22

# By score from 1 to 5: title, text; {noun} and {style} are the product's.
ENGLISH = (
    (
        ("Sent it back", "The {noun} broke in the first week."),
        ("Not as shown", "Looks cheaper than in the picture."),
    ),
    (("Disappointed", "I expected more of this {noun}."), ("So-so", "Does the job, but only just.")),
    (
        ("It is all right", "A decent {noun}, nothing special."),
        ("Fine", "Good, though a little dear for what it is."),
    ),
    (
        ("Very good", "A good {noun}, quickly delivered."),
        ("Nearly perfect", "I like it; the packaging could be better."),
        ("Happy with it", "Just as described."),
    ),
    (
        ("Love it", "The best {noun} I have had so far."),
        ("Would buy again", "Looks even better than in the picture."),
        ("Excellent", "Great quality, and a lovely present too."),
        ("Perfect", "Exactly what I was looking for."),
    ),
)
CHINESE = (
    (("退货了", "用了一周就坏了。"), ("与图片不符", "看起来比图片廉价。")),
    (("有点失望", "对这款{noun}期望更高一些。"), ("一般般", "勉强能用。")),
    (("还可以", "普通的{noun}，没什么特别。"), ("尚可", "不错，但价格稍贵。")),
    (("很好", "{noun}质量不错，送货很快。"), ("几乎完美", "很喜欢，包装还可以改进。"), ("满意", "和描述一致。")),
    (("非常喜欢", "用过最好的{noun}。"), ("会回购", "实物比图片还好看。"), ("优秀", "质量很好，送人也合适。")),
)


def build_reviews(
    goods: Sequence[Good],
    people: People,
    shelf: Shelf,
    traits: Traits,
    bought: Purchases,
    trade: Trade,
    *,
    seed: int,
    start: datetime,
    days: int,
) -> pl.DataFrame:
    """The reviews; each belongs to an order line and is written some days after it came."""
    random = generator(seed, "reviews")
    at = bought.at + 3 + random.gamma(2.0, 6.0, len(bought))
    rows = np.flatnonzero(trade.kept & (random.random(len(bought)) < REVIEW_CHANCE) & (at < days))
    item, user = bought.item[rows], bought.user[rows]
    liking = (people.tastes.aesthetic[user] * traits.aesthetic[item]).sum(axis=1)
    mood = 4.1 + 0.55 * traits.quality[item] + 0.3 * liking + random.normal(0, 0.95, len(rows))
    score = np.clip(np.round(mood), 1, 5).astype(np.int64)
    draws = random.random(len(rows))
    texts = [
        _text(goods[good], value, draw, chinese=bool(chinese))
        for good, value, draw, chinese in zip(item, score, draws, people.tastes.chinese[user], strict=True)
    ]
    lines = trade.order_lines[rows]
    return pl.DataFrame(
        {
            "public_id": opaque_ids(seed, "review", len(rows)),
            "product": shelf.product_ids.gather(item),
            "user": people.users["public_id"].gather(user),
            "order": lines["order"],
            "order_line": lines["line_number"],
            "score": score,
            "title": [title for title, _ in texts],
            "text": [text for _, text in texts],
            "created_at": moments(start, at[rows]),
        }
    )


def with_ratings(products: pl.DataFrame, reviews: pl.DataFrame) -> pl.DataFrame:
    """`products` with the number and the mean of their reviews."""
    rating = reviews.group_by("product").agg(
        rating_count=pl.len().cast(pl.Int64), rating_mean=pl.col("score").mean().round(2)
    )
    joined = products.join(
        rating.rename({"product": "public_id"}), on="public_id", how="left", maintain_order="left"
    )
    return joined.with_columns(pl.col("rating_count").fill_null(0))


def _text(good: Good, score: int, draw: float, *, chinese: bool) -> tuple[str, str]:
    choices = (CHINESE if chinese else ENGLISH)[score - 1]
    title, text = choices[int(draw * len(choices))]
    return title, text.format(noun=good.kind.noun.zh if chinese else good.kind.noun.en.lower())
