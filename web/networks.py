"""Networks and addresses as they are written in settings and headers."""

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

# Who has one address of a network of this size has all of them (RFC 6177).
_HOUSEHOLD_PREFIX: Final = 64


def networks_from(text: str) -> tuple[Network, ...]:
    """Return the networks that a text lists, with commas or spaces between them.

    Raises:
        ValueError: one of them is neither a network nor an address, or there are none.
    """
    parts = text.replace(",", " ").split()
    if not parts:
        raise ValueError("it names no address")
    return tuple(ip_network(part, strict=False) for part in parts)


def address_from(text: str | None) -> Address | None:
    """Return the address that a text is, IPv4 in its own form; None if it is none."""
    try:
        address = ip_address((text or "").split("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def household(text: str | None) -> str:
    """Return what stands for everybody who may be behind an address: of IPv6 the first half."""
    address = address_from(text)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, _HOUSEHOLD_PREFIX), strict=False))
    return str(address)


def is_loopback(host: str) -> bool:
    """Return whether an address to listen on is reached from this machine only."""
    address = address_from(host)
    return address.is_loopback if address is not None else host == "localhost"
