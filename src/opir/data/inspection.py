"""A full look at one split: every file decoded once, counted, compared with its partner and with all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

from opir.data.content import Fingerprint, alike_pairs, identical_groups, overlap
from opir.data.pairs import ImageSet
from opir.data.problems import Problem
from opir.data.survey import survey_clean, survey_pairs
from opir.tasks import Task

PathPair = tuple[Path, Path]


@dataclass(frozen=True, kw_only=True)
class SizeCount:
    """How many pictures have one size."""

    width: int
    """Pixels."""
    height: int
    """Pixels."""
    count: int
    """Pictures."""


@dataclass(frozen=True, kw_only=True)
class InputQuality:
    """PSNR of the degraded pictures against their references: RGB, float, whole picture, no rounding.

    PSNR = 10 log10(1 / MSE) in dB, MSE over all pixels and channels of the encoded values in [0, 1].
    """

    mean_db: float
    """Mean over the pairs that differ at all."""
    worst_db: float
    """Lowest value."""
    worst_name: str
    """Pair with the lowest value."""
    best_db: float
    """Highest value."""
    n_pairs: int
    """Pairs in the mean."""


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What was found in one split."""

    image_set: ImageSet
    """The split."""
    problems: tuple[Problem, ...]
    """Files that do not fit: unpaired, unknown names, different sizes, unreadable."""
    sizes: tuple[SizeCount, ...]
    """Sizes of the degraded, or clean-only, pictures; the most frequent first."""
    tasks: tuple[tuple[Task, int], ...]
    """How many pairs carry each task."""
    quality: InputQuality | None
    """None for clean sets, or if no pair could be compared."""
    unchanged: tuple[str, ...]
    """Names of pairs whose two pictures are identical."""
    duplicates: tuple[tuple[Path, ...], ...]
    """Groups of different files with the same pixels among the degraded, or clean-only, pictures."""
    repeated_references: tuple[tuple[Path, ...], ...]
    """The same among the references; some published sets repeat them under several names."""
    alike: tuple[PathPair, ...]
    """Pictures, or references, that look alike."""
    overlap: tuple[PathPair, ...] = ()
    """(ours, theirs): the same pixels as in the other folder."""
    overlap_alike: tuple[PathPair, ...] = ()
    """(ours, theirs): our references, or clean pictures, that look like one of the other folder."""

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong; repeated references and pictures that look alike are only notes."""
        return not (self.problems or self.duplicates or self.overlap or self.overlap_alike)


def inspect(
    image_set: ImageSet,
    problems: Iterable[Problem] = (),
    *,
    against: Sequence[Fingerprint] = (),
    on_files: Callable[[int], object] = lambda _n: None,
) -> Inspection:
    """Decode every file of a split and say what is wrong with it.

    Args:
        image_set: the split, not yet verified.
        problems: what the reader has already found.
        against: contents of another folder, from :func:`opir.data.survey.survey_clean`, which must not occur here.
        on_files: told how many files have been read since the last call, from the calling thread.
    """
    contents = survey_pairs(image_set.pairs, on_files)
    if image_set.clean_images:
        contents = survey_clean([image.path for image in image_set.clean_images], on_files)
    inputs = list((contents.degraded or contents.clean).values())
    references = list(contents.clean.values())
    identical, _ = overlap([*contents.degraded.values(), *references], against)
    _, alike = overlap(references, against)
    return Inspection(
        image_set=image_set,
        problems=(*problems, *contents.problems),
        sizes=tuple(
            SizeCount(width=width, height=height, count=count)
            for (width, height), count in contents.sizes.most_common()
        ),
        tasks=tuple(Counter(task for pair in image_set.pairs for task in pair.tasks).items()),
        quality=_quality(contents.psnr_db),
        unchanged=tuple(name for name, value in contents.psnr_db.items() if value == inf),
        duplicates=_paths(identical_groups(inputs)),
        repeated_references=_paths(identical_groups(references)) if contents.degraded else (),
        alike=tuple((one.path, other.path) for one, other in alike_pairs(references)),
        overlap=tuple((one.path, other.path) for one, other in identical),
        overlap_alike=tuple((one.path, other.path) for one, other in alike),
    )


def _quality(psnr: dict[str, float]) -> InputQuality | None:
    finite = {name: value for name, value in psnr.items() if value < inf}
    if not finite:
        return None
    worst = min(finite, key=finite.__getitem__)
    return InputQuality(
        mean_db=sum(finite.values()) / len(finite),
        worst_db=finite[worst],
        worst_name=worst,
        best_db=max(finite.values()),
        n_pairs=len(finite),
    )


def _paths(groups: Iterable[tuple[Fingerprint, ...]]) -> tuple[tuple[Path, ...], ...]:
    return tuple(tuple(item.path for item in group) for group in groups)
