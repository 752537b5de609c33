"""Server-sent events: a page that is open hears of a change when it happens.

A stream sends states, not histories: the whole state at the start, and again after each change, the newest one
where several came at once. So a page that lost its connection only has to connect again, and a slow one holds up
nobody.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import aclosing
from typing import Any

import anyio
import anyio.to_thread
from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from core.errors import MerxError, NotFound, Unavailable
from core.following import Tail, Told
from core.logs import get_logger

BESIDE = {"reviewed"}  # kinds of news that are told although the state may be the same: what a review says
OPEN = 1000  # streams of one process
HEARTBEAT = 15.0  # seconds of silence before a comment that keeps the connection alive
PATIENCE = 30.0  # seconds that a client may leave what was sent to it lying
LIFE = 3600.0  # seconds; the client connects again by itself, and is checked again
RETRY = 1.0  # seconds until a state that could not be read is tried again

Subject = tuple[str, str]

log = get_logger("streams")


class Streams:
    """The open streams of one process, woken by the tail of the outbox."""

    def __init__(self, tail: Tail) -> None:
        self._tail = tail
        self._turn = threading.Lock()
        self._open: dict[Subject, set[_Ticket]] = {}
        self._count = 0
        self._closed = False
        self._stop: Callable[[], None] | None = None

    def __len__(self) -> int:
        return self._count

    def enter(self, ticket: _Ticket) -> None:
        """From now on the ticket is stirred by what happens to its subjects.

        Raises Unavailable beyond OPEN streams, and when the server is about to stop.
        """
        with self._turn:
            if self._closed or self._count >= OPEN:
                raise Unavailable("too many open streams" if not self._closed else "the server is about to stop")
            if self._stop is None:
                self._stop = self._tail.listen(self._heard)
            self._count += 1
            for subject in ticket.subjects:
                self._open.setdefault(subject, set()).add(ticket)

    def leave(self, ticket: _Ticket) -> None:
        """The ticket is not stirred any more."""
        with self._turn:
            self._count -= 1
            for subject in ticket.subjects:
                tickets = self._open[subject]
                tickets.discard(ticket)
                if not tickets:
                    del self._open[subject]
            if self._count == 0 and self._stop is not None:
                self._stop()
                self._stop = None

    def close(self) -> None:
        """End all streams and let none begin."""
        with self._turn:
            self._closed = True
            for tickets in self._open.values():
                for ticket in tickets:
                    ticket.end()

    def _heard(self, news: Sequence[Told]) -> None:
        with self._turn:
            for told in news:
                for ticket in self._open.get(told.subject, ()):
                    ticket.stir(told)


class _Ticket:
    """One stream's place among the open ones: whether something happened, and the key of the newest event.

    `beside` counts what was told that the state does not show.
    """

    def __init__(self, subjects: Collection[Subject]) -> None:
        self.subjects = frozenset(subjects)
        self.key = ""
        self.beside = 0
        self.ended = False
        self.stirred = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def stir(self, told: Told) -> None:
        self.key = told.key
        self.beside += told.kind in BESIDE
        self._wake()

    def end(self) -> None:
        self.ended = True
        self._wake()

    def _wake(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.stirred.set)


class EventStream(Response):
    """The states of something, as server-sent events.

    `subjects` are the aggregates whose news say that it may have changed. `render` reads the state; it is called
    in a thread, and again after each change. When it raises at the start, that is the answer. When it raises
    NotFound later, the stream ends with an event "gone". `name` is the name of the events; `life` is in seconds.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        streams: Streams,
        *,
        subjects: Collection[Subject],
        render: Callable[[], BaseModel],
        name: str,
        life: float = LIFE,
    ) -> None:
        self.status_code = 200
        self.background = None
        self.init_headers({"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        self._streams = streams
        self._subjects = subjects
        self._render = render
        self._name = name
        self._life = life

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ticket = _Ticket(self._subjects)
        await anyio.to_thread.run_sync(self._streams.enter, ticket)
        try:
            first = await self._state()
            async with anyio.create_task_group() as group:

                async def watch() -> None:
                    while (await receive())["type"] != "http.disconnect":
                        pass
                    group.cancel_scope.cancel()

                group.start_soon(watch)
                await self._tell(ticket, first, send)
                group.cancel_scope.cancel()
        finally:
            # Not awaited: a stream that is cancelled has to leave all the same.
            self._streams.leave(ticket)

    async def _tell(self, ticket: _Ticket, text: str, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async with aclosing(self._frames(ticket, text)) as frames:
            async for frame in frames:
                with anyio.move_on_after(PATIENCE) as sending:
                    await send({"type": "http.response.body", "body": frame.encode(), "more_body": True})
                if sending.cancelled_caught:
                    return  # the connection is of no use to anybody
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _frames(self, ticket: _Ticket, text: str) -> AsyncGenerator[str, None]:
        ends = time.monotonic() + self._life
        told = ticket.beside
        yield self._frame(text, "")
        while (left := ends - time.monotonic()) > 0:
            try:
                await asyncio.wait_for(ticket.stirred.wait(), timeout=min(HEARTBEAT, left))
            except TimeoutError:
                if time.monotonic() < ends:
                    yield ": still here\n\n"
                continue
            if ticket.ended:
                return
            ticket.stirred.clear()
            key, beside = ticket.key, ticket.beside
            try:
                now = await self._state()
            except NotFound:
                yield f"event: gone\nid: {key}\ndata: {{}}\n\n"
                return
            except Exception as error:  # the database is away, say; the client keeps what it has
                log.warning("a stream could not read its state", stream=self._name, error=_named(error))
                await asyncio.sleep(RETRY)
                ticket.stirred.set()
                continue
            if now != text or beside != told:
                text, told = now, beside
                yield self._frame(text, key)

    async def _state(self) -> str:
        state = await anyio.to_thread.run_sync(self._render)
        return state.model_dump_json(exclude_none=True)

    def _frame(self, text: str, key: str) -> str:
        return f"event: {self._name}\n" + (f"id: {key}\n" if key else "") + f"data: {text}\n\n"


def _named(error: Exception) -> str:
    return error.message if isinstance(error, MerxError) else type(error).__name__


# What the API's description says of a stream.
STREAM_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "Server-sent events", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
}
