"""Logging: to standard error, whichever that is by then."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
import structlog

from core.logs import configure_logging, get_logger


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_a_line_goes_to_standard_error_as_it_is_now(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    early = io.StringIO()
    with monkeypatch.context() as patched:
        patched.setattr("sys.stderr", early)
        configure_logging(style="json")
        get_logger("cellar").info("early")
    early_said = early.getvalue()
    early.close()
    get_logger("cellar").warning("late", bottles=3)
    told = capsys.readouterr()
    assert json.loads(early_said)["event"] == "early"
    assert told.out == ""
    line = json.loads(told.err)
    assert (line["room"], line["level"], line["event"], line["bottles"]) == ("cellar", "warning", "late", 3)


def test_what_is_below_the_level_is_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="warning")
    get_logger("cellar").info("quiet")
    get_logger("cellar").error("loud")
    told = capsys.readouterr().err
    assert "loud" in told
    assert "quiet" not in told
