"""/v1/seller/products/{product}/pictures: upload, order, remove."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from sqlmodel import Session

from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.routes.seller_goods import changed
from api.schemas_goods import PictureOrderIn, ProductKept
from api.selling import Expected, PictureUpload, Trader, body_of
from api.texts import PathId
from core import pictures
from core.goods import Keeper, keeper_of
from core.goods_views import read_product
from core.imaging import render

router = APIRouter(prefix="/v1/seller/products/{product}/pictures", tags=["sellers"], responses=PROBLEM_RESPONSES)

_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary"}, "alt": {"type": "string", "maxLength": 500}},
}


@router.post("", status_code=201, summary="Upload a picture", openapi_extra=body_of("multipart/form-data", _FORM))
def post_picture(
    shop: ShopDep, caller: Trader, response: Response, product: PathId, upload: PictureUpload, expected: Expected
) -> ProductKept:
    """JPEG, PNG, WebP, GIF (its first frame) or AVIF, up to 10 MB and 40 megapixels, as the form's `file`.

    It is written anew as WebP in three sizes, upright, without metadata, and put after the pictures there are.
    """
    with shop.database.read() as session:  # before the work of decoding
        read_product(session, keeper_of(session, caller), product)
    rendition = render(upload.data)
    url = pictures.store(rendition, folder=shop.pictures)
    size = {"width": rendition.width, "height": rendition.height}

    def work(session: Session, keeper: Keeper, at: Any) -> None:
        pictures.add_picture(session, keeper, product, url=url, alt=upload.alt, **size, expected=expected, at=at)

    return changed(shop, caller, response, product, work)


@router.put("", summary="Put the pictures in order")
def put_order(
    shop: ShopDep, caller: Trader, response: Response, product: PathId, body: PictureOrderIn, expected: Expected
) -> ProductKept:
    """The first one is shown in lists."""

    def work(session: Session, keeper: Keeper, at: Any) -> None:
        pictures.order_pictures(session, keeper, product, pictures=body.pictures, expected=expected, at=at)

    return changed(shop, caller, response, product, work)


@router.delete("/{picture}", summary="Remove a picture")
def delete_picture(
    shop: ShopDep, caller: Trader, response: Response, product: PathId, picture: PathId, expected: Expected
) -> ProductKept:
    """Those after it move up."""

    def work(session: Session, keeper: Keeper, at: Any) -> None:
        pictures.remove_picture(session, keeper, product, picture=picture, expected=expected, at=at)

    return changed(shop, caller, response, product, work)
