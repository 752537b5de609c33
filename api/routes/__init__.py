"""The routes of the API, one module a subject."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from api.state import Shop


def _shop(request: Request) -> Shop:
    shop: Shop = request.app.state.shop
    return shop


ShopDep = Annotated[Shop, Depends(_shop)]
