"""A shop in which anything may happen in any order: money is conserved, and stock is what its movements say."""

from __future__ import annotations

import pytest

from tests.properties.shop import NewDatabase, run


def test_a_short_run_on_sqlite(sqlite_databases: NewDatabase) -> None:
    assert run(sqlite_databases, examples=12, steps=40) > 200


@pytest.mark.postgres
def test_a_short_run_on_postgresql(new_postgres: NewDatabase) -> None:
    assert run(new_postgres, examples=6, steps=40) > 100


@pytest.mark.nightly
@pytest.mark.timeout(3 * 3600)
def test_a_hundred_thousand_steps_on_sqlite(sqlite_databases: NewDatabase) -> None:
    done = 0
    while done < 100_000:
        done += run(sqlite_databases, examples=200, steps=100)


@pytest.mark.nightly
@pytest.mark.postgres
@pytest.mark.timeout(3 * 3600)
def test_a_hundred_thousand_steps_on_postgresql(new_postgres: NewDatabase) -> None:
    done = 0
    while done < 100_000:
        done += run(new_postgres, examples=200, steps=100)
