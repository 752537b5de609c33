"""The product document: what is indexed for a product, and how its text fields are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis.lexicon_fit import Entry

AttributeValue = str | float | bool

# The text fields every engine indexes, each with the tokens of the one analyser.
TEXT_FIELDS = ("title", "brand", "category", "attributes", "description", "codes")
# Beside them: what the title is about, its nouns, how it sounds, what it says is there, what any text says is not
# there, and everything.
ALL = "all"
INDEXED_FIELDS = (*TEXT_FIELDS, "main", "heads", "sounds", "claims", "lacks", ALL)


@dataclass(frozen=True, slots=True)
class VariantDocument:
    """What is sold: money in minor units, stock in pieces."""

    id: str
    sku: str
    price_minor: int
    currency: str
    stock: int
    options: Mapping[str, str] = field(default_factory=dict)
    list_price_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """What a shopper sees of a product.

    `category` holds the names from the root to the leaf. `price_minor` is the lowest price of a variant that is
    in stock (of any variant where none is). `rating` is the mean that is shown, `rating_bayes` the one that is
    sorted by (`core.ratings`). `popularity` is decayed sales, at least 0. `released_at` is in epoch seconds.
    """

    id: str
    title: str
    title_zh: str = ""
    brand: str = ""
    category: tuple[str, ...] = ()
    description: str = ""
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    codes: tuple[str, ...] = ()
    seller: str = ""
    price_minor: int | None = None
    list_price_minor: int | None = None
    currency: str = ""
    stock: int = 0
    rating: float | None = None
    rating_count: int = 0
    rating_bayes: float | None = None
    popularity: float = 0.0
    released_at: int | None = None
    picture: str = ""
    variants: tuple[VariantDocument, ...] = ()

    @property
    def in_stock(self) -> bool:
        """Whether a piece can be bought now."""
        return self.stock > 0

    @property
    def category_paths(self) -> tuple[str, ...]:
        """The path of every level: ("Home", "Home > Lamps")."""
        return tuple(" > ".join(self.category[: depth + 1]) for depth in range(len(self.category)))

    @property
    def discount(self) -> float:
        """The share taken off the list price, 0 to 1."""
        if not self.list_price_minor or self.price_minor is None or self.price_minor >= self.list_price_minor:
            return 0.0
        return 1.0 - self.price_minor / self.list_price_minor


def searchable_text(document: Document) -> dict[str, str]:
    """The plain text of each of TEXT_FIELDS, before analysis."""
    return {
        "title": " ".join(filter(None, (document.title, document.title_zh))),
        "brand": document.brand,
        "category": " ".join(document.category),
        "attributes": " ".join((*_attribute_texts(document), *_options(document))),
        "description": document.description,
        "codes": " ".join(document.codes),
    }


def encoder_text(document: Document) -> str:
    """The text a `TextEncoder` sees: what the product is, the title twice as heavy as the rest."""
    fields = searchable_text(document)
    return " ".join((fields["title"], fields["title"], fields["brand"], fields["category"], fields["description"]))


def lexicon_entry(document: Document) -> Entry:
    """The texts of a document as a `Lexicon` is fitted on them."""
    fields = searchable_text(document)
    return Entry(
        title=fields["title"],
        brand=document.brand,
        category=document.category,
        other=f"{fields['attributes']} {fields['description']}",
        attributes=tuple((name, value_text(value)) for name, value in _told(document)),
        codes=document.codes,
        currency=document.currency if document.price_minor is not None else "",
    )


def document_to_json(document: Document) -> dict[str, Any]:
    """A plain dict that `document_from_json` reads back to an equal document."""
    plain = {name: getattr(document, name) for name in document.__slots__}
    plain["attributes"] = dict(document.attributes)
    plain["variants"] = [variant_to_json(variant) for variant in document.variants]
    return plain


def variant_to_json(variant: VariantDocument) -> dict[str, Any]:
    """A plain dict of a variant's fields."""
    return {name: getattr(variant, name) for name in variant.__slots__} | {"options": dict(variant.options)}


def document_from_json(plain: Mapping[str, Any]) -> Document:
    """The document that `document_to_json` wrote."""
    return Document(
        **{
            **plain,
            "category": tuple(plain["category"]),
            "codes": tuple(plain["codes"]),
            "variants": tuple(VariantDocument(**variant) for variant in plain["variants"]),
        }
    )


def value_text(value: AttributeValue) -> str:
    """An attribute's value as it is searched, compared and shown: true, 6, 43.2, 1000000."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _attribute_texts(document: Document) -> Iterator[str]:
    for name, value in document.attributes.items():
        if isinstance(value, bool):
            yield name if value else ""  # "washable" is what a shopper types, not "true"
        else:
            yield value_text(value)


def _told(document: Document) -> Iterator[tuple[str, AttributeValue]]:
    yield from document.attributes.items()
    for variant in document.variants:
        yield from variant.options.items()


def _options(document: Document) -> Iterable[str]:
    """What the variants can be chosen by, each value once."""
    return dict.fromkeys(value for variant in document.variants for value in variant.options.values())
