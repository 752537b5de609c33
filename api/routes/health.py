"""/healthz, /readyz and /metrics: for whoever runs Merx."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from api.routes import ShopDep
from api.schemas import ReadyOut
from core.errors import MerxError, Unavailable

router = APIRouter(tags=["operation"])


@router.get("/healthz", summary="Is the process alive?")
def healthz() -> dict[str, str]:
    """Answers as long as the process can."""
    return {"status": "alive"}


@router.get("/readyz", summary="Can it serve?", responses={503: {"model": ReadyOut}})
def readyz(shop: ShopDep, response: Response) -> ReadyOut:
    """Whether database and index answer; missing models leave search working and are only named."""

    def state(ask: Callable[[], str]) -> tuple[bool, str]:
        try:
            return True, ask()
        except MerxError as error:
            return False, error.message

    def database() -> str:
        if not shop.database.is_current():
            raise Unavailable("the schema is not the newest: run any `merx` job to bring it up")
        return f"schema {shop.database.revision()}"

    database_ok, database_state = state(database)
    index_ok, index_state = state(lambda: f"generation {_live_generation(shop)}")
    _, models_state = state(lambda: f"version {shop.models().version}")
    ready = database_ok and index_ok
    response.status_code = 200 if ready else 503
    return ReadyOut(ready=ready, database=database_state, index=index_state, models=models_state, at=shop.clock())


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
def metrics(request: Request) -> Response:
    """Counters and timings in Prometheus' text format."""
    registry: CollectorRegistry = request.app.state.registry
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _live_generation(shop: ShopDep) -> str:
    generation = shop.engine.live()
    if generation is None:
        raise Unavailable("there is no search index yet: run `merx index build`")
    return generation.name
