"""Settings refuse what a process must not start with, naming the variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import BadSettings
from core.settings import load_settings


def test_the_defaults_are_sqlite_in_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MERX_HOME", str(tmp_path))
    assert load_settings().url == f"sqlite:///{tmp_path}/merx.db"
    assert load_settings().engine == "embedded"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MERX_ENGINE", "solr"),
        ("MERX_PORT", "eighty"),
        ("MERX_PORT", "70000"),
        ("MERX_DATABASE_URL", "mysql://here/db"),
        ("MERX_OPENSEARCH_URL", "127.0.0.1:9200"),
        ("MERX_LOG_LEVEL", "loud"),
        ("MERX_INDEX_NAME", "Products!"),
    ],
)
def test_a_wrong_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings, match=name):
        load_settings()


def test_a_setting_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERX_ENGIN", "embedded")
    with pytest.raises(BadSettings, match="MERX_ENGIN"):
        load_settings()


@pytest.mark.parametrize("name", ["MERX_SECRET", "MERX_DATA_KEYS"])
@pytest.mark.parametrize("value", [None, "short", "x" * 32 + ",short"])
def test_production_needs_secrets_of_its_own(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    good = {"MERX_MODE": "production", "MERX_SECRET": "x" * 32, "MERX_DATA_KEYS": f"{'y' * 32},{'z' * 32}"}
    for variable, setting in good.items():
        monkeypatch.setenv(variable, setting)
    assert load_settings().mode == "production"
    if name == "MERX_SECRET" and value and len(value) >= 32:
        return  # one secret, however it is written
    monkeypatch.delenv(name)
    if value:
        monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings, match=name):
        load_settings()


def test_a_postgresql_url_gets_its_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERX_DATABASE_URL", "postgresql://shop@127.0.0.1/merx")
    assert load_settings().url == "postgresql+psycopg://shop@127.0.0.1/merx"
