"""Generations on an OpenSearch cluster: an index each, an alias on the live one, another on the one before.

`<name>-<generation>` is an index; the alias `<name>` is what serves, for Merx and for other tools; the alias
`<name>-previous` is the way back. Both move in one request. The mapping's `_meta` says what a generation was
built of, and `complete` in it is set last of all.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError, OpenSearchException, TransportError

from core.errors import BadSettings, Conflict, NotFound, Unavailable
from index.engine import Generation

T = TypeVar("T")

SCHEMA = 3
KNN = "org.opensearch.knn.plugin.KNNPlugin"
LEFTOVER = timedelta(hours=6)  # a build that is not complete after this long has nobody who works on it
FRESH = 0.25  # seconds for which the alias is believed without asking again


class Cluster:
    """The connection and what is done with whole generations."""

    def __init__(self, url: str, *, index_name: str, timeout: float) -> None:
        if not urlsplit(url).hostname:
            raise BadSettings(f"MERX_OPENSEARCH_URL: {url!r} has no host")
        self.client = OpenSearch(hosts=[url], timeout=timeout, max_retries=0, pool_maxsize=32)
        self.index_name = index_name
        self._shown = _without_password(url)
        self._ours = re.compile(rf"{re.escape(index_name)}-(\d{{8}}t\d{{6}}-[0-9a-f]{{6}})")
        self._live: tuple[float, Meta | None] = (-1.0, None)

    def index(self, generation: str) -> str:
        """The index of a generation."""
        return f"{self.index_name}-{generation}"

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turns what the client raises into Unavailable with the address and a hint, but for NotFoundError."""
        try:
            yield
        except NotFoundError:
            raise  # each caller knows what it asked for
        except OpenSearchException as error:
            status = error.status_code if isinstance(error, TransportError) else "N/A"
            if status in ("N/A", "TIMEOUT"):
                hint = "is it running, and does MERX_OPENSEARCH_URL point at it?"
                raise Unavailable(
                    f"OpenSearch at {self._shown} does not answer: {hint} ({_said(error)})"
                ) from error
            raise Unavailable(f"OpenSearch at {self._shown} refused ({status}): {_said(error)}") from error

    def has_knn(self) -> bool:
        """Whether every node has the k-NN plugin."""
        with self.errors():
            nodes = self.client.nodes.info(metric="plugins")["nodes"].values()
        return all(any(plugin["classname"] == KNN for plugin in node["plugins"]) for node in nodes)

    def all(self) -> list[Meta]:
        """All complete generations, oldest first."""
        return sorted(
            (meta for meta in self._found() if meta.complete),
            key=lambda meta: (meta.generation.created_at, meta.generation.name),
        )

    def get(self, name: str) -> Meta:
        """A complete generation; raises NotFound."""
        for meta in self.all():
            if meta.generation.name == name:
                return meta
        raise NotFound(f"there is no complete generation {name!r} of {self.index_name}", generation=name)

    def live(self, *, fresh: bool = False) -> Meta | None:
        """What serves; believed for FRESH seconds unless a fresh answer is asked for."""
        at, known = self._live
        if not fresh and known is not None and time.monotonic() - at < FRESH:
            return known
        name, _ = self._aliased()
        if known is None or name != known.generation.name:
            known = self.get(name) if name else None
        self._live = (time.monotonic(), known)
        return known

    def on_live(self, work: Callable[[Meta], T]) -> T:
        """What `work` makes of the generation that serves; once more when that was deleted meanwhile."""
        meta = self.live()
        if meta is not None:
            try:
                return work(meta)
            except NotFoundError:
                meta = self.live(fresh=True)
        if meta is None:
            raise Unavailable("no index is published yet: `merx index build` makes one")
        with self.errors():
            return work(meta)

    def publish(self, name: str) -> Meta:
        """Move the alias to `name`; what served before gets the other alias. One request, all or nothing."""
        meta, (before, _) = self.get(name), self._aliased()
        if before != name:
            self._point(live=name, previous=before)
        return meta

    def rollback(self) -> Meta:
        """Exchange the two aliases; raises Conflict where there is no generation before the live one."""
        live, previous = self._aliased()
        if not previous:
            raise Conflict(f"there is no earlier generation of {self.index_name} to go back to")
        self._point(live=previous, previous=live)
        return self.get(previous)

    def prune(self, *, keep: int) -> list[str]:
        """Delete all but the newest `keep`, the live and the one before; returns the names of those deleted."""
        names = [meta.generation.name for meta in self.all()]
        kept = {*names[-keep:], *self._aliased()}
        gone = [name for name in names if name not in kept]
        for name in gone:
            self.delete(name)
        return gone

    def delete(self, name: str) -> None:
        """Delete a generation's index, complete or not."""
        with self.errors(), suppress(NotFoundError):
            self.client.indices.delete(index=self.index(name))

    def sweep(self, *, now: datetime) -> list[str]:
        """Delete what killed builds left behind; returns the names."""
        gone = [
            meta.generation.name
            for meta in self._found()
            if not meta.complete and now - datetime.fromisoformat(meta.generation.created_at) > LEFTOVER
        ]
        for name in gone:
            self.delete(name)
        return gone

    def _found(self) -> list[Meta]:
        with self.errors():
            answer = self.client.indices.get_mapping(
                index=f"{self.index_name}-*", params={"expand_wildcards": "open"}
            )
        found = []
        for index, mapping in answer.items():
            said = mapping["mappings"].get("_meta", {})
            if self._ours.fullmatch(index) and said.get("schema") == SCHEMA:
                found.append(Meta(said))
        return found

    def _aliased(self) -> tuple[str | None, str | None]:
        """The generation that serves and the one before it."""
        with self.errors():
            indexes = self.client.indices.get_alias(index=f"{self.index_name}-*")
        named: dict[str, str] = {}
        for index, entry in indexes.items():
            ours = self._ours.fullmatch(index)
            if ours:
                named |= dict.fromkeys(entry["aliases"], ours.group(1))
        return named.get(self.index_name), named.get(f"{self.index_name}-previous")

    def _point(self, *, live: str, previous: str | None) -> None:
        everything = f"{self.index_name}-*"
        actions: list[dict[str, Any]] = []
        for alias, name in ((self.index_name, live), (f"{self.index_name}-previous", previous)):
            actions.append({"remove": {"index": everything, "alias": alias, "must_exist": False}})
            if name:
                actions.append({"add": {"index": self.index(name), "alias": alias}})
        with self.errors():
            self.client.indices.update_aliases(body={"actions": actions})
        self._live = (-1.0, None)


class Meta:
    """What a generation's mapping says of it."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self.generation = Generation(said["name"], said["documents"], said["created_at"], said["about"])
        self.complete: bool = said["complete"]
        self.analyser: str = said["analyser"]
        self.dimensions: int = said["dimensions"]
        self.knn: bool = said["knn"]


def _said(error: OpenSearchException) -> str:
    if isinstance(error, TransportError):
        info = error.info if isinstance(error.info, dict) else {}
        reason = info.get("error")
        if isinstance(reason, dict):
            return str(reason.get("reason") or reason.get("type"))
        return str(error.error)
    return str(error)


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
