"""Artifacts: finished or not there at all, unchanged or known to be broken, and a pointer that never lies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.artifacts import Artifacts, content_name
from core.errors import BrokenArtifact, Conflict, NotFound


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    return Artifacts(tmp_path)


def make(artifacts: Artifacts, name: str, text: str = "model", created: str = "") -> None:
    with artifacts.create("models", name=name, about={"created_at": created or name}) as folder:
        (folder / "weights.bin").write_text(text)


def test_a_version_appears_whole_with_its_manifest(artifacts: Artifacts) -> None:
    make(artifacts, "a")
    version = artifacts.get("models", "a")
    assert (version.path / "weights.bin").read_text() == "model"
    artifacts.verify(version)


def test_a_failed_writer_leaves_nothing(artifacts: Artifacts) -> None:
    with (
        pytest.raises(RuntimeError, match="stop"),
        artifacts.create("models", name="a", about={}) as folder,
    ):
        (folder / "weights.bin").write_text("half")
        raise RuntimeError("stop")
    assert artifacts.versions("models") == []
    assert list((artifacts.root / "models").iterdir()) == []


def test_what_is_in_the_making_is_no_version_even_when_its_manifest_is_written(artifacts: Artifacts) -> None:
    make(artifacts, "a")
    whole = artifacts.get("models", "a").path
    whole.rename(whole.with_name(".making-b-1-1"))  # where a writer is killed between its manifest and its name
    make(artifacts, "c")
    assert [version.name for version in artifacts.versions("models")] == ["c"]
    assert artifacts.prune("models", keep=1) == []


def test_a_version_is_never_overwritten(artifacts: Artifacts) -> None:
    make(artifacts, "a", "first")
    make(artifacts, "a", "second")
    assert (artifacts.get("models", "a").path / "weights.bin").read_text() == "first"


@pytest.mark.parametrize("damage", ["cut", "changed", "missing"])
def test_a_damaged_file_is_found(artifacts: Artifacts, damage: str) -> None:
    make(artifacts, "a")
    version = artifacts.get("models", "a")
    path = version.path / "weights.bin"
    if damage == "missing":
        path.unlink()
    else:
        path.write_text("mod" if damage == "cut" else "MODEL")
    with pytest.raises(BrokenArtifact, match=r"weights\.bin"):
        artifacts.verify(version)


def test_a_torn_manifest_is_a_broken_artifact(artifacts: Artifacts) -> None:
    make(artifacts, "a")
    (artifacts.root / "models" / "a" / "manifest.json").write_text('{"kind": "mod')
    with pytest.raises(BrokenArtifact):
        artifacts.get("models", "a")


def test_publish_and_roll_back_and_forth(artifacts: Artifacts) -> None:
    make(artifacts, "a")
    make(artifacts, "b")
    assert artifacts.live("models") is None
    artifacts.publish("models", "a")
    with pytest.raises(Conflict):
        artifacts.rollback("models")
    artifacts.publish("models", "b")
    artifacts.publish("models", "b")  # publishing what is live must not forget what came before
    assert artifacts.rollback("models").name == "a"
    assert artifacts.rollback("models").name == "b"


def test_the_pointer_stamp_changes_with_the_pointer(artifacts: Artifacts) -> None:
    make(artifacts, "a")
    before = artifacts.pointer_stamp("models")
    artifacts.publish("models", "a")
    assert artifacts.pointer_stamp("models") != before


def test_publishing_what_is_not_there_changes_nothing(artifacts: Artifacts) -> None:
    make(artifacts, "a")
    artifacts.publish("models", "a")
    with pytest.raises(NotFound):
        artifacts.publish("models", "../models/a")
    with pytest.raises(NotFound):
        artifacts.publish("models", "b")
    live = artifacts.live("models")
    assert live is not None
    assert live.name == "a"


def test_pruning_spares_the_live_and_the_one_before(artifacts: Artifacts) -> None:
    for name in "abcdef":
        make(artifacts, name)
    artifacts.publish("models", "a")
    artifacts.publish("models", "b")
    assert artifacts.prune("models", keep=2) == ["c", "d"]
    assert [version.name for version in artifacts.versions("models")] == ["a", "b", "e", "f"]
    with pytest.raises(Conflict):
        artifacts.delete("models", "b")


def test_names_follow_what_made_them() -> None:
    assert content_name({"a": 1, "b": 2}) == content_name({"b": 2, "a": 1})
    assert content_name({"a": 1}) != content_name({"a": 2})


def test_readers_never_see_a_pointer_in_between(artifacts: Artifacts) -> None:
    for name in "ab":
        make(artifacts, name)
    artifacts.publish("models", "a")
    stop = threading.Event()
    seen: set[str] = set()

    def read() -> None:
        while not stop.is_set():
            live = artifacts.live("models")
            assert live is not None
            seen.add(live.name)

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(100):
        artifacts.publish("models", "ab"[turn % 2])
    stop.set()
    reader.join()
    assert seen == {"a", "b"}


def test_a_killed_writer_leaves_nothing_that_counts(artifacts: Artifacts, tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from core.artifacts import Artifacts\n"
        "with Artifacts(Path(sys.argv[1])).create('models', name='a', about={}) as folder:\n"
        "    (folder / 'weights.bin').write_text('half'); print('writing', flush=True); time.sleep(60)\n"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, cwd=root, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        writer.send_signal(signal.SIGKILL)
    assert artifacts.versions("models") == []
    left = list((tmp_path / "models").iterdir())
    assert len(left) == 1
    old = time.time() - 24 * 3600
    os.utime(left[0], (old, old))
    make(artifacts, "b")
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["b"]


def test_a_version_deleted_for_good_says_when_and_why_and_does_not_come_again(artifacts: Artifacts) -> None:
    make(artifacts, "a")
    make(artifacts, "b")
    at = datetime(2026, 3, 1, tzinfo=UTC)
    artifacts.delete("models", "a", why="a user was erased (e-1)", at=at)
    for asked in (artifacts.get, artifacts.publish):
        with pytest.raises(NotFound, match=r"was deleted on 2026-03-01 .* a user was erased"):
            asked("models", "a")
    with pytest.raises(Conflict, match="cannot be made again"):
        make(artifacts, "a")
    assert [version.name for version in artifacts.versions("models")] == ["b"]
    artifacts.delete("models", "b")
    make(artifacts, "b")  # one that was merely old may be made again


def test_one_that_is_killed_after_the_tombstone_is_deleted_again(
    artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(artifacts, "a")
    rename = os.replace

    def killed(source: str, target: str) -> None:
        if "deleted" in str(target):
            raise KeyboardInterrupt
        rename(source, target)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "replace", killed)
        artifacts.delete("models", "a", why="erased")
    assert artifacts.get("models", "a").name == "a"
    artifacts.delete("models", "a", why="erased")
    assert "erased" in artifacts.gone("models", "a")
    assert artifacts.versions("models") == []


def test_the_pointer_names_others_in_the_place_of_those_that_go(artifacts: Artifacts) -> None:
    for name in ("a", "b", "c"):
        make(artifacts, name)
        artifacts.publish("models", name)
    artifacts.replace("models", {"c": "a", "b": None})
    live = artifacts.live("models")
    assert live is not None
    assert live.name == "a"
    with pytest.raises(Conflict, match="no earlier"):
        artifacts.rollback("models")
    for name in ("b", "c"):
        artifacts.delete("models", name, why="erased")
    artifacts.replace("models", {"a": None})
    assert artifacts.live("models") is None
    artifacts.replace("nothing", {"a": "b"})
    assert artifacts.live("nothing") is None


def test_a_sweep_takes_what_was_never_finished_however_young(artifacts: Artifacts) -> None:
    make(artifacts, "a")
    folder = artifacts.get("models", "a").path.parent
    (folder / ".making-b-1-1").mkdir()
    (folder / ".making-b-1-1" / "weights.bin").write_text("rows")
    (folder / ".making-pointer").write_text("{}")
    artifacts.sweep("models")
    assert [path.name for path in folder.iterdir()] == ["a"]
