"""Models of single visits: what is looked at next, and what could be bought instead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recsys.data import KIND_WEIGHTS, History, TrainingData
from recsys.session import SessionModel, by_session
from recsys.substitutes import SubstitutesModel
from tests.recsys.shops import DAY, START, shop

LAMP, OTHER_LAMP, BULB, MUG = 0, 4, 8, 1


def visits(*rows: tuple[int, int, int, str]) -> TrainingData:
    """Rows of (shopper, minute, item, kind), in order of shopper and minute."""
    users, minutes, items, kinds = (list(column) for column in zip(*rows, strict=True))
    return replace(
        shop(),
        user_ids=[f"u{user}" for user in range(max(users) + 1)],
        users=np.array(users, dtype=np.int32),
        item_numbers=np.array(items, dtype=np.int32),
        at=START + 60 * np.array(minutes, dtype=np.int64),
        weights=np.array([KIND_WEIGHTS[kind] for kind in kinds], dtype=np.float32),
        baskets=np.full(len(rows), -1, dtype=np.int32),
        now=START + 60 * max(minutes),
    )


def test_a_pause_ends_a_session_and_so_does_another_shopper() -> None:
    data = visits(
        (-1, 0, MUG, "view"),
        (0, 0, MUG, "view"),
        (0, 29, LAMP, "view"),
        (0, 70, BULB, "view"),
        (1, 71, MUG, "view"),
    )
    assert by_session(data, idle_minutes=30).users.tolist() == [-1, 0, 0, 1, 2]
    assert by_session(data, idle_minutes=60).users.tolist() == [-1, 0, 0, 0, 1]


def test_the_session_model_learns_within_sessions_and_answers_from_the_last() -> None:
    rows = []
    for user in range(10):
        rows += [(user, 0, LAMP, "view"), (user, 1, BULB, "view"), (user, 600, MUG, "view")]
    model = SessionModel().fit(visits(*rows))
    assert model.likeness(LAMP)[BULB] > 0
    assert model.likeness(BULB)[MUG] == 0  # ten hours later is another visit
    numbers, ones = np.array([LAMP, MUG], dtype=np.int32), np.ones(2, dtype=np.float32)
    long_ago = History(numbers, np.array([START, START + DAY], dtype=np.int64), ones)
    at_once = History(numbers, np.array([START, START + 60], dtype=np.int64), ones)
    scores = model.scores([long_ago, at_once], now=START + DAY)
    assert scores[1, BULB] > 0
    assert scores[0, BULB] < 1e-6 * scores[1, BULB]


def test_what_is_looked_at_instead_is_a_substitute_and_what_is_bought_along_is_none() -> None:
    rows = []
    for user in range(12):
        rows += [
            (user, 0, LAMP, "view"),
            (user, 1, OTHER_LAMP, "view"),
            (user, 2, BULB, "view"),
            (user, 3, OTHER_LAMP if user % 2 else LAMP, "purchase"),
            (user, 3, BULB, "purchase"),
        ]
    likeness = SubstitutesModel().fit(visits(*rows)).likeness(LAMP)
    assert likeness[OTHER_LAMP] > 0
    assert likeness[BULB] < likeness[OTHER_LAMP]
    assert likeness[LAMP] == likeness[MUG] == 0


def test_one_visit_makes_no_substitute() -> None:
    data = visits((0, 0, LAMP, "view"), (0, 1, OTHER_LAMP, "view"))
    assert SubstitutesModel().fit(data).likeness(LAMP)[OTHER_LAMP] == 0
