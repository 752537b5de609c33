"""A small shop with tastes, for the tests of models: shoppers buy within their department, in a habitual order."""

from __future__ import annotations

import numpy as np

from recsys.data import History, Items, TrainingData

DAY = 86_400
START = 1_600_000_000
DEPARTMENTS = ("lamps", "mugs", "candles", "cushions")


def shop(*, users: int = 120, items: int = 40, cold: int = 3, seed: int = 0, views: bool = False) -> TrainingData:
    """Purchases of shoppers who walk along the items of one department; the last `cold` items nobody bought.

    With `views` everybody looks at three items of the department at the end, which are seldom bought together.
    """
    draw = np.random.default_rng(seed)
    department = np.arange(items) % len(DEPARTMENTS)
    rows: list[tuple[int, int, int, int]] = []
    basket = 0
    for user in range(users):
        own = np.flatnonzero(department[: items - cold] == user % len(DEPARTMENTS))
        first = int(draw.integers(len(own)))
        gaps = draw.integers(1, 30, size=int(draw.integers(1, 5)))
        days = int(draw.integers(230 - gaps.sum())) + np.r_[0, np.cumsum(gaps)]
        for visit, day in enumerate(days.tolist()):
            for step in range(2):
                item = own[(first + 2 * visit + step) % len(own)]
                if draw.random() < 0.1:
                    item = draw.integers(items - cold)
                rows.append((user, START + day * DAY, int(item), basket))
            basket += 1
        if views:
            rows += [
                (user, START + 240 * DAY + step, int(own[(first + 3 * step) % len(own)]), -1) for step in range(3)
            ]
    for anonymous in range(20):
        rows.append((-1, START + anonymous * DAY, int(draw.integers(items - cold)), -1))
    rows.sort(key=lambda row: row[:2])
    table = np.array(rows, dtype=np.int64)
    return TrainingData(
        items=Items(
            ids=[f"p{number}" for number in range(items)],
            titles=[f"{DEPARTMENTS[kind]} number {number}" for number, kind in enumerate(department)],
            texts=[f"{DEPARTMENTS[kind]} number {number}" for number, kind in enumerate(department)],
            brands=[f"brand {number % 3}" for number in range(items)],
            categories=[("home", DEPARTMENTS[kind]) for kind in department],
            prices=np.full(items, 995, dtype=np.int64),
            sellable=np.ones(items, dtype=np.bool_),
            released_at=np.full(items, START, dtype=np.int64),
        ),
        user_ids=[f"shopper{user}" for user in range(users)],
        users=table[:, 0].astype(np.int32),
        item_numbers=table[:, 2].astype(np.int32),
        at=table[:, 1],
        weights=np.where(table[:, 1] >= START + 240 * DAY, 0.1, 1.0).astype(np.float32),
        baskets=table[:, 3].astype(np.int32),
        now=int(table[:, 1].max()),
    )


def history(*items: int, at: int = START, step: int = DAY) -> History:
    """One purchase of each item, `step` seconds apart."""
    return History(
        np.array(items, dtype=np.int32),
        at + step * np.arange(len(items), dtype=np.int64),
        np.ones(len(items), dtype=np.float32),
    )
