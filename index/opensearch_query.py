"""The typed query in OpenSearch's words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from index.fields import ATTRIBUTE
from index.lexical import Best, Clause, Phrase, Plan, Prefix, Term
from index.opensearch_documents import SEPARATOR
from index.query import AllOf, AnyOf, Between, Facet, Filter, Not, Query

Dsl = dict[str, Any]

_SORTS = {
    "price": ("price", "asc"),
    "-price": ("price", "desc"),
    "-popularity": ("popularity", "desc"),
    "-rating": ("rating_bayes", "desc"),
    "-released_at": ("released_at", "desc"),
    "-discount": ("discount", "desc"),
}
NOTHING: Dsl = {"match_none": {}}


def lexical_dsl(plan: Plan) -> Dsl:
    """The plan as one query whose score is the sum of its named parts."""
    parts = [{**_clause(part, name=name)} for name, part in plan.parts.items()]
    return {"bool": {"must": [_clause(plan.words, name="words")], "should": parts}}


def filter_dsl(clause: Filter) -> Dsl:
    """A filter, to stand where nothing is scored."""
    if isinstance(clause, AnyOf):
        return _any_of(clause)
    if isinstance(clause, Between):
        bounds = {side: value for side, value in (("gte", clause.low), ("lte", clause.high)) if value is not None}
        return {"range": {clause.field: bounds}} if bounds else {"exists": {"field": clause.field}}
    if isinstance(clause, Not):
        return {"bool": {"must_not": [filter_dsl(clause.clause)]}}
    parts = [filter_dsl(part) for part in clause.clauses]
    if isinstance(clause, AllOf):
        return {"bool": {"filter": parts}} if parts else {"match_all": {}}
    return {"bool": {"should": parts, "minimum_should_match": 1}} if parts else NOTHING


def these_dsl(ids: Iterable[str]) -> Dsl:
    """The documents of these ids, scored 0."""
    return {"constant_score": {"filter": {"terms": {"id": list(ids)}}, "boost": 0}}


def sort_dsl(sort: str) -> list[Dsl]:
    """The order of a sort: documents without a value last, ties by id."""
    if sort == "relevance":
        return [{"_score": "desc"}, {"id": "asc"}]
    name, order = _SORTS[sort]
    return [{name: {"order": order, "missing": "_last"}}, {"id": "asc"}]


def facets_dsl(query: Query) -> Dsl:
    """Each facet under all refinements but the one on its own field."""
    return {
        facet.field: {
            "filter": all_dsl(query.refinements, but=facet.field),
            "aggs": {"values": {"terms": _terms(facet)}},
        }
        for facet in query.facets
    }


def all_dsl(refinements: Mapping[str, Filter], *, but: str | None = None) -> Dsl:
    """All refinements together, less the one of a field."""
    return filter_dsl(AllOf(tuple(clause for name, clause in refinements.items() if name != but)))


def facet_pairs(facet: Facet, answer: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The counts in an answer to `facets_dsl`."""
    skipped = len(facet.field) - len(ATTRIBUTE) + 1 if facet.field.startswith(ATTRIBUTE) else 0
    buckets = answer[facet.field]["values"]["buckets"]
    return [(bucket["key"][skipped:], bucket["doc_count"]) for bucket in buckets]


def words_dsl(prefix: str, *, size: int) -> Dsl:
    """Counts of the title words that start with `prefix`."""
    return {
        "size": 0,
        "aggs": {"words": {"terms": {"field": "words", "include": starting_with(prefix), **_frequent(size)}}},
    }


def starting_with(prefix: str) -> str:
    """A pattern of Lucene's for the values that start with a text.

    In brackets, because OpenSearch 2.19 treats `text.*` specially and then fails when no value sorts behind it.
    """
    return re.sub(r"([^\w\s])", r"\\\1", prefix) + "(.*)"


def _clause(clause: Clause, *, name: str | None = None) -> Dsl:
    named = {"_name": name} if name else {}
    if isinstance(clause, Term):
        return {"term": {f"tokens.{clause.field}": {"value": clause.token, "boost": clause.boost, **named}}}
    if isinstance(clause, Prefix):
        start = {"prefix": {f"tokens.{clause.field}": {"value": clause.start}}}
        return {"constant_score": {"filter": start, "boost": clause.boost, **named}}
    if isinstance(clause, Phrase):
        words = {"query": " ".join(clause.tokens), "boost": clause.boost, **named}
        return {"match_phrase": {f"tokens.{clause.field}": words}}
    parts = [_clause(part) for part in clause.clauses]
    if isinstance(clause, Best):
        return {"dis_max": {"queries": parts, **named}}
    return {"bool": {"should": parts, "minimum_should_match": clause.minimum, **named}}


def _any_of(clause: AnyOf) -> Dsl:
    if clause.field.startswith(ATTRIBUTE):
        name = clause.field.removeprefix(ATTRIBUTE)
        return {"terms": {"attributes": [f"{name}{SEPARATOR}{value}" for value in clause.values]}}
    return {"terms": {clause.field: list(clause.values)}}


def _terms(facet: Facet) -> Dsl:
    if facet.field.startswith(ATTRIBUTE):
        name = facet.field.removeprefix(ATTRIBUTE)
        return {"field": "attributes", "include": starting_with(name + SEPARATOR), **_frequent(facet.size)}
    return {"field": facet.field, **_frequent(facet.size)}


def _frequent(size: int) -> Dsl:
    return {"size": size, "order": [{"_count": "desc"}, {"_key": "asc"}]}
