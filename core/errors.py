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


class Conflict(MerxError):
    """The state has moved on: the change asked for is no longer possible."""

    status = 409
    code = "conflict"
    title = "Conflict"


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
