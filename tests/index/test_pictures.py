"""The vectors of products' pictures: encoded once, kept fresh, and of the shop's own files only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from core.artifacts import Artifacts
from core.clock import frozen_clock
from core.database import Database, open_database
from core.errors import BrokenArtifact, Unavailable
from core.frames import Frames
from core.loading import load
from core.settings import Settings, load_settings
from index.build import build_generation
from index.embedded import EmbeddedEngine
from index.pictures import CHANGES, ENCODERS, PICTURES, PictureBuild, PictureIndex, build_pictures
from index.relay import relay_once
from tests.analysis.drawn import COLOURS, FORMS, drawn
from tests.analysis.test_pictures_onnx import model_in

NOW = datetime(2026, 3, 1, tzinfo=UTC)
KINDS = [(form, colour) for form in FORMS for colour in COLOURS]


@dataclass
class Home:
    """A shop with a picture folder."""

    settings: Settings
    database: Database
    artifacts: Artifacts

    @property
    def folder(self) -> Path:
        return self.settings.home / "pictures"

    def put(self, name: str, *urls: str, status: str = "published") -> None:
        """Load a product with these pictures, in this order."""
        frames = Frames(
            sellers=pl.DataFrame({"public_id": ["shop"], "name": ["The Shop"]}),
            products=pl.DataFrame([{"public_id": name, "title": name, "status": status}]),
            pictures=pl.DataFrame(
                [{"product": name, "position": place, "url": url} for place, url in enumerate(urls)],
                schema={"product": pl.String, "position": pl.Int64, "url": pl.String},
            ),
        )
        with self.database.write() as session:
            load(session, frames, at=NOW)

    def draw(self, url: str, form: str, colour: str, *, seed: int) -> str:
        """Write a picture's file."""
        (self.folder / url).parent.mkdir(parents=True, exist_ok=True)
        drawn(form, colour, seed=seed).save(self.folder / url, "PNG")
        return url

    def stock(self, *, copies: int = 1) -> None:
        """Products `disc-red-0` and so on, each with a picture of its own."""
        for copy in range(copies):
            for place, (form, colour) in enumerate(KINDS):
                name = f"{form}-{colour}-{copy}"
                self.put(name, self.draw(f"{name}.png", form, colour, seed=copy * 100 + place))

    def build(self, **changes: object) -> PictureBuild | None:
        settings = self.settings.model_copy(update=changes)
        return build_pictures(settings, artifacts=self.artifacts, database=self.database)

    def index(self, **changes: object) -> PictureIndex:
        """What another process would open."""
        settings = self.settings.model_copy(update=changes)
        return PictureIndex(settings, artifacts=self.artifacts, database=self.database)

    def nearest(self, form: str, colour: str, *, size: int = 3) -> list[str]:
        """The products that a new photograph finds."""
        live = self.index().live()
        return list(live.nearest(live.encoder.encode([drawn(form, colour, seed=777)]), size=size, floor=-1.0))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    settings = load_settings(home=tmp_path / "home", threads=2)
    settings.home.mkdir()
    database = open_database(settings)
    database.migrate()
    yield Home(settings, database, Artifacts(settings.artifacts))
    database.close()


def test_products_are_found_by_a_new_photograph(home: Home) -> None:
    home.stock(copies=2)
    built = home.build()
    assert built is not None
    assert (built.pictures, built.encoded) == (24, 24)
    assert set(home.nearest("disc", "red", size=2)) == {"disc-red-0", "disc-red-1"}
    live = home.index().live()
    again = live.of("box-blue-0")
    assert again.shape == (1, live.encoder.dimensions)
    found = live.nearest(again, size=100, floor=live.floor)
    assert next(iter(found.items())) == ("box-blue-0", pytest.approx(1.0, abs=1e-4))
    assert len(found) < 24
    assert all(cosine >= live.floor for cosine in found.values())


def test_a_picture_is_encoded_once_however_many_products_show_it_and_builds_there_are(home: Home) -> None:
    home.stock()
    home.put("twin", "disc-red-0.png")
    first, second = home.build(), home.build()
    assert first is not None
    assert (first.pictures, first.encoded) == (13, 12)
    assert second == PictureBuild(first.name, 13, 0)
    home.draw("disc-red-0.png", "disc", "red", seed=4000)
    changed = home.build()
    assert changed is not None
    assert (changed.pictures, changed.encoded) == (13, 1)
    assert changed.name != first.name
    assert len(home.artifacts.versions(ENCODERS)) == 1


def test_every_picture_of_a_product_counts(home: Home) -> None:
    home.stock()
    extra = home.draw("other-side.png", "stripes", "green", seed=31)
    home.put("two-sides", home.draw("front.png", "box", "grey", seed=32), extra)
    home.build()
    assert len(home.index().live().of("two-sides")) == 2
    assert "two-sides" in home.nearest("stripes", "green", size=2)
    assert "two-sides" in home.nearest("box", "grey", size=2)


def test_only_files_in_the_shops_own_folder_are_read(home: Home) -> None:
    home.stock()
    drawn("disc", "red", seed=5).save(home.settings.home / "secret.png")
    home.put("elsewhere", "https://pictures.example/disc.png")
    home.put("sly", "../secret.png")
    home.put("absolute", str(home.settings.home / "secret.png"))
    home.put("missing", "nowhere.png")
    (home.folder / "text.png").write_text("this is no picture")
    home.put("broken", "text.png")
    built = home.build()
    assert built is not None
    assert built.pictures == 12
    live = home.index().live()
    for name in ("elsewhere", "sly", "absolute", "missing", "broken", "nobody"):
        assert live.of(name).shape == (0, live.encoder.dimensions)


def test_a_shop_without_pictures_has_nothing_to_search(home: Home) -> None:
    home.put("bare")
    assert home.build() is None
    with pytest.raises(Unavailable, match="index build"):
        home.index().live()
    assert home.index().bring(["bare"]) == 0


def test_what_changes_is_brought_by_the_relay_and_seen_by_every_process(home: Home) -> None:
    home.stock()
    engine = EmbeddedEngine(home.artifacts)
    generation = build_generation(engine, database=home.database, artifacts=home.artifacts, settings=home.settings)
    engine.publish(generation.name)
    home.build()
    other = home.index().live()
    shown = other.of("disc-red-0")
    journal = home.settings.artifacts / CHANGES / other.name / "journal.jsonl"

    def deliver() -> None:
        relay_once(
            engine,
            database=home.database,
            artifacts=home.artifacts,
            clock=frozen_clock(NOW),
            pictures=home.index(),
        )

    home.put("disc-red-0", "disc-red-0.png")  # touched, but it looks as before
    deliver()
    assert not journal.exists()
    home.put("disc-red-0", home.draw("new.png", "stripes", "blue", seed=8))
    home.put("fresh", home.draw("fresh.png", "disc", "red", seed=9))
    home.put("box-red-0", "box-red-0.png", status="withdrawn")
    deliver()
    assert not np.array_equal(other.of("disc-red-0"), shown)
    assert home.nearest("disc", "red", size=1) == ["fresh"]
    assert "disc-red-0" in home.nearest("stripes", "blue", size=2)
    assert other.of("box-red-0").shape[0] == 0
    found = other.nearest(other.encoder.encode([drawn("disc", "red", seed=10)]), size=1, floor=-1.0)
    assert list(found) == ["fresh"]
    engine.close()


def test_what_changes_while_a_build_runs_is_not_lost(home: Home) -> None:
    home.stock()
    home.build()
    home.put("late")

    def meanwhile(_stage: str, done: int, of: int) -> None:
        if done == of:
            home.put("late", "late.png")

    home.draw("late.png", "disc", "green", seed=77)
    home.put("early", home.draw("early.png", "box", "green", seed=78))
    build_pictures(home.settings, artifacts=home.artifacts, database=home.database, progress=meanwhile)
    assert len(home.index().live().of("late")) == 1


def test_an_encoder_is_kept_until_the_shop_has_outgrown_it(home: Home) -> None:
    home.stock()
    first = home.build()
    home.put("one-more", home.draw("one-more.png", "disc", "red", seed=60))
    (encoder,) = home.artifacts.versions(ENCODERS)
    home.build()
    assert [version.name for version in home.artifacts.versions(ENCODERS)] == [encoder.name]
    home.stock(copies=3)
    grown = home.build()
    assert grown is not None
    assert grown.encoded == grown.pictures == 37
    live = home.artifacts.live(PICTURES)
    assert live is not None
    assert live.about["encoder"] != encoder.name
    home.build()
    home.put("last", home.draw("last.png", "disc", "red", seed=61))
    home.build()
    assert first is not None
    assert first.name not in [version.name for version in home.artifacts.versions(PICTURES)]
    assert [version.name for version in home.artifacts.versions(ENCODERS)] == [live.about["encoder"]]


def test_a_local_model_takes_over_with_the_next_build(home: Home, tmp_path: Path) -> None:
    home.stock()
    home.build()
    model = model_in(tmp_path / "model")
    with pytest.raises(Unavailable, match="another model"):
        home.index(image_model=model).live()
    built = home.build(image_model=model)
    assert built is not None
    assert built.encoded == 12
    assert home.index(image_model=model).live().of("disc-red-0").shape == (1, 3)
    with pytest.raises(Unavailable, match="not set now"):
        home.index().live()
    assert home.index().bring(["disc-red-0"]) == 0  # and what else the relay has to do goes on
    with pytest.raises(BrokenArtifact):
        home.build(image_model=tmp_path / "nowhere")
