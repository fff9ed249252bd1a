"""What do a smooth change, black point and exposure bring once haze is removed, and is black where it should be?

Hazy rows of benchmarks/development_sets.py, and samples of haze and of mixtures on photographs held out of training,
restored blind by the network alone, with its change made smooth, with new tones, and with both: PSNR on RGB, mean over
pictures and lowest change from first to last; and the second percentile of the smallest channel of the clean pictures
and of the last restorations, median over pictures. Procedural samples have a black point of their own
(``black_point``), so it is photographs as they are that say where black is.

    python benchmarks/dehazed_pictures.py --data DEV --photos runs/all_tasks/held_out.txt --json results.json
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np

import machine
from calibration import photographs
from development_sets import FILES, development_sets
from opir import Restorer
from opir.data.image_bank import ImageBank
from opir.data.training_set import TrainingSet
from opir.evaluation.scoring import score
from opir.runtime.dehazed_picture import may_be_hazy
from opir.runtime.dehazed_tones import DARK_SHARE, NO_CHANGE
from opir.runtime.engine import Float32
from opir.training.recipes import recipe

INGREDIENTS = ("haze", "mixtures", "clean")


VARIANTS = {
    "network": {"smoothness": 0.0, "tones": False},
    "smooth": {"smoothness": None, "tones": False},
    "tones": {"smoothness": 0.0, "tones": True},
    "both": {"smoothness": None, "tones": True},
}
"""What follows the network: a smoothness of None is the one that the weights of the tasks ask for."""


@contextmanager
def variant(*, smoothness: float | None, tones: bool) -> Iterator[None]:
    """Switch what follows the network on or off within the block."""
    with ExitStack() as stack:
        if smoothness is not None:
            stack.enter_context(patch("opir.runtime.passes.smoothness", lambda *_: smoothness))
        if not tones:
            stack.enter_context(patch("opir.runtime.dehazed_picture.choose_tones", lambda **_: NO_CHANGE))
        yield


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
    titles = ("n", "taken for", *VARIANTS, "lowest", "black", "restored")
    print(f"{'row':34}" + "".join(f"{title:>9}" for title in titles))
    rows = {
        one.title: ((case.degraded, case.clean) for case in one.cases(None))
        for one in development_sets(options.data)
        if "haze" in one.tasks
    }
    bank = ImageBank.read(photographs(options.photos), min_side=options.crop)
    rows |= {f"held out, {name}": _samples(bank, name, options.samples, options.crop) for name in INGREDIENTS}
    entries = [_measured(name, pictures, restorer) for name, pictures in rows.items()]
    known = {"model": restorer.spec.name, "weights": restorer.spec.fingerprint, "crop": options.crop}
    machine.write("dehazed_pictures", __doc__ or "", entries, options.json, **known)


def _samples(bank: ImageBank, name: str, n: int, crop: int) -> Iterator[tuple[Float32, Float32]]:
    ingredient = recipe("all_tasks").ingredients[name]
    samples = TrainingSet({"clean": bank}, {name: ingredient}, crop_size=crop, seed=2)
    for k in range(n):
        yield samples[k].degraded.numpy(), samples[k].clean.numpy()


def _measured(row: str, pictures: Iterator[tuple[Float32, Float32]], restorer: Restorer) -> dict[str, object]:
    """Score a row."""
    values, blacks, n_hazy = [], [], 0
    for degraded, clean in pictures:
        n_hazy += may_be_hazy(restorer.spec, restorer.summarise(degraded).found)
        results = []
        for choices in VARIANTS.values():
            with variant(**choices):
                results.append(restorer.restore_array(degraded).image)
        values.append([score(result, clean, FILES) for result in results])
        blacks.append([np.quantile(picture.min(axis=0), DARK_SHARE) for picture in (clean, results[-1])])
    psnr = np.mean(values, axis=0)
    lowest = min(last - first for first, *_, last in values)
    clean_black, black = np.median(blacks, axis=0).tolist()
    scores = "".join(f"{value:9.2f}" for value in (*psnr, lowest))
    print(f"{row:34}{len(values):9}{n_hazy:9}{scores}{clean_black:9.3f}{black:9.3f}", flush=True)
    return {
        "row": row,
        "pictures": len(values),
        "taken_for_hazy": n_hazy,
        "psnr": dict(zip(VARIANTS, psnr.tolist(), strict=True)),
        "lowest_change": lowest,
        "black_of_clean": clean_black,
        "black_restored": black,
    }


if __name__ == "__main__":
    main()
