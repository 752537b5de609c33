"""What can be suggested, as a nightly job left it: an artifact of queries, categories and brands."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import polars as pl

from analysis.text import HAN, HAN_RUN, analyser
from core.artifacts import Artifacts, Version, content_name
from core.errors import BrokenArtifact

SUGGESTIONS = "suggestions"
Kind = Literal["query", "category", "brand", "product"]

_FILE = "suggestions.parquet"
_SCHEMA: dict[str, Any] = {
    "kind": pl.String,
    "text": pl.String,
    "weight": pl.Float64,
    "id": pl.String,
    "brand": pl.String,
    "category": pl.String,
    "products": pl.List(pl.String),
}
_APART = re.compile(r"[\W_]+")
_BESIDE_HAN = re.compile(f"(?<=[{HAN}]) +| +(?=[{HAN}])")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line that can be suggested; `weight` (0 to 1) is how much it is asked for among those of its kind.

    `id` is a category's path or a brand's name. `products` of a query are some that have all of its words:
    while one of them is there, the query finds something. `brand` and `category` (a path) are what it is about.
    """

    kind: Kind
    text: str
    weight: float
    id: str = ""
    brand: str = ""
    category: str = ""
    products: tuple[str, ...] = ()


def write_entries(entries: Sequence[Entry], artifacts: Artifacts, *, about: dict[str, Any]) -> Version:
    """Keep the entries as a version named for its content, and let it serve; returns it."""
    frame = pl.DataFrame([{name: getattr(entry, name) for name in _SCHEMA} for entry in entries], schema=_SCHEMA)
    digest = hashlib.sha256(frame.write_json().encode()).hexdigest()
    name = content_name(SUGGESTIONS, digest)
    with artifacts.create(SUGGESTIONS, name=name, about={**about, "entries": len(entries)}) as folder:
        frame.write_parquet(folder / _FILE, compression="zstd")
    return artifacts.publish(SUGGESTIONS, name)


def read_entries(version: Version) -> list[Entry]:
    """The entries of a version; raises BrokenArtifact for a file that is not what was written."""
    try:
        frame = pl.read_parquet(version.path / _FILE).select(*_SCHEMA)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise BrokenArtifact(f"suggestions {version.name} cannot be read", version=version.name) from error
    return [Entry(**row | {"products": tuple(row["products"])}) for row in frame.iter_rows(named=True)]


def folded(text: str) -> str:
    """A text as it is compared while somebody types: lower case, no accents, simplified, words one space apart.

    Unlike the analyser's tokens nothing is stemmed, so that the beginning of a word stays one. No spaces beside
    Han: nobody types those.
    """
    if text.isascii():
        return _APART.sub(" ", text.lower()).strip()
    simple = HAN_RUN.sub(lambda run: "".join(analyser().segment(run.group())), unicodedata.normalize("NFKC", text))
    letters = unicodedata.normalize("NFKD", simple)
    bare = unicodedata.normalize("NFC", "".join(c for c in letters if unicodedata.category(c) != "Mn"))
    return _BESIDE_HAN.sub("", _APART.sub(" ", bare.casefold()).strip())


@lru_cache(maxsize=50_000)
def same_key(text: str) -> tuple[str, ...]:
    """Equal for what is the same to a shopper: plural and singular, traditional and simplified, any order."""
    return tuple(sorted(set(analyser().query_tokens(text))))
