"""Settings: one class, `MERX_*` variables, safe defaults."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from core.errors import BadSettings
from core.settings_payments import PaymentSettings
from core.vault import Vault

DEFAULT_SECRET = "development-only-secret"


class Settings(PaymentSettings):
    """Everything that can be set from outside. Unknown `MERX_*` variables are refused by `load_settings`."""

    model_config = SettingsConfigDict(env_prefix="MERX_", extra="forbid", frozen=True)

    mode: Literal["development", "production"] = "development"
    home: Path = Field(Path(".merx"), description="Where the database file, snapshots, indexes and models live")
    database_url: str = Field("", description="SQLAlchemy URL; empty is the SQLite file merx.db in the home")
    secret: str = Field(DEFAULT_SECRET, description="Signs tokens and links")
    data_keys: str = Field(
        "",
        description="Comma-separated secrets that personal data is sealed under, the current one first; "
        "empty derives one from the secret (not in production)",
    )
    public_url: str = Field("http://127.0.0.1:8000", description="What links in messages begin with")

    access_minutes: int = Field(10, ge=1, le=60, description="Life of an access token")
    refresh_days: int = Field(30, ge=1, le=365, description="Life of a refresh token that is not used")
    sender: str = Field("core.senders:LogSender", description="MODULE:NAME of what takes messages to users")
    smtp_host: str = Field("", description="Mail server of core.mail:SmtpSender")
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password: str = ""
    mail_from: str = Field("", description="The shop's own address, with or without a name: Shop <shop@x.example>")
    messages_url: str = Field("", description="Who takes messages of core.webhook_sender:WebhookSender")
    messages_secret: str = Field("", description="whsec_...: what those messages are signed with")
    low_stock: int = Field(
        5, ge=0, description="A seller is told when fewer pieces than this are left; 0 is never"
    )
    return_days: int = Field(30, ge=0, le=3650, description="How long after delivery a buyer may return goods")
    review_moderation: Literal["after", "before"] = Field(
        "after",
        description="Whether new reviews are shown at once and looked at afterwards, or the other way round",
    )
    reservation_minutes: int = Field(30, ge=1, le=1440, description="How long an unpaid order keeps its stock")
    shipping_rule: str = Field("core.charges:flat_shipping", description="MODULE:NAME of the shipping rule")
    shipping_flat: str = Field("0", description="Major units for an order, of the flat rule")
    shipping_free_from: str = Field("", description="Major units of goods from which it is free; empty is never")
    tax_rule: str = Field("core.charges:table_tax", description="MODULE:NAME of the tax rule")
    tax_rates: str = Field("", description="Percent by country, of the table rule: GB=20,DE=19,*=0")

    engine: Literal["embedded", "opensearch"] = "embedded"
    opensearch_url: str = "http://127.0.0.1:9200"
    opensearch_timeout: float = Field(10.0, gt=0, le=300, description="Seconds to wait for one answer")
    index_name: str = Field("products", pattern=r"^[a-z][a-z0-9_-]{0,63}$")

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    cors_origins: str = Field("", description="Comma-separated origins that may call the API from a browser")

    text_dimensions: int = Field(256, ge=8, le=2048, description="Length of the fitted text vectors")
    synonyms: Path | None = Field(
        None, description="The shop's own file of synonyms, one rule a line; empty has those that come with Merx"
    )
    image_model: Path | None = Field(
        None,
        description="Folder of a local image model (model.onnx, preprocessor_config.json); empty fits one",
    )
    suggest_shoppers: int = Field(
        3, ge=2, le=1000, description="A search is suggested when so many different shoppers have typed it"
    )
    explore_share: float = Field(
        0.02,
        ge=0,
        le=0.5,
        description="Share of places of the first row that are drawn, to learn what they would do",
    )
    threads: int = Field(0, ge=0, description="Threads for training; 0 is one per processor")
    keep_generations: int = Field(2, ge=2, le=10)
    keep_versions: int = Field(5, ge=2, le=100)
    relay_interval: float = Field(0.2, gt=0, le=60, description="Seconds between two looks into the outbox")

    keep_events_days: int = Field(730, ge=1, description="How long what shoppers did is kept")
    keep_shown_days: int = Field(90, ge=1, description="How long it is kept what recommendations shoppers saw")
    keep_messages_days: int = Field(
        90, ge=1, description="How long messages to users, and webhook deliveries, are kept"
    )
    keep_carts_days: int = Field(30, ge=1, description="How long the cart of a guest is kept that nobody touches")
    keep_addresses_days: int = Field(
        3650, ge=1, description="How long an order keeps its address; the amounts stay for good"
    )

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "console"

    @field_validator("image_model", "synonyms", mode="before")
    @classmethod
    def _empty_is_none(cls, folder: object) -> object:
        return folder or None

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        if url and not url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise ValueError("must be sqlite:///PATH or postgresql://...")
        return url.replace("postgresql://", "postgresql+psycopg://", 1)

    @field_validator("opensearch_url", "public_url")
    @classmethod
    def _http(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError("must be http://... or https://...")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _no_default_secret_in_production(self) -> Settings:
        if self.mode == "production" and (self.secret == DEFAULT_SECRET or len(self.secret) < 32):
            raise ValueError("MERX_SECRET must be set to at least 32 characters in production")
        if self.mode == "production" and not (keys := self._data_keys()):
            raise ValueError("MERX_DATA_KEYS must be set in production")
        elif self.mode == "production" and min(map(len, keys)) < 32:
            raise ValueError("each of MERX_DATA_KEYS must have at least 32 characters in production")
        return self

    @model_validator(mode="after")
    def _sender_has_what_it_needs(self) -> Settings:
        if self.sender == "core.mail:SmtpSender" and not (self.smtp_host and self.mail_from):
            raise ValueError("MERX_SMTP_HOST and MERX_MAIL_FROM must be set for core.mail:SmtpSender")
        if self.sender == "core.webhook_sender:WebhookSender" and not (self.messages_url and self.messages_secret):
            raise ValueError("MERX_MESSAGES_URL and MERX_MESSAGES_SECRET must be set for this sender")
        return self

    def _data_keys(self) -> list[str]:
        return [key.strip() for key in self.data_keys.split(",") if key.strip()]

    @property
    def vault(self) -> Vault:
        """The keys personal data is sealed under."""
        return Vault(self._data_keys() or [f"data:{self.secret}"])

    @property
    def url(self) -> str:
        """The database URL with the default filled in."""
        return self.database_url or f"sqlite:///{self.home.resolve() / 'merx.db'}"

    @property
    def artifacts(self) -> Path:
        """The folder of batch outputs: snapshots, index generations, model versions."""
        return self.home / "artifacts"


def load_settings(**overrides: object) -> Settings:
    """Read the settings from the environment; raises BadSettings naming each variable that is wrong."""
    known = {f"MERX_{name.upper()}" for name in Settings.model_fields}
    unknown = sorted(
        name
        for name in os.environ
        if name.startswith("MERX_") and not name.startswith("MERX_TEST_") and name not in known
    )
    if unknown:
        raise BadSettings(f"no such setting: {', '.join(unknown)}")
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = []
        for fault in error.errors():
            name = ".".join(str(part) for part in fault["loc"])
            label = f"MERX_{name.upper()}: " if name else ""
            lines.append(f"{label}{fault['msg'].removeprefix('Value error, ')}")
        raise BadSettings("; ".join(lines)) from error


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once."""
    return load_settings()
