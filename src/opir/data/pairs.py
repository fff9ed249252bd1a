"""What a data set hands over: pairs of files, clean files, and how a pair is read."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from opir.errors import DatasetError
from opir.imaging import Photo, read_photo
from opir.tasks import Task

PICTURE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp"})
"""File names that count as pictures; compared in lower case."""

ImageSetKind = Literal["pairs", "clean"]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two files of the same scene."""

    degraded: Path
    """The observed picture."""
    clean: Path
    """The reference; several pairs may share one."""
    name: str
    """Unique within its split and independent of where the data lies: the relative path without suffix."""
    tasks: tuple[Task, ...]
    """What is wrong with the degraded picture; empty if the layout does not tell."""
    clean_border: int = 0
    """The reference may be larger by this many pixels on every side (RESIDE: 10); cropped on reading."""


@dataclass(frozen=True, kw_only=True)
class CleanImage:
    """A picture without degradation, to be degraded by the operators of :mod:`opir.physics`."""

    path: Path
    """The file."""
    name: str
    """Unique within its split: the relative path without suffix."""


@dataclass(frozen=True, kw_only=True)
class ImageSet:
    """One split of a data set, files in natural order of their names."""

    reader: str
    """Name of the reader, a key of :data:`opir.data.readers.REGISTRY`."""
    title: str
    """The data set's own name."""
    source: str
    """Whom to cite."""
    split: str
    """Name of the split; ``all`` where the data set knows none."""
    root: Path
    """The folder in which the layout was found."""
    pairs: tuple[Pair, ...] = ()
    """Empty for a set of clean pictures."""
    clean_images: tuple[CleanImage, ...] = ()
    """Empty for a set of pairs."""
    expected: int | None = None
    """How many pairs or pictures the published split holds; None if unknown."""

    @property
    def kind(self) -> ImageSetKind:
        """Whether the set holds pairs or clean pictures."""
        return "pairs" if self.pairs else "clean"

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file once, in the order of the set."""
        paths = [path for pair in self.pairs for path in (pair.degraded, pair.clean)]
        paths += [image.path for image in self.clean_images]
        return tuple(dict.fromkeys(paths))

    def __len__(self) -> int:
        """Number of pairs, or of clean pictures."""
        return len(self.pairs) or len(self.clean_images)

    def with_tasks(self, tasks: tuple[Task, ...]) -> ImageSet:
        """The same set with every pair labelled ``tasks``."""
        return replace(self, pairs=tuple(replace(pair, tasks=tasks) for pair in self.pairs))


NaturalKey = tuple[tuple[tuple[int, int, str], ...], str]


def natural_key(name: str) -> NaturalKey:
    """Sort key under which ``2.png`` comes before ``10.png``; equal only for equal names."""
    pieces = re.split(r"([0-9]+)", name.casefold())
    numbered = tuple((0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in pieces)
    return numbered, name


def cropped_border(clean_size: tuple[int, int], pair: Pair, degraded_size: tuple[int, int]) -> int:
    """Pixels to cut from every side of the reference so that both sizes agree; 0 if they never will.

    Sizes in either order (width, height) or (height, width), both the same.
    """
    border = pair.clean_border
    fits = all(c - 2 * border == d for c, d in zip(clean_size, degraded_size, strict=True))
    return border if fits else 0


def crop_border(photo: Photo, border: int) -> Photo:
    """Cut ``border`` pixels from every side, (H, W, C) to (H - 2 border, W - 2 border, C)."""
    if border == 0:
        return photo
    inner = slice(border, -border)
    alpha = None if photo.alpha is None else photo.alpha[inner, inner]
    return replace(photo, pixels=photo.pixels[inner, inner], alpha=alpha)


def read_pair(pair: Pair) -> tuple[Photo, Photo]:
    """Read (degraded, clean), both of the same height and width.

    Raises:
        DatasetError: if the sizes differ by anything but the border that the data set is known for.
        ImageError: if a file cannot be read.
    """
    degraded, clean = read_photo(pair.degraded), read_photo(pair.clean)
    size, clean_size = degraded.pixels.shape[:2], clean.pixels.shape[:2]
    clean = crop_border(clean, cropped_border(clean_size, pair, size))
    if clean.pixels.shape[:2] != size:
        raise DatasetError(
            f"the two pictures of a pair must have the same size; got {size[1]}x{size[0]} for "
            f"{pair.degraded} and {clean_size[1]}x{clean_size[0]} for {pair.clean}: "
            "remove the pair or replace the file"
        )
    return degraded, clean
