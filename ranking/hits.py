"""What is shown of a hit: the document, why it stands there, what matched in its texts, and which variant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from index.documents import Document, VariantDocument
from index.query import Filter
from ranking.highlight import Needles, Piece, highlight
from ranking.scoring import Part, ScoredHit
from ranking.snippets import Snippet, snippet
from ranking.variants import matching_variant


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One place on a page.

    `highlights` are whole texts in pieces, by field; `snippet` is a part of the description, None where nothing in
    it matched. `variant` is the one that the request singles out, None where it says nothing of variants.
    """

    scored: ScoredHit
    highlights: Mapping[str, Sequence[Piece]]
    snippet: Snippet | None = None
    variant: VariantDocument | None = None

    @property
    def document(self) -> Document:
        """The document of the hit."""
        return self.scored.hit.document

    @property
    def why(self) -> tuple[Part, ...]:
        """The parts of the score; empty when the order was not by relevance."""
        return self.scored.parts


def shown(scored: ScoredHit, *, needles: Needles, typed: str = "", filters: Iterable[Filter] = ()) -> SearchHit:
    """A hit with all that is shown of it; `typed` is the query, `filters` all that was asked besides."""
    document = scored.hit.document
    texts = {
        "title": document.title,
        "title_zh": document.title_zh,
        "brand": document.brand,
        "category": " > ".join(document.category),
    }
    return SearchHit(
        scored,
        {name: highlight(text, needles=needles) for name, text in texts.items()},
        snippet(document.description, needles=needles),
        matching_variant(document, needles=needles, typed=typed, filters=filters),
    )
