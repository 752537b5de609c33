"""Who shops in the sample shop: invented people, where they live, and what they like."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from core.bulk import json_text
from pipelines.sample.chance import Floats, Ints, generator, opaque_ids, pick
from pipelines.sample.goods import AESTHETICS
from pipelines.sample.tables import moments
from pipelines.sample.vocabulary import Vocabulary

WOMAN, MAN = 1, 2
# Tastes are not independent: each shopper is a variation on one of these many circles of like-minded people.
CIRCLES = 16
OWN_INTERESTS = 0.3  # part of a shopper's interests that is not the circle's
OWN_AESTHETIC = 0.5  # how far a shopper's aesthetic strays from the circle's, in its own units
STREETS = ("High Street", "Mill Lane", "Station Road", "Church Walk", "Park Avenue", "Bridge Street")


@dataclass(frozen=True, slots=True)
class Tastes:
    """What moves each shopper, one row a user; the numbers of kinds, brands and colours are those of `Traits`.

    `activity` is the relative number of wishes, `kinds` (shape [users, kinds]) what they are for, `level` the
    price level that is liked (0 to 1), `size` the place on each scale of sizes (0 to 1), `loyalty` the chance that
    a consumable is bought again, `joined` in days since the start, `tracked` whether behaviour may be recorded.
    """

    activity: Floats
    kinds: Floats
    aesthetic: Floats  # shape [users, AESTHETICS]
    brands: Floats  # shape [users, brands]
    colours: Floats  # shape [users, colours]
    level: Floats
    size: Floats
    loyalty: Floats
    joined: Floats
    gender: Ints
    chinese: npt.NDArray[np.bool_]
    tracked: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class People:
    """The users and the address of each, as the core loads them, and their tastes."""

    users: pl.DataFrame
    addresses: pl.DataFrame
    tastes: Tastes

    def address_texts(self) -> pl.Series:
        """Each user's address as an order keeps it: JSON text."""
        copied = self.addresses.select("recipient", "lines", "city", "postcode", "country")
        texts = [json_text({**row, "phone": None}) for row in copied.iter_rows(named=True)]
        return pl.Series("address", texts, dtype=pl.String)


def draw_people(
    words: Vocabulary, *, seed: int, users: int, days: int, start: datetime, brands: int, colours: int
) -> People:
    """`users` people, of whom nearly half were customers before `start`; the others join over the `days`."""
    random = generator(seed, "people")
    codes = list(words.countries)
    weights = np.array([words.countries[code]["share"] for code in codes])
    country = random.choice(len(codes), size=users, p=weights / weights.sum())
    chinese = np.array([bool(words.countries[code].get("chinese")) for code in codes])[country]
    is_old = random.random(users) < 0.45
    joined = np.where(is_old, -random.uniform(1, 600, users), days * random.random(users) ** 0.8 * 0.97)
    gender = random.integers(WOMAN, MAN + 1, users)
    names = _names(words, chinese, random)
    ids = opaque_ids(seed, "user", users)
    frame = pl.DataFrame(
        {
            "public_id": ids,
            "email": [f"shopper.{public_id}@example.org" for public_id in ids],
            "name": names,
            "country": [codes[number] for number in country],
            "created_at": moments(start, joined),
        }
    )
    addresses = _addresses(words, frame, random)
    circle = random.integers(CIRCLES, size=users)
    shared = random.normal(size=(CIRCLES, AESTHETICS))
    tastes = Tastes(
        activity=random.lognormal(0, 0.85, users),
        kinds=_kinds(words, gender, circle, random),
        aesthetic=shared[circle] + OWN_AESTHETIC * random.normal(size=(users, AESTHETICS)),
        brands=random.normal(size=(users, brands)),
        colours=random.normal(size=(users, colours)),
        level=random.beta(2.2, 2.2, users),
        size=random.beta(3, 3, users),
        loyalty=random.beta(6, 2.5, users),
        joined=joined,
        gender=gender,
        chinese=chinese,
        tracked=random.random(users) < 0.8,
    )
    return People(frame, addresses, tastes)


def _kinds(words: Vocabulary, gender: Ints, circle: Ints, random: np.random.Generator) -> Floats:
    """A shopper lives in two or three departments, and in each of them prefers some kinds: mostly the circle's."""
    departments = sorted({kind.department.en for kind in words.kinds})
    of_kind = np.array([departments.index(kind.department.en) for kind in words.kinds])

    def interests(count: int) -> Floats:
        weights: Floats = (random.dirichlet(np.full(len(departments), 0.3), count) + 0.006)[:, of_kind]
        weights = weights * random.gamma(0.7, 1.0, (count, len(words.kinds)))
        weights /= weights.sum(axis=1, keepdims=True)
        return weights

    weights = (1 - OWN_INTERESTS) * interests(CIRCLES)[circle] + OWN_INTERESTS * interests(len(gender))
    weights = weights * np.array([kind.demand for kind in words.kinds])
    womens = np.array([kind.audience == "women" for kind in words.kinds])
    weights[np.ix_(gender == MAN, womens)] *= 0.12
    shares: Floats = weights / weights.sum(axis=1, keepdims=True)
    return shares


def _names(words: Vocabulary, chinese: npt.NDArray[np.bool_], random: np.random.Generator) -> list[str]:
    people = words.people
    draws = random.random((len(chinese), 2))
    names = []
    for is_chinese, (one, two) in zip(chinese, draws, strict=True):
        first, last = people["first_zh" if is_chinese else "first"], people["last_zh" if is_chinese else "last"]
        given, family = first[int(one * len(first))], last[int(two * len(last))]
        names.append(family + given if is_chinese else f"{given} {family}")
    return names


def _addresses(words: Vocabulary, users: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    draws = random.random((users.height, 6))
    rows = []
    for (name, code), draw in zip(users.select("name", "country").iter_rows(), draws, strict=True):
        country = words.countries[code]
        digits = iter(draw[1:])
        postcode = "".join(str(int(next(digits) * 10)) if c == "#" else c for c in country["postcode"])
        street = f"{1 + int(draw[0] * 180)} {STREETS[int(draw[1] * len(STREETS))]}"
        rows.append((name, street, country["town"], postcode, code))
    schema = dict.fromkeys(("recipient", "lines", "city", "postcode", "country"), pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        public_id=users["public_id"] + ":1", user=users["public_id"], created_at=users["created_at"]
    )


def draw_users(random: np.random.Generator, tastes: Tastes, count: int) -> Ints:
    """`count` users, each as often as they are active."""
    edges = np.cumsum(tastes.activity)
    users: Ints = np.searchsorted(edges, random.random(count) * edges[-1], side="right")
    return users


def draw_kinds(random: np.random.Generator, tastes: Tastes, users: Ints) -> Ints:
    """What each of `users` wants."""
    return pick(random, tastes.kinds[users])
