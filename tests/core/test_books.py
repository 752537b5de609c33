"""Books kept as files: whole after a kill, and one at a time for a record."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from core.providers.books import Books

ADD = """
import sys
from pathlib import Path
from core.providers.books import Books

books, times = Books(Path(sys.argv[1])), int(sys.argv[2])
print("ready", flush=True)
while times:
    times -= 1
    with books.locked("one"):
        count = (books.read("one") or {"count": 0})["count"] + 1
        books.write("one", {"count": count, "padding": "x" * 100_000})
"""


def adding(folder: Path, times: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", ADD, str(folder), str(times)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    books = Books(tmp_path / "books")
    assert books.read("one") is None
    assert list(books.all()) == []
    for key in ("one", "two/../three", "\ud800"):
        books.write(key, {"key": repr(key)})
    assert books.read("\ud800") == {"key": repr("\ud800")}
    assert sorted(record["key"] for record in books.all()) == sorted(map(repr, ("one", "two/../three", "\ud800")))


def test_threads_and_processes_change_a_record_one_at_a_time(tmp_path: Path) -> None:
    books = Books(tmp_path)

    def add(_: int) -> None:
        with books.locked("one"):
            books.write("one", {"count": (books.read("one") or {"count": 0})["count"] + 1})

    processes = [adding(tmp_path, 50) for _ in range(2)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(100)))
    assert [process.wait(60) for process in processes] == [0, 0]
    record = books.read("one")
    assert record is not None
    assert record["count"] == 200


def test_a_process_that_is_killed_leaves_a_whole_record_and_no_lock(tmp_path: Path) -> None:
    books = Books(tmp_path)
    for _ in range(3):
        process = adding(tmp_path, 10**9)
        assert process.stdout is not None
        process.stdout.readline()
        seen = (books.read("one") or {"count": 0})["count"]
        while (books.read("one") or {"count": 0})["count"] < seen + 20:
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        process.stdout.close()
        with books.locked("one"):
            record = books.read("one")
    assert record is not None
    assert len(record["padding"]) == 100_000
