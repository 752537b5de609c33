"""`merx sandbox`, and the sandbox beside `merx serve`."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from core.money import Money
from core.providers import PaymentRequest
from core.providers.opening import open_providers
from core.settings import load_settings
from pipelines.commands.sandbox import sandbox_beside
from pipelines.house import House, open_house
from tests.pipelines.conftest import Ran

Merx = Callable[..., Ran]
ASKED = PaymentRequest("p-1", "o-1", Money(1000, "EUR"), method="card")


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield int(taken.getsockname()[1])


@pytest.fixture
def house(sandbox_home: Path, new_sqlite: Callable[[], str]) -> Iterator[House]:
    settings = load_settings(home=sandbox_home, database_url=new_sqlite())
    with open_house(settings, migrate=False) as opened:
        yield opened


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/pay.css").status_code == 200
    except httpx.TransportError:
        return False


def wait_for(url: str) -> None:
    until = time.monotonic() + 30
    while not answers(url):
        assert time.monotonic() < until, "the sandbox does not answer"
        time.sleep(0.05)


def test_the_sandbox_serves_until_it_is_stopped(
    sandbox_home: Path, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://127.0.0.1:{free_port}"
    command = [sys.executable, "-m", "pipelines.cli", "sandbox", "--port", str(free_port), "--drop", "0.2"]
    environment = {**os.environ, "MERX_HOME": str(sandbox_home)}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        wait_for(url)
        provider = open_providers(load_settings(home=sandbox_home, sandbox_url=url))["stripe"]
        started = provider.create(ASKED)
        assert provider.query(ASKED, reference=started.reference).state == "pending"
    finally:
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=30)[1]
    assert f"MERX_SANDBOX_URL={url}" in said
    assert "Traceback" not in said
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_there_is_none_in_production(merx: Merx, monkeypatch: pytest.MonkeyPatch, free_port: int) -> None:
    monkeypatch.setenv("MERX_MODE", "production")
    monkeypatch.setenv("MERX_SECRET", "s" * 32)
    monkeypatch.setenv("MERX_DATA_KEYS", "k" * 32)
    ran = merx("sandbox", "--port", free_port)
    assert (ran.code, "production" in ran.said) == (1, True), ran.said


@pytest.mark.parametrize("words", [("--drop", "1.5"), ("--duplicate", "0"), ("--port", "0")])
def test_faults_that_make_no_sense_are_refused(merx: Merx, words: tuple[str, str]) -> None:
    assert merx("sandbox", *words).code == 2


def test_a_taken_port_is_named(merx: Merx, taken_port: int) -> None:
    ran = merx("sandbox", "--port", taken_port)
    assert (ran.code, f"127.0.0.1:{taken_port}" in ran.said) == (1, True), ran.said
    assert "MERX_SANDBOX_PORT" in ran.said


def test_a_served_shop_has_the_sandbox_beside_it(house: House, free_port: int) -> None:
    house = House(
        house.settings.model_copy(update={"sandbox_port": free_port}), house.database, house.artifacts, house.clock
    )
    with sandbox_beside(house, host="0.0.0.0", port=8123) as opened:
        url = opened.settings.sandbox_url
        wait_for(url)
        assert opened.settings.public_url == "http://127.0.0.1:8123"
        assert open_providers(opened.settings)["stripe"].create(ASKED).reference
    assert not answers(url)


def test_a_shop_is_served_without_it_where_its_port_is_taken(
    house: House, taken_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    house = House(
        house.settings.model_copy(update={"sandbox_port": taken_port}),
        house.database,
        house.artifacts,
        house.clock,
    )
    with sandbox_beside(house, host="127.0.0.1", port=8000) as opened:
        assert opened is house
    assert "no sandbox providers" in capsys.readouterr().err


@pytest.mark.parametrize(
    "changes", [{"mode": "production"}, {"sandbox_port": 0}, {"sandbox_url": "http://127.0.0.1:9"}]
)
def test_a_shop_that_wants_none_gets_none(house: House, changes: dict[str, object]) -> None:
    house = House(house.settings.model_copy(update=changes), house.database, house.artifacts, house.clock)
    with sandbox_beside(house, host="127.0.0.1", port=8000) as opened:
        assert opened is house
