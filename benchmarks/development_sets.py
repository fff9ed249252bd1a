"""The rows of pictures that scripts in this folder score: one folder of development data, always the same pictures.

Three origins, told apart in every table:

* ``pairs``: degraded and clean pictures as they come;
* ``standard``: clean pictures with Gaussian noise (protocol ``aio``) or JPEG compression;
* ``procedural``: clean pictures degraded by the operators of :mod:`opir.physics`, the same that training draws from.
  They say whether a model undoes what it was trained on, and nothing about published test sets.

JPEG and procedural rows take the first six pictures of either clean folder by sorted name, the centre of at most 320 x
320 px. Random numbers are seeded by the names of file and row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from opir.data import open_dataset
from opir.evaluation.plan import Case, Label, plan_cases
from opir.evaluation.protocols import PROTOCOLS, Measure
from opir.evaluation.synthetic import Synthetic, compress_jpeg
from opir.imaging import read_photo
from opir.physics.catalogue import OPERATORS
from opir.physics.compose import compose
from opir.tasks import Task

Origin = Literal["pairs", "standard", "procedural"]
Codes = NDArray[np.uint8]

N_PER_FOLDER: Final = 6
CROP_PX: Final = 320
CLEAN_FOLDERS: Final = ("BSDS500_val", "Val20")

AIO: Final[Measure] = PROTOCOLS["aio"].measures[0]
"""PSNR on RGB, result not rounded: rows of the protocol ``aio``."""

FILES: Final[Measure] = PROTOCOLS["ours"].measures[1]
"""PSNR on RGB, result rounded to 8 bits, as a user gets it: all other rows."""

NOISE_OF_2: Final = ("gaussian_noise", 2 / 75)
"""Two grey levels: no camera is without."""

PROCEDURAL: Final[dict[str, tuple[tuple[str, float], ...]]] = {
    "motion blur 16 px": (("motion_blur", 0.4), NOISE_OF_2),
    "defocus 3 px": (("defocus_blur", 0.25), NOISE_OF_2),
    "snow": (("snow", 0.6),),
    "haze + rain": (("haze", 0.5), ("rain", 0.4)),
    "haze + snow": (("haze", 0.4), ("snow", 0.5)),
    "low light + noise 10": (("low_light", 0.4), ("gaussian_noise", 10 / 75)),
    "motion blur 12 px + JPEG 40": (("motion_blur", 0.3), ("jpeg 40", 0.0)),
}
"""Row -> operators and their severities, in the order in which they act."""


@dataclass(frozen=True, kw_only=True)
class DevelopmentSet:
    """One row."""

    name: str
    origin: Origin
    measure: Measure
    tasks: tuple[Task, ...]
    """What is wrong with its pictures; empty for untouched ones."""
    cases: Callable[[int | None], Iterator[Case]]
    """Its pictures, or the first of them."""

    @property
    def title(self) -> str:
        """Name, marked if the row is procedural."""
        return f"{self.name} (procedural)" if self.origin == "procedural" else self.name


def development_sets(root: Path) -> Iterator[DevelopmentSet]:
    """All rows, in the order of the table; ``root`` is the folder of the development data."""
    for sigma in (15, 25, 50):
        yield _standard_noise(root / "clean" / "BSDS500_val", sigma)
    yield _pairs("PolyU_dev12", root / "noise" / "PolyU_dev12", "noise")
    yield _pairs("rain", root / "rain", "rain")
    yield _pairs("SOTS_indoor_dev5", root / "haze" / "SOTS_indoor_dev5", "haze")
    yield _pairs("SICE", root / "lowlight" / "SICE", "low_light")
    for quality in (10, 40):
        yield _jpeg(root / "clean", quality)
    for name, steps in PROCEDURAL.items():
        yield _procedural(root / "clean", name, steps)
    for folder in CLEAN_FOLDERS:
        yield _untouched(root / "clean" / folder)


def _standard_noise(folder: Path, sigma: float) -> DevelopmentSet:
    def cases(limit: int | None) -> Iterator[Case]:
        synthetic = [Synthetic(kind="noise", level=sigma)]
        return plan_cases(open_dataset(folder), PROTOCOLS["aio"], synthetic=synthetic, limit=limit).cases()

    name = f"{folder.name}, Gaussian {sigma:g}, aio"
    return DevelopmentSet(name=name, origin="standard", measure=AIO, tasks=("noise",), cases=cases)


def _pairs(name: str, folder: Path, task: Task) -> DevelopmentSet:
    def cases(limit: int | None) -> Iterator[Case]:
        return plan_cases(open_dataset(folder).with_tasks((task,)), PROTOCOLS["ours"], limit=limit).cases()

    return DevelopmentSet(name=name, origin="pairs", measure=FILES, tasks=(task,), cases=cases)


def _untouched(folder: Path) -> DevelopmentSet:
    name = f"{folder.name}, untouched"

    def cases(limit: int | None) -> Iterator[Case]:
        for path in _pictures(folder)[:limit]:
            codes = _codes(path)
            yield _case(name, path, (), codes, codes)

    return DevelopmentSet(name=name, origin="standard", measure=FILES, tasks=(), cases=cases)


def _jpeg(folder: Path, quality: int) -> DevelopmentSet:
    name = f"clean, JPEG {quality}"

    def cases(limit: int | None) -> Iterator[Case]:
        for path in _subset(folder)[:limit]:
            clean = _centre(_codes(path))
            yield _case(name, path, ("jpeg",), compress_jpeg(clean, quality), clean)

    return DevelopmentSet(name=name, origin="standard", measure=FILES, tasks=("jpeg",), cases=cases)


def _procedural(folder: Path, name: str, steps: tuple[tuple[str, float], ...]) -> DevelopmentSet:
    named: tuple[Task, ...] = tuple(OPERATORS[kind.split()[0]].task for kind, _ in steps)
    tasks = tuple(task for task, step in zip(named, steps, strict=True) if step != NOISE_OF_2)

    def cases(limit: int | None) -> Iterator[Case]:
        for path in _subset(folder)[:limit]:
            clean = _centre(_codes(path))
            yield _case(name, path, tasks, _degraded(clean, steps, seed_text=f"{path.name} {name}"), clean)

    return DevelopmentSet(name=name, origin="procedural", measure=FILES, tasks=tasks, cases=cases)


def _degraded(clean: Codes, steps: tuple[tuple[str, float], ...], *, seed_text: str) -> Codes:
    seed = int.from_bytes(hashlib.sha256(seed_text.encode()).digest()[:7], "big")
    generator = torch.Generator().manual_seed(seed)
    codes = clean
    image = torch.from_numpy(_planes(clean))[None]
    with torch.inference_mode():
        for kind, severity in steps:
            if kind.startswith("jpeg"):
                codes = compress_jpeg(codes, int(kind.split()[1]))
                image = torch.from_numpy(_planes(codes))[None]
            else:
                image = compose(image, [kind], generator, severity=severity).image
                codes = np.rint(image[0].numpy().transpose(1, 2, 0) * 255).clip(0, 255).astype(np.uint8)
    return codes


def _case(row: str, path: Path, tasks: tuple[Task, ...], degraded: Codes, clean: Codes) -> Case:
    label = Label(row=row, name=path.stem, path=path, tasks=tasks)
    return Case(label=label, degraded=_planes(degraded), clean=_planes(clean), whole_size=clean.shape[:2])


def _planes(codes: Codes) -> NDArray[np.float32]:
    return np.ascontiguousarray(codes.transpose(2, 0, 1), dtype=np.float32) / np.float32(255)


def _centre(codes: Codes) -> Codes:
    height, width = codes.shape[:2]
    top, left = max(0, height - CROP_PX) // 2, max(0, width - CROP_PX) // 2
    return np.ascontiguousarray(codes[top : top + CROP_PX, left : left + CROP_PX])


def middle(planes: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """The middle of a picture (3, H, W), at most ``side`` pixels high and wide."""
    top, left = (max(0, length - side) // 2 for length in planes.shape[1:])
    return np.ascontiguousarray(planes[:, top : top + side, left : left + side])


def _subset(folder: Path) -> list[Path]:
    """The two folders in turn, so that a short list holds both."""
    chosen = [_pictures(folder / name)[:N_PER_FOLDER] for name in CLEAN_FOLDERS]
    return [path for pair in zip(*chosen, strict=True) for path in pair]


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in {".png", ".jpg", ".webp"})


def _codes(path: Path) -> Codes:
    pixels = read_photo(path).pixels
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels
