"""Addresses of others that the shop calls: which are allowed, and to which machine they lead.

An address that somebody gives must not make the shop call its own network (server-side request forgery): the name
is resolved once, every address it has must be public, and the connection goes to that address and no other.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.errors import InvalidInput, Unavailable

MOST_URL = 500

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads: what to ask (`url`, with the address in it), and for whom (`host`, `name`)."""

    url: str
    host: str
    name: str


def check_url(url: str, *, local: bool) -> str:
    """`url` itself when it may be called; `local` allows http and this machine, for development.

    Raises InvalidInput for another scheme than https, for a user in it, and for an address that is not public.
    Names are not looked up.
    """
    parts = _parts(url)
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        raise InvalidInput("a webhook's address begins with https://")
    address = _literal(parts.hostname or "")
    if address is not None and not is_allowed(address, local=local):
        raise InvalidInput("a webhook's address must be reachable from the internet")
    return url


def target_of(url: str, *, local: bool, anywhere: bool = False) -> Target:
    """The machine behind `url`, looked up once; `anywhere` allows the shop's own network too.

    Raises InvalidInput for an address that must not be called, Unavailable for a name that cannot be looked up.
    """
    if not anywhere:
        check_url(url, local=local)
    parts = _parts(url)
    name = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"the name {name} cannot be looked up") from error
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not addresses or not (anywhere or all(is_allowed(one, local=local) for one in addresses)):
        raise InvalidInput("the name leads to an address that is not public")
    there = addresses[0]
    where = f"[{there}]" if there.version == 6 else str(there)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(f"{parts.scheme}://{where}:{port}{path}", parts.netloc, name)


def is_allowed(address: Address, *, local: bool) -> bool:
    """Whether an address is public; with `local` this machine's own are allowed too.

    Addresses of IPv6 that stand for one of IPv4 (mapped, 6to4, Teredo, NAT64) are judged by that one.
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_allowed(inner, local=local)
    if local and address.is_loopback:
        return True
    return address.is_global and not address.is_multicast and not address.is_reserved


def _parts(url: str) -> _Split:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidInput("that is not an address of the web") from error
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= MOST_URL
    if not plain or parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise InvalidInput("that is not an address of the web")
    if "@" in parts.netloc:
        raise InvalidInput("a webhook's address has no user in it: what is sent is signed")
    return _Split(parts.scheme, parts.netloc, parts.hostname, port, parts.path, parts.query)


@dataclass(frozen=True, slots=True)
class _Split:
    scheme: str
    netloc: str
    hostname: str
    port: int | None
    path: str
    query: str


def _literal(host: str) -> Address | None:
    """The address that a host stands for without a look-up, in the forms of old too ("127.1", "0x7f000001")."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        try:
            return ipaddress.IPv4Address(socket.inet_aton(host))
        except OSError:
            return None
