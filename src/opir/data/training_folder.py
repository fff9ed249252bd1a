"""The layout of a training folder, and the image banks made from it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from opir.data.image_bank import ImageBank
from opir.data.pairs import CleanImage, Pair
from opir.data.readers import Detection, detect, open_dataset
from opir.errors import ConfigurationError, DatasetError, DatasetNotFoundError

CLEAN = "clean"
"""Name of the bank, and of the folder, of clean photographs."""

PAIRS = "_pairs"
"""Ending of the names of banks of pairs: ``rain_pairs``."""

OTHER = "other"
"""What stands for the task in the name of the bank of pairs whose task is unknown."""

HOLD_OUT_SEED = 1
"""Decides which photographs are held out."""

TRAIN = "train"
"""The split that is taken where a set has several and none is asked for."""


@dataclass(frozen=True, kw_only=True)
class TrainingFolder:
    """Files of a training folder by the bank that they belong to; no picture is decoded yet."""

    root: Path
    """The folder."""

    sources: Mapping[str, tuple[Pair | CleanImage, ...]]
    """Files by the name of the bank; no bank is empty."""

    notes: tuple[str, ...] = ()
    """One line for every set of several splits: which was taken."""

    problems: tuple[str, ...] = ()
    """What is wrong with the folder's sets; their pictures are missing from ``sources``."""

    @property
    def n_pictures(self) -> dict[str, int]:
        """Size of every bank."""
        return {name: len(pictures) for name, pictures in self.sources.items()}

    def check(self) -> None:
        """Check that no set has a problem.

        Raises:
            DatasetError: naming all problems.
        """
        if self.problems:
            raise DatasetError("\n".join(self.problems))

    def hold_out(self, n: int) -> tuple[TrainingFolder, tuple[Path, ...]]:
        """Keep photographs of the bank ``clean`` away from training, the same ones at every call.

        Returns:
            The folder without ``n`` of its clean photographs, and their files.

        Raises:
            ConfigurationError: if not at least one would be left to train on.
        """
        photographs = tuple(each for each in self.sources.get(CLEAN, ()) if isinstance(each, CleanImage))
        if not 0 <= n < max(1, len(photographs)):
            raise ConfigurationError(
                f"the number of photographs to hold out must lie between 0 and {max(0, len(photographs) - 1)}, one "
                f"fewer than there are; got {n}"
            )
        order = list(range(len(photographs)))
        Random(HOLD_OUT_SEED).shuffle(order)
        left = tuple(photographs[k] for k in order[n:]) if n else photographs
        sources = {name: left if name == CLEAN else pictures for name, pictures in self.sources.items()}
        return replace(self, sources=sources), tuple(photographs[k].path for k in order[:n])

    def read(self, names: Collection[str] | None = None, *, min_side: int) -> dict[str, ImageBank]:
        """Decode the banks of these names, or all of them.

        Raises:
            DatasetError: naming the problems of the folder, and all files that cannot be decoded, differ from their
                partner or are smaller than ``min_side`` pixels.
        """
        problems = list(self.problems)
        banks: dict[str, ImageBank] = {}
        for name, pictures in self.sources.items():
            if names is None or name in names:
                try:
                    banks[name] = ImageBank.read(pictures, min_side=min_side)
                except DatasetError as error:
                    problems.append(f"{name}: {error}")
        if problems:
            raise DatasetError("\n".join(problems))
        return banks


def find_training_pictures(root: Path, *, split: str | None = None) -> TrainingFolder:
    """Find the pictures of a training folder, by the banks that recipes use.

    ``clean/**`` holds photographs: the bank ``clean``. If a reader of :mod:`opir.data.readers` knows the folder itself
    as pairs, they are taken; otherwise those of every folder in it, and of every folder in those. Pairs add to the
    bank of their first task: ``rain_pairs``, ``low_light_pairs``, ... Pairs of unknown tasks make up ``other_pairs``.
    Files that are unpaired, of different sizes or unreadable are problems of the folder, and raise nothing yet.

    Args:
        root: the folder.
        split: which split to take of the sets that have several; ``train`` if None, or where a set lacks it.

    Raises:
        DatasetNotFoundError: if there are neither pairs nor photographs.
        ConfigurationError: if a set has several splits and neither ``split`` nor ``train``, or none has ``split``.
    """
    search = _Search(split)
    search.look_into(root, depth=2)
    photographs = search.photographs(root / CLEAN)
    search.check_split(root)
    sources: dict[str, tuple[Pair | CleanImage, ...]] = {
        name: tuple(pairs.values()) for name, pairs in search.pairs.items()
    }
    if photographs:
        sources[CLEAN] = photographs
    if not sources and not search.problems:
        raise DatasetNotFoundError(
            f"expected pairs in {root}, or photographs below {root / CLEAN}; found neither. {search.why_not(root)}"
        )
    return TrainingFolder(root=root, sources=sources, notes=tuple(search.notes), problems=tuple(search.problems))


def open_banks(root: Path, *, min_side: int, split: str | None = None) -> dict[str, ImageBank]:
    """Find and decode all pictures of a training folder; raises what these two steps raise."""
    return find_training_pictures(root, split=split).read(min_side=min_side)


class _Search:
    """Collects pairs, problems and notes on the way through a folder."""

    def __init__(self, split: str | None) -> None:
        self.split = split
        self.pairs: dict[str, dict[Path, Pair]] = {}
        self.problems: list[str] = []
        self.notes: list[str] = []
        self.splits: set[str] = set()

    def look_into(self, folder: Path, *, depth: int) -> None:
        """Take the pairs of a folder, and of the folders in it that do not belong to them already."""
        detection = self._detect(folder)
        known: frozenset[Path] = frozenset()
        if detection is not None:
            files = [path for scan in detection.scans for pair in scan.pairs for path in (pair.degraded, pair.clean)]
            known = frozenset(parent for path in files for parent in path.parents)
            self._take(detection)
            folder = detection.root  # a folder that holds nothing but one folder stands for that one
        if depth:
            for inner in _folders(folder):
                if inner not in known:
                    self.look_into(inner, depth=depth - 1)

    def photographs(self, folder: Path) -> tuple[CleanImage, ...]:
        """All pictures below a folder; none if it is missing or empty."""
        if not folder.is_dir():
            return ()
        try:
            return open_dataset(folder, "picture_tree").clean_images
        except DatasetNotFoundError:
            return ()
        except DatasetError as error:
            self.problems.append(str(error))
            return ()

    def check_split(self, root: Path) -> None:
        """Refuse a split that no set has."""
        if self.split is not None and self.split not in self.splits:
            found = ", ".join(sorted(self.splits)) or "no pairs"
            raise ConfigurationError(f"split must be one that the data in {root} have; got {self.split!r}, not {found}")

    def why_not(self, root: Path) -> str:
        """What was looked for in a folder in which nothing was found."""
        try:
            detect(root)
        except DatasetNotFoundError as error:
            return str(error)
        return "The folder holds clean pictures: move them into the folder 'clean'"

    def _detect(self, folder: Path) -> Detection | None:
        """What the folder is, if it holds pairs."""
        try:
            detection = detect(folder)
        except DatasetNotFoundError:
            return None
        except DatasetError as error:
            self.problems.append(str(error))
            return None
        return detection if any(scan.pairs for scan in detection.scans) else None

    def _take(self, detection: Detection) -> None:
        self.splits.update(detection.splits)
        chosen = self._choose(detection)
        try:
            image_set = detection.reader.verified(detection.root, detection.scan(chosen), check_files=True)
        except DatasetError as error:
            self.problems.append(str(error))
            return
        for pair in image_set.pairs:
            bank = f"{pair.tasks[0] if pair.tasks else OTHER}{PAIRS}"
            self.pairs.setdefault(bank, {})[pair.degraded] = pair

    def _choose(self, detection: Detection) -> str:
        """The split to train on."""
        splits = detection.splits
        if len(splits) == 1:
            return splits[0]
        for wanted in (self.split, TRAIN):
            if wanted in splits:
                others = ", ".join(split for split in splits if split != wanted)
                self.notes.append(f"{detection.root}: split {wanted} is taken, {others} left alone")
                return str(wanted)
        raise ConfigurationError(
            f"{detection.root} holds several splits of {detection.reader.title} and none is called {TRAIN!r}: "
            f"choose one with --split: {', '.join(splits)}"
        )


def _folders(folder: Path) -> Iterator[Path]:
    """Folders in ``folder``, but for hidden ones and the clean photographs."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name != CLEAN and not path.name.startswith((".", "__MACOSX")):
            yield path
