"""Prometheus metrics: how many requests of each route, with which status, in what time."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class RequestCounts:
    """The counters themselves; made once, however often the middleware around an application is put together."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "merx_http_requests", "HTTP requests", ("method", "route", "status"), registry=registry
        )
        self.seconds = Histogram(
            "merx_http_request_seconds", "Time to answer", ("route",), registry=registry, buckets=BUCKETS
        )


class RequestMetrics:
    """ASGI middleware that counts and times requests by route template, never by raw path.

    A stream of events counts when it begins: how long a page stays open says nothing about the shop.
    """

    def __init__(self, app: ASGIApp, *, counts: RequestCounts) -> None:
        self.app = app
        self.counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status, counted = time.perf_counter(), 500, False

        def count() -> None:
            nonlocal counted
            if counted:
                return
            counted = True
            route = getattr(scope.get("route"), "path", "unmatched")
            self.counts.requests.labels(scope["method"], route, str(status)).inc()
            self.counts.seconds.labels(route).observe(time.perf_counter() - started)

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if Headers(raw=message["headers"]).get("content-type", "").startswith("text/event-stream"):
                    count()
            await send(message)

        try:
            await self.app(scope, receive, watch)
        finally:
            count()
