"""Settings of the payment providers. One whose account is not set is not offered."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings


class PaymentSettings(BaseSettings):
    """The `MERX_ALIPAY_*`, `MERX_WECHATPAY_*`, `MERX_STRIPE_*` and `MERX_SANDBOX_*` variables.

    Files with keys hold PEM. Addresses are the providers' own unless they are set.
    """

    alipay_app_id: str = Field("", description="The application's id at Alipay; empty: no Alipay")
    alipay_seller_id: str = Field("", description="The account that is paid, 2088...: notifications must name it")
    alipay_private_key: Path | None = Field(None, description="File with the application's private key")
    alipay_public_key: Path | None = Field(None, description="File with Alipay's public key")
    alipay_gateway: str = "https://openapi.alipay.com/gateway.do"
    alipay_currencies: str = Field("CNY", description="Comma-separated; * is any")

    wechatpay_app_id: str = Field("", description="The application's id at WeChat; empty: no WeChat Pay")
    wechatpay_merchant_id: str = ""
    wechatpay_merchant_serial: str = Field("", description="Serial number of the merchant's certificate")
    wechatpay_private_key: Path | None = Field(None, description="File with the merchant's private key")
    wechatpay_api_key: str = Field("", description="The APIv3 key, 32 characters")
    wechatpay_certificates: Path | None = Field(
        None, description="Folder of WeChat Pay's certificates; not set: wechatpay in the home"
    )
    wechatpay_gateway: str = "https://api.mch.weixin.qq.com"
    wechatpay_currencies: str = Field("CNY", description="Comma-separated; * is any")

    stripe_secret_key: str = Field("", description="sk_live_... or sk_test_...; empty: no cards")
    stripe_publishable_key: str = Field("", description="pk_...: what the shopper's page needs")
    stripe_webhook_secret: str = Field("", description="whsec_...: what notifications are signed with")
    stripe_gateway: str = "https://api.stripe.com"

    sandbox_port: int = Field(
        8001, ge=0, le=65535, description="Port of the sandbox providers that `serve` runs in development; 0: none"
    )
    sandbox_url: str = Field(
        "",
        description="Where sandbox providers listen, for those without an account (not in production)",
    )

    @field_validator("alipay_gateway", "wechatpay_gateway", "stripe_gateway", "sandbox_url")
    @classmethod
    def _address(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("must be http://... or https://...")
        return url.rstrip("/")
