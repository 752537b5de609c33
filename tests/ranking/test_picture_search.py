"""Search by picture over a real index: likeness, words and ticks together, and what is near to nothing."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from core.artifacts import Artifacts
from core.clock import system_clock
from core.database import open_database
from core.errors import InvalidInput
from core.frames import Frames
from core.loading import load
from core.settings import load_settings
from index.build import build_generation, load_lexicon
from index.embedded import EmbeddedEngine
from index.pictures import build_pictures, open_live
from index.query import AnyOf, Facet
from ranking.picture_search import PictureSearcher
from ranking.search import Searcher, SearchRequest
from tests.analysis.drawn import COLOURS, FORMS, drawn

COPIES = 3
THINGS = {"disc": "plate", "box": "crate", "stripes": "rug"}


def photograph(form: str, colour: str) -> bytes:
    """A photograph that the shop has never seen."""
    file = io.BytesIO()
    drawn(form, colour, seed=4242).save(file, "JPEG", quality=92)
    return file.getvalue()


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PictureSearcher]:
    settings = load_settings(home=tmp_path_factory.mktemp("looks"), text_dimensions=16)
    folder = settings.home / "pictures"
    folder.mkdir()
    names = [f"{form}-{colour}-{copy}" for form in FORMS for colour in COLOURS for copy in range(COPIES)]
    for place, name in enumerate(names):
        form, colour, _ = name.split("-")
        drawn(form, colour, seed=place).save(folder / f"{name}.png")
    database = open_database(settings)
    database.migrate()
    products = [
        {
            "public_id": name,
            "title": f"{('Old', 'New', 'Fine')[int(name[-1])]} {THINGS[name.split('-')[0]]}",
            "category": ["Home", THINGS[name.split("-")[0]]],
            "brand": ("Lumen", "Hearth", "Lumen")[int(name[-1])],
        }
        for name in names
    ]
    products.append({"public_id": "bare", "title": "Old plate", "category": ["Home", "plate"], "brand": "Lumen"})
    frames = Frames(
        sellers=pl.DataFrame({"public_id": ["shop"], "name": ["The Shop"]}),
        products=pl.DataFrame(products),
        pictures=pl.DataFrame([{"product": name, "position": 0, "url": f"{name}.png"} for name in names]),
    )
    with database.write() as session:
        load(session, frames, at=system_clock())
    artifacts = Artifacts(settings.artifacts)
    engine = EmbeddedEngine(artifacts)
    generation = build_generation(engine, database=database, artifacts=artifacts, settings=settings)
    engine.publish(generation.name)
    build_pictures(settings, artifacts=artifacts, database=database)
    pictures = open_live(settings, artifacts=artifacts)
    assert pictures is not None
    lexicon = load_lexicon(generation, artifacts=artifacts)
    yield PictureSearcher(Searcher(engine, encoder=None, lexicon=lexicon), pictures)
    engine.close()
    database.close()


def test_the_nearest_look_like_the_picture_and_say_so(looks: PictureSearcher) -> None:
    page = looks.search(SearchRequest(size=50), picture=photograph("disc", "red"))
    assert page.hits[0].scored.hit.id.startswith("disc-red-")
    assert 2 <= page.total == len(page.hits) < len(FORMS) * len(COLOURS) * COPIES
    scores = [hit.scored.score for hit in page.hits]
    assert scores == sorted(scores, reverse=True)
    (part,) = page.hits[0].why
    assert part.name == "picture"
    assert part.value == pytest.approx(scores[0])
    assert part.note == f"looks like your picture ({scores[0]:.2f} of 1)"


def test_a_product_leads_to_those_that_look_like_it_and_not_to_itself(looks: PictureSearcher) -> None:
    page = looks.like(SearchRequest(size=1), product="box-blue-1")
    assert page.hits[0].scored.hit.id in ("box-blue-0", "box-blue-2")
    assert "looks like it" in page.hits[0].why[0].note
    everything = looks.like(SearchRequest(size=100), product="box-blue-1")
    assert "box-blue-1" not in [hit.scored.hit.id for hit in everything.hits]


def test_words_cut_down_what_looks_alike_and_the_look_still_decides(looks: PictureSearcher) -> None:
    page = looks.search(SearchRequest("fine", size=50), picture=photograph("disc", "red"))
    assert page.hits[0].scored.hit.id == "disc-red-2"
    everything = looks.search(SearchRequest(size=50), picture=photograph("disc", "red"))
    assert 1 <= page.total < everything.total
    assert all(hit.scored.hit.id.endswith("-2") for hit in page.hits)
    for hit in page.hits:
        assert hit.scored.score == pytest.approx(sum(part.value for part in hit.why))
        assert [part.name for part in hit.why] == ["picture", "text"]
    assert looks.search(SearchRequest("zeppelin"), picture=photograph("disc", "red")).total == 0


def test_words_beside_a_picture_are_understood_as_in_any_search(looks: PictureSearcher) -> None:
    page = looks.search(SearchRequest("plaet"), picture=photograph("disc", "red"))
    assert page.corrected == "plate"
    assert {hit.scored.hit.id.split("-")[0] for hit in page.hits} == {"disc"}
    literal = looks.search(SearchRequest("plaet", understanding=False), picture=photograph("disc", "red"))
    assert (literal.total, literal.corrected) == (0, None)


def test_ticks_and_facets_describe_what_looks_alike(looks: PictureSearcher) -> None:
    facets = (Facet("brand"), Facet("category"))
    picture = photograph("box", "green")
    page = looks.search(SearchRequest(size=100, facets=facets), picture=picture)
    counts = dict(page.facets["brand"])
    ticked = {"brand": AnyOf("brand", ("Hearth",))}
    narrowed = looks.search(SearchRequest(size=100, facets=facets, refinements=ticked), picture=picture)
    assert sum(counts.values()) == page.total
    assert narrowed.total == counts["Hearth"] == len(narrowed.hits)
    assert {hit.scored.hit.document.brand for hit in narrowed.hits} == {"Hearth"}
    assert dict(narrowed.facets["brand"]) == counts
    paths = dict(narrowed.facets["category"])
    assert paths["Home"] == narrowed.total
    assert paths["Home > crate"] >= 1


def test_pages_follow_one_another(looks: PictureSearcher) -> None:
    picture = photograph("stripes", "blue")
    whole = looks.search(SearchRequest(size=100), picture=picture)
    pages = [looks.search(SearchRequest(size=2, page=page), picture=picture) for page in (1, 2)]
    assert [hit.scored.hit.id for page in pages for hit in page.hits] == [
        hit.scored.hit.id for hit in whole.hits[:4]
    ]
    assert looks.search(SearchRequest(size=100, page=2), picture=picture).hits == []


def test_nothing_is_near_to_nothing(looks: PictureSearcher) -> None:
    assert looks.like(SearchRequest(), product="bare").total == 0
    assert looks.like(SearchRequest(), product="nobody").total == 0


@pytest.mark.parametrize("data", [b"", b"no picture", photograph("disc", "red")[:300]])
def test_what_is_no_picture_is_refused(looks: PictureSearcher, data: bytes) -> None:
    with pytest.raises(InvalidInput, match="not a whole picture"):
        looks.search(SearchRequest(), picture=data)


def test_pages_out_of_bounds_are_refused(looks: PictureSearcher) -> None:
    for wrong in (
        SearchRequest(size=0),
        SearchRequest(size=101),
        SearchRequest(page=0),
        SearchRequest(page=10**6),
    ):
        with pytest.raises(InvalidInput):
            looks.like(wrong, product="box-blue-1")


def test_pictures_of_any_form_can_be_asked_with(looks: PictureSearcher, tmp_path: Path) -> None:
    for image in (Image.new("RGB", (1, 1)), Image.new("RGBA", (300, 4)), Image.new("L", (40, 900), 200)):
        image.save(tmp_path / "asked.png")
        page = looks.search(SearchRequest(size=5), picture=(tmp_path / "asked.png").read_bytes())
        assert page.total == len(page.hits) or page.total > 5
