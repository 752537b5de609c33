"""Open pages hear of changes: through the real server, over real connections."""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from api import streams
from api.state import Shop
from core.settings import Settings, load_settings
from pipelines.commands.index import build_index
from pipelines.house import open_house
from pipelines.relay import run_relay
from tests.api.live_server import Frame, Running, opened, put, running

CHECKOUT = Path(__file__).parent.parent.parent


def settings_of(request: pytest.FixtureRequest, home: Path) -> Settings:
    url = request.getfixturevalue("new_postgres")() if request.param == "postgres" else ""
    return load_settings(home=home, database_url=url, text_dimensions=8)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of a shop with three products, on both databases."""
    made = settings_of(request, tmp_path / "home")
    with open_house(made) as house:
        for name in ("red", "blue", "green"):
            put(house.database, name)
    return made


@pytest.fixture
def live(settings: Settings) -> Iterator[Running]:
    with running(Shop(settings)) as made:
        yield made


def of(live: Running, name: str) -> str:
    return f"{live.url}/v1/products/{name}/stream"


def wait_until(fact: Callable[[], bool]) -> None:
    until = time.monotonic() + 60  # a process has to start, on a machine that does other things too
    while not fact():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_page_gets_the_product_and_each_change_of_it(live: Running) -> None:
    with opened(of(live, "red"), headers={"Accept-Encoding": "gzip"}) as page:
        assert page.answer.headers["content-type"].startswith("text/event-stream")
        assert page.answer.headers["cache-control"] == "no-cache"
        assert page.answer.headers["x-accel-buffering"] == "no"
        assert "content-encoding" not in page.answer.headers
        first = page.next()
        assert first is not None
        assert (first.name, first.id, first.data["title"]) == ("product", "", "red lamp")
        assert first.data == httpx.get(f"{live.url}/v1/products/red").json()
        put(live.shop.database, "blue", price=7)  # another's news
        put(live.shop.database, "red", price=750)
        changed = page.until_price(750)
        assert changed.id.startswith("x-")
        put(live.shop.database, "red", price=740)
        assert page.until_price(740).id != changed.id


def test_a_product_that_is_withdrawn_ends_its_stream(live: Running) -> None:
    with opened(of(live, "red")) as page:
        page.next()
        put(live.shop.database, "red", status="withdrawn")
        gone = page.next()
        assert gone is not None
        assert (gone.name, gone.data) == ("gone", {})
        assert page.next() is None
    answer = httpx.get(of(live, "red"))
    assert (answer.status_code, answer.json()["status"]) == (404, 404)
    assert httpx.get(f"{live.url}/v1/products/red").status_code == 404


@pytest.mark.parametrize("name", ["none", "%00", "x" * 201, "%ED%A0%80", "%27%3B--"])
def test_what_is_no_product_is_a_problem(live: Running, name: str) -> None:
    for path in (f"/v1/products/{name}", f"/v1/products/{name}/stream"):
        answer = httpx.get(live.url + path)
        assert answer.status_code in (404, 422)
        assert answer.headers["content-type"] == "application/problem+json"
    assert len(live.shop.streams) == 0


def test_a_page_that_goes_leaves_nothing_behind(live: Running) -> None:
    with ExitStack() as pages:
        listening = [pages.enter_context(opened(of(live, name))) for name in ("red", "red", "blue")]
        assert all(page.next() for page in listening)
        assert len(live.shop.streams) == 3
    wait_until(lambda: len(live.shop.streams) == 0)
    wait_until(lambda: not live.shop.tail._listening)
    assert live.shop.streams._open == {}


def test_there_is_a_most_of_streams(live: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "OPEN", 2)
    with opened(of(live, "red")) as one, opened(of(live, "blue")) as other:
        one.next()
        other.next()
        answer = httpx.get(of(live, "green"))
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
        assert answer.headers["retry-after"]
        assert httpx.get(of(live, "none")).status_code == 503
    wait_until(lambda: len(live.shop.streams) == 0)
    with opened(of(live, "green")) as page:
        assert page.next() is not None


def test_silence_is_broken_by_comments(live: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT", 0.05)
    with opened(of(live, "red")) as page:
        page.next()
        assert [page.next(), page.next()] == [Frame("", "", None), Frame("", "", None)]


def test_a_stream_ends_after_its_life(live: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams.EventStream.__init__, "__kwdefaults__", {"life": 0.2})
    with opened(of(live, "red")) as page:
        assert page.next() is not None
        assert page.next() is None


def test_a_page_that_does_not_read_holds_up_nobody_and_is_let_go(
    live: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "PATIENCE", 0.5)
    host, port = live.url.removeprefix("http://").split(":")
    with socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.connect((host, int(port)))
        lazy.sendall(b"GET /v1/products/red/stream HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(lambda: len(live.shop.streams) == 1)
        with opened(of(live, "red")) as page:
            page.next()
            for price in range(1, 9):
                put(live.shop.database, "red", price=price, description=f"{price}" * 2_000_000)
                page.until_price(price)
            wait_until(lambda: len(live.shop.streams) == 1)


def test_a_stream_is_counted_when_it_begins(live: Running) -> None:
    with opened(of(live, "red")) as page:
        page.next()
        told = httpx.get(f"{live.url}/metrics").text
        time.sleep(0.3)
    wait_until(lambda: len(live.shop.streams) == 0)
    route = 'route="/v1/products/{product}/stream"'
    assert f'merx_http_requests_total{{method="GET",{route},status="200"}} 1.0' in told
    after = httpx.get(f"{live.url}/metrics").text

    def seconds(text: str) -> str:
        return next(line for line in text.splitlines() if "request_seconds_sum" in line and route in line)

    assert seconds(told) == seconds(after)


def test_the_server_stops_at_once_with_pages_open(live: Running) -> None:
    with opened(of(live, "red")) as page:
        page.next()
        assert live.stop() < 5
        assert page.next() is None


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_merx_serve_stops_at_a_signal_with_pages_open(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"MERX_HOME": str(settings.home), "MERX_TEXT_DIMENSIONS": "8"}
    command = [sys.executable, "-m", "pipelines.cli", "serve", "--port", str(port)]
    serving = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"

        def answers() -> bool:
            try:
                return httpx.get(f"{url}/healthz").status_code == 200
            except httpx.TransportError:
                return False

        wait_until(answers)
        with opened(f"{url}/v1/products/red/stream") as page:
            assert page.next() is not None
            serving.send_signal(signal.SIGTERM)
            assert page.next() is None
        serving.wait(timeout=15)
    finally:
        if serving.poll() is None:
            serving.kill()
            serving.wait()


def test_a_change_reaches_search_and_open_pages_soon(settings: Settings) -> None:
    with open_house(settings) as house, house.engine() as engine:
        build_index(house, engine, publish=True)
        stop = threading.Event()
        relay = threading.Thread(target=run_relay, args=(house, engine), kwargs={"stop": stop}, daemon=True)
        relay.start()
        pages: list[float] = []
        search: list[float] = []
        with running(Shop(settings)) as live, opened(of(live, "red")) as page, httpx.Client() as client:
            page.next()

            def found() -> int:
                hits = client.get(f"{live.url}/v1/search", params={"q": "red"}).json()["hits"]
                return int(hits[0]["price"]["minor"])

            wait_until(lambda: found() == 1000)
            for price in range(100, 110):
                put(house.database, "red", price=price)
                started = time.monotonic()
                page.until_price(price)
                pages.append(time.monotonic() - started)
                wait_until(lambda price=price: found() == price)  # type: ignore[misc]
                search.append(time.monotonic() - started)
        stop.set()
        relay.join(timeout=20)
    assert statistics.median(pages) < 1
    assert statistics.median(search) < 1
    assert max(pages + search) < 10
