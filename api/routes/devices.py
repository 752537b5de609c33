"""/v1/seller/devices, and /v1/stock-reports, where devices say what they see."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Header
from pydantic import TypeAdapter, ValidationError
from sqlmodel import Session

from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.schemas_goods import DeviceIn, DeviceOut, DevicesOut, ReportIn, ReportOut, ReportsOut
from api.selling import ReportBody, Trader, Whose, body_of
from api.texts import PathId
from core import devices
from core.errors import InvalidInput, Unauthorized
from core.goods import keeper_of
from core.reports import Answer, Report, take_reports

router = APIRouter(prefix="/v1", tags=["devices"], responses=PROBLEM_RESPONSES)

MOST_REPORTS = 500
_BODY: TypeAdapter[ReportIn | list[ReportIn]] = TypeAdapter(ReportIn | list[ReportIn])
_SCHEMA = ReportIn.model_json_schema()
_EXAMPLE = {"number": 1, "variant": "L7-B", "kind": "count", "quantity": 12, "taken_at": "2026-03-01T09:30:00Z"}


@router.post("/seller/devices", status_code=201, summary="Register a device")
def post_device(shop: ShopDep, caller: Trader, body: DeviceIn, seller: Whose = None) -> DeviceOut:
    """A device of staff without a `seller` is the shop's own and reports on everybody's goods."""
    at = shop.clock()

    def work(session: Session) -> DeviceOut:
        keeper = keeper_of(session, caller, seller=seller)
        name = devices.register_device(session, keeper, name=body.name, public_key=body.public_key, at=at)
        return DeviceOut(**asdict(devices.read_device(session, keeper, name)))

    return shop.database.transact(work)


@router.get("/seller/devices", summary="My devices")
def get_devices(shop: ShopDep, caller: Trader, seller: Whose = None) -> DevicesOut:
    """The newest 200, also those that are not active any more."""
    with shop.database.read() as session:
        found = devices.list_devices(session, keeper_of(session, caller, seller=seller))
    return DevicesOut(devices=[DeviceOut(**asdict(device)) for device in found])


@router.delete("/seller/devices/{device}", summary="Deactivate a device")
def delete_device(shop: ShopDep, caller: Trader, device: PathId) -> DeviceOut:
    """From now on nothing of it is taken; what it reported stays."""
    at = shop.clock()

    def work(session: Session) -> DeviceOut:
        keeper = keeper_of(session, caller)
        devices.deactivate_device(session, keeper, device, at=at)
        return DeviceOut(**asdict(devices.read_device(session, keeper, device)))

    return shop.database.transact(work)


@router.post(
    "/stock-reports",
    summary="Report stock, as a device",
    response_model_exclude_none=True,
    openapi_extra=body_of(
        "application/json",
        {"anyOf": [_SCHEMA, {"type": "array", "minItems": 1, "maxItems": MOST_REPORTS, "items": _SCHEMA}]},
        example=_EXAMPLE,
    ),
)
def post_reports(
    shop: ShopDep,
    body: ReportBody,
    merx_device: Annotated[str, Header(max_length=200, description="the device's id")] = "",
    merx_signature: Annotated[
        str, Header(max_length=200, description="Ed25519 over the bytes of the body, in base64")
    ] = "",
) -> ReportsOut | ReportOut:
    """One report, or a list of up to 500, each taken once and answered for itself; a repeat is answered as before.

    A single report that is refused is answered with the problem; in a list it is `refused`, and the others count.
    """
    if "\0" in merx_device or "\0" in merx_signature:
        raise Unauthorized("no active device signed this")
    with shop.database.read() as session:
        reporter = devices.authenticate(session, device=merx_device, signature=merx_signature, body=body)
    given = _read(body)
    reports = [Report(**item.model_dump()) for item in (given if isinstance(given, list) else [given])]
    now = shop.clock()
    answers = shop.database.transact(lambda session: take_reports(session, reporter, reports, now=now))
    if isinstance(given, list):
        return ReportsOut(reports=[_out(answer) for answer in answers])
    if answers[0].refused is not None:
        raise answers[0].refused
    return _out(answers[0])


def _read(body: bytes) -> ReportIn | list[ReportIn]:
    try:
        given = _BODY.validate_json(body)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise InvalidInput(f"the report cannot be read: {where}: {fault['msg']}"[:300]) from error
    if isinstance(given, list) and not 1 <= len(given) <= MOST_REPORTS:
        raise InvalidInput(f"a list has 1 to {MOST_REPORTS} reports")
    for item in given if isinstance(given, list) else [given]:
        if item.kind == "count" and item.quantity < 0:
            raise InvalidInput(f"report {item.number}: a count is not below zero", number=item.number)
    return given


def _out(answer: Answer) -> ReportOut:
    why = {"code": answer.refused.code, "detail": answer.refused.message} if answer.refused is not None else {}
    return ReportOut.model_validate({"number": answer.number, "outcome": answer.outcome, **why})
