"""An import that is killed in the middle has changed nothing, and the next one does it all."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.database import Database
from tests.ingest.shop import SHOP, every_row, import_files, product, the_shop, write_lines

# Imports a feed and kills itself, without any chance to clean up, when it reaches a stage.
VICTIM = """
import os, signal, sys
from pathlib import Path
from core.clock import system_clock
from core.database import Database
from tests.keys import TEST_VAULT
from ingest.importer import run_import

url, home, feed, fatal = sys.argv[1:]

def progress(stage, done, total):
    if stage == fatal:
        os.kill(os.getpid(), signal.SIGKILL)

database = Database(url, vault=TEST_VAULT)
run_import("jsonl", [Path(feed)], database=database, home=Path(home), clock=system_clock, progress=progress)
"""


@pytest.mark.parametrize("stage", ["goods", "orders", "commit"])
def test_a_killed_import_changes_nothing(sqlite: Database, tmp_path: Path, stage: str) -> None:
    import_files(sqlite, tmp_path, write_lines(tmp_path / "before.jsonl", [product("lamp", title="Before")]))
    before = every_row(sqlite, besides=())
    feed = write_lines(tmp_path / "shop.jsonl", [*SHOP, "a bad line"])
    command = [sys.executable, "-c", VICTIM, sqlite.url, str(tmp_path), str(feed), stage]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert every_row(sqlite, besides=()) == before
    assert not list(tmp_path.glob("rejects/*.jsonl"))

    report = import_files(sqlite, tmp_path, feed)
    assert (report.loaded, report.rejected) == (len(SHOP), 1)
    assert report.rejects is not None
    assert report.rejects.exists()
    assert {row[0]: row[1] for row in the_shop(sqlite)["products"]}["lamp"] == "The lamp"


def test_an_import_that_fails_in_the_middle_changes_nothing(sqlite: Database, tmp_path: Path) -> None:
    feed = write_lines(tmp_path / "shop.jsonl", [*SHOP, "a bad line"])
    before = every_row(sqlite, besides=())
    with sqlite.write() as session:  # the last table of the transaction cannot be written any more
        session.connection().exec_driver_sql(
            "CREATE TRIGGER stop BEFORE INSERT ON import_run BEGIN SELECT raise(ABORT, 'the disk is full'); END"
        )
    with pytest.raises(Exception, match="the disk is full"):
        import_files(sqlite, tmp_path, feed)
    assert every_row(sqlite, besides=()) == before
    assert not list((tmp_path / "rejects").iterdir())
