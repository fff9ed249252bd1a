"""Is the expected error the error? And by which factor is it, on photographs that were held out of training?

Degrades crops of clean photographs with every synthetic ingredient of a recipe, restores them blind, and compares the
expected absolute error with the true one. The median over the ingredients of the factor that makes their means equal is
the ``--uncertainty-scale`` of ``opir export``; half of the photographs choose it, the other half are reported.

    python benchmarks/calibration.py --photos runs/all_tasks/held_out.txt --model runs/exported --json results.json
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import opir
from opir.data.image_bank import ImageBank
from opir.data.pairs import CleanImage
from opir.data.readers.registry import open_dataset
from opir.data.training_set import TrainingSet
from opir.training.recipes import recipe as named_recipe

COVERED = (0.5, 0.9)
"""Shares of the pixels whose error should stay below a multiple of the expected one."""


def main() -> None:
    """Measure, print a table and write one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="folder of clean photographs, or a list of files")
    parser.add_argument("--model", type=Path, default=None, help="folder of the model; None takes the bundled one")
    parser.add_argument("--recipe", default="all_tasks")
    parser.add_argument("--crop", type=int, default=192)
    parser.add_argument("--per-ingredient", type=int, default=12)
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    torch.set_num_threads(1)

    photos = photographs(options.photos)
    restorer = opir.Restorer() if options.model is None else opir.Restorer(options.model)
    halves = [
        measure(restorer, half, options.recipe, crop=options.crop, n=options.per_ingredient)
        for half in (photos[::2], photos[1::2])
    ]
    before = restorer.spec.uncertainty_scale
    factor = float(np.median([error.mean() / expected.mean() for error, expected in halves[0].values()]))
    rows = {
        name: {"error": float(error.mean()), "expected": float(factor * expected.mean())}
        for name, (error, expected) in halves[1].items()
    }
    error, expected = (np.concatenate([pair[k].ravel() for pair in halves[1].values()]) for k in (0, 1))
    coverage = {share: float(np.quantile(error / (factor * expected), share)) for share in COVERED}
    result = {
        "weights": restorer.spec.version,
        "photographs": len(photos),
        "uncertainty_scale_before": before,
        "uncertainty_scale": before * factor,
        "correlation": float(np.corrcoef(np.log(error + 0.25), np.log(expected))[0, 1]),
        "error_over_expected_quantiles": coverage,
        "by_ingredient": rows,
    }
    print(f"{'':>20} {'error':>7} {'expected':>9}   grey levels, photographs that did not choose the factor")
    for name, row in rows.items():
        print(f"{name:>20} {row['error']:7.1f} {row['expected']:9.1f}")
    print(json.dumps({name: value for name, value in result.items() if name != "by_ingredient"}, indent=1))
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=1) + "\n")


def photographs(source: Path) -> tuple[CleanImage, ...]:
    """Those of a folder, or those that a file lists, one path a line."""
    if source.is_dir():
        return open_dataset(source, "picture_tree").clean_images
    lines = source.read_text(encoding="utf-8").splitlines()
    return tuple(CleanImage(path=Path(line), name=line) for line in lines)


def measure(
    restorer: opir.Restorer, photos: tuple[CleanImage, ...], recipe: str, *, crop: int, n: int
) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """True and expected errors, (n, crop, crop) each, in grey levels, of every synthetic ingredient."""
    bank = ImageBank.read(photos, min_side=crop)
    errors = {}
    for name, ingredient in named_recipe(recipe).ingredients.items():
        if ingredient.bank != "clean":
            continue
        samples = TrainingSet({"clean": bank}, {name: ingredient}, crop_size=crop, seed=1)
        true, expected = [], []
        for k in range(n):
            sample = samples[k]
            restored = restorer.restore_array(sample.degraded.numpy())
            true.append(255 * np.abs(restored.image.clip(0, 1) - sample.clean.numpy()).mean(axis=0))
            expected.append(restored.uncertainty.reshape(crop, crop))
        errors[name] = (np.stack(true), np.stack(expected))
    return errors


if __name__ == "__main__":
    main()
