"""The house rules that a machine can hold: who imports whom, where packages come from, how long a file may be."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("core", "analysis", "ingest", "index", "recsys", "ranking", "api", "pipelines")


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_comes_from_this_checkout(room: str) -> None:
    module = importlib.import_module(room)
    assert module.__file__ is not None
    assert Path(module.__file__).is_relative_to(ROOT)


def run(*command: str) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_imports_go_one_way() -> None:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_sql_lives_in_core() -> None:
    offenders = [
        str(path.relative_to(ROOT))
        for room in ROOMS[1:]
        for path in (ROOT / room).rglob("*.py")
        if re.search(
            r"^\s*(from|import) sqlalchemy\b|exec_driver_sql|from sqlmodel import .*\bselect\b",
            path.read_text(),
            re.M,
        )
    ]
    assert offenders == []


def test_ruff_has_nothing_to_say() -> None:
    run("ruff", "check", ".")
    run("ruff", "format", "--check", ".")


def test_mypy_has_nothing_to_say() -> None:
    run("mypy")


def test_no_file_is_over_four_hundred_lines() -> None:
    long = [
        (str(p.relative_to(ROOT)), n)
        for p in tracked("*.py", "*.js", "*.css", "*.html")
        if (n := len(p.read_text().splitlines())) > 400
    ]
    assert long == []


def test_lock_files_pin_with_hashes_and_name_no_host() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        assert not re.search(r"https?://|--index-url|--find-links", text), path.name
        for block in re.split(r"\n(?=[a-z0-9])", text):
            if re.match(r"[a-z0-9]", block):
                assert "==" in block.splitlines()[0]
                assert "--hash=sha256:" in block
