"""``opir analyze``: what the model believes is wrong with pictures, and how sure it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opir.cli.console import choice, fail, say, say_json
from opir.cli.engine_options import ENGINES, EngineOption, ModelOption, ThreadsOption, TileOption, parse_tile
from opir.errors import ImageError, NumericalError

if TYPE_CHECKING:
    from opir.runtime.result import Findings
    from opir.runtime.spec import ModelSpec


def analyze(
    inputs: Annotated[
        list[Path],
        typer.Argument(metavar="INPUT", help="Pictures or folders of them.", show_default=False, readable=False),
    ],
    tile: TileOption = "auto",
    model: ModelOption = "base",
    engine: EngineOption = "auto",
    threads: ThreadsOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per picture and nothing else.")
    ] = False,
) -> None:
    """Say what is wrong with pictures, without restoring them.

    Each degradation that the model was trained on gets a probability of its own. It judges only these: a picture
    that is bad in another way may get low numbers throughout. The exit code is 1 if some pictures could not be read.
    """
    tile_size = parse_tile(tile)
    engine_name = choice(engine, ENGINES, option="--engine")
    from opir.batch.plan import find_pictures
    from opir.runtime.restore import Restorer

    restorer = Restorer(model, engine=engine_name, tile=tile_size, threads=threads)
    paths = [path for given in inputs for path, _ in find_pictures(given)]
    if not paths:
        fail(f"{', '.join(map(str, inputs))}: holds no pictures")
        raise typer.Exit(1)
    n_failed = 0
    for path in paths:
        try:
            found = restorer.analyze(path)
        except (ImageError, NumericalError, OSError, MemoryError) as error:
            n_failed += 1
            _tell_failure(path, error, as_json=as_json)
        else:
            _tell(path, found, restorer.spec, as_json=as_json)
    if n_failed:
        raise typer.Exit(1)


def _tell(path: Path, found: Findings, spec: ModelSpec, *, as_json: bool) -> None:
    if as_json:
        model = {"name": spec.name, "version": spec.version, "weights_sha256": spec.fingerprint}
        entry = {"input": str(path), "ok": True, "found": dict(found), "likely": found.likely(), "model": model}
        say_json(entry)
        return
    likely = found.likely()
    rest = [name for name in found.likely(0.0) if name not in likely]
    parts = [", ".join(f"{name} {found[name]:.0%}" for name in names) for names in (likely, rest)]
    say(f"{path}: {parts[0] or 'nothing in particular'}" + (f" (less likely: {parts[1]})" if rest else ""))


def _tell_failure(path: Path, error: Exception, *, as_json: bool) -> None:
    message = str(error) or type(error).__name__
    fail(message if str(path) in message else f"{path}: {message}")
    if as_json:
        say_json({"input": str(path), "ok": False, "error": {"kind": type(error).__name__, "message": message}})
