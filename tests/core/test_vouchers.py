"""A voucher's limits hold for those who are there at the same moment."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from core.database import Database
from core.errors import Changed
from core.vouchers import NewVoucher, create_voucher, take, voucher_by_code
from tests.core.trade import NOW, Trade


@pytest.mark.parametrize("limit", ["usage_limit", "user_limit"])
def test_of_six_at_once_as_many_as_may_use_it_do(database: Database, tmp_path: Path, limit: str) -> None:
    trade = Trade(database, tmp_path).stocked([1])
    new = NewVoucher(code="V", kind="amount", value=10, currency="EUR", **{limit: 2})  # type: ignore[arg-type]
    with database.write() as session:
        create_voucher(session, new, at=NOW)
    with database.read() as session:
        voucher = voucher_by_code(session, "V")
        assert voucher is not None
    ready, ends = threading.Barrier(6), list[type]()

    def run() -> None:
        ready.wait()
        try:
            trade.do(lambda session: take(session, voucher, user=1))
            ends.append(type(None))
        except BaseException as error:
            ends.append(type(error))

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends, key=str) == [type(None)] * 2 + [Changed] * 4
