"""Pairs of pictures: which belong together, how far they differ, and the sheet that shows it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from opir.batch.plan import find_pictures
from opir.cli.sheet import Row, draw_sheet, reduced, reduced_size
from opir.imaging import Photo, colour_uncertainty, heat_map_maximum, read_photo, to_network
from opir.metrics import psnr


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two files that belong together."""

    name: str
    """What the sheet calls them."""
    first: Path
    """File of A."""
    second: Path
    """File of B."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """Two pictures, reduced, and how far they differ."""

    name: str
    """What the sheet calls them."""
    tiles: tuple[NDArray[np.uint8], NDArray[np.uint8]]
    """(h, w, 3) each, RGB."""
    difference: NDArray[np.float32] | None
    """(h, w), reduced mean absolute difference over the channels [grey levels of 255]; None for different sizes."""
    mean: float
    """Mean absolute difference at full size [grey levels of 255]; NaN for different sizes."""
    psnr: float
    """PSNR at full size [dB]; infinite for equal pictures, NaN for different sizes."""

    @property
    def lines(self) -> tuple[str, ...]:
        """Return how far the pictures differ, in short lines."""
        if math.isnan(self.mean):
            return ("sizes differ",)
        if math.isinf(self.psnr):
            return ("identical",)
        return (f"PSNR {self.psnr:.2f} dB", f"mean {self.mean:.2f} of 255")

    @property
    def summary(self) -> str:
        """Return the same in one line."""
        return ", ".join(self.lines)


def pair_up(first: Path, second: Path) -> tuple[list[Pair], int]:
    """Return the pairs of two pictures or two folders, sorted by name, and how many files have no partner."""
    if not first.is_dir() and not second.is_dir():
        return [Pair(name=first.name, first=first, second=second)], 0
    here = {name.as_posix(): path for path, name in find_pictures(first)}
    there = {name.as_posix(): path for path, name in find_pictures(second)}
    partners = {name: name for name in here if name in there}
    bare_here, bare_there = _bare(set(here) - set(partners)), _bare(set(there) - set(partners))
    partners |= {bare_here[bare]: bare_there[bare] for bare in bare_here if bare in bare_there}
    pairs = [Pair(name=name, first=here[name], second=there[partners[name]]) for name in sorted(partners)]
    return pairs, len(here) + len(there) - 2 * len(pairs)


def _bare(names: set[str]) -> dict[str, str]:
    """Return the names by themselves without suffix, but for those that would share one."""
    bare = {name: Path(name).with_suffix("").as_posix() for name in names}
    count = Counter(bare.values())
    return {short: name for name, short in bare.items() if count[short] == 1}


def read_comparison(pair: Pair) -> Comparison:
    """Read two pictures and measure them at full size.

    Raises:
        ImageError: if one cannot be read.
    """
    first, second = to_network(read_photo(pair.first)), to_network(read_photo(pair.second))
    tiles = (reduced(first), reduced(second))
    if first.shape != second.shape:
        return Comparison(name=pair.name, tiles=tiles, difference=None, mean=math.nan, psnr=math.nan)
    difference = 255 * np.abs(first - second).mean(axis=0)
    size = reduced_size(*difference.shape)
    small = np.asarray(Image.fromarray(difference).resize(size[::-1], Image.Resampling.BOX), dtype=np.float32)
    return Comparison(
        name=pair.name,
        tiles=tiles,
        difference=small,
        mean=float(difference.mean(dtype=np.float64)),
        psnr=psnr(first, second, data_range=1.0),
    )


def draw_comparison(comparisons: Sequence[Comparison], headings: tuple[str, str], *, difference: bool) -> Photo:
    """Draw one row per pair; with the difference, a third column in colours that mean the same in all rows."""
    maps = [each.difference for each in comparisons if each.difference is not None]
    if not (difference and maps):
        rows = [Row(label=(each.name, *each.lines), tiles=each.tiles) for each in comparisons]
        return draw_sheet(headings, rows)
    maximum = heat_map_maximum(np.concatenate([each.ravel() for each in maps])[None])
    rows = [
        Row(label=(each.name, *each.lines), tiles=(*each.tiles, _coloured(each.difference, maximum)))
        for each in comparisons
    ]
    return draw_sheet((*headings, f"difference, 0 to {maximum:g} of 255"), rows)


def _coloured(difference: NDArray[np.float32] | None, maximum: float) -> NDArray[np.uint8] | None:
    return None if difference is None else colour_uncertainty(difference, maximum=maximum)
