"""What each part of the network is worth: short runs that differ in one thing, scored on photographs held out.

Every variant is the recipe ``all_tasks`` with some settings changed, trained for the same number of steps on the same
samples, and scored on crops of photographs that none of them has seen: PSNR of the last stage, told the tasks. Beside
it stand parameters, multiply-adds, and the milliseconds of a whole restoration through ONNX Runtime. Short runs favour
what learns fast; only differences that several seeds agree on mean anything.

    python benchmarks/ablation.py --data TRAIN --steps 300 --json results.json
    python benchmarks/ablation.py --data TRAIN --variant shipped --variant "one dilation" --seed 0 --seed 1
    python benchmarks/ablation.py --data TRAIN --change "two blocks" model.encoder_blocks=2,2,2

A change may begin with ``design=NAME``, one of those in ``other_designs.py``, which the package does not have.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch

from opir.data.image_bank import ImageBank
from opir.data.mixture import Sample
from opir.data.training_folder import CLEAN, TrainingFolder, find_training_pictures
from opir.data.training_set import TrainingSet
from opir.export import Release, export_model
from opir.model import RestorationNetwork, measure_cost, preset
from opir.runtime.onnx_engine import OnnxEngine
from opir.runtime.passes import restore_array
from opir.tasks import TASKS
from opir.training.fit_to_data import without_missing_pairs
from opir.training.ingredients import mixture
from opir.training.loop import train
from opir.training.overrides import override
from opir.training.recipe import Phase, Recipe
from opir.training.recipes import all_tasks
from other_designs import design

VARIANTS: Final[Mapping[str, tuple[str, ...]]] = {
    "shipped": (),
    "AdamW instead of Muon": ("optimiser=adamw",),
    "gain and bias alone": ("model.kernel_size=1", "model.dilations=1"),
    "one dilation": ("model.dilations=1",),
    "dilations 1, 2": ("model.dilations=1,2",),
    "5 x 5 at dilations 1, 2": ("model.kernel_size=5", "model.dilations=1,2"),
    "no bias": ("model.bias=false",),
    "one stage": ("model.n_stages=1",),
    "one wide stage": ("model.n_stages=1", "model.widths=72,96,144"),
    "pooled uncertainty": ("model.uncertainty=pooled", "loss.uncertainty=0"),
    "no uncertainty learned": ("loss.uncertainty=0",),
    "no norm": ("model.block_norm=false",),
    "no modulation of blocks": ("model.block_modulation=false",),
    "no kernels of tasks": ("model.task_rank=0",),
    "kernels of tasks, rank 16": ("model.task_rank=16",),
    "estimated from the crop": ("surroundings_size=none",),
    "never told the tasks": ("told_share=0",),
    "always told the tasks": ("told_share=1",),
    "trunk at 1/4": (
        "model.downscale=4", "model.widths=72,96", "model.encoder_blocks=3,3", "model.decoder_blocks=2",
    ),
    "trunk at 1/8": (
        "model.downscale=8", "model.widths=160", "model.encoder_blocks=4", "model.decoder_blocks=",
        "model.head_width=96",
    ),
    "balance 0.05": ("loss.balance=0.05",),
    "gated blocks, no kernels of tasks": (
        "design=gated blocks", "model.task_rank=0", "model.encoder_blocks=3,3,5", "model.decoder_blocks=3,3",
    ),
    "second predictor": ("design=second predictor",),
    "small second predictor": ("design=small second predictor", "model.widths=60,80,120"),
}  # fmt: skip
"""Name -> settings that differ from ``shipped``."""

SCORED: Final = ("gaussian_noise", "jpeg", "rain_overlay", "snow", "haze", "motion_blur", "low_light")
"""Ingredients that are scored, each on crops of its own."""


def main() -> None:
    """Train, score, time, print a table, and write JSON after every run."""
    options = _options()
    torch.set_num_threads(options.threads)
    variants = {name: VARIANTS[name] for name in options.variant or VARIANTS}
    variants |= {name: tuple(changes) for name, *changes in options.change}
    if options.paper:
        variants["paper"] = ()
    folder, held_out = find_training_pictures(options.data).hold_out(options.hold_out)
    print(f"{len(held_out)} photographs held out; {options.steps} steps of {options.batch} crops of {options.crop} px")
    tests = _tests(held_out, options.data, crop=2 * options.crop, n=options.crops)
    rows = []
    for name, changes in variants.items():
        for seed in options.seed or [0]:
            other, own = _design_and_settings(changes)
            recipe = _recipe(options, [*own, f"seed={seed}"], paper=name == "paper")
            with design(other):
                measured = _measured(recipe, folder, tests, timed=other in (None, "gated blocks"))
            rows.append({"variant": name, "seed": seed, **measured})
            _say(rows[-1])
            if options.json is not None:
                settings = {key: getattr(options, key) for key in ("steps", "batch", "crop", "hold_out", "crops")}
                options.json.write_text(json.dumps({"settings": settings, "rows": rows}, indent=1) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="training folder")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--crop", type=int, default=64)
    parser.add_argument("--crops", type=int, default=24, help="held-out crops of every ingredient, of twice the side")
    parser.add_argument("--hold-out", type=int, default=60)
    parser.add_argument("--seed", type=int, action="append")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--variant", action="append", choices=list(VARIANTS))
    parser.add_argument("--change", nargs="+", action="append", default=[], help="a name, then settings name=value")
    parser.add_argument("--paper", action="store_true", help="the preset paper as well")
    parser.add_argument("--json", type=Path, default=None)
    return parser.parse_args()


def _recipe(options: argparse.Namespace, changes: Sequence[str], *, paper: bool) -> Recipe:
    base = all_tasks().with_model(preset("paper" if paper else "base"))
    surroundings = max(192, options.crop)
    phase = Phase(crop_size=options.crop, batch_size=options.batch, told_share=0.6, surroundings_size=surroundings)
    short = replace(base, n_steps=options.steps, n_warmup=options.steps // 10, phases=(phase,), average_decay=0.98)
    return override(short, changes)


def _design_and_settings(changes: Sequence[str]) -> tuple[str | None, list[str]]:
    designs = [change.removeprefix("design=") for change in changes if change.startswith("design=")]
    return (designs[-1] if designs else None), [change for change in changes if not change.startswith("design=")]


def _tests(held_out: Sequence[Path], data: Path, *, crop: int, n: int) -> dict[str, Sample]:
    """A batch of degraded crops for every scored ingredient, the same ones in every run of this script."""
    folder = find_training_pictures(data)
    photographs = [each for each in folder.sources[CLEAN] if each.path in set(held_out)]  # type: ignore[union-attr]
    bank = ImageBank.read(photographs, min_side=crop)
    batches = {}
    for name in SCORED:
        samples = TrainingSet({CLEAN: bank}, mixture({name: 1.0}), crop_size=crop, seed=99)
        fields = zip(*(samples[k] for k in range(n)), strict=True)
        batches[name] = Sample(*(torch.stack(field) for field in fields))
    return batches


def _measured(recipe: Recipe, folder: TrainingFolder, tests: Mapping[str, Sample], *, timed: bool) -> dict[str, object]:
    recipe, _ = without_missing_pairs(recipe, folder.n_pictures)
    names = {bank for ingredient in recipe.ingredients.values() for bank in ingredient.banks}
    banks = folder.read(names, min_side=recipe.largest_crop)
    with tempfile.TemporaryDirectory() as run:
        start = time.perf_counter()
        network = train(recipe, banks, Path(run), report_every=10**9).eval()
        seconds = time.perf_counter() - start
    cost = measure_cost(recipe.model)
    scores = {name: _psnr(network, batch) for name, batch in tests.items()}
    return {
        "mean_psnr": statistics.fmean(scores.values()),
        "psnr": scores,
        "parameters": cost.n_parameters,
        "giga_macs_256": cost.n_macs / 1e9,
        "milliseconds_256": _milliseconds(network) if timed else None,
        "training_seconds": seconds,
        "model": asdict(recipe.model),
    }


@torch.no_grad()
def _psnr(network: RestorationNetwork, batch: Sample) -> float:
    """Mean PSNR in dB over a batch, told the tasks."""
    restored = network(batch.degraded, task_weights=batch.labels).restored.clamp(0, 1)
    error = ((restored - batch.clean) ** 2).mean(dim=(1, 2, 3))
    return float((-10 * torch.log10(error)).mean())


def _milliseconds(network: RestorationNetwork, *, side: int = 256, n: int = 7) -> float:
    """Median time of restoring ``side`` x ``side`` px through ONNX Runtime."""
    image = np.random.default_rng(0).random((3, side, side), np.float32)
    with tempfile.TemporaryDirectory() as folder:
        export_model(network, Path(folder), Release(name="ablation", version="0", trained_tasks=TASKS))
        engine = OnnxEngine(Path(folder), threads=torch.get_num_threads())
        times = []
        for _ in range(n + 1):  # the first warms up
            start = time.perf_counter()
            restore_array(engine, image, tile=0)
            times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times[1:])


def _say(row: Mapping[str, object]) -> None:
    scores = row["psnr"]
    assert isinstance(scores, dict)
    listed = " ".join(f"{name} {value:.2f}" for name, value in scores.items())
    took = "not timed" if row["milliseconds_256"] is None else f"{row['milliseconds_256']:.0f} ms"
    print(
        f"{row['variant']!s:>26} {row['seed']}: {row['mean_psnr']:.2f} dB ({listed}) {row['giga_macs_256']:.2f} GMAC, "
        f"{took}",
        flush=True,
    )


if __name__ == "__main__":
    main()
