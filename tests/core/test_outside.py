"""Addresses of others: which may be called, and that the connection goes to the one that was checked."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from core import posting
from core.errors import InvalidInput
from core.outside import check_url, is_allowed, target_of
from core.posting import post
from tests.core.receiving import Receiver, receiving
from tests.services.certificates import make_certificate, server_context

PRIVATE = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
    *("224.0.0.1", "255.255.255.255", "[::1]", "[::]", "[fe80::1]", "[fd00::1]", "[::ffff:10.0.0.1]"),
    *("[64:ff9b::a00:1]", "[2002:a00:1::]", "2130706433", "0x7f000001", "127.1", "0177.0.0.1", "[ff02::1]"),
]


@pytest.mark.parametrize("host", PRIVATE)
def test_an_address_of_the_shops_own_network_is_refused(host: str) -> None:
    with pytest.raises(InvalidInput):
        check_url(f"https://{host}/x", local=False)
    with pytest.raises(InvalidInput):
        target_of(f"https://{host}:8443/x", local=False)


@pytest.mark.parametrize(
    "url",
    [
        *("http://x.example", "ftp://x.example", "https://", "https://u:p@x.example", "https://x.example:0"),
        *("https://x.example:99999", "https://x .example", "https://[::1", "file:///etc/passwd", "https:x"),
    ],
)
def test_what_is_no_address_for_webhooks_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        check_url(url, local=False)


def test_a_name_that_leads_into_the_shops_own_network_is_refused() -> None:
    assert check_url("https://localhost/x", local=False)  # names are not looked up then
    with pytest.raises(InvalidInput, match="not public"):
        target_of("https://localhost/x", local=False)
    assert post("https://localhost/x", "{}", headers={}).error == "the name leads to an address that is not public"


def test_development_may_call_this_machine_and_no_other_of_its_network() -> None:
    assert check_url("http://127.0.0.1:9000/x", local=True)
    with pytest.raises(InvalidInput):
        check_url("http://192.168.1.1/x", local=True)
    there = target_of("http://localhost:9000/a?b=c", local=True)
    assert (there.host, there.name) == ("localhost:9000", "localhost")
    assert there.url in ("http://127.0.0.1:9000/a?b=c", "http://[::1]:9000/a?b=c")


def test_public_addresses_are_allowed() -> None:
    for public in ("93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"):
        assert is_allowed(ipaddress.ip_address(public), local=False), public


def test_tls_is_checked_for_the_name_and_not_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, others = make_certificate(tmp_path), make_certificate(tmp_path, name="other.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(mine))
    posting._certificates.cache_clear()
    try:
        with receiving(Receiver(), tls=server_context(mine)) as known:
            by_name = known.url.replace("127.0.0.1", "localhost")
            assert post(by_name, "{}", headers={}, local=True).status == 204
            assert known.seen[0]["host"].startswith("localhost:")
        with receiving(Receiver(), tls=server_context(others)) as stranger:
            assert post(stranger.url, "{}", headers={}, local=True).error == "not reachable: ConnectError"
            assert stranger.seen == []
    finally:
        posting._certificates.cache_clear()
