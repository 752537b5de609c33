"""Logging: structlog, to standard error, so that what a command prints stays machine-readable."""

from __future__ import annotations

import logging
import sys
from typing import Literal, TextIO, cast

import structlog


def configure_logging(*, level: str = "info", style: Literal["console", "json"] = "console") -> None:
    """Set up structlog for this process; `style` json prints one object a line."""
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(file=cast(TextIO, _StandardError())),
        cache_logger_on_first_use=False,
    )


class _StandardError:
    """Standard error as it is when something is written: what it was at the start may be closed by then."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger that says which room speaks."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(room=name)
    return logger
