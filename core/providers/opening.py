"""The payment providers that a shop's settings set up."""

from __future__ import annotations

from core.providers import PaymentProvider
from core.providers.local import LocalProvider
from core.settings import Settings


def open_providers(settings: Settings) -> dict[str, PaymentProvider]:
    """The providers by name. The test provider moves no money: there is none in production."""
    if settings.mode == "production":
        return {}
    return {"test": LocalProvider(settings.home / "test-provider", settings.secret)}
