"""Decoding every file of a set once: its content, its size, its distance from its partner."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from opir.data.content import Fingerprint, as_rgb, fingerprint
from opir.data.pairs import Pair, crop_border, cropped_border
from opir.data.problems import Problem
from opir.errors import ImageError
from opir.imaging import Photo, read_photo
from opir.metrics import psnr

N_THREADS = 4
"""Decoding releases Python's lock, so threads help; each holds a few pictures in memory."""


@dataclass(kw_only=True)
class Survey:
    """What decoding has shown; filled while the files are read."""

    degraded: dict[Path, Fingerprint] = field(default_factory=dict)
    """Contents of the degraded pictures."""
    clean: dict[Path, Fingerprint] = field(default_factory=dict)
    """Contents of the references, or of the pictures of a clean set."""
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    """(width, height) of the degraded pictures, or of a clean set."""
    psnr_db: dict[str, float] = field(default_factory=dict)
    """PSNR of every pair by its name; inf for identical pictures."""
    problems: list[Problem] = field(default_factory=list)
    """Unreadable files and different sizes."""

    def add(self, part: Survey) -> None:
        """Take over what another survey has seen."""
        self.degraded |= part.degraded
        self.clean |= part.clean
        self.sizes += part.sizes
        self.psnr_db |= part.psnr_db
        self.problems += part.problems


def survey_clean(paths: Sequence[Path], on_files: Callable[[int], object] = lambda _n: None) -> Survey:
    """Decode pictures without partners; ``on_files`` is told how many have been read since the last call."""
    survey = Survey()
    with ThreadPoolExecutor(max_workers=N_THREADS) as pool:
        for part in pool.map(_survey_file, paths):
            survey.add(part)
            on_files(1)
    return survey


def survey_pairs(pairs: Sequence[Pair], on_files: Callable[[int], object] = lambda _n: None) -> Survey:
    """Decode pairs; those of one reference together, so that it is decoded once."""
    groups: dict[Path, list[Pair]] = defaultdict(list)
    for pair in pairs:
        groups[pair.clean].append(pair)
    survey = Survey()
    with ThreadPoolExecutor(max_workers=N_THREADS) as pool:
        for part, group in zip(pool.map(_survey_group, groups.values()), groups.values(), strict=True):
            survey.add(part)
            on_files(1 + len(group))
    return survey


def _survey_file(path: Path) -> Survey:
    photo = _open(path)
    if isinstance(photo, Problem):
        return Survey(problems=[photo])
    return Survey(clean={path: fingerprint(photo, path)}, sizes=Counter({(photo.width, photo.height): 1}))


def _open(path: Path) -> Photo | Problem:
    try:
        return read_photo(path)
    except ImageError as error:
        return Problem(kind="unreadable", path=path, detail=str(error).removeprefix(f"{path}: "))


def _survey_group(pairs: Sequence[Pair]) -> Survey:
    survey = Survey()
    clean = _open(pairs[0].clean)
    if isinstance(clean, Problem):
        survey.problems.append(clean)
    else:
        survey.clean[pairs[0].clean] = fingerprint(clean, pairs[0].clean)
    for pair in pairs:
        degraded = _open(pair.degraded)
        if isinstance(degraded, Problem):
            survey.problems.append(degraded)
            continue
        survey.degraded[pair.degraded] = fingerprint(degraded, pair.degraded)
        survey.sizes[degraded.width, degraded.height] += 1
        if isinstance(clean, Photo):
            _compare(pair, degraded, clean, survey)
    return survey


def _compare(pair: Pair, degraded: Photo, clean: Photo, survey: Survey) -> None:
    size, clean_size = (degraded.width, degraded.height), (clean.width, clean.height)
    reference = crop_border(clean, cropped_border(clean_size, pair, size))
    if (reference.width, reference.height) == size:
        survey.psnr_db[pair.name] = psnr(as_rgb(degraded), as_rgb(reference), data_range=255)
        return
    detail = f"{size[0]}x{size[1]}, but {pair.clean.name} is {clean_size[0]}x{clean_size[1]}"
    survey.problems.append(Problem(kind="sizes differ", path=pair.degraded, detail=detail))
