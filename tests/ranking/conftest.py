"""A small catalogue in a real embedded engine, for the tests of ranking."""

from __future__ import annotations

import pytest

from analysis.encoder import LsaEncoder
from core.artifacts import Artifacts
from index.documents import Document, encoder_text
from index.embedded import EmbeddedEngine
from ranking.search import Searcher

COLOURS = ("Red", "Blue", "Green", "White", "Black")
THINGS = {
    "Desk Lamp": ("Home", "Lamps"),
    "Floor Lamp": ("Home", "Lamps"),
    "Coffee Mug": ("Home", "Kitchen"),
    "Teapot": ("Home", "Kitchen"),
    "Garden Hose": ("Garden", "Watering"),
    "Watering Can": ("Garden", "Watering"),
}


def catalogue() -> list[Document]:
    """Thirty products: six things in five colours."""
    return [
        Document(
            id=f"{thing.replace(' ', '').lower()}-{colour.lower()}",
            title=f"{colour} {thing}",
            title_zh="台灯" if thing == "Desk Lamp" else "",
            brand=("Lumen", "Hearth")[place % 2],
            category=category,
            description=f"A {thing.lower()} in {colour.lower()}, made to last.",
            attributes={"colour": colour},
            price_minor=1000 + 100 * place,
            currency="EUR",
            stock=0 if colour == "Black" else 5,
            rating=4.5 if colour == "White" else None,
            rating_count=40 if colour == "White" else 0,
            popularity=float(place),
        )
        for place, (thing, category, colour) in enumerate(
            (thing, category, colour) for thing, category in THINGS.items() for colour in COLOURS
        )
    ]


@pytest.fixture(scope="session")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    documents = catalogue()
    texts = [encoder_text(document) for document in documents]
    encoder = LsaEncoder.fit(texts, dimensions=16)
    engine = EmbeddedEngine(Artifacts(tmp_path_factory.mktemp("ranking")))
    generation = engine.build(documents, vectors=encoder.encode(texts), about={})
    engine.publish(generation.name)
    return Searcher(engine, encoder=encoder, pool=10)
