"""Ports that this machine's own processes listen on."""

from __future__ import annotations

import socket

from core.errors import Unavailable


def check_free(host: str, port: int, *, variable: str = "MERX_PORT") -> None:
    """Raises Unavailable when nobody can listen there, before anything is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Unavailable(
                f"cannot listen on {host}:{port}: {error.strerror}; {variable} names another"
            ) from error
