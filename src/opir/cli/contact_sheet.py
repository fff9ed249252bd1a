"""A contact sheet: the same picture under every degradation at rising severity, with labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from opir.cli.degrade import degrade_pixels
from opir.imaging import Photo, to_network

SEVERITIES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""One column each."""

TILE_SIDE_PX = 320
"""Longer side of one picture on the sheet."""

_LABEL_WIDTH_PX = 130
_HEADING_HEIGHT_PX = 24
_GAP_PX = 4
_FONT_PX = 14
_PAPER, _INK = (255, 255, 255), (20, 20, 20)


def draw_contact_sheet(photo: Photo, kinds: Sequence[str], *, seed: int) -> Photo:
    """Degrade a reduced copy of a picture by every kind at every severity and lay the results out.

    Args:
        photo: the picture; transparency and metadata are left out.
        kinds: one row each, in the given order; everything in the catalogue if empty.
        seed: the same for every row, so that a row shows one scene in worsening conditions.

    Returns:
        An opaque RGB picture.
    """
    from opir.physics.catalogue import OPERATORS

    rows = list(kinds) or list(OPERATORS)
    tile = _reduced(to_network(photo))
    height, width = tile.shape[1:]
    sheet = Image.new("RGB", _sheet_size(len(rows), width, height), _PAPER)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(_FONT_PX)
    for column, severity in enumerate(SEVERITIES):
        left = _LABEL_WIDTH_PX + column * (width + _GAP_PX)
        pen.text((left + width // 2, _HEADING_HEIGHT_PX // 2), f"{severity:g}", _INK, font, anchor="mm")
    for row, kind in enumerate(rows):
        top = _HEADING_HEIGHT_PX + row * (height + _GAP_PX)
        pen.text((_GAP_PX, top + height // 2), kind.replace("_", " "), _INK, font, anchor="lm")
        for column, severity in enumerate(SEVERITIES):
            degraded = degrade_pixels(tile, [kind], severity=severity, seed=seed)
            sheet.paste(_to_image(degraded), (_LABEL_WIDTH_PX + column * (width + _GAP_PX), top))
    return Photo(pixels=np.asarray(sheet))


def _sheet_size(n_rows: int, width: int, height: int) -> tuple[int, int]:
    return (
        _LABEL_WIDTH_PX + len(SEVERITIES) * (width + _GAP_PX),
        _HEADING_HEIGHT_PX + n_rows * (height + _GAP_PX),
    )


def _reduced(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """The picture (3, H, W) with at most ``TILE_SIDE_PX`` on its longer side."""
    height, width = pixels.shape[1:]
    factor = TILE_SIDE_PX / max(height, width)
    if factor >= 1:
        return pixels
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = _to_image(pixels).resize(size, Image.Resampling.LANCZOS)
    return np.ascontiguousarray(np.asarray(small, dtype=np.float32).transpose(2, 0, 1) / 255)


def _to_image(pixels: NDArray[np.float32]) -> Image.Image:
    codes = (pixels * 255).round().clip(0, 255).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(codes.transpose(1, 2, 0)))
