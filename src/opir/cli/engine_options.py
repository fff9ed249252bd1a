"""Options that every command which runs a model shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias

import typer

if TYPE_CHECKING:
    from opir.runtime.restore import Tile

ENGINES: Final[tuple[Literal["auto", "onnxruntime", "torch"], ...]] = ("auto", "onnxruntime", "torch")
"""What ``--engine`` may be; :data:`opir.runtime.engine.EngineName` without importing numpy."""

ModelOption: TypeAlias = Annotated[str, typer.Option(metavar="NAME|FOLDER", help="Bundled model or model folder.")]
EngineOption: TypeAlias = Annotated[str, typer.Option(metavar="|".join(ENGINES), help="What computes.")]
ThreadsOption: TypeAlias = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Processor threads.", show_default="all")
]
TileOption: TypeAlias = Annotated[
    str, typer.Option(metavar="auto|0|N", help="Largest side of a tile [px]; 0 for no tiles.")
]


def parse_tile(text: str) -> Tile:
    """Return the tile size that ``--tile`` spells, or raise :class:`typer.BadParameter`."""
    if text == "auto":
        return "auto"
    if not text.isdecimal():
        raise typer.BadParameter(f"expected auto, 0 or a number of pixels, got {text!r}", param_hint="--tile")
    return int(text)
