"""What the routes of sellers share: who may come in, which version a change was made from, bodies with an end."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException

from api.guard import Member
from api.texts import PublicId
from core.accounts import Caller
from core.errors import Forbidden, InvalidInput
from core.imaging import MOST_BYTES

MOST_FEED_BYTES = 20 * 2**20
MOST_REPORT_BYTES = 2**20
_FORM_BYTES = 64 * 2**10  # what a form adds to the picture in it
MOST_ALT = 500


def _trader(caller: Member) -> Caller:
    if caller.role not in ("seller", "staff"):
        raise Forbidden("this is for sellers")
    return caller


def _expected(
    if_match: Annotated[
        str | None, Header(max_length=100, description="the ETag of the product that the change was made from")
    ] = None,
) -> str | None:
    if if_match is None or if_match.strip() == "*":
        return None
    return if_match.strip().removeprefix("W/").strip('"')


Trader = Annotated[Caller, Depends(_trader)]
Expected = Annotated[str | None, Depends(_expected)]
Whose = Annotated[PublicId | None, Query(description="a seller's id; staff choose by it")]


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture as it came, and what it shows in words."""

    data: bytes
    alt: str


async def read_picture(request: Request) -> Upload:
    """Read a form, and no more of it than a picture may have; raises InvalidInput for any other."""
    most = MOST_BYTES + _FORM_BYTES
    taken = 0

    async def receive() -> Any:
        nonlocal taken
        message = await request.receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise InvalidInput(f"a picture has at most {MOST_BYTES // 2**20} MB")
        return message

    try:
        async with Request(request.scope, receive).form(max_files=1, max_fields=4) as form:
            file, alt = form.get("file"), form.get("alt", "")
            data = await file.read() if isinstance(file, UploadFile) else b""
    except (MultiPartException, ValueError, LookupError) as error:
        raise InvalidInput("the form cannot be read") from error
    if not data or not isinstance(alt, str):
        raise InvalidInput("send the picture as the file `file` of a form, and `alt` as text")
    if len(alt) > MOST_ALT or any(ord(letter) < 32 or "\ud800" <= letter <= "\udfff" for letter in alt):
        raise InvalidInput(f"`alt` is one line of at most {MOST_ALT} characters")
    return Upload(data, alt)


async def _picture(request: Request, _caller: Trader) -> Upload:
    """The caller is known before a byte is taken."""
    return await read_picture(request)


async def _feed(request: Request, _caller: Trader) -> AsyncIterator[Path]:
    """The body in a temporary file, which is gone when the request is over."""
    with tempfile.TemporaryDirectory(prefix="merx-feed-") as folder:
        path = Path(folder) / "feed.jsonl"
        with path.open("wb") as file:
            async for part in limited(request, MOST_FEED_BYTES):
                file.write(part)
        yield path


async def _reports(request: Request) -> bytes:
    return b"".join([part async for part in limited(request, MOST_REPORT_BYTES)])


async def limited(request: Request, most: int) -> AsyncIterator[bytes]:
    """The parts of a body; raises InvalidInput as soon as there are more than `most` bytes."""
    taken = 0
    async for part in request.stream():
        taken += len(part)
        if taken > most:
            raise InvalidInput(f"the body has at most {most // 2**20} MB")
        yield part


PictureUpload = Annotated[Upload, Depends(_picture)]
FeedFile = Annotated[Path, Depends(_feed)]
ReportBody = Annotated[bytes, Depends(_reports)]


def body_of(kind: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What OpenAPI says of a body that is read by hand."""
    return {"requestBody": {"required": True, "content": {kind: {"schema": schema, **more}}}}
