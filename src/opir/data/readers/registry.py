"""The table of all readers, detection of a layout, and opening a folder."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from opir.data.pairs import ImageSet
from opir.data.readers import (
    blur,
    clean_sets,
    composite,
    dpdd,
    folder_pairs,
    haze,
    low_light,
    noise,
    ntire_haze,
    pair_list,
    rain_streaks,
    raindrop,
    realblur,
    sice,
    snow,
)
from opir.data.readers.clean_reader import PictureFolderReader
from opir.data.readers.layout import Scan
from opir.data.readers.listing import Listing
from opir.data.readers.reader import Reader
from opir.data.readers.refusals import find_refusal
from opir.errors import ConfigurationError, DatasetError, DatasetNotFoundError

_PICTURES = PictureFolderReader(name="pictures", title="A folder of pictures", source="")
_PICTURE_TREE = PictureFolderReader(
    name="picture_tree", title="A folder of pictures with sub-folders", source="", recursive=True
)

_ORDER: tuple[Reader, ...] = (
    *composite.READERS,
    *raindrop.READERS,
    *snow.READERS,
    *haze.READERS,
    *ntire_haze.READERS,
    *blur.READERS,
    *realblur.READERS,
    *dpdd.READERS,
    *low_light.READERS,
    *sice.READERS,
    *noise.READERS,
    *rain_streaks.READERS,
    *pair_list.READERS,
    *folder_pairs.READERS,
    *clean_sets.READERS,
    _PICTURES,
    _PICTURE_TREE,
)

REGISTRY: dict[str, Reader] = {reader.name: reader for reader in _ORDER}
"""Every reader by its name; detection asks them in this order, those named by the folder first."""


@dataclass(frozen=True, kw_only=True)
class Detection:
    """Which reader knows a folder, and what it found there."""

    reader: Reader
    """The reader."""
    root: Path
    """Where the layout starts: the folder asked for, or the only folder in it."""
    scans: tuple[Scan, ...]
    """The splits that are there, with their problems."""

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits that are there."""
        return tuple(scan.split for scan in self.scans)

    def scan(self, split: str | None) -> Scan:
        """One split; None means the only one.

        Raises:
            DatasetNotFoundError: if the split is not there.
            ConfigurationError: if several are there and none was chosen.
        """
        if split is None and len(self.scans) > 1:
            raise ConfigurationError(
                f"{self.root} holds several splits of {self.reader.title}: choose one of {', '.join(self.splits)}"
            )
        for scan in self.scans:
            if split in (None, scan.split):
                return scan
        raise DatasetNotFoundError(self.reader.not_found_message(self.root, str(split), self.splits))


def get_reader(name: str) -> Reader:
    """The reader of that name; :class:`ConfigurationError` with the nearest names if there is none."""
    if name in REGISTRY:
        return REGISTRY[name]
    near = get_close_matches(name.casefold().replace("-", "_"), REGISTRY, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(REGISTRY)}"
    raise ConfigurationError(f"data set must be one of {len(REGISTRY)} known names; got {name!r}: {hint}")


def detect(root: Path, name: str | None = None) -> Detection:
    """Which data set lies in ``root``; with ``name``, only that one is tried.

    Raises:
        ConfigurationError: if there is no reader of that name.
        DatasetNotFoundError: if no layout is recognised; the message lists the patterns looked for.
    """
    listing = Listing(root)
    chosen = None if name is None else get_reader(name)
    detection = _detect_in(listing, chosen)
    while detection is None and len(listing.folders()) == 1 and not listing.pictures():
        listing = Listing(listing.root / listing.folders()[0])
        detection = _detect_in(listing, chosen)
    if detection is None:
        raise DatasetNotFoundError(_not_found_message(Listing(root), chosen))
    return detection


def open_dataset(
    root: Path, name: str | None = None, split: str | None = None, *, check_files: bool = True
) -> ImageSet:
    """The pairs, or clean pictures, of a folder, in natural order of their names.

    Args:
        root: the data set's folder, or the folder of one split.
        name: a key of :data:`REGISTRY`; None detects the layout.
        split: which split; None means the only one that is there.
        check_files: open the header of every picture and compare the sizes of every pair.

    Raises:
        ConfigurationError: if there is no such reader, or several splits and none was chosen.
        DatasetNotFoundError: if no layout is recognised, or the split is not there.
        DatasetError: if files are unpaired, of different sizes or unreadable; all are named at once.
    """
    detection = detect(root, name)
    return detection.reader.verified(detection.root, detection.scan(split), check_files=check_files)


def _detect_in(listing: Listing, chosen: Reader | None) -> Detection | None:
    if chosen is None:
        refusal = find_refusal(listing)
        candidates = sorted(_ORDER, key=lambda reader: reader.naming_rank(listing))
        candidates.remove(_PICTURE_TREE)
    else:
        refusal, candidates = None, [chosen]
    for reader in candidates:
        scans = reader.scan(listing)
        if scans and not (refusal and all(scan.clean_images for scan in scans)):
            return Detection(reader=reader, root=listing.root, scans=scans)
    if refusal is not None:
        raise DatasetError(f"{listing.root} looks like {refusal.title}, and {refusal.advice}")
    return None


def _not_found_message(listing: Listing, chosen: Reader | None) -> str:
    folders, n_pictures = listing.folders(), len(listing.pictures())
    shown = ", ".join(folders[:8]) + (", ..." if len(folders) > 8 else "")
    found = f"{len(folders)} folders{f' ({shown})' if folders else ''} and {n_pictures} pictures"
    if chosen is not None:
        looked_for = [f"  {pattern}" for pattern in chosen.patterns]
        return (
            f"expected {chosen.title} in {listing.root}; found {found}. Looked for (any picture suffix, "
            "any case)\n" + "\n".join(looked_for) + "\nRename the folders, or let the layout be detected"
        )
    own = [f"  {pattern}" for pattern in REGISTRY["folder_pairs"].patterns]
    published = [f"  {reader.name}: {reader.patterns[0]}" for reader in _ORDER[:-2] if reader.source]
    return (
        f"no known data set layout in {listing.root}; found {found}. Looked for (any picture suffix, any "
        "case) pairs, also below train, val and test\n"
        + "\n".join(own)
        + "\nand the published sets\n"
        + "\n".join(published)
        + "\nRename the folders, list the pairs in pairs.csv, or open clean pictures in sub-folders as "
        "picture_tree"
    )
