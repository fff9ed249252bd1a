"""``opir serve``: the same as ``opir restore`` over HTTP."""

from __future__ import annotations

import logging
import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from opir.cli.console import choice, say
from opir.cli.engine_options import ENGINES, EngineOption, ModelOption, ThreadsOption

if TYPE_CHECKING:
    from types import FrameType

    from opir.runtime.restore import Restorer
    from opir.server.settings import ServerSettings


def serve(
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, metavar="N", help="TCP port; 0 for any free one.")] = 8000,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="OPIR_TOKEN",
            metavar="TEXT",
            help="What clients send as 'Authorization: Bearer TEXT'; needed unless --host is this computer.",
            show_default=False,
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A further name that the server goes by, behind a proxy say; repeatable."),
    ] = None,
    max_megapixels: Annotated[float, typer.Option(metavar="N", help="Largest picture.")] = 64.0,
    max_body_megabytes: Annotated[int, typer.Option(min=1, metavar="N", help="Largest upload [MiB].")] = 64,
    queue: Annotated[int, typer.Option(min=0, metavar="N", help="Pictures that may wait.")] = 8,
    per_client: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            help="Pictures under way for one address, 0 for any number; clients on this computer are not counted.",
            show_default="half of the queue",
        ),
    ] = None,
    deadline: Annotated[float, typer.Option(metavar="SECONDS", help="Time for a request; jobs have an hour.")] = 300.0,
    model: ModelOption = "base",
    engine: EngineOption = "auto",
    threads: ThreadsOption = None,
) -> None:
    """Restore pictures over HTTP, for programs and for a browser.

    Only this computer can connect unless --host says otherwise, and then a token is needed. Nothing is stored. Stops
    with Ctrl-C or SIGTERM once the picture in work is done.
    """
    from opir.server.extra import require_extra
    from opir.server.settings import MEBIBYTE, ServerSettings

    engine_name = choice(engine, ENGINES, option="--engine")
    settings = ServerSettings(
        host=host,
        port=port,
        token=token,
        allowed_hosts=tuple(allow_host or ()),
        max_megapixels=max_megapixels,
        max_body_bytes=max_body_megabytes * MEBIBYTE,
        n_waiting=queue,
        n_per_client=per_client,
        deadline_s=deadline,
        job_deadline_s=max(deadline, 3600.0),
    )
    require_extra()
    from opir.runtime.restore import Restorer

    _serve(Restorer(model, engine=engine_name, threads=threads), settings)


def _serve(restorer: Restorer, settings: ServerSettings) -> None:
    from opir.runtime.self_test import self_test
    from opir.server.addresses import open_socket, url_of
    from opir.server.process import serve as run
    from opir.server.service import Service

    self_test(restorer.engine)
    _log_to_standard_error()
    with open_socket(settings.host, settings.port) as listener:
        spec = restorer.spec
        say(f"opir {spec.name} {spec.version} serves on {url_of(listener)} (Ctrl-C stops it)")
        sys.stdout.flush()  # whoever started this waits for the line
        signal.signal(signal.SIGTERM, _end)
        run(Service(restorer, settings), listener)


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of handlers
    """End without an error; reached when the server has come to its end."""
    raise SystemExit(0)


def _log_to_standard_error() -> None:
    """Show the server's own log; warnings of the other parts may quote what is in a picture and are not shown."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log = logging.getLogger("opir.server")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    logging.getLogger("opir").setLevel(logging.ERROR)
