"""The layout of a training folder, and the image banks made from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from opir.data.image_bank import ImageBank
from opir.data.pairs import CleanImage, Pair
from opir.data.readers import open_dataset
from opir.errors import DatasetError, DatasetNotFoundError

CLEAN = "clean"
"""Name of the bank, and of the folder, of clean photographs."""


def open_banks(root: Path, *, min_side: int) -> dict[str, ImageBank]:
    """Decode a training folder into banks, by the names that recipes use.

    ``clean/**`` holds photographs: the bank ``clean``. Every other folder, or folder in it, that a reader of
    :mod:`opir.data.readers` knows as pairs adds to the bank of its first task: ``rain_pairs``, ``low_light_pairs``, ...
    Pairs of unknown tasks make up ``other_pairs``.

    Raises:
        DatasetNotFoundError: if ``clean`` holds no picture.
        DatasetError: naming all files that are unpaired, of different sizes, unreadable or smaller than ``min_side``.
    """
    if not (root / CLEAN).is_dir():
        raise DatasetNotFoundError(f"expected photographs below {root / CLEAN}; there is no such folder")
    problems: list[str] = []
    banks: dict[str, ImageBank] = {}
    sources: dict[str, Sequence[Pair | CleanImage]] = dict(_pairs_by_bank(root, problems))
    try:
        sources[CLEAN] = open_dataset(root / CLEAN, "picture_tree").clean_images
    except DatasetNotFoundError as error:
        raise DatasetNotFoundError(f"expected photographs below {root / CLEAN}; found none") from error
    except DatasetError as error:
        problems.append(str(error))
    for name, pictures in sources.items():
        try:
            banks[name] = ImageBank.read(pictures, min_side=min_side)
        except DatasetError as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise DatasetError("\n".join(problems))
    return banks


def _pairs_by_bank(root: Path, problems: list[str]) -> dict[str, tuple[Pair, ...]]:
    """Pairs of every readable set below ``root``; what is wrong with a set is added to ``problems``."""
    found: dict[str, dict[Path, Pair]] = {}
    for folder in _candidates(root):
        try:
            image_set = open_dataset(folder)
        except DatasetNotFoundError:
            continue
        except DatasetError as error:
            problems.append(str(error))
            continue
        for pair in image_set.pairs:
            bank = f"{pair.tasks[0] if pair.tasks else 'other'}_pairs"
            found.setdefault(bank, {})[pair.degraded] = pair
    return {name: tuple(pairs.values()) for name, pairs in found.items()}


def _candidates(root: Path) -> Iterator[Path]:
    """Folders of ``root`` and folders in them, but for the clean photographs."""
    for folder in sorted(path for path in root.iterdir() if path.is_dir() and path.name != CLEAN):
        yield folder
        yield from sorted(path for path in folder.iterdir() if path.is_dir())
