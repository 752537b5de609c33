"""Query understanding: what was typed becomes the words and the vector of a typed query, for any engine."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.encoder import TextEncoder
from analysis.text import analyser
from core.errors import InvalidInput
from index.query import Text

MAX_QUERY_LENGTH = 512  # characters; nobody types more, and analysis takes time in proportion


@dataclass(frozen=True, slots=True)
class UnderstoodQuery:
    """`typed` is the text as cleaned; `text` is None without words, `vector` is None where no word is known."""

    typed: str
    text: Text | None
    vector: npt.NDArray[np.float32] | None


def clean_query(query: str) -> str:
    """White space folded and control characters dropped; raises InvalidInput above MAX_QUERY_LENGTH characters."""
    if len(query) > MAX_QUERY_LENGTH:
        raise InvalidInput(f"a query has at most {MAX_QUERY_LENGTH} characters, this one has {len(query)}")
    kept = (" " if letter.isspace() else letter for letter in query if letter.isspace() or _is_visible(letter))
    return " ".join("".join(kept).split())


def understand(query: str, *, encoder: TextEncoder | None, prefix: bool = False) -> UnderstoodQuery:
    """Read a query. `prefix` says that its last word may be unfinished (results as you type)."""
    typed = clean_query(query)
    tokens = tuple(analyser().query_tokens(typed))
    text = Text(tokens, prefix=prefix) if tokens else None
    vector = encoder.encode([typed])[0] if encoder is not None and tokens else None
    return UnderstoodQuery(typed, text, vector if vector is not None and vector.any() else None)


def _is_visible(letter: str) -> bool:
    return unicodedata.category(letter) not in ("Cc", "Cs", "Cn", "Co")
