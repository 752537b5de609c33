"""Documents and hits as they leave the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from api.schemas import BranchOut, HitOut, MoneyOut, PartOut, PieceOut, ProductOut, VariantOut
from index.documents import Document, VariantDocument
from ranking.facets import Branch
from ranking.highlight import Piece
from ranking.hits import SearchHit
from ranking.scoring import Part


def money(minor: int | None, currency: str) -> MoneyOut | None:
    """An amount, or None where it is not known."""
    return None if minor is None or not currency else MoneyOut(minor=minor, currency=currency)


def picture_address(picture: str) -> str:
    """Pictures of one's own are served below /pictures/; an address elsewhere stays as it is."""
    if not picture or "://" in picture:
        return picture if picture.startswith(("https://", "http://")) else ""
    return f"/pictures/{quote(picture)}"


def card_fields(document: Document) -> dict[str, Any]:
    """The fields of a `ProductCard`."""
    return {
        "id": document.id,
        "title": document.title,
        "title_zh": document.title_zh,
        "brand": document.brand,
        "category": list(document.category),
        "price": money(document.price_minor, document.currency),
        "list_price": money(document.list_price_minor, document.currency) if document.discount > 0 else None,
        "rating": document.rating,
        "rating_count": document.rating_count,
        "in_stock": document.in_stock,
        "picture": picture_address(document.picture),
    }


def hit_out(hit: SearchHit, *, explain: bool) -> HitOut:
    """A place on a search page."""
    return HitOut(
        **card_fields(hit.document),
        score=round(hit.scored.score, 6),
        highlights={name: pieces_out(pieces) for name, pieces in hit.highlights.items() if pieces},
        snippet=pieces_out(hit.snippet.shown) if hit.snippet else None,
        variant=variant_out(hit.variant) if hit.variant else None,
        why=parts_out(hit.why) if explain else None,
    )


def parts_out(parts: Sequence[Part]) -> list[PartOut]:
    """The parts of a score."""
    return [PartOut(part=part.name, value=round(part.value, 6), note=part.note) for part in parts]


def pieces_out(pieces: Sequence[Piece]) -> list[PieceOut]:
    """A highlighted text."""
    return [PieceOut(text=piece.text, match=piece.match) for piece in pieces]


def branch_out(branch: Branch) -> BranchOut:
    """A category in its tree."""
    below = [branch_out(each) for each in branch.below]
    return BranchOut(name=branch.name, path=branch.path, count=branch.count, below=below)


def product_out(document: Document) -> ProductOut:
    """A product with everything that a product page shows."""
    return ProductOut(
        **card_fields(document),
        description=document.description,
        attributes=dict(document.attributes),
        seller=document.seller,
        codes=list(document.codes),
        variants=[variant_out(variant) for variant in document.variants],
    )


def variant_out(variant: VariantDocument) -> VariantOut:
    """A variant of a product."""
    shown = variant.list_price_minor is not None and variant.list_price_minor > variant.price_minor
    return VariantOut(
        id=variant.id,
        sku=variant.sku,
        options=dict(variant.options),
        price=MoneyOut(minor=variant.price_minor, currency=variant.currency),
        list_price=money(variant.list_price_minor, variant.currency) if shown else None,
        in_stock=variant.stock > 0,
        stock=variant.stock,
    )
