"""Who sends a request, for shares of what is scarce: an address, never more.

Purpose: a client is the address of its connection. Behind proxies that the operator trusts
(setting `trusted_proxies`) it is the last address in X-Forwarded-For that no trusted proxy has;
whatever others wrote into that header before is not looked at, and `Forwarded` never. An IPv6
client is its /64, since one host may take any address of it (RFC 6177 §2).
Errors: none; an entry that is no address ends the search at the last proxy known.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import WSGIEnvironment

_HOST_BITS: Final = 64
# More hops than any chain of proxies has; the rest was written by the client.
_MOST_HOPS: Final = 16

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class ClientAddresses:
    """Finds the address of a client; `trusted` are networks or addresses of proxies.

    Raises ValueError for text that is neither.
    """

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        self._trusted: tuple[Network, ...] = tuple(map(ip_network, trusted))

    def address_of(self, environ: WSGIEnvironment) -> str:
        """Return the client of a request."""
        peer: str = environ.get("REMOTE_ADDR", "")
        if not self._trusted and ":" not in peer:
            return peer
        address = _address(peer)
        hops = environ.get("HTTP_X_FORWARDED_FOR", "").rsplit(",", _MOST_HOPS)
        while hops and address is not None and self._is_trusted(address):
            further = _address(hops.pop())
            if further is None:
                break
            address = further
        return _name(address, peer)

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def _address(text: str) -> Address | None:
    """Return the address, also where a port follows it."""
    text = text.strip()
    host = text[1:].partition("]")[0] if text.startswith("[") else text
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _name(address: Address | None, peer: str) -> str:
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address) >> _HOST_BITS << _HOST_BITS, _HOST_BITS)))
    return str(address) if address is not None else peer
