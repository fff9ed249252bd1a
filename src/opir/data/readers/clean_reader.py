"""Sets of clean pictures: one folder, or one folder per split, without partners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from opir.data.pairs import CleanImage, natural_key
from opir.data.problems import Problem
from opir.data.readers.layout import Scan
from opir.data.readers.listing import Listing, join
from opir.data.readers.reader import Reader, most_specific
from opir.data.readers.scanning import find_places
from opir.data.readers.template import find_pictures


@dataclass(frozen=True, kw_only=True)
class CleanSplit:
    """Where the pictures of one split lie."""

    split: str
    """Name of the split."""
    folders: tuple[str, ...] = ()
    """Folders that tell the data set by themselves."""
    named_folders: tuple[str, ...] = ("",)
    """Folders that count only where a folder name also tells the data set."""
    template: str = "{name}"
    """Which pictures of the folder belong to the set."""
    expected: int | None = None
    """How many pictures were published."""


@dataclass(frozen=True, kw_only=True)
class CleanReader(Reader):
    """A published set of clean pictures, recognised by the names of its folders or files."""

    clean_splits: tuple[CleanSplit, ...]
    """The splits; the first entry that fits a split is taken."""

    @property
    def splits(self) -> tuple[str, ...]:
        """All splits."""
        return tuple(dict.fromkeys(clean.split for clean in self.clean_splits))

    @property
    def patterns(self) -> tuple[str, ...]:
        """Folders and templates; a folder in brackets stands for the set's own name."""
        lines = []
        for clean in self.clean_splits:
            places = clean.folders or tuple(
                join(f"[{self.title}]", folder) if folder else f"[{self.title}]" for folder in clean.named_folders
            )
            lines += [f"{folder}/{clean.template}" if folder else clean.template for folder in places]
        return tuple(dict.fromkeys(lines))

    def scan(self, listing: Listing) -> tuple[Scan, ...]:
        """Every split whose folder is there and holds pictures."""
        found: dict[str, Scan] = {}
        for clean in self.clean_splits:
            if clean.split in found:
                continue
            for folder in find_places(
                listing, clean.folders, clean.named_folders, self.aliases, parent_names_root=False
            ):
                paths = [found.path for found in find_pictures(listing, clean.template, folder)]
                if paths:
                    found[clean.split] = clean_scan(
                        listing, paths, split=clean.split, folder=folder, expected=clean.expected
                    )
                    break
        return most_specific(found.values())


@dataclass(frozen=True, kw_only=True)
class PictureFolderReader(Reader):
    """Any folder of pictures; with ``recursive`` also those in its sub-folders."""

    recursive: bool = False
    """Look into sub-folders too. Never detected: paired folders of unknown names would look alike."""

    @property
    def splits(self) -> tuple[str, ...]:
        """All pictures together."""
        return ("all",)

    @property
    def patterns(self) -> tuple[str, ...]:
        """Anything."""
        return ("**/{name}" if self.recursive else "{name}, no sub-folder with pictures",)

    def scan(self, listing: Listing) -> tuple[Scan, ...]:
        """All pictures; without ``recursive`` nothing where a sub-folder holds pictures as well."""
        here = list(listing.pictures())
        below = [join(folder, name) for folder in _all_folders(listing) for name in listing.pictures(folder)]
        if below and not self.recursive:
            return ()
        paths = here + below
        return (clean_scan(listing, paths, split="all"),) if paths else ()


def clean_scan(
    listing: Listing, paths: Sequence[str], *, split: str, folder: str = "", expected: int | None = None
) -> Scan:
    """Clean pictures named by their path below ``folder``, without suffix."""
    images: dict[str, CleanImage] = {}
    problems: list[Problem] = []
    for path in paths:
        name = PurePosixPath(path).relative_to(folder).with_suffix("").as_posix()
        where = listing.root / path
        if name in images:
            detail = f"{images[name].path.name} has the same name"
            problems.append(Problem(kind="ambiguous", path=where, detail=detail))
        else:
            images[name] = CleanImage(path=where, name=name)
    ordered = sorted(images.values(), key=lambda image: natural_key(image.name))
    return Scan(split=split, clean_images=tuple(ordered), problems=tuple(problems), expected=expected)


def _all_folders(listing: Listing) -> list[str]:
    """Every folder below the root, each real folder once: links may lead back up."""
    found: list[str] = []
    seen = {listing.root.resolve()}
    pending = list(listing.folders())
    while pending:
        folder = pending.pop(0)
        real = (listing.root / folder).resolve()
        if real not in seen:
            seen.add(real)
            found.append(folder)
            pending += [join(folder, name) for name in listing.folders(folder)]
    return found
