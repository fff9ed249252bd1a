"""What a server is allowed to do: where it listens, who may ask, how much it takes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from opir.errors import ConfigurationError
from opir.server.addresses import is_loopback

MEBIBYTE: Final = 1024**2

SHORTEST_TOKEN: Final = 16
"""Characters that a token must have at least; shorter ones can be guessed."""


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """The limits of a server.

    Raises:
        ConfigurationError: if a value is impossible, or strangers could reach the server without a token.
    """

    host: str = "127.0.0.1"
    """Address or name of the interface to listen on."""
    port: int = 8000
    """TCP port, 0 for any free one."""
    token: str | None = None
    """What clients must send as ``Authorization: Bearer``; required unless ``host`` is a loopback address."""
    allowed_hosts: tuple[str, ...] = ()
    """Names under which the server may be addressed, besides IP addresses, ``localhost`` and ``host``."""
    max_megapixels: float = 64.0
    """Largest picture [10^6 px]; checked in the file's header before anything is decoded."""
    max_body_bytes: int = 64 * MEBIBYTE
    """Largest request body [bytes], counted while it arrives."""
    n_waiting: int = 8
    """Requests and jobs that may wait besides the one in work; more are turned away with 429."""
    n_per_client: int | None = None
    """Requests and jobs that may be under way for one address, 0 for no limit of its own, None for half of all.
    Clients on this computer, a proxy among them, are never counted."""
    deadline_s: float = 300.0
    """Time [s] that a request may take from its first byte on, waiting included."""
    job_deadline_s: float = 3600.0
    """Time [s] that a job may take, waiting included."""
    result_bytes: int = 512 * MEBIBYTE
    """Memory [bytes] for the results of finished jobs; beyond it the oldest ones go."""
    result_lifetime_s: float = 600.0
    """Time [s] that the result of a job is kept."""
    fetched_lifetime_s: float = 60.0
    """Time [s] that it is kept once it has been fetched."""

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise ConfigurationError(f"the port must be in 0..65535; got {self.port}")
        for name in ("max_megapixels", "deadline_s", "job_deadline_s", "result_lifetime_s", "fetched_lifetime_s"):
            value: float = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ConfigurationError(f"{name} must be a positive number; got {value}")
        for name in ("max_body_bytes", "result_bytes"):
            if getattr(self, name) < 1:
                raise ConfigurationError(f"{name} must be at least 1; got {getattr(self, name)}")
        if self.n_waiting < 0:
            raise ConfigurationError(f"the queue must hold 0 requests or more; got {self.n_waiting}")
        if self.n_per_client is not None and self.n_per_client < 0:
            raise ConfigurationError(f"a client must be allowed 0 (no limit) requests or more; got {self.n_per_client}")
        self._check_token()

    def _check_token(self) -> None:
        if self.token is None:
            if not is_loopback(self.host):
                raise ConfigurationError(
                    f"other computers could reach {self.host}, so the server needs a token: put a long random text "
                    "into the environment variable OPIR_TOKEN (openssl rand -hex 24 makes one), or listen on 127.0.0.1"
                )
        elif len(self.token) < SHORTEST_TOKEN or not (self.token.isascii() and self.token.isprintable()):
            raise ConfigurationError(
                f"the token must be {SHORTEST_TOKEN} or more printable ASCII characters; got {len(self.token)} "
                "characters: openssl rand -hex 24 makes a good one"
            )

    @property
    def share_per_client(self) -> int | None:
        """Return how many requests and jobs one address may have under way, None for no limit of its own."""
        if self.n_per_client is None:
            return max(1, (self.n_waiting + 1) // 2)
        return self.n_per_client or None

    @property
    def max_pixels(self) -> int:
        """Return the largest picture in pixels."""
        return max(1, int(self.max_megapixels * 1e6))
