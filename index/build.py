"""Building a generation from the core, and bringing it up to what has changed in the meantime."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from analysis.encoder import LsaEncoder, TextEncoder
from analysis.lexicon import Lexicon
from analysis.lexicon_fit import fit_lexicon
from analysis.text import Analyser
from core import outbox
from core.artifacts import Artifacts, content_name
from core.database import Database
from core.errors import Conflict, InvalidInput
from core.settings import Settings
from index.documents import Document, document_to_json, encoder_text, lexicon_entry
from index.engine import Change, Delete, Generation, Patch, Put, SearchEngine
from index.sources import read_documents, volatile_fields

ENCODERS = "encoders"
LEXICONS = "lexicons"

Progress = Callable[[str, int, int], None]


def build_generation(
    engine: SearchEngine,
    *,
    database: Database,
    artifacts: Artifacts,
    settings: Settings,
    progress: Progress | None = None,
) -> Generation:
    """Build a generation of all published products beside the live one; it does not serve yet.

    The text encoder and the lexicon are fitted on the same products and kept as artifacts that the generation
    names. Raises InvalidInput for a shop without published products, Unavailable when the engine does not answer.
    """
    report = progress or (lambda _stage, _done, _total: None)
    with database.read() as session:
        position = outbox.position(session)  # before the goods are read: what comes later is caught up with
        documents = read_documents(session)
    if not documents:
        raise InvalidInput("there are no published products to index: import some first")
    report("read products", len(documents), len(documents))
    texts = [encoder_text(document) for document in documents]
    name, encoder = _fitted_encoder(texts, artifacts=artifacts, dimensions=settings.text_dimensions)
    vectors = encoder.encode(texts)
    report("fit text vectors", len(documents), len(documents))
    lexicon = _fitted_lexicon(documents, artifacts=artifacts)
    report("fit lexicon", len(documents), len(documents))
    generation = engine.build(
        _counted(documents, report),
        vectors=vectors,
        about={"encoder": name, "lexicon": lexicon, "outbox": position, "documents": _digest(documents)},
    )
    return generation


def catch_up(engine: SearchEngine, generation: Generation, *, database: Database, artifacts: Artifacts) -> int:
    """Apply to a generation everything that changed since its build; returns how many documents changed.

    Run before a generation is published and after one was rolled back to: the relay feeds the live one only.
    Raises Conflict for a generation so old that its changes are not all kept any more.
    """
    with database.read() as session:
        try:
            events = outbox.since(session, str(generation.about["outbox"]))
        except Conflict as error:
            raise Conflict(
                f"{generation.name} is too old to be brought up to date: run `merx index build`",
                generation=generation.name,
            ) from error
    names = list(dict.fromkeys(event.aggregate_id for event in events if event.aggregate == "product"))
    encoder = load_encoder(generation, artifacts=artifacts)
    changed = 0
    for start in range(0, len(names), 500):
        changes = changes_for(names[start : start + 500], engine=None, database=database, encoder=encoder)
        changed += engine.apply(changes, generation=generation.name)
    return changed


def load_encoder(generation: Generation, *, artifacts: Artifacts) -> TextEncoder:
    """The encoder whose vectors a generation holds, read once: a version never changes."""
    return _encoder_in(artifacts.get(ENCODERS, str(generation.about["encoder"])).path)


@lru_cache(maxsize=2)
def _encoder_in(folder: Path) -> TextEncoder:
    return LsaEncoder.load(folder)


def load_lexicon(generation: Generation, *, artifacts: Artifacts) -> Lexicon | None:
    """The lexicon a generation was built with, read once; None for one from before there were any."""
    name = generation.about.get("lexicon")
    return _lexicon_in(artifacts.get(LEXICONS, str(name)).path) if name else None


@lru_cache(maxsize=2)
def _lexicon_in(folder: Path) -> Lexicon:
    return Lexicon.load(folder)


def changes_for(
    names: Sequence[str], *, engine: SearchEngine | None, database: Database, encoder: TextEncoder
) -> list[Change]:
    """What an index has to change so that these products (public ids) are in it as the core has them now.

    With an `engine`, a product whose live document differs only in price, stock and the like becomes a `Patch`;
    without one every product becomes a `Put`. A product that is not published any more becomes a `Delete`.
    """
    with database.read() as session:
        now = {document.id: document for document in read_documents(session, only=names)}
    live = engine.get(list(now)) if engine is not None else {}
    patches = {name for name, document in now.items() if name in live and _same_text(document, live[name])}
    fresh = [document for name, document in now.items() if name not in patches]
    vectors = encoder.encode([encoder_text(document) for document in fresh])
    changes: list[Change] = [Put(document, vector) for document, vector in zip(fresh, vectors, strict=True)]
    changes += [Patch(name, volatile_fields(now[name])) for name in names if name in patches]
    changes += [Delete(name) for name in names if name not in now]
    return changes


def _same_text(one: Document, other: Document) -> bool:
    volatile = volatile_fields(one).keys()
    plain, against = document_to_json(one), document_to_json(other)
    return all(plain[name] == against[name] for name in plain if name not in volatile)


def _fitted_encoder(texts: Sequence[str], *, artifacts: Artifacts, dimensions: int) -> tuple[str, LsaEncoder]:
    digest = hashlib.sha256("\x00".join(texts).encode()).hexdigest()
    name = content_name("lsa", LsaEncoder.version, Analyser.version, digest, dimensions)
    if any(version.name == name for version in artifacts.versions(ENCODERS)):
        return name, LsaEncoder.load(artifacts.get(ENCODERS, name).path)
    encoder = LsaEncoder.fit(texts, dimensions=dimensions)
    with artifacts.create(ENCODERS, name=name, about={"texts": digest, "dimensions": dimensions}) as folder:
        encoder.save(folder)
    return name, encoder


def _fitted_lexicon(documents: Sequence[Document], *, artifacts: Artifacts) -> str:
    entries = [lexicon_entry(document) for document in documents]
    digest = hashlib.sha256("\x00".join(map(repr, entries)).encode("utf-8", "surrogatepass")).hexdigest()
    name = content_name("lexicon", Lexicon.version, Analyser.version, digest)
    if not any(version.name == name for version in artifacts.versions(LEXICONS)):
        with artifacts.create(LEXICONS, name=name, about={"texts": digest}) as folder:
            fit_lexicon(entries).save(folder)
    return name


def _counted(documents: Sequence[Document], report: Progress) -> Iterable[Document]:
    for place, document in enumerate(documents, 1):
        yield document
        if place % 500 == 0 or place == len(documents):
            report("index documents", place, len(documents))


def _digest(documents: Iterable[Document]) -> str:
    digest = hashlib.sha256()
    for document in documents:
        digest.update(json.dumps(document_to_json(document), sort_keys=True, ensure_ascii=False).encode())
    return digest.hexdigest()
