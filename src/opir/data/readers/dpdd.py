"""DPDD: defocus blur, the same scene with a wide and a narrow aperture.

The two pictures carry different capture numbers (1P0A0917 and 1P0A0916), so that no name rule pairs them:
they belong together by their order, and the numbers of a pair are close.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from opir.data.pairs import Pair
from opir.data.problems import Problem
from opir.data.readers.layout import Scan
from opir.data.readers.listing import Listing, join
from opir.data.readers.reader import Reader
from opir.data.readers.scanning import find_places

_MAX_GAP = 3
_EXPECTED = {"train": 350, "val": 74, "test": 76}
_SUBFOLDERS = (("source", "target"), ("inputC", "target"))


@dataclass(frozen=True, kw_only=True)
class DpddReader(Reader):
    """Reads the combined (not the two dual-pixel) views."""

    @property
    def splits(self) -> tuple[str, ...]:
        """The three published splits."""
        return tuple(_EXPECTED)

    @property
    def patterns(self) -> tuple[str, ...]:
        """The two folders of every split."""
        return tuple(f"{split}_c/source/{{capture}} with {split}_c/target/{{capture}}, by order" for split in _EXPECTED)

    def scan(self, listing: Listing) -> tuple[Scan, ...]:
        """Every split with both folders and equally many pictures of close capture numbers."""
        scans: list[Scan] = []
        for split in _EXPECTED:
            named = (f"{split}/DPDD", split)
            for folder in find_places(listing, (f"{split}_c",), named, self.aliases):
                scan = _scan_folder(listing, split, folder)
                if scan is not None:
                    scans.append(scan)
                    break
        return tuple(scans)


def _scan_folder(listing: Listing, split: str, folder: str) -> Scan | None:
    for sources, targets in _SUBFOLDERS:
        degraded, clean = (listing.find_folder(join(folder, name)) for name in (sources, targets))
        if degraded is None or clean is None:
            continue
        observed, sharp = listing.pictures(degraded), listing.pictures(clean)
        if not observed or not sharp:
            continue
        pairs: list[Pair] = []
        problems = _uneven(listing, degraded, len(observed), len(sharp))
        for one, other in zip(observed, sharp, strict=False):
            path = listing.root / degraded / one
            if abs(_capture_number(one) - _capture_number(other)) > _MAX_GAP:
                detail = f"by order it would be {other}, whose capture number is too far away"
                problems.append(Problem(kind="no clean partner", path=path, detail=detail))
                continue
            stem = PurePosixPath(one).stem
            pairs.append(Pair(degraded=path, clean=listing.root / clean / other, name=stem, tasks=("blur",)))
        return Scan(split=split, pairs=tuple(pairs), problems=tuple(problems), expected=_EXPECTED[split])
    return None


def _uneven(listing: Listing, folder: str, n_degraded: int, n_clean: int) -> list[Problem]:
    if n_degraded == n_clean:
        return []
    detail = f"{n_degraded} pictures cannot be paired by order with {n_clean} targets"
    return [Problem(kind="ambiguous", path=listing.root / folder, detail=detail)]


def _capture_number(name: str) -> int:
    digits = re.findall(r"[0-9]+", PurePosixPath(name).stem)
    return int(digits[-1]) if digits else 0


READERS = (
    DpddReader(
        name="dpdd",
        title="DPDD",
        source="A. Abuolaim, M. S. Brown, Defocus Deblurring Using Dual-Pixel Data, ECCV 2020",
        aliases=("dpdd", "dddpdatasetpng", "dddpdatasetcanon"),
    ),
)
