"""What the Chinese providers' messages have in common: their clock, and base64 that can be written in one way."""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta, timezone

from core.providers import Unverified

BEIJING = timezone(timedelta(hours=8))  # times without a zone are meant so, whatever the machine's is


def exact_base64(text: str) -> bytes:
    """The bytes that a text stands for; raises Unverified for one that is not their only spelling.

    Decoders ignore the last bits before the padding, so that a message could be changed and still be genuine.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise Unverified("the signature is not base64") from error
    if base64.b64encode(data).decode() != text:
        raise Unverified("the signature is not written as its only spelling")
    return data
