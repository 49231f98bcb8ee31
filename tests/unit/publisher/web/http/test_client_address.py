from __future__ import annotations

import pytest

from publisher.web.http.client_address import ClientAddresses

PROXY = "10.0.0.5"


def environ(peer: str, forwarded: str | None = None) -> dict[str, str]:
    found = {"REMOTE_ADDR": peer}
    return found if forwarded is None else found | {"HTTP_X_FORWARDED_FOR": forwarded}


def test_without_trusted_proxies_nobody_can_name_himself() -> None:
    assert ClientAddresses().address_of(environ("192.0.2.7", "198.51.100.1")) == "192.0.2.7"
    assert ClientAddresses().address_of({}) == ""


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        (PROXY, "198.51.100.1", "198.51.100.1"),
        (PROXY, "203.0.113.9, 198.51.100.1", "198.51.100.1"),
        (PROXY, "198.51.100.1, 10.0.0.6", "198.51.100.1"),
        (PROXY, "198.51.100.1,10.0.0.6 , 10.0.0.7", "198.51.100.1"),
        (PROXY, "198.51.100.1:50123", "198.51.100.1"),
        (PROXY, "[2001:db8::1]:50123", "2001:db8::/64"),
        (PROXY, "unknown", PROXY),
        (PROXY, "198.51.100.1, nobody", PROXY),
        (PROXY, "", PROXY),
        (PROXY, "10.0.0.9", "10.0.0.9"),
        (PROXY, "1, " * 40 + "10.0.0.6", "10.0.0.6"),
        ("192.0.2.7", "198.51.100.1", "192.0.2.7"),
        ("::ffff:10.0.0.5", "198.51.100.1", "198.51.100.1"),
    ],
)
def test_behind_trusted_proxies_the_last_foreign_address_is_the_client(
    peer: str, forwarded: str, client: str
) -> None:
    assert (
        ClientAddresses(["10.0.0.0/24", "2001:db8:1::/48"]).address_of(environ(peer, forwarded))
        == client
    )


def test_a_proxy_that_forwards_nothing_is_the_client() -> None:
    assert ClientAddresses([PROXY]).address_of(environ(PROXY)) == PROXY


@pytest.mark.parametrize("peer", ["2001:db8::1", "2001:db8::ffff:2"])
def test_the_addresses_of_one_ipv6_network_are_one_client(peer: str) -> None:
    assert ClientAddresses().address_of(environ(peer)) == "2001:db8::/64"


def test_a_proxy_that_is_no_address_is_refused() -> None:
    with pytest.raises(ValueError, match="does not appear"):
        ClientAddresses(["proxy.example"])
