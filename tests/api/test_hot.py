"""Hot products: read once, forgotten when they change, never stored when a change overtook the read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from api import hot
from api.hot import HotProducts
from core.database import Database
from core.following import Tail, Told
from index.documents import Document
from tests.api.live_server import put


class Reads:
    """Counts the reads of documents and can hold them up: before they read, and after."""

    def __init__(self, real: Callable[..., list[Document]]) -> None:
        self._real = real
        self.count = 0
        self.go = threading.Event()
        self.go.set()
        self.has_read = threading.Event()

    def __call__(self, session: Any, *, only: list[str]) -> list[Document]:
        self.count += 1
        found = self._real(session, only=only)
        self.has_read.set()
        assert self.go.wait(timeout=20)
        return found


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    made = Reads(hot.read_documents)
    monkeypatch.setattr(hot, "read_documents", made)
    return made


@pytest.fixture
def tail(database: Database) -> Iterator[Tail]:
    made = Tail(database)
    yield made
    made.close()


@pytest.fixture
def products(database: Database, tail: Tail, reads: Reads) -> HotProducts:
    for name in ("red", "blue", "green"):
        put(database, name)
    return HotProducts(database, tail)


def price(products: HotProducts, name: str = "red") -> int | None:
    found = products.get(name)
    assert found is not None
    return found.price_minor


def heard(tail: Tail, act: Callable[[], None], product: str) -> None:
    """Do something, and return when the news of a product have come."""
    news = threading.Event()

    def listener(told: Any) -> None:
        if ("product", product) in [item.subject for item in told]:
            news.set()

    stop = tail.listen(listener)
    act()
    assert news.wait(timeout=20)
    stop()


def test_a_product_is_read_once_until_it_changes(
    database: Database, tail: Tail, products: HotProducts, reads: Reads
) -> None:
    assert [price(products) for _ in range(5)] == [1000] * 5
    assert reads.count == 1
    heard(tail, lambda: put(database, "blue", price=1), "blue")
    assert price(products) == 1000
    assert reads.count == 1
    heard(tail, lambda: put(database, "red", price=2), "red")
    assert price(products) == 2
    assert reads.count == 2


def test_a_withdrawn_product_is_not_there(database: Database, tail: Tail, products: HotProducts) -> None:
    assert products.get("never") is None
    assert price(products) == 1000
    heard(tail, lambda: put(database, "red", status="withdrawn"), "red")
    assert products.get("red") is None
    assert len(products) == 0


def test_many_who_ask_at_once_share_one_read(products: HotProducts, reads: Reads) -> None:
    reads.go.clear()
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(price, products) for _ in range(8)]
        assert reads.has_read.wait(timeout=20)
        reads.go.set()
        assert [answer.result(timeout=20) for answer in asked] == [1000] * 8
    assert reads.count == 1


def test_what_was_read_before_a_change_is_not_kept_after_it(
    database: Database, tail: Tail, products: HotProducts, reads: Reads
) -> None:
    reads.go.clear()
    with ThreadPoolExecutor(2) as pool:
        early = pool.submit(price, products)
        assert reads.has_read.wait(timeout=20)  # the old price is read, and not yet stored
        heard(tail, lambda: put(database, "red", price=2), "red")
        late = pool.submit(price, products)
        while reads.count < 2:
            assert not late.done()
        reads.go.set()
        assert early.result(timeout=20) == 1000  # it asked before
        assert late.result(timeout=20) == 2
    assert price(products) == 2


def test_a_read_that_fails_fails_for_those_who_wait_and_is_tried_again(
    products: HotProducts, monkeypatch: pytest.MonkeyPatch, reads: Reads
) -> None:
    def broken(_session: Any, *, only: list[str]) -> list[Document]:
        raise RuntimeError("away")

    monkeypatch.setattr(hot, "read_documents", broken)
    with pytest.raises(RuntimeError, match="away"):
        products.get("red")
    monkeypatch.setattr(hot, "read_documents", reads)
    assert price(products) == 1000


def test_an_entry_that_no_news_came_for_is_read_again_in_the_end(
    database: Database, tail: Tail, reads: Reads
) -> None:
    put(database, "red")
    now = [0.0]
    products = HotProducts(database, tail, now=lambda: now[0])
    assert price(products) == 1000
    now[0] = hot.MAX_AGE - 0.01
    assert price(products) == 1000
    assert reads.count == 1
    now[0] = hot.MAX_AGE
    assert price(products) == 1000
    assert reads.count == 2


def test_the_least_asked_for_are_let_go(
    products: HotProducts, reads: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hot, "ENTRIES", 2)
    for name in ("red", "blue", "red", "green"):
        products.get(name)
    assert (len(products), reads.count) == (2, 3)
    products.get("red")
    assert reads.count == 3
    products.get("blue")
    assert reads.count == 4


def test_news_of_other_things_forget_nothing(products: HotProducts, reads: Reads) -> None:
    price(products)
    products._heard([Told("x-1", ("order", "red"), "paid")])
    price(products)
    assert reads.count == 1


def test_readers_and_writers_at_once_end_with_the_last_price(
    database: Database, tail: Tail, products: HotProducts
) -> None:
    products._now = lambda: 0.0  # no entry ever is too old: the news alone have to do it
    stop = threading.Event()

    def read() -> int:
        count = 0
        while not stop.is_set():
            price(products)
            count += 1
            time.sleep(0.002)  # writers want the processor too
        return count

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        try:
            for value in range(1, 11):
                put(database, "red", price=value)
            until = time.monotonic() + 20
            while price(products) != 10 and time.monotonic() < until:
                time.sleep(0.01)
        finally:
            stop.set()
        assert all(reader.result(timeout=20) for reader in readers)
    assert price(products) == 10
