"""Telling clients apart by their network address, so that one of them cannot fill the queue."""

from __future__ import annotations

import ipaddress
from typing import Final

from fastapi import Request

_NETWORK_BITS: Final = 64
"""Leading bits of an IPv6 address that belong to the provider; the rest a client chooses as it likes (RFC 6177)."""


def client_of(request: Request) -> str | None:
    """Return the address that a request comes from, None for this computer.

    For IPv6 it is the network. Headers such as ``X-Forwarded-For`` are not believed: anybody can send them. A proxy on
    this computer is not counted, and has to share out its places itself.
    """
    if request.client is None:
        return None
    try:
        address = ipaddress.ip_address(request.client.host.partition("%")[0])
    except ValueError:  # a socket without addresses
        return None
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    if address.is_loopback:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(address), _NETWORK_BITS), strict=False))
    return str(address)
