"""Running `merx` as a person would, in this process or in one that can be killed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from core.settings import Settings
from pipelines.cli import main


@dataclass(frozen=True)
class Ran:
    """How a command ended: its exit code, what it printed for programs and what for people."""

    code: int
    output: str
    said: str


@pytest.fixture
def merx(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """A function that runs `merx` with the words given."""

    def run(*words: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["merx", *map(str, words)])
        capsys.readouterr()
        try:
            code = main()
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capsys.readouterr()
        return Ran(code, printed.out, " ".join(printed.err.split()))

    return run


@pytest.fixture
def sample(shop_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A sample shop of one's own, which `merx` finds."""
    monkeypatch.setenv("MERX_HOME", str(shop_settings.home))
    monkeypatch.setenv("MERX_TEXT_DIMENSIONS", str(shop_settings.text_dimensions))
    return shop_settings
