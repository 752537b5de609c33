"""The application: routes, errors as problems, metrics, and the storefront page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from prometheus_client import CollectorRegistry

from api.metrics import RequestCounts, RequestMetrics
from api.pages import add_pages
from api.problems import add_problem_handlers
from api.routes import (
    accounts,
    carts,
    demo,
    devices,
    events,
    health,
    live,
    me,
    messages,
    my_reviews,
    orders,
    payments,
    picture_search,
    recommendations,
    returns,
    reviews,
    search,
    seller_goods,
    seller_orders,
    seller_pictures,
    seller_reviews,
    seller_stock,
    staff_operations,
    staff_reviews,
    staff_synonyms,
    staff_trade,
    staff_users,
    suggest,
    webhooks,
)
from api.state import Shop
from core.settings import Settings

DESCRIPTION = "Search and recommendations from a shop's own transactions. Every error is RFC 9457 problem JSON."


def create_app(settings: Settings, *, shop: Shop | None = None) -> FastAPI:
    """The application for one shop; `shop` may be handed in (it is closed by the application all the same)."""
    opened = shop or Shop(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        opened.close()

    app = FastAPI(
        title="Merx",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # the usual documentation page loads its scripts from the internet
        redoc_url=None,
        openapi_url="/v1/openapi.json",
    )
    app.state.shop = opened
    app.state.registry = CollectorRegistry()
    add_problem_handlers(app)
    for module in (
        accounts,
        me,
        messages,
        webhooks,
        staff_users,
        staff_operations,
        search,
        suggest,
        picture_search,
        live,
        recommendations,
        events,
        health,
        seller_goods,
        seller_pictures,
        seller_stock,
        devices,
        carts,
        orders,
        payments,
        seller_orders,
        returns,
        staff_trade,
        reviews,
        my_reviews,
        seller_reviews,
        staff_reviews,
        staff_synonyms,
        demo,
    ):
        app.include_router(module.router)
    add_pages(app, opened)
    app.add_middleware(GZipMiddleware, minimum_size=1024)
    if settings.cors_origins:
        origins = [origin.strip() for origin in settings.cors_origins.split(",")]
        app.add_middleware(CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=["*"])
    app.add_middleware(RequestMetrics, counts=RequestCounts(app.state.registry))
    return app
