"""A sheet of small pictures in rows and columns, with a heading over each column and a label before each row."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from opir.imaging import Photo

TILE_SIDE_PX = 320
"""Longer side of one picture on the sheet."""

_LABEL_WIDTH_PX = 130
_HEADING_HEIGHT_PX = 24
_GAP_PX = 4
_FONT_PX, _LINE_PX = 14, 20
_PAPER, _INK = (255, 255, 255), (20, 20, 20)


@dataclass(frozen=True, kw_only=True, eq=False)
class Row:
    """One row of a sheet."""

    label: Sequence[str]
    """Lines before the row; what does not fit is cut off with an ellipsis."""
    tiles: Sequence[NDArray[np.uint8] | None]
    """Pictures (h, w, 3), RGB; None leaves the place empty."""


def draw_sheet(headings: Sequence[str], rows: Sequence[Row]) -> Photo:
    """Lay small pictures out; a column is as wide, and a row as high, as its largest picture, or as its label.

    Args:
        headings: one per column.
        rows: one or more, each with a tile per heading.

    Returns:
        An opaque RGB picture.
    """
    columns = [
        [tile for tile in column if tile is not None] for column in zip(*(row.tiles for row in rows), strict=True)
    ]
    widths = [max((tile.shape[1] for tile in column), default=0) for column in columns]
    heights = [
        max((len(row.label) * _LINE_PX, *(tile.shape[0] for tile in row.tiles if tile is not None))) for row in rows
    ]
    lefts = list(itertools.accumulate((width + _GAP_PX for width in widths), initial=_LABEL_WIDTH_PX))
    tops = list(itertools.accumulate((height + _GAP_PX for height in heights), initial=_HEADING_HEIGHT_PX))
    sheet = Image.new("RGB", (lefts[-1], tops[-1]), _PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(_FONT_PX)
    for heading, left, width in zip(headings, lefts, widths, strict=False):
        pen.text((left + width // 2, _HEADING_HEIGHT_PX // 2), heading, _INK, font, anchor="mm")
    for row, top, height in zip(rows, tops, heights, strict=False):
        lines = "\n".join(_fitting(pen, font, line) for line in row.label)
        pen.multiline_text((_GAP_PX, top + height // 2), lines, _INK, font, anchor="lm")
        for tile, left in zip(row.tiles, lefts, strict=False):
            if tile is not None:
                sheet.paste(Image.fromarray(np.ascontiguousarray(tile)), (left, top))
    return Photo(pixels=np.asarray(sheet))


def reduced(pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return a picture (3, H, W), encoded RGB in [0, 1], as (h, w, 3) uint8, at most ``TILE_SIDE_PX`` a side."""
    codes = np.ascontiguousarray((pixels * 255).round().clip(0, 255).astype(np.uint8).transpose(1, 2, 0))
    height, width = reduced_size(*codes.shape[:2])
    if (height, width) == codes.shape[:2]:
        return codes
    return np.asarray(Image.fromarray(codes).resize((width, height), Image.Resampling.LANCZOS))


def reduced_size(height: int, width: int) -> tuple[int, int]:
    """Return (height, width) of a picture on the sheet; never larger than it is."""
    factor = min(1.0, TILE_SIDE_PX / max(height, width))
    return max(1, round(height * factor)), max(1, round(width * factor))


def _fitting(pen: ImageDraw.ImageDraw, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, line: str) -> str:
    """Return as much of a line as the label column holds."""
    room = _LABEL_WIDTH_PX - 2 * _GAP_PX
    if pen.textlength(line, font) <= room:
        return line
    shorter = next(n for n in range(len(line) - 1, -1, -1) if pen.textlength(line[:n] + "…", font) <= room)
    return line[:shorter] + "…"
