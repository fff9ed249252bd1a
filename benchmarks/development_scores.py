"""PSNR of a model on the development pictures, beside the PSNR of the degraded inputs.

Protocol: whole pictures, blind (no task given), 8-bit results, PSNR on RGB with data range 255, mean over pictures;
Gaussian noise is added to code values, clipped and rounded, seeded by the file's name.

    python benchmarks/development_scores.py --data DEV --model base --json results.json
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from opir import Restorer
from opir.imaging import read_photo
from opir.metrics import psnr
from opir.tasks import Task

Picture = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One degraded picture and its reference."""

    task: Task | None
    degraded: Picture
    clean: Picture


@dataclass(kw_only=True)
class Row:
    """Mean scores of one set."""

    name: str
    n_pictures: int
    psnr_input: float
    psnr_restored: float
    psnr_restored_lowest: float
    psnr_restored_median: float
    n_below_35_db: int
    psnr_told: float | None
    share_improved: float
    mean_absolute_error: float
    predicted_absolute_error: float


def main() -> None:
    """Score a model and print a table; the last line of output is JSON where no file is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the development data")
    parser.add_argument("--model", default="base", help="bundled model or model folder")
    parser.add_argument("--limit", type=int, default=None, help="pictures per row")
    parser.add_argument("--told", action="store_true", help="also restore with the task given")
    parser.add_argument("--json", type=Path, default=None, help="where to write the scores")
    options = parser.parse_args()
    restorer = Restorer(options.model)
    rows = [
        score(restorer, name, list(cases)[: options.limit], told=options.told)
        for name, cases in development_sets(options.data)
    ]
    names = ("n", "input", "blind", "lowest", "told", "better", "|e|", "expected")
    print(f"{'set':28}" + "".join(f"{name:>8}" for name in names))
    for row in rows:
        told = "-" if row.psnr_told is None else f"{row.psnr_told:.2f}"
        scores = f"{row.psnr_input:8.2f}{row.psnr_restored:8.2f}{row.psnr_restored_lowest:8.2f}{told:>8}"
        errors = f"{row.mean_absolute_error:8.2f}{row.predicted_absolute_error:8.2f}"
        print(f"{row.name:28}{row.n_pictures:8d}{scores}{row.share_improved:8.0%}{errors}")
    report = {
        "model": restorer.spec.name,
        "version": restorer.spec.version,
        "weights_sha256": restorer.spec.fingerprint,
        "commit": _commit(),
        "python": platform.python_version(),
        "onnxruntime": onnxruntime.__version__,
        "machine": platform.machine(),
        "protocol": "whole pictures, blind, 8-bit results, RGB, data range 255, mean over pictures",
        "rows": [asdict(row) for row in rows],
    }
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    else:
        print(json.dumps(report))


def development_sets(root: Path) -> Iterator[tuple[str, Iterator[Case]]]:
    """The rows of the table, in order."""
    for sigma in (15, 25, 50):
        name = f"BSDS500_val, Gaussian {sigma}"
        yield name, (_noisy(path, sigma) for path in _pictures(root / "clean" / "BSDS500_val"))
    yield "rain", (_pair("rain", path, root / "rain" / "target") for path in _pictures(root / "rain" / "input"))
    indoor = root / "haze" / "SOTS_indoor_dev5"
    yield "SOTS_indoor_dev5", (_pair("haze", path, indoor / "gt") for path in _pictures(indoor / "hazy"))
    yield "SICE", _sice(root / "lowlight")
    yield "PolyU_dev12", _polyu(root / "noise" / "PolyU_dev12")
    yield "BSDS500_val, untouched", (_noisy(path, 0) for path in _pictures(root / "clean" / "BSDS500_val"))
    yield "Val20, untouched", (_noisy(path, 0) for path in _pictures(root / "clean" / "Val20"))


def score(restorer: Restorer, name: str, cases: list[Case], *, told: bool) -> Row:
    """Restore every picture of a set."""
    inputs, blind, named, errors, predicted = [], [], [], [], []
    for case in cases:
        result = restorer.restore(case.degraded)
        inputs.append(min(100.0, psnr(case.degraded, case.clean, data_range=255)))
        blind.append(min(100.0, psnr(result.image, case.clean, data_range=255)))
        errors.append(np.abs(result.image.astype(float) - case.clean).mean())
        predicted.append(result.uncertainty.mean())
        if told and case.task:
            named.append(psnr(restorer.restore(case.degraded, task=case.task).image, case.clean, data_range=255))
    return Row(
        name=name,
        n_pictures=len(cases),
        psnr_input=float(np.mean(inputs)),
        psnr_restored=float(np.mean(blind)),
        psnr_restored_lowest=float(np.min(blind)),
        psnr_restored_median=float(np.median(blind)),
        n_below_35_db=int(np.less(blind, 35).sum()),
        psnr_told=float(np.mean(named)) if named else None,
        share_improved=float(np.mean(np.greater(blind, inputs))),
        mean_absolute_error=float(np.mean(errors)),
        predicted_absolute_error=float(np.mean(predicted)),
    )


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in {".png", ".jpg", ".webp"})


def _read(path: Path) -> Picture:
    return read_photo(path).pixels


def _noisy(path: Path, sigma: float) -> Case:
    clean = _read(path)
    seed = int.from_bytes(hashlib.sha256(f"{path.name} {sigma}".encode()).digest()[:8], "big")
    noise = np.random.default_rng(seed).standard_normal(clean.shape)
    degraded = np.clip(np.round(clean + sigma * noise), 0, 255).astype(np.uint8)
    return Case(task="noise" if sigma else None, degraded=degraded, clean=clean)


def _pair(task: Task, degraded: Path, targets: Path) -> Case:
    stems = {path.stem: path for path in _pictures(targets)}
    clean = stems.get(degraded.stem) or stems[degraded.stem.split("_")[0]]
    return Case(task=task, degraded=_read(degraded), clean=_read(clean))


def _sice(folder: Path) -> Iterator[Case]:
    files = {path.stem: path for path in _pictures(folder / "SICE")}
    for line in (folder / "SICE_pairs.csv").read_text().splitlines()[1:]:
        low, reference = line.split(",")[:2]
        yield Case(task="low_light", degraded=_read(files[low]), clean=_read(files[reference]))


def _polyu(folder: Path) -> Iterator[Case]:
    for path in sorted(folder.glob("*_real.*")):
        clean = _read(path.with_name(path.name.replace("_real", "_mean")))
        yield Case(task="noise", degraded=_read(path), clean=clean)


def _commit() -> str:
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
