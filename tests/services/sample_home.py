"""A small sample shop with index and models, made once a run by the real pipelines, and copies of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from fasteners import InterProcessLock

from core.settings import Settings, load_settings
from pipelines.commands.serve import build_demo
from pipelines.house import open_house

PRODUCTS, USERS = 240, 200


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the sample shop, for reading only: all workers of a run share it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    home = shared / "sample-home"
    with InterProcessLock(shared / "sample-home.lock"):
        if not home.exists():
            making = shared / "sample-home-making"
            shutil.rmtree(making, ignore_errors=True)
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("MERX_HOME", str(making))
                with open_house(load_settings(home=making, text_dimensions=64)) as house:
                    build_demo(house, products=PRODUCTS, users=USERS, seed=3)
            making.rename(home)
    return home


@pytest.fixture
def shop_settings(sample_home: Path, tmp_path: Path) -> Settings:
    """Settings for a copy of the sample shop that the test may change."""
    home = tmp_path / "home"
    shutil.copytree(sample_home, home)
    return load_settings(home=home, text_dimensions=64)
