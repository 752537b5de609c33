"""The gate before a generation: what lost documents or finds worse does not serve."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from analysis.encoder import LsaEncoder
from core.artifacts import Artifacts
from core.errors import RefusedPromotion
from core.settings import Settings
from index import build
from index.documents import Document
from pipelines import gate
from pipelines.commands.index import build_index
from pipelines.gate import check_generation
from pipelines.house import House, open_house
from ranking.judgment_sets import import_judgments
from tests.pipelines.conftest import Ran

Merx = Callable[..., Ran]


@pytest.fixture
def house(sample: Settings) -> Iterator[House]:
    with open_house(sample) as opened:
        yield opened


def live(house: House) -> str:
    with house.engine() as engine:
        generation = engine.live()
        assert generation is not None
        return generation.name


def lose_documents(patch: pytest.MonkeyPatch, *, share: float) -> None:
    """From now on a build reads only a share of the goods."""
    whole = build.read_documents

    def some(*given: Any, **more: Any) -> list[Document]:
        documents = whole(*given, **more)
        return documents[: int(share * len(documents))]

    patch.setattr(build, "read_documents", some)


def spoil_encoder(patch: pytest.MonkeyPatch) -> None:
    """From now on documents are given each other's vectors: an encoder that says nothing of them."""
    encode = LsaEncoder.encode

    def mixed(self: LsaEncoder, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        vectors = encode(self, texts)
        return vectors if len(vectors) < 200 else vectors[np.random.default_rng(0).permutation(len(vectors))]

    patch.setattr(LsaEncoder, "encode", mixed)


def test_a_healthy_build_serves(house: House) -> None:
    before = live(house)
    with house.engine() as engine:
        fresh = build_index(house, engine, publish=True)
        assert "canary queries" in check_generation(house, engine, before)
    assert live(house) == fresh.name != before


@pytest.mark.parametrize("share", [0.05, 0.5, 0.85])
def test_a_build_that_lost_documents_is_kept_and_does_not_serve(
    house: House, monkeypatch: pytest.MonkeyPatch, merx: Merx, share: float
) -> None:
    before = live(house)
    with house.engine() as engine, monkeypatch.context() as patch:
        lose_documents(patch, share=share)
        with pytest.raises(RefusedPromotion, match=r"lost documents: it has .* published products"):
            build_index(house, engine, publish=True)
        kept = engine.generations()[-1]
    assert live(house) == before != kept.name
    assert merx("index", "publish", kept.name).code == 0  # somebody has looked, and knows better
    assert live(house) == kept.name


def test_goods_that_the_shop_took_away_are_not_lost(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with house.engine() as engine, monkeypatch.context() as patch:
        lose_documents(patch, share=0.5)
        published = gate.published_products
        patch.setattr(gate, "published_products", lambda session: published(session).head(100))
        patch.setattr(gate, "LIKE", 0.0)  # half of a page is another page
        assert build_index(house, engine, publish=True).documents == 120


def test_an_encoder_that_is_spoilt_is_found_out(house: House, monkeypatch: pytest.MonkeyPatch, merx: Merx) -> None:
    before = live(house)
    with monkeypatch.context() as patch:
        spoil_encoder(patch)
        ran = merx("index", "build")
        assert ran.code == 1
        assert "by meaning alone fell from" in ran.said
        assert "merx index publish" in ran.said
        assert live(house) == before
        assert merx("index", "build", "--force").code == 0
        assert live(house) != before


def test_the_shop_s_own_judgments_are_asked_where_there_are_some(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with house.engine() as engine:
        goods = [hit.document for hit in engine.search(gate.Query(sort="-popularity", limit=30)).hits]
    file = tmp_path / "canary.csv"
    rows = "".join(f'"{document.title}",{document.id},3\n' for document in goods)
    file.write_text(f"query,product_id,grade\n{rows}")
    import_judgments(file, house.artifacts, name=gate.CANARY, at=datetime(2026, 2, 1, tzinfo=UTC))
    before = live(house)
    with house.engine() as engine, monkeypatch.context() as patch:
        assert build_index(house, engine, publish=True).name == live(house) != before
        spoil_encoder(patch)
        with pytest.raises(RefusedPromotion, match="judgment set `canary`"):
            build_index(house, engine, publish=True)


def test_a_build_that_is_killed_at_the_gate_leaves_what_serves(house: House) -> None:
    before = live(house)
    script = """
import os, signal
from pipelines import gate
from pipelines.cli import app
gate._check_typed = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
app(["index", "build"])
"""
    env = {**os.environ, "MERX_HOME": str(house.home), "MERX_TEXT_DIMENSIONS": "64"}
    run = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, timeout=120, check=False)
    assert run.returncode == -signal.SIGKILL, run.stderr
    assert live(house) == before
    assert Artifacts(house.settings.artifacts).live("index/products") is not None
    with house.engine() as engine:
        assert build_index(house, engine, publish=True).name == live(house) != before
