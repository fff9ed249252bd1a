"""What do the black point and the exposure of pictures without their haze bring, and is their black where it should be?

Hazy rows of benchmarks/development_sets.py, and samples of haze and of mixtures on photographs held out of training,
restored blind with and without new tones: PSNR on RGB, mean over pictures and lowest change; and the second percentile
of the smallest channel of the clean pictures and of both restorations, median over pictures. Procedural samples have a
black point of their own (``black_point``), so it is photographs as they are that say where black is.

    python benchmarks/dehazed_tones.py --data DEV --photos runs/all_tasks/held_out.txt --json results.json
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import machine
from calibration import photographs
from development_sets import FILES, development_sets
from opir import Restorer
from opir.data.image_bank import ImageBank
from opir.data.training_set import TrainingSet
from opir.evaluation.scoring import score
from opir.runtime.dehazed_tones import DARK_SHARE, may_be_hazy
from opir.runtime.engine import Engine, Float32
from opir.runtime.spec import ModelSpec
from opir.training.recipes import recipe

INGREDIENTS = ("haze", "mixtures", "clean")


@dataclass(frozen=True)
class WithoutTones:
    """An engine that hides that its model was trained on haze."""

    engine: Engine

    @property
    def spec(self) -> ModelSpec:
        """Describe the model."""
        spec = self.engine.spec
        return replace(spec, trained_tasks=tuple(task for task in spec.trained_tasks if task != "haze"))

    def __getattr__(self, name: str) -> object:
        return getattr(self.engine, name)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the development data")
    parser.add_argument("--photos", type=Path, required=True, help="folder of clean photographs, or a list of files")
    parser.add_argument("--model", default="base")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--samples", type=int, default=60, help="samples of every ingredient")
    parser.add_argument("--crop", type=int, default=256)
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    restorer = Restorer(options.model, threads=options.threads)
    without = Restorer.from_engine(WithoutTones(restorer.engine))  # type: ignore[arg-type]
    titles = ("n", "toned", "without", "with", "lowest", "black", "without", "with")
    print(f"{'row':34}" + "".join(f"{title:>9}" for title in titles))
    rows = {
        one.title: ((case.degraded, case.clean) for case in one.cases(None))
        for one in development_sets(options.data)
        if "haze" in one.tasks
    }
    bank = ImageBank.read(photographs(options.photos), min_side=options.crop)
    rows |= {f"held out, {name}": _samples(bank, name, options.samples, options.crop) for name in INGREDIENTS}
    entries = [_measured(name, pictures, restorer, without) for name, pictures in rows.items()]
    known = {"model": restorer.spec.name, "weights": restorer.spec.fingerprint, "crop": options.crop}
    machine.write("dehazed_tones", __doc__ or "", entries, options.json, **known)


def _samples(bank: ImageBank, name: str, n: int, crop: int) -> Iterator[tuple[Float32, Float32]]:
    ingredient = recipe("all_tasks").ingredients[name]
    samples = TrainingSet({"clean": bank}, {name: ingredient}, crop_size=crop, seed=2)
    for k in range(n):
        yield samples[k].degraded.numpy(), samples[k].clean.numpy()


def _measured(
    row: str, pictures: Iterator[tuple[Float32, Float32]], restorer: Restorer, without: Restorer
) -> dict[str, object]:
    """Score a row."""
    values, blacks, n_toned = [], [], 0
    for degraded, clean in pictures:
        n_toned += may_be_hazy(restorer.spec, restorer.summarise(degraded).found)
        results = [each.restore_array(degraded).image for each in (without, restorer)]
        values.append([score(result, clean, FILES) for result in results])
        blacks.append([np.quantile(picture.min(axis=0), DARK_SHARE) for picture in (clean, *results)])
    before, after = np.mean(values, axis=0)
    lowest = float(np.min(np.diff(values)))
    clean_black, black_before, black_after = np.median(blacks, axis=0).tolist()
    print(
        f"{row:34}{len(values):9}{n_toned:9}{before:9.2f}{after:9.2f}{lowest:9.2f}"
        f"{clean_black:9.3f}{black_before:9.3f}{black_after:9.3f}",
        flush=True,
    )
    return {
        "row": row,
        "pictures": len(values),
        "toned": n_toned,
        "psnr_without": float(before),
        "psnr_with": float(after),
        "lowest_change": lowest,
        "black_of_clean": clean_black,
        "black_without": black_before,
        "black_with": black_after,
    }


if __name__ == "__main__":
    main()
