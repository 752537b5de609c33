"""Ports for servers that have to know theirs before they start."""

from __future__ import annotations

import random
import socket

# Below what systems hand out by themselves: between asking and listening nobody else is given one of these.
RANGE = range(20_000, 32_000)


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on at the moment."""
    draw = random.SystemRandom()
    while True:
        port = draw.choice(RANGE)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
