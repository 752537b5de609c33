"""A small catalogue for the engines' tests, and what a filter, a facet and a sort mean, said in plain Python."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from analysis.text import analyser
from index.documents import Document, VariantDocument, searchable_text
from index.query import AllOf, AnyOf, Between, Filter, Not, OneOf, Says

_KINDS = {
    "lamp": ("Home", "Lamps"),
    "lantern": ("Home", "Lamps", "Lanterns"),
    "mug": ("Home", "Kitchen"),
    "kettle": ("Home", "Kitchen"),
    "ball": ("Sports",),
    "tent": ("Sports", "Camping"),
}
_WORDS = ("red", "blue", "steel", "hanging", "heart", "vintage", "small", "glass", "travel", "garden")
DIMENSIONS = 16


def catalogue(*, size: int = 120, seed: int = 7) -> list[Document]:
    """Documents with many ties and many missing values."""
    dice = random.Random(seed)
    return [_document(number, dice) for number in range(size)]


def _document(number: int, dice: random.Random) -> Document:
    kind = dice.choice(list(_KINDS))
    words = dice.sample(_WORDS, dice.randint(1, 4))
    price = dice.choice((None, 499, 499, 999, 1500, 2999))
    stock = dice.choice((0, 0, 1, 5))
    attributes: dict[str, str | float | bool] = {"colour": dice.choice(("red", "blue", "deep green"))}
    if dice.random() < 0.5:
        attributes["width cm"] = dice.choice((6.0, 43.2))
    if dice.random() < 0.3:
        attributes["washable"] = dice.random() < 0.5
    id_ = f"p{number:04d}"
    return Document(
        id=id_,
        title=f"{' '.join(words)} {kind}",
        title_zh=dice.choice(("", "", "复古红色台灯")),
        brand=dice.choice(("", "Acme", "Borealis", "Čapek & Sons")),
        category=dice.choice((_KINDS[kind], _KINDS[kind], ())),
        description=dice.choice(("", f"A {dice.choice(_WORDS)} thing for the {dice.choice(_WORDS)} house")),
        attributes=attributes,
        codes=(f"SKU-{number}",),
        seller=dice.choice(("north", "south")),
        price_minor=price,
        list_price_minor=2000 if price and dice.random() < 0.5 else None,
        currency="GBP",
        stock=stock,
        rating=dice.choice((None, 3.5, 4.0, 4.5)),
        rating_count=dice.randint(0, 3),
        rating_bayes=dice.choice((None, 3.4, 3.9, 4.2)),
        popularity=dice.choice((0.0, 0.5, 2.25)),
        released_at=dice.choice((None, 1_600_000_000, 1_700_000_000)),
        picture=f"{id_}.jpg",
        variants=(VariantDocument(f"{id_}-v", f"SKU-{number}", price or 0, "GBP", stock, {"size": "M"}),),
    )


def vectors(documents: Iterable[Document], *, seed: int = 3) -> npt.NDArray[np.float32]:
    """Unit vectors of shape [documents, DIMENSIONS]; documents that share words lie near each other."""
    fixed = np.random.default_rng(seed).normal(size=(1000, DIMENSIONS)).astype(np.float32)
    rows = [
        sum((fixed[sum(map(ord, word)) % 1000] for word in document.title.split()), np.zeros(DIMENSIONS))
        for document in documents
    ]
    found = np.array(rows, dtype=np.float32).reshape(-1, DIMENSIONS)
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
    return found


def values(document: Document, name: str) -> tuple[str, ...]:
    """The values of a keyword field."""
    if name.startswith("attributes."):
        value = document.attributes.get(name.removeprefix("attributes."))
        if isinstance(value, bool):
            return ("true" if value else "false",)
        return () if value is None else (f"{value:g}" if isinstance(value, float) else value,)
    found = {
        "id": (document.id,),
        "code": tuple(code.replace("-", "") for code in document.codes),
        "brand": (document.brand,),
        "category": document.category_paths,
        "seller": (document.seller,),
        "currency": (document.currency,),
        "attribute": tuple(document.attributes),
        "in_stock": ("true" if document.stock > 0 else "false",),
    }[name]
    return tuple(value for value in found if value)


def number(document: Document, name: str) -> float | None:
    """The value of a numeric field."""
    found: float | None = getattr(document, {"price": "price_minor"}.get(name, name))
    return found


def matches(document: Document, clause: Filter) -> bool:
    """Whether a filter lets a document through."""
    if isinstance(clause, AnyOf):
        return any(value in clause.values for value in values(document, clause.field))
    if isinstance(clause, Between):
        value = number(document, clause.field)
        return (
            value is not None
            and (clause.low is None or value >= clause.low)
            and (clause.high is None or value <= clause.high)
        )
    if isinstance(clause, Says):
        return set(clause.tokens) <= set(analyser().tokens(searchable_text(document)[clause.field]))
    if isinstance(clause, Not):
        return not matches(document, clause.clause)
    if isinstance(clause, AllOf):
        return all(matches(document, part) for part in clause.clauses)
    assert isinstance(clause, OneOf)
    return any(matches(document, part) for part in clause.clauses)


def counts(documents: Iterable[Document], name: str, *, size: int) -> list[tuple[str, int]]:
    """The facet of a keyword field over documents."""
    tally = Counter(value for document in documents for value in set(values(document, name)))
    return sorted(tally.items(), key=lambda pair: (-pair[1], pair[0]))[:size]


def ordered(documents: Iterable[Document], sort: str) -> list[str]:
    """Ids in the order of a sort: documents without a value last, ties by id."""
    name, down = sort.removeprefix("-"), sort.startswith("-")
    name = {"rating": "rating_bayes"}.get(name, name)

    def key(document: Document) -> tuple[bool, float, str]:
        value = number(document, name)
        return (value is None, (-value if down else value) if value is not None else 0.0, document.id)

    return [document.id for document in sorted(documents, key=key)]
