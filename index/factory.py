"""The search engine that the settings name."""

from __future__ import annotations

from core.artifacts import Artifacts
from core.settings import Settings
from index.embedded import EmbeddedEngine
from index.engine import SearchEngine
from index.opensearch import OpenSearchEngine


def open_engine(settings: Settings) -> SearchEngine:
    """Open the engine; nothing is asked of it yet, so an engine that does not answer is found at its first use."""
    if settings.engine == "embedded":
        return EmbeddedEngine(Artifacts(settings.artifacts), index_name=settings.index_name)
    return OpenSearchEngine(
        settings.opensearch_url,
        artifacts=Artifacts(settings.artifacts),
        index_name=settings.index_name,
        timeout=settings.opensearch_timeout,
    )
