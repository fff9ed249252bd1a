"""Draw the expected error of a restored picture as a heat map with a legend in grey levels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from opir.errors import ConfigurationError, NumericalError, ShapeError
from opir.imaging.colormap import colours_of

_PERCENTILE = 99.5
_LEAST_MAXIMUM = 1.0
_MIN_WIDTH = 240
_BACKGROUND, _INK = (255, 255, 255), (0, 0, 0)
_CAPTION = "expected error in grey levels of 255"


def heat_map_maximum(uncertainty: NDArray[np.floating]) -> float:
    """The error that the last colour stands for unless told otherwise, in grey levels.

    The 99.5th percentile, so that a few outliers do not darken the rest, rounded up to 1, 2 or 5 times a power of
    ten, so that the scale reads well and similar pictures share it; never below 1 grey level, so that a map of
    nothing but certainty looks like one.
    """
    _check(uncertainty)
    high = max(float(np.percentile(uncertainty, _PERCENTILE)), _LEAST_MAXIMUM)
    power = 10.0 ** math.floor(math.log10(high))
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= high * (1 - 1e-6))


def colour_uncertainty(uncertainty: NDArray[np.floating], *, maximum: float | None = None) -> NDArray[np.uint8]:
    """The heat map alone, (H, W, 3) sRGB uint8, for laying it over the picture.

    Args:
        uncertainty: (H, W) expected absolute error in grey levels, >= 0.
        maximum: the error in grey levels shown in the last colour; chosen by :func:`heat_map_maximum` if None.

    Raises:
        ShapeError: if ``uncertainty`` is not (H, W) floating point, holds no pixel, or is negative somewhere.
        NumericalError: if it holds NaN or infinity.
        ConfigurationError: if ``maximum`` is not a positive number.
    """
    _check(uncertainty)
    return colours_of(uncertainty, _maximum(uncertainty, maximum))


def draw_legend(maximum: float, *, width: int = 640) -> NDArray[np.uint8]:
    """A bar of all colours with the errors they stand for, in grey levels, below it.

    Args:
        maximum: the error shown in the last colour; its number carries a plus sign, since larger errors share it.
        width: width of the legend in pixels; at least 240 is needed.

    Returns:
        (h, width, 3) sRGB uint8; h grows with the width.

    Raises:
        ConfigurationError: if ``maximum`` is not a positive number or ``width`` is below 240.
    """
    _check_maximum(maximum)
    if width < _MIN_WIDTH:
        raise ConfigurationError(f"the legend must be at least {_MIN_WIDTH} pixels wide; got {width}")
    font_size = min(max(width // 40, 11), 72)
    font = ImageFont.load_default(font_size)
    margin, bar, gap = font_size * 2, font_size, font_size // 2
    image = Image.new("RGB", (width, bar + 2 * font_size + 4 * gap), _BACKGROUND)
    ramp = colours_of(np.linspace(0.0, maximum, width - 2 * margin)[None], maximum)
    image.paste(Image.fromarray(np.repeat(ramp, bar, axis=0)), (margin, gap))
    draw = ImageDraw.Draw(image)
    ticks = np.linspace(0.0, maximum, 5)
    for index, tick in enumerate(ticks):
        x = margin + index * (width - 2 * margin - 1) / (len(ticks) - 1)
        draw.line([(x, gap + bar), (x, gap + bar + gap // 2)], fill=_INK)
        text = f"{tick:g}" + ("+" if index == len(ticks) - 1 else "")
        draw.text((x, 2 * gap + bar), text, fill=_INK, font=font, anchor="ma")
    draw.text((width / 2, 3 * gap + bar + font_size), _CAPTION, fill=_INK, font=font, anchor="ma")
    return np.asarray(image)


def draw_heat_map(uncertainty: NDArray[np.floating], *, maximum: float | None = None) -> NDArray[np.uint8]:
    """The heat map with its legend below it, ready to be written to a file.

    Args and errors are those of :func:`colour_uncertainty`.

    Returns:
        (H + h, max(W, 240), 3) sRGB uint8: the map in the upper left corner, on white.
    """
    _check(uncertainty)
    largest = _maximum(uncertainty, maximum)
    heat = colours_of(uncertainty, largest)
    height, width = uncertainty.shape
    legend = draw_legend(largest, width=max(width, _MIN_WIDTH))
    canvas = np.full((height + legend.shape[0], legend.shape[1], 3), _BACKGROUND, dtype=np.uint8)
    canvas[:height, :width] = heat
    canvas[height:] = legend
    return canvas


def _maximum(uncertainty: NDArray[np.floating], maximum: float | None) -> float:
    if maximum is None:
        return heat_map_maximum(uncertainty)
    _check_maximum(maximum)
    return maximum


def _check_maximum(maximum: float) -> None:
    if not (math.isfinite(maximum) and maximum > 0):
        raise ConfigurationError(f"the maximum must be a positive number of grey levels; got {maximum}")


def _check(uncertainty: NDArray[np.floating]) -> None:
    if uncertainty.ndim != 2 or uncertainty.size == 0 or uncertainty.dtype.kind != "f":
        raise ShapeError(
            f"uncertainty must be floating point (H, W) with H, W >= 1; got {uncertainty.shape} {uncertainty.dtype}"
        )
    if not np.isfinite(uncertainty).all():
        raise NumericalError("uncertainty holds NaN or infinity; no heat map can be drawn")
    if uncertainty.min() < 0:
        raise ShapeError(f"uncertainty must not be negative; got {float(uncertainty.min()):g} grey levels")
