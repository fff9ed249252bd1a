"""Is the expected error the error? And by which factor is it, on photographs that were held out of training?

Degrades crops of clean photographs with every synthetic ingredient of a recipe, restores them blind, and compares the
expected absolute error with the true one. The median over the ingredients of the factor that makes their means equal is
the ``--uncertainty-scale`` of ``opir export``; half of the photographs choose it, the other half are reported. Where
the model has an expert, crops count for the trunk that restored them, and the second factor is the
``--expert-uncertainty-scale``.

    python benchmarks/calibration.py --photos runs/all_tasks/held_out.txt --model runs/exported --json results.json
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import opir
from opir.data.image_bank import ImageBank
from opir.data.pairs import CleanImage
from opir.data.readers.registry import open_dataset
from opir.data.training_set import TrainingSet
from opir.runtime.expert import uncertainty_scale_of
from opir.training.recipes import recipe as named_recipe

LEAST_CROPS = 4
"""Crops of an ingredient from which on it has a say in the factor of a trunk."""

COVERED = (0.5, 0.9)
"""Shares of the pixels whose error should stay below a multiple of the expected one."""


def main() -> None:
    """Measure, print a table and write one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="folder of clean photographs, or a list of files")
    parser.add_argument("--model", default="base", help="bundled model or model folder")
    parser.add_argument("--recipe", default="all_tasks")
    parser.add_argument("--crop", type=int, default=192)
    parser.add_argument("--per-ingredient", type=int, default=12, help=f"crops, at least {LEAST_CROPS}")
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    if options.per_ingredient < LEAST_CROPS:
        parser.error(f"--per-ingredient must be at least {LEAST_CROPS}; got {options.per_ingredient}")
    torch.set_num_threads(1)

    photos = photographs(options.photos)
    restorer = opir.Restorer(options.model)
    halves = [
        measure(restorer, half, options.recipe, crop=options.crop, n=options.per_ingredient)
        for half in (photos[::2], photos[1::2])
    ]
    spec = restorer.spec
    found = {}
    for trunk in ("network", "expert"):
        choosing, reported = (half[trunk] for half in halves)
        if not reported or all(len(true) < LEAST_CROPS for true, _ in choosing.values()):
            print(f"{trunk}: too few crops, no factor")
            continue
        before = uncertainty_scale_of(spec, expert=trunk == "expert")
        one = found[trunk] = calibration(choosing, reported, before=before)
        print(f"{trunk:>20} {'crops':>6} {'error':>7} {'expected':>9}   grey levels, photographs that did not choose")
        for name, row in one.by_ingredient.items():
            print(f"{name:>20} {row['crops']:6.0f} {row['error']:7.1f} {row['expected']:9.1f}")
        print(f"scale {one.scale:.3f} instead of {one.scale_before:.3f}, correlation {one.correlation:.2f}")
    if options.json is not None:
        about = {"weights": spec.version, "recipe": options.recipe, "photographs": len(photos)}
        result = about | {trunk: asdict(one) for trunk, one in found.items()}
        options.json.write_text(json.dumps(result, indent=1) + "\n")


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How the expected error of a trunk compares with the true one."""

    scale_before: float
    """Factor of the model that was measured."""
    scale: float
    """Factor that the first half of the photographs asks for."""
    correlation: float
    """Of the logarithms of true and expected error, over pixels of the second half."""
    error_over_expected_quantiles: dict[float, float]
    """Multiple of the expected error that the true one stays below, by share of the pixels."""
    by_ingredient: dict[str, dict[str, float]]
    """Crops, mean true and mean expected error [grey levels] of the second half."""


Errors = dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]
"""True and expected errors, (n, crop, crop) each, in grey levels, by ingredient."""


def calibration(choosing: Errors, reported: Errors, *, before: float) -> Calibration:
    """The factor that the first half of the photographs asks for, and how it suits the second."""
    ratios = [true.mean() / said.mean() for true, said in choosing.values() if len(true) >= LEAST_CROPS]
    factor = float(np.median(ratios))
    error, expected = (np.concatenate([pair[k].ravel() for pair in reported.values()]) for k in (0, 1))
    return Calibration(
        scale_before=before,
        scale=before * factor,
        correlation=float(np.corrcoef(np.log(error + 0.25), np.log(expected))[0, 1]),
        error_over_expected_quantiles={
            share: float(np.quantile(error / (factor * expected), share)) for share in COVERED
        },
        by_ingredient={
            name: {"crops": len(true), "error": float(true.mean()), "expected": float(factor * said.mean())}
            for name, (true, said) in reported.items()
        },
    )


def photographs(source: Path) -> tuple[CleanImage, ...]:
    """Those of a folder, or those that a file lists, one path a line."""
    if source.is_dir():
        return open_dataset(source, "picture_tree").clean_images
    lines = source.read_text(encoding="utf-8").splitlines()
    return tuple(CleanImage(path=Path(line), name=line) for line in lines)


def measure(
    restorer: opir.Restorer, photos: tuple[CleanImage, ...], recipe: str, *, crop: int, n: int
) -> dict[str, Errors]:
    """Errors of every synthetic ingredient, by the trunk that restored the crops."""
    bank = ImageBank.read(photos, min_side=crop)
    errors: dict[str, Errors] = {"network": {}, "expert": {}}
    for name, ingredient in named_recipe(recipe).ingredients.items():
        if ingredient.banks != ("clean",):
            continue
        samples = TrainingSet({"clean": bank}, {name: ingredient}, crop_size=crop, seed=1)
        pairs: dict[str, list[tuple[NDArray[np.float32], NDArray[np.float32]]]] = {"network": [], "expert": []}
        for k in range(n):
            sample = samples[k]
            degraded = sample.degraded.numpy()
            restored = restorer.restore_array(degraded)
            true = 255 * np.abs(restored.image - sample.clean.numpy()).mean(axis=0)
            trunk = "expert" if restored.expert else "network"
            pairs[trunk].append((true, restored.uncertainty))
        for trunk, some in pairs.items():
            if some:
                errors[trunk][name] = (np.stack([true for true, _ in some]), np.stack([said for _, said in some]))
    return errors


if __name__ == "__main__":
    main()
