"""The typed query in OpenSearch's words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from index.engine import Stats
from index.fields import ATTRIBUTE, BREAKS, any_case
from index.lexical import Best, Clause, Phrase, Plan, Prefix, Term
from index.opensearch_documents import SEPARATOR
from index.query import AllOf, AnyOf, Between, Facet, Filter, Not, Query, Says

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
    if isinstance(clause, Says):
        return {"bool": {"filter": [{"term": {f"tokens.{clause.field}": token}} for token in clause.tokens]}}
    parts = [filter_dsl(part) for part in clause.clauses]
    if isinstance(clause, AllOf):
        return {"bool": {"filter": parts}} if parts else {"match_all": {}}
    return {"bool": {"should": parts, "minimum_should_match": 1}} if parts else NOTHING


def these_dsl(ids: Iterable[str]) -> Dsl:
    """The documents of these ids, scored 0."""
    return {"constant_score": {"filter": {"terms": {"id": list(ids)}}, "boost": 0}}


def sort_dsl(query: Query) -> list[Dsl]:
    """The order of a query's sort: documents without a value last, ties by id."""
    before: list[Dsl] = [{"in_stock": "desc"}] if query.in_stock_first else []
    if query.sort == "relevance":
        return [*before, {"_score": "desc"}, {"id": "asc"}]
    name, order = _SORTS[query.sort]
    return [*before, {name: {"order": order, "missing": "_last"}}, {"id": "asc"}]


def counts_dsl(query: Query) -> Dsl:
    """Each facet, and the bounds of each number, under all refinements but the one on its own field.

    They are called by their places: not every field's name may be one of an aggregation.
    """
    asked = [(f"facet{place}", each.field, _values(each)) for place, each in enumerate(query.facets)]
    asked += [(f"stats{place}", each, {"stats": {"field": each}}) for place, each in enumerate(query.stats)]
    return {
        name: {"filter": all_dsl(query.refinements, but=field), "aggs": {"found": wanted}}
        for name, field, wanted in asked
    }


def all_dsl(refinements: Mapping[str, Filter], *, but: str | None = None) -> Dsl:
    """All refinements together, less the one of a field."""
    return filter_dsl(AllOf(tuple(clause for name, clause in refinements.items() if name != but)))


def facets_in(answer: Mapping[str, Any], query: Query) -> dict[str, list[tuple[str, int]]]:
    """The counts of each facet in an answer to `counts_dsl`."""
    found = {}
    for place, facet in enumerate(query.facets):
        skipped = len(facet.field) - len(ATTRIBUTE) + 1 if facet.field.startswith(ATTRIBUTE) else 0
        buckets = answer[f"facet{place}"]["found"]["buckets"]
        found[facet.field] = [(bucket["key"][skipped:], bucket["doc_count"]) for bucket in buckets]
    return found


def stats_in(answer: Mapping[str, Any], query: Query) -> dict[str, Stats]:
    """The bounds of each number in an answer to `counts_dsl`, of those that a document has."""
    told = {name: answer[f"stats{place}"]["found"] for place, name in enumerate(query.stats)}
    return {
        name: Stats(said["min"], said["max"], said["avg"], said["count"])
        for name, said in told.items()
        if said["count"]
    }


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
    return _literal(prefix) + "(.*)"


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
    more = named if clause.boost == 1.0 else {"boost": clause.boost, **named}
    return {"bool": {"should": parts, "minimum_should_match": clause.minimum, **more}}


def _any_of(clause: AnyOf) -> Dsl:
    if clause.field.startswith(ATTRIBUTE):
        name = clause.field.removeprefix(ATTRIBUTE)
        return {"terms": {"attributes": [f"{name}{SEPARATOR}{value}" for value in clause.values]}}
    return {"terms": {clause.field: list(clause.values)}}


def _values(facet: Facet) -> Dsl:
    """The values of a facet's field, of which a word begins with what is searched for."""
    # As in `index.columns.word_beginning`; a pattern of Lucene's is of the whole value.
    searched = f"(.*[{BREAKS}])?{any_case(facet.search)}(.*)" if facet.search else ""
    if facet.field.startswith(ATTRIBUTE):
        name = facet.field.removeprefix(ATTRIBUTE) + SEPARATOR
        include = _literal(name) + searched if searched else starting_with(name)
        return {"terms": {"field": "attributes", "include": include, **_frequent(facet.size)}}
    only = {"include": searched} if searched else {}
    return {"terms": {"field": facet.field, **only, **_frequent(facet.size)}}


def _literal(text: str) -> str:
    return re.sub(r"([^\w\s])", r"\\\1", text)


def _frequent(size: int) -> Dsl:
    return {"size": size, "order": [{"_count": "desc"}, {"_key": "asc"}]}
