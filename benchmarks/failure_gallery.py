"""Where do the weights fail? The worst restorations of given photographs, on one sheet.

Degrades every photograph in every way of a list, restores it blind, and keeps for each way the photograph that gains
least, in dB of PSNR; the five worst of these are drawn: degraded, restored blind, restored with the task given, clean.
Nothing is chosen by hand. Photographs should be ones that were held out of training.

    python benchmarks/failure_gallery.py --photo A.jpg --photo B.jpg --model base -o failures.jpg --json results.json
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import opir
from opir.cli.degrade import degrade_pixels
from opir.cli.sheet import Row, draw_sheet, reduced
from opir.imaging import write_photo
from opir.physics.catalogue import OPERATORS
from opir.tasks import Task

Float32 = NDArray[np.float32]

WAYS: Final[tuple[tuple[tuple[str, ...], float], ...]] = (
    (("gaussian_noise",), 0.5),
    (("sensor_noise",), 0.6),
    (("rain",), 0.6),
    (("rain_overlay",), 0.8),
    (("raindrop",), 0.5),
    (("snow",), 0.6),
    (("haze",), 0.4),
    (("haze",), 0.8),
    (("motion_blur",), 0.5),
    (("defocus_blur",), 0.4),
    (("low_light",), 0.4),
    (("low_light",), 0.8),
    (("jpeg",), 0.7),
    (("haze", "rain_overlay"), 0.6),
    (("low_light", "gaussian_noise"), 0.4),
    (("motion_blur", "jpeg"), 0.5),
)
"""Operators, and their severity in [0, 1]."""

WIDTH: Final = 720
"""Of the photographs, in pixels, before they are degraded."""

N_DRAWN: Final = 5


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One restoration."""

    photo: str
    kinds: tuple[str, ...]
    severity: float
    psnr_degraded: float
    psnr_blind: float
    psnr_told: float
    found: str
    pictures: tuple[Float32, ...]
    """Degraded, blind, told, clean, each (3, H, W), sRGB in [0, 1]."""

    @property
    def gain(self) -> float:
        """What restoring blind has brought, in dB."""
        return self.psnr_blind - self.psnr_degraded


def main() -> None:
    """Restore, choose, draw, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photo", type=Path, action="append", required=True, help="a clean photograph; repeatable")
    parser.add_argument("--model", default="base", help="bundled model or model folder")
    parser.add_argument("--output", "-o", type=Path, required=True)
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    restorer = opir.Restorer(options.model)
    photos = {path.stem: _photograph(path) for path in options.photo}
    worst = []
    for kinds, severity in WAYS:
        tried = [_tried(restorer, name, clean, kinds, severity) for name, clean in photos.items()]
        worst.append(min(tried, key=lambda failure: failure.gain))
        print(_line(worst[-1]), flush=True)
    worst.sort(key=lambda failure: failure.gain)
    rows = [
        Row(
            label=(
                *(kind.replace("_", " ") for kind in failure.kinds),
                *(f"{name} {value:.1f} dB" for name, value in _scores(failure).items()),
                f"found: {failure.found}",
            ),
            tiles=[reduced(picture) for picture in failure.pictures],
        )
        for failure in worst[:N_DRAWN]
    ]
    headings = ("degraded", "restored blind", "task given", "clean")
    write_photo(draw_sheet(headings, rows), options.output, quality=88)
    if options.json is not None:
        names = ("photo", "kinds", "severity", "psnr_degraded", "psnr_blind", "psnr_told", "found")
        entries = [{name: getattr(failure, name) for name in names} for failure in worst]
        options.json.write_text(json.dumps({"weights": restorer.spec.version, "worst": entries}, indent=1) + "\n")


def _photograph(path: Path) -> Float32:
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    height = round(picture.height * WIDTH / picture.width)
    codes = np.asarray(picture.resize((WIDTH, height), Image.Resampling.LANCZOS), np.float32)
    return np.ascontiguousarray(codes.transpose(2, 0, 1)) / 255


def _tried(restorer: opir.Restorer, name: str, clean: Float32, kinds: tuple[str, ...], severity: float) -> Failure:
    degraded = degrade_pixels(clean, kinds, severity=severity, seed=1)
    codes = np.ascontiguousarray((degraded * 255).round().clip(0, 255).astype(np.uint8).transpose(1, 2, 0))
    tasks: tuple[Task, ...] = tuple(dict.fromkeys(OPERATORS[kind].task for kind in kinds))
    blind, told = restorer.restore(codes), restorer.restore(codes, task=tasks)
    pictures = (_values(codes), _values(blind.image), _values(told.image), clean)
    scores = [float(-10 * np.log10(np.mean((picture - clean) ** 2))) for picture in pictures[:3]]
    found = ", ".join(task.replace("_", " ") for task in blind.found.likely()) or "nothing"
    return Failure(
        photo=name,
        kinds=kinds,
        severity=severity,
        psnr_degraded=scores[0],
        psnr_blind=scores[1],
        psnr_told=scores[2],
        found=found,
        pictures=pictures,
    )


def _values(codes: NDArray[np.generic]) -> Float32:
    return np.ascontiguousarray(codes.transpose(2, 0, 1)).astype(np.float32) / 255


def _scores(failure: Failure) -> dict[str, float]:
    return {"degraded": failure.psnr_degraded, "blind": failure.psnr_blind, "told": failure.psnr_told}


def _line(failure: Failure) -> str:
    scores = "  ".join(f"{name} {value:.2f}" for name, value in _scores(failure).items())
    kinds = "+".join(failure.kinds)
    what = f"{kinds} {failure.severity}: gains {failure.gain:+.2f} dB at worst"
    return f"{what} ({failure.photo}: {scores}; found {failure.found})"


if __name__ == "__main__":
    main()
