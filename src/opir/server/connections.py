"""Connections that say nothing or do not take their answer are ended, so that a few idle ones keep nobody out.

uvicorn waits for ever for the head of a request and for a client that has stopped reading; and what it turns away
itself (too many connections, what is no HTTP) it answers in plain text, not in the one shape of errors.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar, cast

import h11
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from opir.server.error_responses import error_response
from opir.server.errors import ApiError, bad_request, too_many_connections
from opir.server.metrics import Metrics
from opir.server.observer import Observer

MAX_CONNECTIONS = 256
"""Connections at a time; whoever comes beyond is answered 503."""


class _Clock:
    """Something that happens unless it is stopped in time."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act
        self._timer: asyncio.TimerHandle | None = None

    def start(self, seconds: float) -> None:
        """Start, unless it runs already."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._ring)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        self._act()


class Connection(H11Protocol):
    """One connection, with limits of time."""

    head_seconds: ClassVar[float] = 20.0
    """Time for the head of a request [s], from the connection or its first byte on."""
    answer_seconds: ClassVar[float] = 60.0
    """Time for a client to read what is in the buffers [s], some 64 KiB."""
    refusal: ASGIApp
    """What answers a connection beyond the limit."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Begin."""
        super().connection_made(transport)
        self._head_clock, self._answer_clock = _Clock(self._give_up_head), _Clock(transport.abort)
        if len(self.connections) > MAX_CONNECTIONS:
            self.app = self.refusal
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        """Take bytes of a request."""
        super().data_received(data)
        self._watch_head()

    def on_response_complete(self) -> None:
        """Go on after an answer, or end."""
        super().on_response_complete()
        self._watch_end()

    def timeout_keep_alive_handler(self) -> None:
        """End a connection without a further request."""
        super().timeout_keep_alive_handler()
        self._watch_end()

    def pause_writing(self) -> None:
        """Wait for a client that does not read."""
        super().pause_writing()
        self._answer_clock.start(self.answer_seconds)

    def resume_writing(self) -> None:
        """Go on: it reads."""
        super().resume_writing()
        self._answer_clock.stop()
        self._watch_end()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        super().connection_lost(exc)
        self._head_clock.stop()
        self._answer_clock.stop()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            response = error_response(bad_request(msg))
            headers = [*response.raw_headers, (b"x-content-type-options", b"nosniff"), (b"connection", b"close")]
            for event in (
                h11.Response(status_code=response.status_code, headers=headers, reason=b"Bad Request"),
                h11.Data(data=bytes(response.body)),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event))
        self.transport.close()
        self._watch_end()

    @property
    def _is_idle(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # whatever its declaration says
        return cycle is None or cycle.response_complete

    def _watch_head(self) -> None:
        """Start the clock where a request is awaited, stop it where there is one."""
        if self._is_idle and not self.transport.is_closing():
            self._head_clock.start(self.head_seconds)
        else:
            self._head_clock.stop()

    def _give_up_head(self) -> None:
        if self._is_idle:
            self.transport.abort()

    def _watch_end(self) -> None:
        """Let a closed connection deliver what is in its buffers, but not for ever."""
        if self.transport.is_closing():
            self._head_clock.stop()
            if self.transport.get_write_buffer_size() > 0:
                self._answer_clock.start(self.answer_seconds)


def connection_class(metrics: Metrics) -> type[asyncio.Protocol]:
    """Return the class of the connections of one server, which counts those that it turns away in ``metrics``."""
    refusal = Observer(_answering(too_many_connections), metrics=metrics)
    return cast("type[asyncio.Protocol]", type("Connection", (Connection,), {"refusal": staticmethod(refusal)}))


def _answering(error: Callable[[], ApiError]) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        response = error_response(error())
        response.headers["connection"] = "close"
        await response(scope, receive, send)

    return answer
