"""Options that every command which runs a model shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import typer

if TYPE_CHECKING:
    from opir.runtime.restore import Tile

ENGINES: Final[tuple[Literal["auto", "onnxruntime", "torch"], ...]] = ("auto", "onnxruntime", "torch")
"""What ``--engine`` may be; :data:`opir.runtime.engine.EngineName` without importing numpy."""


def parse_tile(text: str) -> Tile:
    """Return the tile size that ``--tile`` spells, or raise :class:`typer.BadParameter`."""
    if text == "auto":
        return "auto"
    if not text.isdecimal():
        raise typer.BadParameter(f"expected auto, 0 or a number of pixels, got {text!r}", param_hint="--tile")
    return int(text)
