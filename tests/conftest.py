"""What all tests share: the real services, the public data sets, and a settings-free environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.database import Database
from tests.keys import TEST_VAULT

pytest_plugins = [
    "tests.services.postgres",
    "tests.services.opensearch",
    "tests.services.sample_home",
    "tests.services.sandbox",
    "tests.services.paying",
    "tests.faults.killing",
]

CHECKOUT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("MERX_") and not name.startswith("MERX_TEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MERX_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The public data sets beside the checkout; a loud skip where they are not."""
    folder = Path(os.environ.get("MERX_TEST_DATA", CHECKOUT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the public data sets are not here: set MERX_TEST_DATA to their folder")
    return folder


@pytest.fixture
def sqlite(new_sqlite: Callable[[], str]) -> Iterator[Database]:
    """A migrated, empty SQLite database, for tests in which the kind of database does not matter."""
    database = Database(new_sqlite(), vault=TEST_VAULT)
    yield database
    database.close()
