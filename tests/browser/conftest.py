"""Chromium, and a real shop for it to visit: the sample shop, built by the real pipelines, behind the real server.

MERX_TEST_CHROMIUM names a Chromium of one's own, MERX_TEST_SHOP_URL a shop that runs already.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest
from fasteners import InterProcessLock

from tests.services.ports import free_port

HERE = Path(__file__).parent
CHECKOUT = HERE.parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 180.0  # seconds for the server to be ready; it takes 5 on an idle machine


@dataclass(frozen=True)
class Visited:
    """A running shop: its address, and what its server wrote (nothing of one that was running before)."""

    url: str
    log: Path | None = None

    def said(self) -> str:
        """The end of the server's log."""
        return self.log.read_text()[-4000:] if self.log else ""


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium."""
    found = os.environ.get("MERX_TEST_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    return found or _missing("Chromium is missing (Debian: apt-get install chromium), or set MERX_TEST_CHROMIUM")


@pytest.fixture(scope="session")
def node_packages() -> Path:
    """A folder with the locked `node_modules`, installed once into $XDG_CACHE_HOME/merx (~/.cache/merx)."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        _missing("Node with npm is missing (Debian: apt-get install nodejs npm)")
    content = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "merx" / "node"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / content
    with InterProcessLock(cache / f"{content}.lock"):
        if not folder.is_dir():
            with tempfile.TemporaryDirectory(dir=cache) as making:
                made = Path(making) / "made"
                made.mkdir()
                for name in ("package.json", "package-lock.json"):
                    shutil.copyfile(HERE / name, made / name)
                command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
                done = subprocess.run(command, cwd=made, capture_output=True, text=True, check=False, timeout=240)
                if done.returncode:
                    _missing(f"npm cannot install playwright-core: {done.stderr[-500:]}")
                made.rename(folder)
    return folder


@pytest.fixture(scope="session")
def shop_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a small sample shop, built by `merx demo` once for all workers of a run."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    home = shared / "browser-shop"
    with InterProcessLock(shared / "browser-shop.lock"):
        if not home.is_dir():
            draft = shared / "browser-shop-draft"
            command = [sys.executable, "-m", "pipelines.cli", "demo", "--products", "160", "--users", "200"]
            done = subprocess.run(
                command, cwd=CHECKOUT, env=_environment(draft), capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
            draft.rename(home)
    return home


@pytest.fixture(scope="session")
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visited]:
    """The shop, served by `merx serve` on a free port."""
    given = os.environ.get("MERX_TEST_SHOP_URL")
    if given:
        yield Visited(given.rstrip("/"))
        return
    home: Path = request.getfixturevalue("shop_home")
    port = free_port()
    environment = {**_environment(home), "MERX_SANDBOX_PORT": str(free_port())}
    log = tmp_path_factory.mktemp("serve") / "log"
    # Without the relay: the workers of a run share the shop, and an index has one writer.
    command = [sys.executable, "-m", "pipelines.cli", "serve", "--port", str(port), "--no-relay"]
    with log.open("w") as output:
        server = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        visited = Visited(f"http://127.0.0.1:{port}", log)
        _wait_until_ready(visited, server)
        yield visited
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MERX_")}
    return {**kept, "MERX_HOME": str(home), "MERX_THREADS": "1", "MERX_EXPLORE_SHARE": "0"}


def _wait_until_ready(shop: Visited, server: subprocess.Popen[bytes]) -> None:
    last = "no answer"
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{shop.url}/readyz", timeout=5):
                return
        except urllib.error.HTTPError as error:
            last = error.read().decode()
        except OSError as error:
            last = str(error)
        time.sleep(0.1)
    pytest.fail(f"the shop is not ready: {last}\n{shop.said()}")


def _missing(what: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)
