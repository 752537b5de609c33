"""The tantivy index of a generation: tokens in, (ordinal, score) out.

tantivy does the text and nothing else. Its only other field is `ordinal`, which leads to the columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tantivy
from tantivy import Occur, Query

from index.documents import INDEXED_FIELDS
from index.lexical import K1, Best, Clause, Phrase, Plan, Prefix, Sum, Term

Ordinals = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]

# tantivy multiplies BM25 by k1 + 1 where Lucene does not; a prefix's constant score follows.
SCALE = K1 + 1.0
_TOKENIZER = "tokens"
_BUILD_HEAP = 256_000_000
_APPLY_HEAP = 32_000_000
_NARROW = 16  # asking for one document by its ordinal costs about as much as this many matches


def write_words(folder: Path, entries: Iterable[tuple[int, Mapping[str, Sequence[str]]]]) -> None:
    """A new index in an empty folder; an entry is an ordinal and the tokens of each of INDEXED_FIELDS."""
    folder.mkdir()
    _fill(tantivy.Index(_schema(), path=str(folder)), entries, heap=_BUILD_HEAP, replacing=False)


def add_words(folder: Path, entries: Iterable[tuple[int, Mapping[str, Sequence[str]]]]) -> None:
    """Add documents to an index, in one commit; what stood at their ordinals goes."""
    _fill(tantivy.Index.open(str(folder)), entries, heap=_APPLY_HEAP, replacing=True)


class Words:
    """A view of an index as it was when this was opened."""

    def __init__(self, folder: Path) -> None:
        """Raises ValueError when the index cannot be opened."""
        index = tantivy.Index.open(str(folder))
        index.config_reader("manual")
        index.reload()
        self._schema = index.schema
        self._searcher = index.searcher()

    def search(self, plan: Plan) -> tuple[Ordinals, Scores]:
        """Every matching ordinal with its score, both of shape [matches], in no promised order."""
        clauses = [(Occur.Must, self._query(plan.words))]
        clauses += [(Occur.Should, self._query(part)) for part in plan.parts.values()]
        return self._run(Query.boolean_query(clauses))

    def saying(self, field: str, tokens: Sequence[str]) -> Ordinals:
        """The ordinals whose field holds every one of the tokens."""
        terms = [(Occur.Must, Query.term_query(self._schema, field, token)) for token in tokens]
        terms = terms or [(Occur.Must, Query.all_query())]  # no tokens: none that a field does not hold
        return self._run(Query.const_score_query(Query.boolean_query(terms), 0.0))[0]

    def parts(self, plan: Plan, ordinals: Ordinals, *, matches: int) -> list[dict[str, float]]:
        """For each ordinal the score of `words` and of each part that matched it.

        `matches` is how many documents `words` matches: it decides which way is the faster one.
        """
        found: list[dict[str, float]] = [{} for _ in ordinals]
        place = {int(ordinal): index for index, ordinal in enumerate(ordinals)}
        narrow: list[tuple[Occur, Query]] = []
        if matches > _NARROW * len(place):
            # Single terms: tantivy's term set walks the whole dictionary, which costs 1 ms for 20,000 documents.
            these = [(Occur.Should, Query.term_query(self._schema, "ordinal", ordinal)) for ordinal in place]
            narrow = [(Occur.Must, Query.const_score_query(Query.boolean_query(these), 0.0))]
        for name, clause in (("words", plan.words), *plan.parts.items()):
            rows, scores = self._run(Query.boolean_query([*narrow, (Occur.Must, self._query(clause))]))
            for row, score in zip(rows.tolist(), scores.tolist(), strict=True):
                if row in place:
                    found[place[row]][name] = score
        return found

    def complete(self, prefix: str, *, size: int, without: Sequence[int]) -> list[tuple[str, int]]:
        """Tokens of titles that start with `prefix`, with the number of documents, the most frequent first.

        Documents at the ordinals `without` do not count.
        """
        counted = None
        if without:
            dead = Query.term_set_query(self._schema, "ordinal", list(without))
            counted = Query.boolean_query([(Occur.Must, Query.all_query()), (Occur.MustNot, dead)])
        terms = self._searcher.terms_with_prefix("title", prefix, counted)
        return sorted(terms, key=lambda term: (-term[1], term[0]))[:size]

    def _run(self, query: Query) -> tuple[Ordinals, Scores]:
        hits = self._searcher.search(query, limit=max(1, self._searcher.num_docs), count=False).hits
        rows = self._searcher.fast_field_values("ordinal", [address for _, address in hits])
        return np.array(rows, dtype=np.int64), np.array([score for score, _ in hits], dtype=np.float32)

    def _query(self, clause: Clause) -> Query:
        if isinstance(clause, Term):
            return _boosted(Query.term_query(self._schema, clause.field, clause.token), clause.boost)
        if isinstance(clause, Prefix):
            start = Query.regex_query(self._schema, clause.field, re.escape(clause.start) + ".*")
            return Query.const_score_query(start, clause.boost * SCALE)
        if isinstance(clause, Phrase):
            return _boosted(Query.phrase_query(self._schema, clause.field, list(clause.tokens)), clause.boost)
        if isinstance(clause, Best):
            return Query.disjunction_max_query([self._query(part) for part in clause.clauses])
        return _boosted(self._sum(clause), clause.boost)

    def _sum(self, clause: Sum) -> Query:
        return Query.boolean_query([(Occur.Should, self._query(part)) for part in clause.clauses], clause.minimum)


def _boosted(query: Query, boost: float) -> Query:
    return query if boost == 1.0 else Query.boost_query(query, boost)


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("ordinal", fast=True, indexed=True)
    for name in INDEXED_FIELDS:
        # Only titles are asked for phrases; without positions the rest is smaller and faster.
        builder.add_text_field(
            name, tokenizer_name=_TOKENIZER, index_option="position" if name == "title" else "freq"
        )
    return builder.build()


def _fill(
    index: tantivy.Index,
    entries: Iterable[tuple[int, Mapping[str, Sequence[str]]]],
    *,
    heap: int,
    replacing: bool,
) -> None:
    index.register_tokenizer(_TOKENIZER, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    # One thread keeps the documents of a build in one segment and in order: the same bytes every time.
    writer = index.writer(heap_size=heap, num_threads=1)
    for ordinal, tokens in entries:
        if replacing:
            # By query: by term tantivy takes the number for a signed one and silently finds nothing.
            writer.delete_documents_by_query(Query.term_query(index.schema, "ordinal", ordinal))
        document = tantivy.Document()
        document.add_unsigned("ordinal", ordinal)
        for name in INDEXED_FIELDS:
            document.add_text(name, " ".join(tokens[name]))
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
