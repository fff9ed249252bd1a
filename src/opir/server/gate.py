"""Who is let in: the right ``Host``, no other site's ``Origin``, the token.

There is no CORS: no other site's page may read an answer. The check of ``Origin`` also keeps such a page from making
this computer work, which a browser would let it do blindly.
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from opir.server.addresses import HostRule
from opir.server.error_responses import error_response
from opir.server.errors import ApiError


class Gate:
    """ASGI middleware that answers what must not come in."""

    def __init__(self, app: ASGIApp, *, hosts: HostRule, token: str | None, open_paths: frozenset[str]) -> None:
        """``open_paths`` need no token: health checks, and the page, which asks its user for it."""
        self._app, self._hosts, self._open_paths = app, hosts, open_paths
        self._token = None if token is None else token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through or answer it."""
        error = self._objection(scope) if scope["type"] == "http" else None
        if error is None:
            await self._app(scope, receive, send)
        else:
            await error_response(error)(scope, receive, send)

    def _objection(self, scope: Scope) -> ApiError | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._hosts.allows(host):
            hint = "use its IP address, or start it with --allow-host NAME"
            return ApiError(421, "wrong_host", "the server does not go by this name", hint=hint)
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return ApiError(403, "foreign_origin", "pages of other sites may not use this server")
        if self._token is not None and scope["path"] not in self._open_paths:
            scheme, _, given = headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), self._token):
                return ApiError(401, "unauthorized", "the token is missing or wrong", hint="Authorization: Bearer ...")
        return None
