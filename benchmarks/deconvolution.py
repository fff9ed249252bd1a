"""What does undoing a blur before the network bring, by itself and with it, what does it cost, and does it ever harm?

Every row of benchmarks/development_sets.py, blur found by the estimator: PSNR on RGB of the input, of the filter alone,
of the whole restoration and of the network without the filter, mean over pictures; in how many pictures a kernel was
looked for; and the lowest change that the filter alone made to any of them. Then the time of the parts on a megapixel.

    python benchmarks/deconvolution.py --data DEV
    python benchmarks/deconvolution.py --data DEV --row motion --row defocus --limit 4
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

import machine
from development_sets import DevelopmentSet, development_sets
from opir import Restorer
from opir.deconvolution.kernel import Float32
from opir.evaluation.scoring import score
from opir.runtime.deconvolved_pixels import DeconvolvedPixels, find_blur, may_be_blurred
from opir.runtime.engine import Engine
from opir.runtime.pixels import ArrayPixels
from opir.runtime.spec import ModelSpec
from opir.runtime.tiling import Window
from opir.tasks import TASKS

N_ROUNDS = 5
ROWS, COLUMNS = 816, 1224
TOLD = np.array([task == "blur" for task in TASKS], np.float32)


@dataclass(frozen=True)
class WithoutKernels:
    """An engine that hides whether its model finds kernels."""

    engine: Engine

    @property
    def spec(self) -> ModelSpec:
        """Describe the model."""
        return self.engine.spec

    def __getattr__(self, name: str) -> object:
        if name in ("finds_kernels", "kernel"):
            raise AttributeError(name)
        return getattr(self.engine, name)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the development data")
    parser.add_argument("--model", default="base")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--limit", type=int, default=None, help="pictures per row")
    parser.add_argument("--row", action="append", default=[], help="only rows whose name holds this; repeatable")
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    restorer = Restorer(options.model, threads=options.threads)
    without = Restorer.from_engine(WithoutKernels(restorer.engine))  # type: ignore[arg-type]
    print(f"{'row':40}{'n':>4}{'asked':>7}{'input':>8}{'filter':>8}{'lowest':>8}{'both':>8}{'network':>9}")
    wanted = [one for one in development_sets(options.data) if _is_wanted(one.name, options.row)]
    entries = [_measured(one, restorer, without, options.limit) for one in wanted]
    times = _times(restorer)
    print("".join(f"{part}: {seconds:.2f} s   " for part, seconds in times.items()))
    known = {"model": restorer.spec.name, "weights": restorer.spec.fingerprint, "limit": options.limit}
    machine.write("deconvolution", __doc__ or "", [*entries, {"seconds_per_megapixel": times}], options.json, **known)


def _is_wanted(name: str, parts: list[str]) -> bool:
    return not parts or any(part in name for part in parts)


def _measured(one: DevelopmentSet, restorer: Restorer, without: Restorer, limit: int | None) -> dict[str, object]:
    """Score a row."""
    values: dict[str, list[float]] = {"input": [], "filter": [], "both": [], "network": []}
    n_asked, changes = 0, []
    for case in one.cases(limit):
        asked = may_be_blurred(restorer.spec, restorer.summarise(case.degraded).found)
        n_asked += asked
        sharper = _filtered(restorer.engine, case.degraded) if asked else case.degraded
        pictures = {
            "input": case.degraded,
            "filter": sharper,
            "both": restorer.restore_array(case.degraded).image,
            "network": without.restore_array(case.degraded).image,
        }
        for name, picture in pictures.items():
            values[name].append(score(picture, case.clean, one.measure))
        if asked:
            changes.append(values["filter"][-1] - values["input"][-1])
    means = {name: float(np.mean(each)) for name, each in values.items()}
    lowest = min(changes, default=0.0)
    n = len(values["input"])
    print(
        f"{one.title:40}{n:4}{n_asked:7}{means['input']:8.2f}{means['filter']:8.2f}{lowest:8.2f}"
        f"{means['both']:8.2f}{means['network']:9.2f}",
        flush=True,
    )
    return {"row": one.title, "pictures": n, "asked": n_asked, "lowest_change_of_filter": lowest, **means}


def _filtered(engine: Engine, image: Float32) -> Float32:
    """Return what the stages would see of a picture that is told to be blurred."""
    pixels = ArrayPixels(image, engine.spec.stride)
    found = find_blur(engine, pixels, TOLD)
    if found is None:
        return image
    whole = Window(top=0, left=0, bottom=pixels.height, right=pixels.width)
    return DeconvolvedPixels(pixels, found).cut(whole)[0, :, : image.shape[1], : image.shape[2]]


def _times(restorer: Restorer) -> dict[str, float]:
    """Median seconds for a megapixel of noise over shapes, blurred by nothing: the work is the same."""
    generator = np.random.default_rng(0)
    image = np.kron(generator.uniform(size=(3, ROWS // 8, COLUMNS // 8)), np.ones((8, 8))).astype(np.float32)
    pixels = ArrayPixels(image, restorer.spec.stride)
    whole = Window(top=0, left=0, bottom=pixels.height, right=pixels.width)
    seconds: dict[str, list[float]] = {"kernel": [], "filter": [], "network": []}
    for _ in range(N_ROUNDS):
        start = time.perf_counter()
        found = find_blur(restorer.engine, pixels, TOLD)
        seconds["kernel"].append(time.perf_counter() - start)
        if found is None:
            raise SystemExit(f"model {restorer.spec.name} finds no kernels")
        start = time.perf_counter()
        DeconvolvedPixels(pixels, found).cut(whole)
        seconds["filter"].append(time.perf_counter() - start)
        start = time.perf_counter()
        restorer.restore_array(image, task="noise")
        seconds["network"].append(time.perf_counter() - start)
    return {part: median(values) for part, values in seconds.items()}


if __name__ == "__main__":
    main()
