"""/v1/staff/synonyms: words that the search takes for each other."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field, StringConstraints
from sqlmodel import Session

from analysis.synonyms import MAX_RULE, parse_rule
from api.guard import Staff
from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.schemas import In, Out
from api.texts import ONE_LINE
from core.synonyms import MOST, delete_synonym, put_synonym, synonyms

router = APIRouter(prefix="/v1/staff/synonyms", tags=["back office"], responses=PROBLEM_RESPONSES)

SynonymName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", examples=["sofas"])]


class SynonymIn(In):
    rule: Annotated[str, StringConstraints(pattern=ONE_LINE, min_length=1, max_length=MAX_RULE)] = Field(
        description="`a, b`: each finds the other too; `a => b`: a finds b, not the other way round",
        examples=["sofa, couch", "trainers => sneakers"],
    )


class SynonymOut(Out):
    id: str
    rule: str
    changed_at: str = Field(description="ISO 8601, UTC")


class SynonymsOut(Out):
    synonyms: list[SynonymOut] = Field(max_length=MOST)


@router.get("", summary="The shop's own synonyms")
def get_synonyms(shop: ShopDep, _caller: Staff) -> SynonymsOut:
    """Those that come with Merx, and those of the file, are not among them."""
    with shop.database.read() as session:
        held = synonyms(session)
    return SynonymsOut(
        synonyms=[SynonymOut(id=one.id, rule=one.rule, changed_at=one.changed_at.isoformat()) for one in held]
    )


@router.put("/{synonym}", status_code=204, summary="Add or change a synonym")
def put(shop: ShopDep, caller: Staff, synonym: SynonymName, body: SynonymIn) -> Response:
    """The search knows it within a few seconds, without a restart. 400 for a rule that cannot be read."""
    parse_rule(body.rule)

    def work(session: Session) -> None:
        put_synonym(session, synonym, rule=body.rule, actor=caller.actor, at=shop.clock())

    shop.database.transact(work)
    shop.synonyms.forget()
    return Response(status_code=204)


@router.delete("/{synonym}", status_code=204, summary="Take a synonym away")
def delete(shop: ShopDep, caller: Staff, synonym: SynonymName) -> Response:
    """The search forgets it within a few seconds."""

    def work(session: Session) -> None:
        delete_synonym(session, synonym, actor=caller.actor, at=shop.clock())

    shop.database.transact(work)
    shop.synonyms.forget()
    return Response(status_code=204)
