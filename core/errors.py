"""The one hierarchy of errors. Members carry the ids they speak of and become problem JSON at the edge."""

from __future__ import annotations


class MerxError(Exception):
    """Base of everything Merx raises on purpose.

    `status` is the HTTP status at the edge, `code` a stable machine-readable name, `ids` the things it speaks of.
    """

    status = 500
    code = "internal"
    title = "Internal error"

    def __init__(self, message: str, **ids: object) -> None:
        super().__init__(message)
        self.message = message
        self.ids = ids


class InvalidInput(MerxError):
    """What was given cannot be read or is not allowed; nothing was changed."""

    status = 400
    code = "invalid-input"
    title = "Invalid input"


class NotFound(MerxError):
    """The thing named does not exist (or may not be seen)."""

    status = 404
    code = "not-found"
    title = "Not found"


class Unauthorized(MerxError):
    """Nobody is logged in, or what was shown for it is wrong, used up or too old."""

    status = 401
    code = "unauthorized"
    title = "Unauthorized"


class Forbidden(MerxError):
    """Whoever is logged in may not do this at all. What a person may not see is NotFound instead."""

    status = 403
    code = "forbidden"
    title = "Forbidden"


class TooMany(MerxError):
    """Too many attempts; `wait` in the ids says after how many seconds another may succeed."""

    status = 429
    code = "too-many-attempts"
    title = "Too many attempts"


class Conflict(MerxError):
    """The state has moved on: the change asked for is no longer possible."""

    status = 409
    code = "conflict"
    title = "Conflict"


class OutOfStock(Conflict):
    """There are fewer pieces than asked for; the ids name the variants and how many there are."""

    code = "out-of-stock"
    title = "Out of stock"


class Changed(Conflict):
    """What the shopper saw is not what it is now (a price, a total, an offer); the ids say what is."""

    code = "changed"
    title = "Changed in the meantime"


class Reused(MerxError):
    """An Idempotency-Key came back with another request."""

    status = 422
    code = "idempotency-key-reused"
    title = "Idempotency-Key reused"


class Unavailable(MerxError):
    """Something that Merx leans on does not answer, or has not been built yet."""

    status = 503
    code = "unavailable"
    title = "Unavailable"


class BrokenArtifact(Unavailable):
    """A file on disk is not what its manifest says: cut short, changed, or of another schema version."""

    code = "broken-artifact"
    title = "Broken artifact"


class RefusedPromotion(Conflict):
    """A model version or an index generation did not pass its gate."""

    code = "refused-promotion"
    title = "Refused promotion"


class BadSettings(MerxError):
    """A MERX_* variable has a value that the process must not start with."""

    code = "bad-settings"
    title = "Bad settings"
