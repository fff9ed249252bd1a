"""Small pictures of the worst cases, made while the evaluation runs, since no result is kept."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from opir.evaluation.benchmark import CaseScore, quality
from opir.evaluation.contestants import Restored
from opir.evaluation.plan import Case, Float32
from opir.evaluation.protocols import Protocol
from opir.imaging import Photo, colour_uncertainty, encode_photo, heat_map_maximum

N_WORST: Final = 24
"""Cases of which pictures are kept."""

THUMBNAIL_PX: Final = 240
"""Longer side of a whole picture."""

DETAIL_PX: Final = 120
"""Side of a part that is shown pixel by pixel."""

_SEARCH_STEP_PX: Final = 8

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One view of a case."""

    caption: str
    """Whose picture it is."""
    whole: bytes
    """PNG of the whole, reduced."""
    detail: bytes
    """PNG of the part where the result is worst."""
    error: bytes | None
    """PNG of the absolute error in colour; None for the reference."""


@dataclass(frozen=True, kw_only=True)
class CaseFigures:
    """All views of a case."""

    score: CaseScore
    """Its scores."""
    figures: tuple[Figure, ...]
    """Input, every contestant, reference; after a contestant that predicts its error, that prediction."""
    error_maximum: float
    """The error that the last colour of the maps stands for [grey levels]."""


class Gallery:
    """Keeps views of the worst cases by :func:`opir.evaluation.benchmark.quality`."""

    def __init__(self, protocol: Protocol, columns: tuple[str, ...], *, n_worst: int = N_WORST) -> None:
        self._protocol = protocol
        self._columns = columns
        self._n_worst = n_worst
        self._keys: list[float] = []
        self._cases: list[CaseFigures] = []

    @property
    def cases(self) -> tuple[CaseFigures, ...]:
        """The kept cases, worst first."""
        return tuple(self._cases)

    def add(self, case: Case, restored: tuple[Restored, ...], case_score: CaseScore) -> None:
        """Look at a case and keep its views if it is bad enough."""
        key = quality(case_score, self._protocol)
        if len(self._keys) == self._n_worst and key >= self._keys[-1]:
            return
        where = bisect.bisect_right(self._keys, key)
        self._keys.insert(where, key)
        self._cases.insert(where, draw_case(case, restored, case_score, self._columns))
        del self._keys[self._n_worst :], self._cases[self._n_worst :]


def draw_case(
    case: Case, restored: tuple[Restored, ...], case_score: CaseScore, columns: tuple[str, ...]
) -> CaseFigures:
    """Draw all views of a case; errors are means over channels in grey levels, all in the same colours."""
    errors = [_error(case.degraded, case.clean), *(_error(result.image, case.clean) for result in restored)]
    focus = errors[1] if restored else errors[0]
    maximum = heat_map_maximum(focus)
    top, left = worst_corner(focus, DETAIL_PX)
    window = (slice(top, top + DETAIL_PX), slice(left, left + DETAIL_PX))

    def figure(caption: str, pixels: Pixels, error: Float32 | None) -> Figure:
        colours = None if error is None else colour_uncertainty(error, maximum=maximum)
        return Figure(
            caption=caption,
            whole=_png(_reduced(pixels)),
            detail=_png(pixels[window]),
            error=None if colours is None else _png(_reduced(colours)),
        )

    figures = [figure("input", _pixels(case.degraded), errors[0])]
    for column, result, error in zip(columns, restored, errors[1:], strict=True):
        figures.append(figure(column, _pixels(result.image), error))
        if result.expected_error is not None:
            expected = colour_uncertainty(result.expected_error, maximum=maximum)
            figures.append(figure(f"{column}: expected error", expected, None))
    figures.append(figure("reference", _pixels(case.clean), None))
    return CaseFigures(score=case_score, figures=tuple(figures), error_maximum=maximum)


def worst_corner(error: NDArray[np.floating], side: int) -> tuple[int, int]:
    """Top and left of the square of the largest mean error, looked for every 8 px and at the far edges.

    Along an axis where the picture (H, W) is smaller than the square the answer is 0.
    """
    height, width = error.shape
    sums = np.pad(error.astype(np.float64).cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    tall, wide = min(side, height), min(side, width)
    tops, lefts = _starts(height - tall)[:, None], _starts(width - wide)[None]
    totals = sums[tops + tall, lefts + wide] - sums[tops, lefts + wide] - sums[tops + tall, lefts] + sums[tops, lefts]
    row, column = np.unravel_index(int(np.argmax(totals)), totals.shape)
    return int(tops[row, 0]), int(lefts[0, column])


def _starts(last: int) -> NDArray[np.intp]:
    return np.unique(np.append(np.arange(0, last + 1, _SEARCH_STEP_PX), last)).astype(np.intp)


def _error(image: Float32, clean: Float32) -> Float32:
    difference: Float32 = np.abs(np.clip(image, 0.0, 1.0) - clean).mean(axis=0)
    return difference * np.float32(255)


def _pixels(image: Float32) -> Pixels:
    return np.ascontiguousarray(np.rint(np.clip(image, 0.0, 1.0) * 255).astype(np.uint8).transpose(1, 2, 0))


def _reduced(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    factor = THUMBNAIL_PX / max(height, width)
    if factor >= 1:
        return pixels
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def _png(pixels: Pixels) -> bytes:
    return encode_photo(Photo(pixels=np.ascontiguousarray(pixels)), "PNG")
