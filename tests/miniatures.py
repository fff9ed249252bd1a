"""Builders of miniature data sets: the true folder and file names around pictures of a few pixels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
from PIL import Image

from opir.data.pairs import ImageSet
from opir.data.readers import detect, open_dataset

SIZE = (12, 8)
"""(width, height) of the pictures."""


def write_picture(path: Path, size: tuple[int, int] = SIZE) -> None:
    """A picture whose content depends on its path's last three parts only; the suffix chooses the format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = crc32("/".join(path.parts[-3:]).encode())
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def write_pictures(root: Path, names: Iterable[str], size: tuple[int, int] = SIZE) -> Path:
    """Pictures below ``root``; returns ``root``."""
    for name in names:
        write_picture(root / name, size)
    return root


@dataclass(frozen=True, kw_only=True)
class Miniature:
    """A paired data set and what its reader must make of it."""

    reader: str
    split: str
    tasks: tuple[str, ...]
    folder: str
    """Name of the data set's folder."""
    pairs: Mapping[str, str]
    """Clean file by degraded file, relative to the data set's folder."""
    other_files: tuple[str, ...] = ()
    """Pictures that belong to the published layout and to no pair."""
    open: str = ""
    """What is opened, relative to the data set's folder."""

    def __str__(self) -> str:
        return f"{self.reader}-{self.split}-{self.folder}-{self.open}"


def relative_pairs(image_set: ImageSet, root: Path) -> dict[str, str]:
    """Clean file by degraded file, relative to ``root``, in the order of the set."""
    return {
        pair.degraded.relative_to(root).as_posix(): pair.clean.relative_to(root).as_posix() for pair in image_set.pairs
    }


def assert_read(miniature: Miniature, tmp_path: Path) -> None:
    """Write a miniature, detect it, read it: reader, pairs, order and tasks must be the true ones."""
    root = tmp_path / "downloads" / miniature.folder
    write_pictures(root, {*miniature.pairs, *miniature.pairs.values(), *miniature.other_files})
    splits = detect(root / miniature.open).splits
    assert "all" not in splits or splits == ("all",)
    image_set = open_dataset(root / miniature.open, split=miniature.split)
    assert image_set.reader == miniature.reader
    assert list(relative_pairs(image_set, root).items()) == list(miniature.pairs.items())
    assert {pair.tasks for pair in image_set.pairs} == {miniature.tasks}
    assert len({pair.name for pair in image_set.pairs}) == len(image_set)
