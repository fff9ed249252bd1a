"""The process that serves: a socket, uvicorn, and an orderly end."""

from __future__ import annotations

import socket

import uvicorn

from opir.server.app import create_app
from opir.server.connections import connection_class
from opir.server.service import Service


class _Server(uvicorn.Server):
    """Uvicorn, which tells the service first when it is going to end: the request in work is finished, the rest not."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._service.drain()
        await super().shutdown(sockets)


def serve(service: Service, listener: socket.socket) -> None:
    """Serve on a listening socket until SIGTERM or SIGINT.

    The signal then does what it did before: raises KeyboardInterrupt, calls the handler that was set, or ends the
    process.
    """
    _Server(configuration(service), service).run(sockets=[listener])


def configuration(service: Service) -> uvicorn.Config:
    """Return what uvicorn is to do."""
    return uvicorn.Config(
        create_app(service),
        http=connection_class(service.metrics),
        ws="none",
        lifespan="on",
        access_log=False,  # it would show the ids of jobs
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
    )
