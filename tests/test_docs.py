"""The documentation is run: its requests are answered, its commands and settings exist, its links lead on."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.main import get_command
from typer.testing import CliRunner

from api.app import create_app
from api.state import Shop
from core.settings import Settings
from pipelines.cli import app

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks() -> Iterator[tuple[str, str]]:
    """Every indented or fenced line of code of every page, continued lines joined, with the page's name."""
    for page in PAGES:
        text = page.read_text()
        lines = re.findall(r"^ {4}(\S(?:\\\n|.)*)$", text, re.M)
        for fenced in re.findall(r"^```(?:sh|console|bash)?\n(.*?)^```", text, re.M | re.S):
            lines += re.findall(r"^(\S(?:\\\n|.)*)$", fenced, re.M)
        for line in lines:
            yield page.name, re.sub(r"\\\n\s*", "", line).split("  #")[0].strip()


REQUESTS = [(page, line) for page, line in blocks() if line.startswith("curl ")]
COMMANDS = sorted({line for _, line in blocks() if re.match(r"(\.venv/bin/)?merx ", line)})
IN_TABLES = sorted({found for page in PAGES for found in re.findall(r"`(merx [a-z ]+)", page.read_text())})
TARGETS = sorted(
    {found for page in PAGES for found in re.findall(r"\bmake ([a-z-]+)\b(?=`|\s+#)", page.read_text())}
)


def test_there_is_something_to_run() -> None:
    assert len(REQUESTS) >= 3
    assert len(COMMANDS) >= 5
    assert {"run", "test"} <= set(TARGETS)


@pytest.mark.parametrize("line", [line for _, line in REQUESTS])
def test_a_request_is_answered(line: str, shop_settings: Settings) -> None:
    words = shlex.split(line)
    address = next(word for word in words if word.startswith("http"))
    path = address.removeprefix("http://127.0.0.1:8000")
    with TestClient(create_app(shop_settings, shop=Shop(shop_settings))) as client:
        if "-d" in words:
            header = words[words.index("-H") + 1].split(": ")
            answer = client.post(path, content=words[words.index("-d") + 1], headers={header[0]: header[1]})
        else:
            answer = client.get(path)
    assert answer.is_success, answer.text


@pytest.mark.parametrize("line", [*COMMANDS, *IN_TABLES])
def test_a_command_exists(line: str) -> None:
    words = shlex.split(line.removeprefix(".venv/bin/"))[1:]
    command: Any = get_command(app)
    name = []
    while hasattr(command, "commands"):  # a group: its next word is one of its commands
        if command.invoke_without_command and not (words[len(name) :] and words[len(name)] in command.commands):
            break
        assert words[len(name) :], f"{line}: the group needs a command"
        name.append(words[len(name)])
        assert name[-1] in command.commands, f"{line}: there is no {' '.join(name)}"
        command = command.commands[name[-1]]
    ran = CliRunner().invoke(app, [*name, "--help"])
    assert ran.exit_code == 0, ran.output
    given = {word.split("=")[0] for word in words if word.startswith("--")}
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert given <= known, line
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    assert len(words) == len(name) or given or arguments, f"{line}: it takes nothing"


@pytest.mark.parametrize("target", TARGETS)
def test_a_make_target_exists(target: str) -> None:
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_settings_page_names_every_setting_and_its_default() -> None:
    text = (ROOT / "docs" / "operator.md").read_text()
    for name, field in Settings.model_fields.items():
        assert f"`MERX_{name.upper()}`" in text
        if isinstance(field.default, int | float) and not isinstance(field.default, bool):
            assert f"`{field.default:g}`" in text, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target
