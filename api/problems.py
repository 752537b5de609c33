"""Every error leaves as RFC 9457 problem JSON: type, title, status, detail, and the ids it speaks of."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from core.errors import MerxError, TooMany, Unauthorized
from core.logs import get_logger

PLAIN = (str, int, float, list, dict)  # what JSON has

log = get_logger("api")


class Problem(BaseModel):
    """RFC 9457."""

    type: str = Field(examples=["/problems/not-found"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["there is no product 'p-1'"])
    ids: dict[str, Any] = Field(default_factory=dict, examples=[{"product": "p-1"}])
    errors: list[dict[str, str]] | None = None


# What every route may answer; given to the routers so that OpenAPI tells it.
PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "content": {"application/problem+json": {}}, "description": text}
    for status, text in {
        400: "Invalid input",
        401: "Unauthorized",
        403: "Forbidden",
        404: "Not found",
        409: "Conflict",
        422: "Invalid request",
        429: "Too many attempts",
        503: "Unavailable",
    }.items()
}


def problem(*, status: int, code: str, title: str, detail: str, **more: Any) -> JSONResponse:
    """A problem as an answer."""
    body = {"type": f"/problems/{code}", "title": title, "status": status, "detail": detail, **more}
    headers = {"Retry-After": "5"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return JSONResponse(body, status_code=status, media_type="application/problem+json", headers=headers)


def add_problem_handlers(app: FastAPI) -> None:
    """Make an application answer every error with a problem."""

    @app.exception_handler(MerxError)
    async def _merx(_request: Request, error: MerxError) -> JSONResponse:
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.warning("answered with a problem", code=error.code, detail=error.message)
        ids = {name: value for name, value in error.ids.items() if isinstance(value, PLAIN)}
        answer = problem(status=error.status, code=error.code, title=error.title, detail=error.message, ids=ids)
        if isinstance(error, Unauthorized):
            answer.headers["WWW-Authenticate"] = "Bearer"
        if isinstance(error, TooMany) and "wait" in ids:
            answer.headers["Retry-After"] = str(ids["wait"])
        return answer

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        faults = [
            {"at": "/".join(str(part) for part in fault["loc"]), "reason": str(fault["msg"])}
            for fault in error.errors()
        ]
        detail = "; ".join(f"{fault['at']}: {fault['reason']}" for fault in faults[:5])
        return problem(status=422, code="invalid-request", title="Invalid request", detail=detail, errors=faults)

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> JSONResponse:
        phrase = HTTPStatus(error.status_code).phrase
        code = phrase.lower().replace(" ", "-")
        answer = problem(status=error.status_code, code=code, title=phrase, detail=str(error.detail))
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("unexpected error", path=request.url.path, exc_info=error)
        detail = "an unexpected error; it was logged"
        return problem(status=500, code="internal", title="Internal error", detail=detail)
