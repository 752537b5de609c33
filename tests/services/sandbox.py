"""A real sandbox server on a free port, for tests that speak with payment providers."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn

from api.sandbox.app import create_sandbox
from api.sandbox.bank import Bank
from api.sandbox.notifier import Faults
from api.sandbox.protocol import SandboxProtocol
from core.clock import Clock, system_clock
from core.providers.sandbox_keys import SandboxKeys, sandbox_keys

NOWHERE = "http://127.0.0.1:9"  # a shop that nobody can tell anything


@dataclass
class Sandbox:
    """A sandbox that runs in a thread of this process. `home` holds its keys and books."""

    home: Path
    bank: Bank
    url: str
    protocols: Mapping[str, SandboxProtocol]

    @property
    def keys(self) -> SandboxKeys:
        return self.bank.keys


@contextmanager
def running_sandbox(
    home: Path, *, shop_url: str = NOWHERE, clock: Clock = system_clock, faults: Faults | None = None
) -> Iterator[Sandbox]:
    """Serve the sandbox of a home until the block ends. `bank.shop_url` may be set later on."""
    app = create_sandbox(home, shop_url=shop_url, clock=clock, faults=faults)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started and time.monotonic() < until:
        time.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    try:
        yield Sandbox(home, app.state.bank, f"http://{host}:{port}", app.state.protocols)
    finally:
        server.should_exit = True
        thread.join(timeout=30)
        assert not thread.is_alive()


@pytest.fixture(scope="session")
def sandbox_key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys made once for a run: RSA keys take a while."""
    folder = tmp_path_factory.mktemp("sandbox-keys")
    sandbox_keys(folder)
    return folder


@pytest.fixture
def sandbox_home(tmp_path: Path, sandbox_key_folder: Path) -> Path:
    """A home in which the sandbox's keys are made already."""
    home = tmp_path / "sandbox-home"
    shutil.copytree(sandbox_key_folder, home / "sandbox")
    return home


@pytest.fixture
def sandbox(sandbox_home: Path) -> Iterator[Sandbox]:
    """A sandbox without faults, which knows no shop."""
    with running_sandbox(sandbox_home) as made:
        yield made


@pytest.fixture
def start_sandbox(sandbox_home: Path) -> Iterator[Callable[..., Sandbox]]:
    """Start one with arguments of `running_sandbox`, its end comes with the test's."""
    with ExitStack() as stack:
        yield lambda **given: stack.enter_context(running_sandbox(sandbox_home, **given))
