"""Network addresses: which ones only this computer reaches, which names a request may use, opening the socket."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

from opir.errors import ConfigurationError


def is_loopback(host: str) -> bool:
    """Whether every address of a host is a loopback address, which no other computer reaches.

    Raises :class:`ConfigurationError` for a name without an address.
    """
    return all(ipaddress.ip_address(address).is_loopback for _, address in _addresses(host))


def open_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens on the first address of a host; port 0 takes any free one.

    Raises :class:`ConfigurationError` where that is not possible: port in use, no permission, foreign address.
    """
    family, address = _addresses(host)[0]
    try:
        listener = socket.create_server((address, port), family=family, backlog=128)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {host} port {port} ({error.strerror or error}): choose another --port or --host"
        ) from error
    # With the protocol named asyncio sends at once (TCP_NODELAY). Without, every other answer on an open connection
    # waits 40 ms for the client's acknowledgement of the one before.
    return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=listener.detach())


def url_of(listener: socket.socket) -> str:
    """Return the URL under which a listening socket is reached from this computer."""
    address, port = listener.getsockname()[:2]
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


@dataclass(frozen=True, kw_only=True)
class HostRule:
    """Which ``Host`` headers are answered.

    A web page in somebody's browser can make its own domain name point to 127.0.0.1 ("DNS rebinding") and would
    then be allowed to read the answers. It cannot do so for an IP address or for a name that is not its own.
    """

    names: frozenset[str]
    """Lower-case names."""
    loopback_only: bool
    """Whether an IP address must be a loopback one."""

    @classmethod
    def of(cls, host: str, allowed_hosts: tuple[str, ...]) -> HostRule:
        """Return the rule for a server that listens on ``host``."""
        names = {name.lower() for name in ("localhost", host, *allowed_hosts)}
        return cls(names=frozenset(names), loopback_only=is_loopback(host))

    def allows(self, header: str) -> bool:
        """Whether a ``Host`` header, with or without a port, may be answered."""
        name = host_of(header)
        if name in self.names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not self.loopback_only


def host_of(header: str) -> str:
    """Return the name or address in a ``Host`` header, in lower case; empty if it is malformed."""
    if header.startswith("["):
        name, bracket, port = header[1:].partition("]")
        port = port.removeprefix(":") if bracket else "?"
    else:
        name, _, port = header.partition(":")
    return name.lower().removesuffix(".") if not port or port.isdecimal() else ""


def _addresses(host: str) -> list[tuple[socket.AddressFamily, str]]:
    """Return (family, numeric address) of a host."""
    try:
        found = socket.getaddrinfo(host or None, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f"there is no address for the host {host!r}: give an IP address") from error
    return [(family, str(address[0]).partition("%")[0]) for family, _, _, _, address in found]
