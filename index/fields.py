"""The fields of a document as engines filter, count and sort by them, and the check of a query against them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from analysis.text import HAN, code_key
from core.errors import InvalidInput
from index.documents import INDEXED_FIELDS, Document, VariantDocument, value_text
from index.engine import Patch
from index.query import (
    KEYWORD_FIELDS,
    NUMERIC_FIELDS,
    AllOf,
    AnyOf,
    Between,
    Filter,
    Not,
    OneOf,
    Query,
    Says,
    Sort,
)

ATTRIBUTE = "attributes."
KEYWORD_LENGTH = 512  # characters; a longer value is text, and no engine makes a keyword of it
WINDOW = 10_000  # how far into a result a page can reach
SEARCH_LENGTH = 100  # characters of a search among a facet's values
# What a word of a value can begin behind, for a character class of Python's and of Lucene's regular expressions:
# signs and spaces of ASCII, Latin-1, typography and CJK, and any Chinese character.
BREAKS = (
    "\x01-/:-@\\[\\\\\\]^_`{-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf\xd7\xf7"
    f"\u2000-\u206f\u3000-\u3004\u3008-\u3020\uff01-\uff0f\uff1a-\uff20{HAN}"
)
PATCHABLE = (
    *("price_minor", "list_price_minor", "stock"),
    *("rating", "rating_count", "rating_bayes", "popularity", "variants"),
)


def keyword_values(document: Document) -> dict[str, tuple[str, ...]]:
    """The values of every keyword field that does not change by a patch, without those that are empty."""
    values = {
        "id": (document.id,),
        "code": tuple(dict.fromkeys(code_key(code) for code in document.codes)),
        "brand": (document.brand,),
        "category": document.category_paths,
        "seller": (document.seller,),
        "currency": (document.currency,),
        "attribute": tuple(document.attributes),
        **{ATTRIBUTE + name: (value_text(value),) for name, value in document.attributes.items()},
    }
    kept = {name: tuple(v for v in found if 0 < len(v) <= KEYWORD_LENGTH) for name, found in values.items()}
    return {name: found for name, found in kept.items() if found}


def numeric_values(document: Document) -> dict[str, float | None]:
    """The value of each of NUMERIC_FIELDS; None where the document has none."""
    return {
        "price": document.price_minor,
        "discount": document.discount,
        "rating": document.rating,
        "rating_count": document.rating_count,
        "rating_bayes": document.rating_bayes,
        "popularity": document.popularity,
        "stock": document.stock,
        "released_at": document.released_at,
    }


def any_case(text: str) -> str:
    """A regular expression, of Python's and of Lucene's, for a text in whatever case."""
    return "".join(_letter(letter) for letter in text)


def check_id(id_: str) -> None:
    """Raises InvalidInput for an id that no engine can keep."""
    if not 0 < len(id_.encode()) <= KEYWORD_LENGTH:
        raise InvalidInput(f"a document's id has 1 to {KEYWORD_LENGTH} bytes", id=id_)


def check_query(query: Query) -> None:
    """Raises InvalidInput for a field, a sort or a page that no engine knows."""
    if query.sort not in get_args(Sort):
        raise InvalidInput(f"there is no sort {query.sort!r}", sort=query.sort)
    if query.offset < 0 or query.limit < 0 or query.offset + query.limit > WINDOW:
        raise InvalidInput(f"a page lies within the first {WINDOW} hits")
    if not 0 <= query.vector_size <= WINDOW:
        raise InvalidInput(f"a vector finds 0 to {WINDOW} documents, not {query.vector_size}")
    for facet in query.facets:
        _check_keyword(facet.field)
        if facet.size < 1:
            raise InvalidInput(f"the facet {facet.field!r} needs a size of at least 1", field=facet.field)
        if len(facet.search) > SEARCH_LENGTH:
            raise InvalidInput(f"a facet is searched for at most {SEARCH_LENGTH} characters", field=facet.field)
    for name in query.stats:
        _check_numeric(name)
    if query.among is not None and query.vector is not None:
        raise InvalidInput("a query has a vector, or the documents that are near, not both")
    if query.among is not None and len(query.among) > WINDOW:
        raise InvalidInput(f"at most {WINDOW} documents can be searched among")
    if query.where is not None:
        check_filter(query.where)
    for clause in query.refinements.values():
        check_filter(clause)


def check_filter(clause: Filter) -> None:
    """Raises InvalidInput for a field that does not exist or cannot be filtered that way."""
    if isinstance(clause, AnyOf):
        _check_keyword(clause.field)
    elif isinstance(clause, Between):
        _check_numeric(clause.field)
    elif isinstance(clause, Says):
        if clause.field not in INDEXED_FIELDS:
            raise InvalidInput(f"{clause.field!r} is not a text field", field=clause.field)
    elif isinstance(clause, Not):
        check_filter(clause.clause)
    elif isinstance(clause, AllOf | OneOf):
        for part in clause.clauses:
            check_filter(part)
    else:
        raise InvalidInput(f"not a filter: {clause!r}")


def checked_patch(patch: Patch) -> dict[str, Any]:
    """The fields of a patch in the types of a Document; raises InvalidInput for others."""
    fields: dict[str, Any] = {}
    for name, value in patch.fields.items():
        if name not in PATCHABLE:
            raise InvalidInput(f"{name!r} cannot be patched: put the whole document", id=patch.id, field=name)
        if name == "variants":
            fields[name] = tuple(_variant(variant, patch) for variant in value)
        elif value is None and name in ("price_minor", "list_price_minor", "rating", "rating_bayes"):
            fields[name] = None
        elif isinstance(value, bool) or not isinstance(value, int | float) or value != value or value < 0:
            raise InvalidInput(f"{name} cannot be {value!r}", id=patch.id, field=name)
        else:
            fields[name] = float(value) if name in ("rating", "rating_bayes", "popularity") else int(value)
    return fields


def _letter(letter: str) -> str:
    if not letter.isalnum():
        return f"\\{letter}"
    forms = sorted({form for form in (letter, letter.lower(), letter.upper(), letter.title()) if len(form) == 1})
    return letter if len(forms) == 1 else f"[{''.join(forms)}]"


def _variant(value: Any, patch: Patch) -> VariantDocument:
    if isinstance(value, VariantDocument):
        return value
    if isinstance(value, Mapping):
        try:
            return VariantDocument(**value)
        except TypeError as error:
            raise InvalidInput(f"not a variant: {error}", id=patch.id) from error
    raise InvalidInput(f"not a variant: {value!r}", id=patch.id)


def _check_numeric(name: str) -> None:
    if name not in NUMERIC_FIELDS:
        raise InvalidInput(f"{name!r} is not a numeric field", field=name)


def _check_keyword(name: str) -> None:
    if name not in KEYWORD_FIELDS and not (name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE)):
        raise InvalidInput(f"{name!r} is not a keyword field", field=name)
