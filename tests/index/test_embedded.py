"""The embedded engine on its disk: other processes, killed processes, broken files."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.text import Analyser
from core.artifacts import Artifacts
from core.errors import BrokenArtifact, Unavailable
from index import journal
from index.documents import Document
from index.embedded import EmbeddedEngine
from index.engine import Delete, Patch, Put
from index.journal import Journal
from index.query import AnyOf, Between, Query
from tests.index.conftest import ids, words
from tests.index.processes import OtherProcess, run_to_its_end
from tests.index.shop import catalogue, vectors

ORRERY = Document(id="orrery", title="Brass orrery")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The artifacts' folder, with a published generation."""
    artifacts = Artifacts(tmp_path / "artifacts")
    engine = EmbeddedEngine(artifacts)
    documents = catalogue()
    engine.publish(engine.build(documents, vectors=vectors(documents), about={}).name)
    return artifacts.root


@pytest.fixture
def engine(root: Path) -> Iterator[EmbeddedEngine]:
    """An engine on it, freshly opened."""
    opened = EmbeddedEngine(Artifacts(root))
    yield opened
    opened.close()


@pytest.fixture
def other(root: Path) -> Iterator[OtherProcess]:
    """Another process on it."""
    process = OtherProcess(root)
    yield process
    process.close()


def changes(root: Path) -> Path:
    """The folder of what was applied to the one generation there is."""
    (folder,) = (root / "index-changes" / "products").iterdir()
    return folder


def test_processes_see_what_the_other_does(engine: EmbeddedEngine, other: OtherProcess) -> None:
    assert other.ask("engine.search(Query()).total") == "120"
    engine.apply(
        [Patch("p0003", {"stock": 77}), Put(Document(id="orrery", title="Brass orrery")), Delete("p0004")]
    )
    assert other.ask("ids(Query(where=Between('stock', 77, 77)))") == "['p0003']"
    assert other.ask("ids(Query(text=Text(('orreri',))))") == "['orrery']"
    assert other.ask("list(engine.get(['p0004']))") == "[]"
    assert other.ask("engine.apply([Put(Document(id='tellurion', title='Brass tellurion'))])") == "1"
    assert ids(engine, Query(text=words("brass"))) == ["orrery", "tellurion"]
    smaller = engine.build(catalogue(size=7), vectors=None, about={})
    engine.publish(smaller.name)
    assert other.ask("engine.search(Query()).total") == "7"
    other.ask("engine.rollback().name")
    assert engine.search(Query()).total == 121


def test_two_processes_may_apply_at_once(engine: EmbeddedEngine, other: OtherProcess) -> None:
    assert other.ask("engine.live().documents") == "120"
    other.tell("[engine.apply([Put(Document(id=f'theirs-{n}', title='Widget'))]) for n in range(12)]")
    ours = [engine.apply([Put(Document(id=f"ours-{n}", title="Widget"))]) for n in range(12)]
    assert other.answer() == repr(ours) == repr([1] * 12)
    expected = sorted([f"ours-{n}" for n in range(12)] + [f"theirs-{n}" for n in range(12)])
    assert sorted(ids(engine, Query(text=words("widget"), limit=50))) == expected
    assert other.ask("sorted(ids(Query(text=Text(('widget',)), limit=50)))") == repr(expected)


def test_changes_outlive_the_process(engine: EmbeddedEngine, root: Path) -> None:
    engine.apply(
        [Put(Document(id="orrery", title="Brass orrery")), Patch("p0003", {"stock": 77}), Delete("p0004")]
    )
    engine.apply([Patch("orrery", {"stock": 77})])
    engine.close()
    again = EmbeddedEngine(Artifacts(root))
    assert ids(again, Query(where=Between("stock", 77, 77))) == ["orrery", "p0003"]
    assert ids(again, Query(text=words("orrery"))) == ["orrery"]
    assert again.search(Query()).total == 120


def test_the_files_of_a_generation_never_change(engine: EmbeddedEngine, root: Path) -> None:
    engine.apply([Put(Document(id=f"n{number}", title="Orrery")) for number in range(3)])
    engine.apply([Delete("p0001"), Patch("p0002", {"stock": 9})])
    assert ids(engine, Query(text=words("orrery"))) == ["n0", "n1", "n2"]
    artifacts = Artifacts(root)
    live = artifacts.live("index/products")
    assert live is not None
    artifacts.verify(live)


def test_a_line_cut_short_does_not_count(engine: EmbeddedEngine, root: Path) -> None:
    engine.apply([Patch("p0003", {"stock": 77})])
    path = changes(root) / "journal.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:-9].replace(b"77", b"78"))  # a writer died in the middle of its line
    for reader in (engine, EmbeddedEngine(Artifacts(root))):
        assert ids(reader, Query(where=Between("stock", 77, 78))) == ["p0003"]
        assert reader.get(["p0003"])["p0003"].stock == 77
    assert engine.apply([Patch("p0005", {"stock": 79})]) == 1
    assert path.read_bytes().startswith(whole)
    again = EmbeddedEngine(Artifacts(root))
    assert ids(again, Query(where=Between("stock", 77, 79))) == ["p0003", "p0005"]


def test_a_process_killed_between_text_and_journal_has_changed_nothing(engine: EmbeddedEngine, root: Path) -> None:
    killed = run_to_its_end(
        root,
        "Journal.append = lambda self, entry: os._exit(9)\n"
        "engine.apply([Put(Document(id='ghost', title='Ghost lamp')), Delete('p0000')])",
    )
    assert killed == 9
    for reader in (engine, EmbeddedEngine(Artifacts(root))):
        assert ids(reader, Query(text=words("ghost"))) == []
        assert reader.search(Query()).total == 120
    engine.apply([Put(ORRERY)])
    for reader in (engine, EmbeddedEngine(Artifacts(root))):
        assert ids(reader, Query(text=words("ghost"))) == []
        assert ids(reader, Query(text=words("orrery"))) == ["orrery"]
        assert reader.search(Query()).total == 121


def test_a_killed_build_leaves_nothing_that_counts(engine: EmbeddedEngine, root: Path) -> None:
    before = engine.generations()
    killed = run_to_its_end(
        root,
        "def some():\n"
        "    yield from (Document(id=str(n), title='lamp') for n in range(50))\n"
        "    os._exit(9)\n"
        "engine.build(some(), vectors=None, about={})",
    )
    assert killed == 9
    assert engine.generations() == before
    assert engine.search(Query()).total == 120
    engine.publish(engine.build(catalogue(size=5), vectors=None, about={}).name)
    assert engine.search(Query()).total == 5


def test_lost_text_is_made_again_from_the_journal(engine: EmbeddedEngine, root: Path) -> None:
    engine.apply([Put(ORRERY), Put(Document(id="sundial", title="Brass dial"))])
    engine.apply([Put(Document(id="orrery", title="Steel orrery"))])
    shutil.rmtree(changes(root) / "words")
    again = EmbeddedEngine(Artifacts(root))
    assert ids(again, Query(text=words("brass"))) == ["sundial"]
    assert ids(again, Query(text=words("orrery"))) == ["orrery"]
    again.apply([Put(Document(id="quadrant", title="Brass quadrant"))])
    assert set(ids(again, Query(text=words("brass")))) == {"sundial", "quadrant"}


def test_a_writer_that_holds_on_too_long(
    engine: EmbeddedEngine, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "LOCK_PATIENCE", 0.05)
    live = engine.live()
    assert live is not None
    with (
        Journal(root / "index-changes" / "products" / live.name).lock(),
        pytest.raises(Unavailable, match="another process"),
    ):
        engine.apply([Delete("p0001")])
    assert engine.search(Query()).total == 120
    assert engine.apply([Delete("p0001")]) == 1


@pytest.mark.parametrize(
    "name", ["columns.npz", "columns.json", "documents.jsonl", "documents.npy", "vectors.npy", "words/meta.json"]
)
@pytest.mark.parametrize("how", ["cut", "gone"])
def test_a_broken_generation_is_refused_and_the_old_one_serves_on(
    engine: EmbeddedEngine, root: Path, name: str, how: str
) -> None:
    fresh = engine.build(catalogue(size=40), vectors=vectors(catalogue(size=40)), about={})
    path = root / "index" / "products" / fresh.name / name
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(BrokenArtifact, match=fresh.name):
        engine.publish(fresh.name)
    assert engine.search(Query()).total == 120
    assert EmbeddedEngine(Artifacts(root)).search(Query()).total == 120


def test_tokens_of_another_analyser_are_refused(
    engine: EmbeddedEngine, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Analyser, "version", "another")
    with pytest.raises(BrokenArtifact, match="another version"):
        engine.search(Query())


def test_what_was_found_can_be_read_after_its_generation_is_gone(engine: EmbeddedEngine) -> None:
    found = engine.search(Query(where=AnyOf("id", ("p0007",))))
    for size in (3, 4):
        engine.publish(engine.build(catalogue(size=size), vectors=None, about={}).name)
    assert engine.prune(keep=2) == [found.generation]
    assert found.hits[0].document == catalogue()[7]


def test_an_earlier_generation_keeps_its_own_changes(engine: EmbeddedEngine) -> None:
    engine.apply([Patch("p0001", {"stock": 41})])
    fresh = engine.build(catalogue(), vectors=None, about={})
    engine.publish(fresh.name)
    assert engine.get(["p0001"]) == {"p0001": catalogue()[1]}
    engine.rollback()
    assert engine.get(["p0001"]) == {"p0001": dataclasses.replace(catalogue()[1], stock=41)}
