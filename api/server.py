"""The server of `merx serve`: uvicorn, which ends the open streams when it is told to stop."""

from __future__ import annotations

import socket

import uvicorn
from fastapi import FastAPI

from api.state import Shop

GRACE = 10  # seconds that requests in progress are given


class Server(uvicorn.Server):
    """A stream goes on until its client leaves; a server that waits for all of them would never stop."""

    def __init__(self, app: FastAPI, *, host: str, port: int) -> None:
        self.shop: Shop = app.state.shop
        super().__init__(
            uvicorn.Config(app, host=host, port=port, log_level="warning", timeout_graceful_shutdown=GRACE)
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then finish the requests in progress, then close the application."""
        self.shop.streams.close()
        await super().shutdown(sockets)
