"""Sending signed messages over HTTP, as Standard Webhooks describe it, within a time that nobody can stretch."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import httpx
from standardwebhooks.webhooks import Webhook

from core.errors import InvalidInput, Unavailable
from core.outside import target_of

SECONDS = 10.0  # from the connection to the end of the answer
MOST_READ = 4096  # bytes of an answer
MOST_KEPT = 200  # characters of it


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a message: the HTTP status, None where there was no answer, and why it was not taken."""

    status: int | None
    error: str = ""

    @property
    def taken(self) -> bool:
        """Whether it was taken."""
        return self.status is not None and 200 <= self.status < 300


def signed(content: str, *, id: str, secrets: Sequence[str], at: datetime) -> dict[str, str]:
    """The headers of a message that was signed with each of the secrets, `at` the moment it is sent."""
    moment = at.astimezone(UTC)  # the library takes whatever clock time it is given for UTC
    signatures = (Webhook(secret).sign(id, moment, content) for secret in secrets)
    return {
        "webhook-id": id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
        "content-type": "application/json",
        "user-agent": "Merx",
    }


def post(
    url: str,
    content: str,
    *,
    headers: dict[str, str],
    local: bool = False,
    anywhere: bool = False,
    seconds: float = SECONDS,
) -> Answer:
    """Send a message, once, following nowhere; who may be called is for `core.outside` to say."""
    try:
        target = target_of(url, local=local, anywhere=anywhere)
    except (InvalidInput, Unavailable) as error:
        return Answer(None, error.message)
    request = httpx.Request(
        "POST",
        target.url,
        content=content.encode(),
        headers={"host": target.host, **headers},
        extensions={"sni_hostname": target.name, "timeout": httpx.Timeout(seconds).as_dict()},
    )
    try:
        return asyncio.run(_post(request, seconds))
    except TimeoutError:
        return Answer(None, f"no answer within {seconds:g} seconds")
    except (httpx.HTTPError, ssl.SSLError, OSError) as error:
        return Answer(None, f"not reachable: {type(error).__name__}")


async def _post(request: httpx.Request, seconds: float) -> Answer:
    # Settings of this process's environment (a proxy, say) must not lead the request elsewhere.
    async with (
        asyncio.timeout(seconds),
        httpx.AsyncClient(verify=_certificates(), trust_env=False, follow_redirects=False) as client,
    ):
        answer = await client.send(request, stream=True)
        try:
            read = b""
            if not answer.is_success:
                async for part in answer.aiter_raw():
                    read += part
                    if len(read) >= MOST_READ:
                        break
            return Answer(answer.status_code, "" if answer.is_success else _kept(answer.status_code, read))
        finally:
            await answer.aclose()


@cache
def _certificates() -> ssl.SSLContext:
    return ssl.create_default_context()


def _kept(status: int, body: bytes) -> str:
    text = "".join(letter if letter.isprintable() else " " for letter in body.decode("utf-8", "replace"))
    return f"{status} {' '.join(text.split())}".strip()[:MOST_KEPT]
