"""A searcher for a generation of the index, with the encoder and the lexicon that were fitted for it."""

from __future__ import annotations

from analysis.synonyms import Synonyms, load_synonyms
from core.artifacts import Artifacts
from index.build import load_encoder, load_lexicon
from index.engine import Generation, SearchEngine
from ranking.search import Searcher


def open_searcher(
    engine: SearchEngine, generation: Generation, *, artifacts: Artifacts, synonyms: Synonyms | None = None
) -> Searcher:
    """A searcher whose queries are read as this generation's documents were; without `synonyms` the shipped ones.

    Raises BrokenArtifact when what the generation names cannot be read.
    """
    named = generation.about.get("encoder")
    return Searcher(
        engine,
        encoder=load_encoder(generation, artifacts=artifacts) if named else None,
        lexicon=load_lexicon(generation, artifacts=artifacts),
        synonyms=load_synonyms() if synonyms is None else synonyms,
    )
