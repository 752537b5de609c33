"""/v1/suggest."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.schemas import PieceOut, SuggestionOut, SuggestOut
from ranking.suggest import KINDS, Suggestion, suggest
from ranking.suggest_entries import Kind
from ranking.suggest_taste import NOBODY

router = APIRouter(prefix="/v1", tags=["search"], responses=PROBLEM_RESPONSES)

Kinds = Annotated[list[Kind] | None, Query(max_length=10, description="only these; repeat for several")]


@router.get("/suggest", summary="Suggestions as you type", response_model_exclude_none=True)
def suggestions(
    shop: ShopDep,
    q: Annotated[str, Query(max_length=2000, examples=["chris"])],
    size: Annotated[int, Query(ge=1, le=20)] = 8,
    kind: Kinds = None,
    shopper: Annotated[str | None, Query(max_length=64, examples=["guest-4f0c21b7d9"])] = None,
    scopes: Annotated[bool, Query(description="offer the first query within one of its categories too")] = False,
) -> SuggestOut:
    """How the query may go on, and the categories, brands and products it points at; each of them finds something.

    With a `shopper` what fits their past stands first among what is equally good, and says so in `reason`.
    """
    found = suggest(
        shop.searcher(),
        q,
        index=shop.suggesting.index(),
        taste=shop.suggesting.taste(shopper) if shopper else NOBODY,
        size=size,
        kinds=kind or KINDS,
        scopes=scopes,
    )
    return SuggestOut(suggestions=[_out(item) for item in found])


def _out(item: Suggestion) -> SuggestionOut:
    return SuggestionOut(
        text=item.text,
        kind=item.kind,
        id=item.id,
        highlights=[PieceOut(text=piece.text, match=piece.match) for piece in item.pieces],
        count=item.count,
        category=item.category,
        reason=item.reason,
    )
