"""The layout of a training folder, and the image banks made from it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from opir.data.image_bank import PICTURE_SUFFIXES, ImageBank
from opir.errors import DatasetNotFoundError

FilePair = tuple[Path, Path]


def open_banks(root: Path, *, min_side: int) -> dict[str, ImageBank]:
    """Decode the pictures of a training folder into banks, by the names that recipes use.

    Layout (each part optional but ``clean``): ``clean/**`` photographs; ``rain/input`` + ``rain/target``;
    ``haze/*/hazy`` + ``haze/*/gt``, where ``name_*.png`` belongs to ``name.png``; ``lowlight/*/low`` +
    ``lowlight/*/high``; ``lowlight/SICE_pairs.csv`` with columns ``low`` and ``ref``, stems of files in
    ``lowlight/SICE``. Pictures with a side below ``min_side`` pixels are an error, except clean ones, which are
    left out.

    Raises:
        DatasetNotFoundError: if ``clean`` holds no picture.
        DatasetError: naming the pictures that cannot be used.
    """
    clean = list(_pictures(root / "clean"))
    if not clean:
        raise DatasetNotFoundError(f"expected photographs below {root / 'clean'}; found none")
    sources = {
        "clean": [(path, path) for path in clean],
        "rain_pairs": list(_same_names(root / "rain" / "input", root / "rain" / "target")),
        "haze_pairs": [
            pair for folder in sorted(root.glob("haze/*/hazy")) for pair in _prefixed(folder, folder.parent / "gt")
        ],
        "low_light_pairs": [
            *(
                pair
                for folder in sorted(root.glob("lowlight/*/low"))
                for pair in _same_names(folder, folder.parent / "high")
            ),
            *_listed(root / "lowlight" / "SICE_pairs.csv", root / "lowlight" / "SICE"),
        ],
    }
    return {name: ImageBank.from_pairs(pairs, min_side=min_side) for name, pairs in sources.items() if pairs}


def _pictures(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in PICTURE_SUFFIXES)


def _same_names(degraded: Path, clean: Path) -> Iterator[FilePair]:
    targets = {path.stem: path for path in _pictures(clean)}
    return ((path, targets[path.stem]) for path in _pictures(degraded) if path.stem in targets)


def _prefixed(degraded: Path, clean: Path) -> Iterator[FilePair]:
    targets = {path.stem: path for path in _pictures(clean)}
    return ((path, targets[stem]) for path in _pictures(degraded) if (stem := path.stem.split("_")[0]) in targets)


def _listed(table: Path, folder: Path) -> Iterator[FilePair]:
    if not table.exists():
        return
    files = {path.stem: path for path in _pictures(folder)}
    with table.open(newline="") as opened:
        for row in csv.DictReader(opened):
            yield files[row["low"]], files[row["ref"]]
