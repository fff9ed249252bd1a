"""The skeleton that all readers share: recognise, scan, verify, hand over."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from opir.data.pairs import ImageSet
from opir.data.problems import Problem, describe_problems
from opir.data.readers.layout import Layout, Scan
from opir.data.readers.listing import Listing
from opir.data.readers.scanning import is_named, names_around, scan_layout
from opir.data.verification import verify_files
from opir.errors import ConfigurationError, DatasetError, DatasetNotFoundError


@dataclass(frozen=True, kw_only=True)
class Reader(ABC):
    """Knows one published data set, or one common way to lay out one's own."""

    name: str
    """Key in the table of readers."""
    title: str
    """The data set's own name."""
    source: str
    """Whom to cite; empty for one's own data."""
    aliases: tuple[str, ...] = ()
    """Lower-case words which, in a folder's name, tell this data set from others laid out alike."""

    @property
    @abstractmethod
    def splits(self) -> tuple[str, ...]:
        """All splits that the data set can have."""

    @property
    @abstractmethod
    def patterns(self) -> tuple[str, ...]:
        """What is looked for, one readable line each."""

    @abstractmethod
    def scan(self, listing: Listing) -> tuple[Scan, ...]:
        """Every split that is recognised in a folder, with its problems; files are not opened."""

    def naming_rank(self, listing: Listing) -> int:
        """0 if the folder's own name says that it is this data set, 1 if its parent's does, else 2."""
        own, parent, *_ = names_around(listing)
        return 0 if is_named((own,), self.aliases) else 1 if is_named((parent,), self.aliases) else 2

    def matches(self, root: Path) -> tuple[str, ...]:
        """The splits that are recognised in ``root``; empty if none is."""
        return tuple(scan.split for scan in self.scan(Listing(root)))

    def read(self, root: Path, split: str, *, check_files: bool = True) -> ImageSet:
        """The pairs or clean pictures of one split, in natural order of their names.

        Args:
            root: the data set's folder, or the split's own folder.
            split: one of :attr:`splits`.
            check_files: open the header of every picture; costs about 0.1 ms per file.

        Raises:
            ConfigurationError: if the data set has no such split.
            DatasetNotFoundError: if the split is not in ``root``; names the patterns looked for.
            DatasetError: if files are unpaired, of different sizes or unreadable; names them all.
        """
        if split not in self.splits:
            raise ConfigurationError(f"split of {self.name} must be one of {', '.join(self.splits)}; got {split!r}")
        found = {scan.split: scan for scan in self.scan(Listing(root))}
        if split not in found:
            raise DatasetNotFoundError(self.not_found_message(root, split, tuple(found)))
        return self.verified(root, found[split], check_files=check_files)

    def image_set(self, root: Path, scan: Scan) -> ImageSet:
        """What was found, without any verification."""
        return ImageSet(
            reader=self.name,
            title=self.title,
            source=self.source,
            split=scan.split,
            root=root,
            pairs=scan.pairs,
            clean_images=scan.clean_images,
            expected=scan.expected,
        )

    def verified(self, root: Path, scan: Scan, *, check_files: bool) -> ImageSet:
        """What was found, or :class:`DatasetError` with all problems at once."""
        image_set = self.image_set(root, scan)
        problems: Sequence[Problem] = scan.problems
        if check_files:
            problems = [*problems, *verify_files(image_set)]
        if problems:
            raise DatasetError(
                f"{self.title} ({scan.split}) in {root} should hold only pictures that belong together; "
                f"{len(image_set)} do and {len(problems)} do not:\n{describe_problems(problems, root)}\n"
                "add the missing files or remove those named here"
            )
        return image_set

    def not_found_message(self, root: Path, split: str, found: tuple[str, ...]) -> str:
        """What was expected, what is there, what to do."""
        looked_for = "\n".join(f"  {pattern}" for pattern in self.patterns)
        instead = f"found the splits {', '.join(found)}" if found else "found none of its splits"
        return (
            f"expected {self.title}, split {split!r}, in {root}; {instead}. Looked for\n{looked_for}\n"
            "(any picture suffix, any case). Rename the folders, or let the layout be detected"
        )


@dataclass(frozen=True, kw_only=True)
class PairedReader(Reader):
    """A data set of pairs that name templates describe completely."""

    layouts: tuple[Layout, ...]
    """The splits; a split may have several layouts, of which the first that fits is taken."""

    @property
    def splits(self) -> tuple[str, ...]:
        """All splits of the layouts."""
        return tuple(dict.fromkeys(layout.split for layout in self.layouts))

    @property
    def patterns(self) -> tuple[str, ...]:
        """The rules of all layouts."""
        return tuple(dict.fromkeys(pattern for layout in self.layouts for pattern in layout.patterns))

    def scan(self, listing: Listing) -> tuple[Scan, ...]:
        """Every split whose first fitting layout finds pairs."""
        found: dict[str, Scan] = {}
        for layout in self.layouts:
            if layout.split not in found:
                scan = scan_layout(listing, layout, self.aliases)
                if scan is not None:
                    found[layout.split] = scan
        return most_specific(found.values())


def most_specific(scans: Iterable[Scan]) -> tuple[Scan, ...]:
    """The scans, without the split ``all`` where a named split has been found as well."""
    found = tuple(scans)
    named = tuple(scan for scan in found if scan.split != "all")
    return named or found
